//! What is wrong, where, and what to write instead: data, which the callers draw.

use std::fmt;
use std::ops::Range;

pub use crate::codes::Code;

/// A file among [`crate::source::Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A stretch of a file, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Place {
    /// The empty place before it.
    #[must_use]
    pub fn before(self) -> Place {
        Place {
            end: self.start,
            ..self
        }
    }

    /// The empty place after it.
    #[must_use]
    pub fn after(self) -> Place {
        Place {
            start: self.end,
            ..self
        }
    }

    /// The bytes as a range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From the start of this place to the end of `other`, in the same file.
    #[must_use]
    pub fn to(self, other: Place) -> Place {
        Place {
            end: other.end.max(self.end),
            ..self
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// It is built, but probably not what was meant.
    Warning,
    /// Good to know: what a contract says that was left out, and what follows.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable code; severity follows from it unless `lints` says otherwise.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line, without a trailing full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What to write instead, or where to look.
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// An edit that mends it.
    pub fix: Option<Edit>,
}

/// Another place that has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// A replacement of a stretch of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub place: Place,
    /// By what.
    pub text: String,
    /// Whether it can only be what was meant: then a tool may make it unasked. Otherwise it is a likely way to go on.
    pub sure: bool,
}

impl Edit {
    /// An edit that can only be what was meant.
    pub fn sure(place: Place, text: impl Into<String>) -> Edit {
        Edit {
            place,
            text: text.into(),
            sure: true,
        }
    }

    /// The name that was probably meant in place of one that isn't known.
    pub fn meant(place: Place, name: &str, near: &str) -> Edit {
        Edit {
            sure: crate::nearest::is_slip(name, near),
            ..Edit::sure(place, near)
        }
    }

    /// An edit that is a likely way to go on.
    pub fn likely(place: Place, text: impl Into<String>) -> Edit {
        Edit {
            sure: false,
            ..Edit::sure(place, text)
        }
    }
}

impl Diagnostic {
    /// A finding with the code's own severity.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            place,
            help: None,
            related: Vec::new(),
            fix: None,
        }
    }

    /// With help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// With another place.
    #[must_use]
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related {
            message: message.into(),
            place,
        });
        self
    }

    /// With an edit that mends it, and can only be what was meant.
    #[must_use]
    pub fn fix(mut self, place: Place, text: impl Into<String>) -> Diagnostic {
        self.fix = Some(Edit::sure(place, text));
        self
    }

    /// With an edit that mends it, and is likely what was meant.
    #[must_use]
    pub fn suggest(mut self, place: Place, text: impl Into<String>) -> Diagnostic {
        self.fix = Some(Edit::likely(place, text));
        self
    }
}
