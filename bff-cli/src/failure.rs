//! Why a command could not do its work: a sentence, its cause, and what to do about it.
//!
//! Findings in specs are no failures: they are [`bff_spec::diagnostic::Diagnostic`]s, drawn by [`crate::diagnostics`].

use std::fmt;

/// What a command gives back when it can't do its work.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What went wrong, in one sentence without a full stop.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
}

impl Failure {
    /// A failure without a remedy.
    pub(crate) fn new(what: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            remedy: None,
        }
    }

    /// The same with a remedy.
    #[must_use]
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Failure {
        self.remedy = Some(remedy.into());
        self
    }

    /// A failure to do something to a file, with the remedy its kind suggests.
    pub(crate) fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Failure {
        use std::io::ErrorKind;
        let failure = Failure::new(format!(
            "cannot {doing} {}: {}",
            path.display(),
            plain(error)
        ));
        match error.kind() {
            ErrorKind::PermissionDenied => {
                failure.remedy("give yourself permission there (`ls -ld` shows whose it is), or name another folder")
            }
            ErrorKind::ReadOnlyFilesystem => failure.remedy("the file system is read-only: work on a copy elsewhere"),
            ErrorKind::StorageFull => failure.remedy("the disk is full: free some space"),
            ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded => {
                failure.remedy("the disk or a limit (`ulimit -f`) leaves no room for it: make some")
            }
            ErrorKind::NotFound => failure.remedy("is its name right? Paths are relative to the folder you are in"),
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::IsADirectory => {
                failure.remedy("something else is in the way there: move it, or name another path")
            }
            _ => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// An I/O error in words, without the operating system's number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};
    use std::path::Path;

    #[test]
    fn io_failures_say_what_to_do() {
        for (kind, remedy) in [
            (ErrorKind::PermissionDenied, Some("permission")),
            (ErrorKind::ReadOnlyFilesystem, Some("read-only")),
            (ErrorKind::StorageFull, Some("disk is full")),
            (ErrorKind::InvalidData, None),
        ] {
            let failure = Failure::io("write", Path::new("a/b"), &Error::from(kind));
            assert!(failure.what.starts_with("cannot write a/b: "), "{failure}");
            match remedy {
                Some(part) => assert!(failure.remedy.unwrap().contains(part)),
                None => assert_eq!(failure.remedy, None),
            }
        }
    }

    #[test]
    fn operating_system_numbers_are_left_out() {
        assert_eq!(
            plain(&Error::from_raw_os_error(2)),
            "no such file or directory"
        );
    }
}
