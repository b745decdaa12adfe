//! Files, as the caller reads them: this crate touches no disk.

use std::sync::Arc;

use crate::diagnostic::{FileId, Place};

/// Reads files for the checker. Paths are relative to the workspace, with `/`, without `.` and `..`.
pub trait SourceLoader {
    /// The file's text.
    ///
    /// # Errors
    /// Says in words why it can't be read: not found, no permission, not UTF-8.
    fn read(&self, path: &str) -> Result<String, String>;

    /// The path of the copy of what a URL holds, which [`SourceLoader::read`] then reads: this crate fetches nothing.
    ///
    /// # Errors
    /// Says in words why there is no copy, and what to do.
    fn locate(&self, url: &str) -> Result<String, String> {
        let _ = url;
        Err("documents are not fetched here: save it as a file, and name that".to_owned())
    }
}

/// Every file that was read, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

/// A file that was read.
#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the workspace.
    pub path: String,
    /// Its text.
    pub text: String,
    lines: Vec<u32>,
}

/// A place for people: counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|&(_, b)| b == b'\n')
                    .map(|(i, _)| u32::try_from(i + 1).unwrap_or(u32::MAX)),
            )
            .collect();
        self.share(Arc::new(SourceFile {
            path: path.into(),
            text,
            lines,
        }))
    }

    /// Adds a file that was read for others too.
    pub(crate) fn share(&mut self, file: Arc<SourceFile>) -> FileId {
        self.files.push(file);
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// All of them, to be [shared](Sources::share).
    pub(crate) fn shared(&self) -> &[Arc<SourceFile>] {
        &self.files
    }

    /// The file.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize).map(Arc::as_ref)
    }

    /// The file at a path, if it was read.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.files.iter().position(|f| f.path == path)?;
        u32::try_from(at).ok().map(FileId)
    }

    /// All of them, in the order they were read.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().map(Arc::as_ref)
    }

    /// The text of a place.
    #[must_use]
    pub fn text(&self, place: Place) -> &str {
        self.get(place.file)
            .and_then(|f| f.text.get(place.range()))
            .unwrap_or_default()
    }

    /// Where a place starts and ends, for people.
    #[must_use]
    pub fn lines(&self, place: Place) -> (LineColumn, LineColumn) {
        match self.get(place.file) {
            Some(file) => (
                file.line_column(place.start as usize),
                file.line_column(place.end as usize),
            ),
            None => {
                let first = LineColumn { line: 1, column: 1 };
                (first, first)
            }
        }
    }
}

impl SourceFile {
    /// The line and column of a byte.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let line = self
            .lines
            .partition_point(|&start| start as usize <= offset)
            .saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0) as usize;
        let column = self
            .text
            .get(start..offset.min(self.text.len()))
            .map_or(0, |s| s.chars().count());
        LineColumn {
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }
}
