//! Generated files on disk: what is stale, and putting it right.
//!
//! A file is written only if it changes, and then in one move: whoever reads it sees the old text or the new. A file
//! that says it is generated and no longer is one of the output's is removed; `hooks.rs` and whatever else a team puts
//! beside it is never touched.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// What a generated file says of itself, near its top.
const MARK: &str = "@generated";

/// A file as it should be.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Relative to the workspace: `bffs/web/src/lib.rs`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Whether it is written once and then the team's.
    pub(crate) once: bool,
}

/// A file that isn't as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    /// Relative to the workspace.
    pub(crate) path: String,
    /// What is the matter.
    pub(crate) why: Why,
}

/// What is the matter with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// It isn't there; its text.
    Missing(String),
    /// It is another; its text.
    Changed(String),
    /// It is no longer generated.
    Leftover,
}

/// What is stale in a generated folder (`bffs/web`), by path.
pub(crate) fn stale(workspace: &Workspace, folder: &str, wanted: &[Wanted]) -> Result<Vec<Stale>> {
    let mut stale = Vec::new();
    for file in wanted {
        let path = workspace.path(&file.path);
        let why = match fs::read(&path) {
            Ok(_) if file.once => continue,
            Ok(bytes) if bytes == file.text.as_bytes() => continue,
            Ok(_) => Why::Changed(file.text.clone()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Why::Missing(file.text.clone())
            }
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        stale.push(Stale {
            path: file.path.clone(),
            why,
        });
    }
    let mut there = BTreeSet::new();
    walk(&workspace.path(folder), folder, &mut there)?;
    for path in there {
        if wanted.iter().all(|file| file.path != path) && is_generated(&workspace.path(&path)) {
            stale.push(Stale {
                path,
                why: Why::Leftover,
            });
        }
    }
    Ok(stale)
}

/// Puts a file right.
pub(crate) fn mend(workspace: &Workspace, stale: &Stale) -> Result<()> {
    let path = workspace.path(&stale.path);
    match &stale.why {
        Why::Missing(text) | Why::Changed(text) => write(&path, text),
        Why::Leftover => {
            fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))
        }
    }
}

/// Writes a file in one move.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let io = |error: std::io::Error| Failure::io("write", path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| {
            // What can't be removed either is a hidden file too many, no more.
            let _ = fs::remove_file(&beside);
            io(error)
        })
}

/// Every file below a folder, but for what cargo builds.
fn walk(folder: &Path, relative: &str, files: &mut BTreeSet<String>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::io("read", folder, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("read", folder, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{relative}/{name}");
        let kind = entry
            .file_type()
            .map_err(|error| Failure::io("read", &entry.path(), &error))?;
        if kind.is_dir() && name != "target" {
            walk(&entry.path(), &path, files)?;
        } else if kind.is_file() {
            files.insert(path);
        }
    }
    Ok(())
}

/// Whether a file says of itself that it is generated.
pub(crate) fn is_generated(path: &Path) -> bool {
    let hooks = path.file_name().is_some_and(|name| name == "hooks.rs");
    let text = fs::read(path).unwrap_or_default();
    let head: Vec<&[u8]> = text.split(|&b| b == b'\n').take(5).collect();
    !hooks
        && head
            .iter()
            .any(|line| String::from_utf8_lossy(line).contains(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("specs")).unwrap();
        fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        let workspace = Workspace::find(Some(folder.path())).unwrap();
        (folder, workspace)
    }

    fn wanted(path: &str, text: &str, once: bool) -> Wanted {
        Wanted {
            path: path.to_owned(),
            text: text.to_owned(),
            once,
        }
    }

    #[test]
    fn only_what_is_stale_is_touched() {
        let (_folder, workspace) = workspace();
        let files = [
            wanted("bffs/web/src/lib.rs", "// @generated\nA", false),
            wanted("bffs/web/src/new.rs", "// @generated\nB", false),
            wanted("bffs/web/src/hooks.rs", "theirs at first", true),
        ];
        for (path, text) in [
            ("bffs/web/src/lib.rs", "// @generated\nold"),
            ("bffs/web/src/gone.rs", "//! x\n// @generated"),
            ("bffs/web/src/own.rs", "mine"),
            ("bffs/web/src/hooks.rs", "// @generated no more: ours"),
            ("bffs/web/target/x.rs", "// @generated"),
        ] {
            write(&workspace.path(path), text).unwrap();
        }
        let found = stale(&workspace, "bffs/web", &files).unwrap();
        let told: Vec<(&str, bool)> = found
            .iter()
            .map(|s| (s.path.as_str(), s.why == Why::Leftover))
            .collect();
        assert_eq!(
            told,
            [
                ("bffs/web/src/lib.rs", false),
                ("bffs/web/src/new.rs", false),
                ("bffs/web/src/gone.rs", true)
            ]
        );
        for file in &found {
            mend(&workspace, file).unwrap();
        }
        assert_eq!(stale(&workspace, "bffs/web", &files).unwrap(), []);
        let read = |path| fs::read_to_string(workspace.path(path)).ok();
        assert_eq!(
            read("bffs/web/src/hooks.rs").unwrap(),
            "// @generated no more: ours"
        );
        assert_eq!(read("bffs/web/src/own.rs").unwrap(), "mine");
        assert_eq!(read("bffs/web/src/gone.rs"), None);
        let left = fs::read_dir(workspace.path("bffs/web/src"))
            .unwrap()
            .count();
        assert_eq!(left, 4, "nothing temporary is left behind");
    }

    #[test]
    fn hooks_are_written_once() {
        let (_folder, workspace) = workspace();
        let files = [wanted("bffs/web/src/hooks.rs", "first", true)];
        let found = stale(&workspace, "bffs/web", &files).unwrap();
        assert_eq!(found.len(), 1);
        mend(&workspace, &found[0]).unwrap();
        assert_eq!(stale(&workspace, "bffs/web", &files).unwrap(), []);
    }
}
