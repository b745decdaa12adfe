//! What is right by the language and probably not what was meant: a checked model in, warnings out.
//!
//! One lint a file. `lints` of the spec has the last word on each finding, also on the checker's own warnings
//! ([`levels`]). Lints never change the model, and none runs where there is an error: what it would say could be wrong.

mod fan_out;
mod identifier;
mod levels;
mod ownership;
mod repeated;
mod sensitive;
mod time;
mod together;
mod unused;

pub use together::{Together, check_together};

use crate::diagnostic::{Diagnostic, FileId, Place, Severity};
use crate::model::Model;
use crate::spec::Spec;
use levels::Levels;
use repeated::Written;
use unused::Name;

/// A finding, and whose it is.
pub(crate) struct Finding {
    /// A place in the endpoint that it is about: what `lints` says of that endpoint holds, wherever else the finding
    /// points.
    pub(crate) owner: Place,
    pub(crate) diagnostic: Diagnostic,
}

/// What a spec leaves behind for the lints that look at several.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Its file.
    pub(crate) file: String,
    /// The files it uses.
    pub(crate) uses: Vec<String>,
    /// What those declare.
    shared: Vec<Name>,
    /// Selections that are large enough to have a name.
    written: Vec<Written>,
    levels: Levels,
    /// Whether the spec had no error: else what it uses isn't known.
    sound: bool,
}

/// Adds what the lints find, and applies `lints` to all that was found.
pub(crate) fn run(
    spec: &Spec,
    file: Option<FileId>,
    model: Option<&Model>,
    sink: &mut Vec<Diagnostic>,
) -> Survey {
    let mut levels = Levels::new(&spec.lints);
    let mut all = Vec::new();
    for diagnostic in sink.drain(..) {
        all.extend(levels.apply(diagnostic.place, diagnostic));
    }
    let mut survey = Survey {
        file: spec.path.clone(),
        uses: spec.uses.clone(),
        ..Survey::default()
    };
    if let Some(model) = model {
        let mut found = ownership::check(model);
        found.extend(sensitive::check(model));
        found.extend(fan_out::check(model, &levels));
        found.extend(time::check(model, spec));
        let names = unused::names(spec);
        let (own, shared): (Vec<Name>, Vec<Name>) = names
            .into_iter()
            .partition(|name| Some(name.place.file) == file);
        found.extend(own.iter().filter(|name| !name.used).map(unused::finding));
        for Finding { owner, diagnostic } in found {
            all.extend(levels.apply(owner, diagnostic));
        }
        for diagnostic in levels.unused(false) {
            all.extend(levels.apply(diagnostic.place, diagnostic));
        }
        survey.shared = shared;
        survey.written = repeated::selections(spec);
        survey.sound = all.iter().all(|d| d.severity != Severity::Error);
    }
    survey.levels = levels;
    *sink = all;
    survey
}

/// `2s`, `800ms`: as a spec writes it.
pub(crate) fn duration(duration: std::time::Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "0s".into(),
        _ if millis.is_multiple_of(60_000) => format!("{}min", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}
