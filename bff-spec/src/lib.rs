//! Spec text and contracts in, a checked model and diagnostics out.
//!
//! Touches no disk, network, clock or environment: a [`source::SourceLoader`] reads. Knows nothing of Rust output.

mod check;
pub mod codes;
pub mod contract;
pub mod diagnostic;
pub mod document;
pub mod exposure;
mod lint;
pub mod model;
pub mod nearest;
pub mod schema;
pub mod source;
mod spec;
mod syntax;
pub mod worst;

pub use lint::{Together, check_together};

use contract::Library;
use diagnostic::{Diagnostic, Severity};
use model::Model;
use source::{SourceLoader, Sources};

/// What became of a spec.
#[derive(Debug)]
pub struct Checked {
    /// Every file that was read.
    pub sources: Sources,
    /// All findings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The model, if no finding is an error.
    pub model: Option<Model>,
    /// For [`check_together`].
    survey: lint::Survey,
}

/// Checks one spec, with all that it uses. Paths are relative to the workspace.
pub fn check(loader: &dyn SourceLoader, spec_path: &str) -> Checked {
    check_among(&Library::default(), loader, spec_path)
}

/// Checks one of several specs that share contracts: what the library has read already isn't read again. It must always
/// be given the same loader.
pub fn check_among(library: &Library, loader: &dyn SourceLoader, spec_path: &str) -> Checked {
    let mut sources = Sources::default();
    let (model, mut diagnostics, survey) = check::check(library, loader, spec_path, &mut sources);
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.place.file, d.place.start, d.place.end, d.code);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup_by(|b, a| (a.code, a.place, &a.message) == (b.code, b.place, &b.message));
    // What would change nothing mends nothing.
    for found in &mut diagnostics {
        found.fix = found
            .fix
            .take()
            .filter(|edit| sources.text(edit.place) != edit.text);
    }
    let mut checked = Checked {
        sources,
        diagnostics,
        model,
        survey,
    };
    if checked.has_errors() {
        checked.model = None;
    }
    checked
}

/// Whether a file's text is a frontend's spec: it has a top-level `bff`.
#[must_use]
pub fn is_spec(text: &str) -> bool {
    spec::is_spec(text)
}

impl Checked {
    /// Whether any finding is an error: then there is no model.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error)
    }
}
