//! What `lints` says, applied to what was found: findings are left out, made errors, or stay as they are.
//!
//! Which entries were of use is remembered, so that one that allows what is never found can be told.

use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::spec::lints::{Level, LintDecl};

/// Codes that are found by looking at several specs: one alone can't say that they never are.
pub(crate) const OF_SEVERAL: &[Code] = &[Code::UnusedName, Code::RepeatedSelection];

/// The entries of a spec's `lints`.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    decl: LintDecl,
    /// Whether something was found that it speaks of, by endpoint of `at`; one for an entry without.
    used: Vec<bool>,
}

/// What becomes of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// As its code says.
    Stays,
    /// It isn't told.
    Dropped,
    /// It is of this severity, and why.
    Becomes(Severity, Place, Option<String>),
}

impl Levels {
    pub(crate) fn new(decls: &[LintDecl]) -> Levels {
        let entry = |decl: &LintDecl| Entry {
            decl: decl.clone(),
            used: vec![false; decl.at.len().max(1)],
        };
        Levels {
            entries: decls.iter().map(entry).collect(),
        }
    }

    /// What becomes of a finding at a place of the spec: an entry for its endpoint comes before one for all.
    pub(crate) fn fate(&mut self, code: Code, owner: Place) -> Fate {
        let inside = |extent: Place| {
            extent.file == owner.file && extent.start <= owner.start && owner.start < extent.end
        };
        let of_endpoint = self.entries.iter().enumerate().find_map(|(i, entry)| {
            let decl = &entry.decl;
            (decl.code == code && decl.level.is_some()).then_some(())?;
            let at = decl.at.iter().position(|at| inside(at.extent))?;
            Some((i, at))
        });
        let of_all = || {
            let found = self.entries.iter().position(|entry| {
                let decl = &entry.decl;
                decl.code == code && decl.level.is_some() && decl.at.is_empty()
            });
            found.map(|i| (i, 0))
        };
        let Some((entry, at)) = of_endpoint.or_else(of_all) else {
            return Fate::Stays;
        };
        let Some(entry) = self.entries.get_mut(entry) else {
            return Fate::Stays;
        };
        if let Some(used) = entry.used.get_mut(at) {
            *used = true;
        }
        let because = entry.decl.because.clone();
        match entry.decl.level {
            Some(Level::Allow) => Fate::Dropped,
            Some(Level::Warn) => Fate::Becomes(Severity::Warning, entry.decl.place, because),
            Some(Level::Deny) => Fate::Becomes(Severity::Error, entry.decl.place, because),
            None => Fate::Stays,
        }
    }

    /// A finding as `lints` leaves it; `owner` says whose endpoint's it is.
    pub(crate) fn apply(&mut self, owner: Place, diagnostic: Diagnostic) -> Option<Diagnostic> {
        if diagnostic.code.severity() == Severity::Error {
            return Some(diagnostic);
        }
        match self.fate(diagnostic.code, owner) {
            Fate::Stays => Some(diagnostic),
            Fate::Dropped => None,
            Fate::Becomes(severity, place, because) => {
                Some(becomes(diagnostic, severity, place, because))
            }
        }
    }

    /// The budget that is set for requests of an endpoint.
    pub(crate) fn budget(&self, owner: Place) -> Option<u32> {
        let inside = |extent: Place| {
            extent.file == owner.file && extent.start <= owner.start && owner.start < extent.end
        };
        let set = || {
            let entries = self.entries.iter().map(|entry| &entry.decl);
            entries.filter(|decl| decl.code == Code::FanOut && decl.max.is_some())
        };
        let of_endpoint = set().find(|decl| decl.at.iter().any(|at| inside(at.extent)));
        of_endpoint
            .or_else(|| set().find(|decl| decl.at.is_empty()))
            .and_then(|decl| decl.max)
    }

    /// Entries that allow what was never found, of codes that one spec alone decides, or of the others.
    pub(crate) fn unused(&self, of_several: bool) -> Vec<Diagnostic> {
        let mut all = Vec::new();
        for Entry { decl, used } in &self.entries {
            let told = decl.level == Some(Level::Allow) && decl.code != Code::UnusedLint;
            if !told || OF_SEVERAL.contains(&decl.code) != of_several {
                continue;
            }
            let code = decl.code.as_str();
            if decl.at.is_empty() && used.iter().all(|used| !used) {
                let message =
                    format!("`{code}` is allowed, and nothing is found that it would tell");
                all.push(
                    Diagnostic::new(Code::UnusedLint, decl.place, message).help("take it out"),
                );
            }
            for (at, used) in decl.at.iter().zip(used) {
                if !used {
                    let message = format!(
                        "`{code}` is allowed at `{}`, and nothing is found there",
                        at.endpoint
                    );
                    all.push(
                        Diagnostic::new(Code::UnusedLint, at.place, message).help("take it out"),
                    );
                }
            }
        }
        all
    }
}

/// A finding of another severity, with what made it so.
fn becomes(
    diagnostic: Diagnostic,
    severity: Severity,
    place: Place,
    because: Option<String>,
) -> Diagnostic {
    if diagnostic.severity == severity {
        return diagnostic;
    }
    let made = match severity {
        Severity::Error => "an error",
        Severity::Warning => "a warning",
        Severity::Note => "a note",
    };
    let message = match because {
        Some(because) => format!("`lints` makes it {made}: {because}"),
        None => format!("`lints` makes it {made}"),
    };
    Diagnostic {
        severity,
        ..diagnostic
    }
    .related(place, message)
}
