//! Draws findings: in colour for people, as JSON for tools, as annotations for GitHub.
//!
//! In: diagnostics with the sources they point into. Out: text. What is found is [`bff_spec`]'s business alone.

mod github;
mod human;
mod json;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bff_spec::diagnostic::{Diagnostic, Place, Severity};
use bff_spec::source::Sources;
use clap::ValueEnum;

use crate::console::{Console, count};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// With the lines they point at, on stderr
    #[default]
    Human,
    /// One JSON array, on stdout
    Json,
    /// Workflow annotations for GitHub, on stdout
    Github,
}

/// Findings, each with the sources it points into; the same one of two specs that share a file is held once, as bad as
/// the worst of them.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<(Diagnostic, Arc<Sources>)>,
    /// Where each is among them.
    seen: HashMap<(String, u32, u32, &'static str, String), usize>,
}

impl Findings {
    /// Adds the findings of one spec.
    pub(crate) fn add(&mut self, found: Vec<Diagnostic>, sources: &Arc<Sources>) {
        for diagnostic in found {
            let Place { start, end, .. } = diagnostic.place;
            let file = path(sources, diagnostic.place).to_owned();
            let key = (
                file,
                start,
                end,
                diagnostic.code.as_str(),
                diagnostic.message.clone(),
            );
            match self.seen.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(self.all.len());
                    self.all.push((diagnostic, Arc::clone(sources)));
                }
                Entry::Occupied(entry) => {
                    if let Some(known) = self.all.get_mut(*entry.get())
                        && diagnostic.severity < known.0.severity
                    {
                        *known = (diagnostic, Arc::clone(sources));
                    }
                }
            }
        }
    }

    /// How many are of this severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.all
            .iter()
            .filter(|(diagnostic, _)| diagnostic.severity == severity)
            .count()
    }

    /// How many have an edit that can only be what was meant.
    pub(crate) fn mendable(&self) -> usize {
        self.iter()
            .filter(|(diagnostic, _)| diagnostic.fix.as_ref().is_some_and(|edit| edit.sure))
            .count()
    }

    /// Writes them all.
    pub(crate) fn draw(&self, format: Format, console: Console) {
        match format {
            Format::Human => {
                for (diagnostic, sources) in self.iter() {
                    if diagnostic.severity == Severity::Error || !console.quiet() {
                        console.show(&format!(
                            "{}\n",
                            human::render(diagnostic, sources, console.color())
                        ));
                    }
                }
            }
            Format::Json => console.result(&self.json()),
            Format::Github => {
                for (diagnostic, sources) in self.iter() {
                    console.result(&github::render(diagnostic, sources));
                }
            }
        }
    }

    /// The errors as people read them, without colours.
    pub(crate) fn errors(&self) -> String {
        let errors = self
            .iter()
            .filter(|(diagnostic, _)| diagnostic.severity == Severity::Error);
        let drawn: Vec<String> = errors
            .map(|(diagnostic, sources)| human::render(diagnostic, sources, false))
            .collect();
        drawn.join("\n\n")
    }

    /// The errors among them.
    pub(crate) fn errors_alone(&self) -> Findings {
        let all = self.all.iter();
        let errors = all.filter(|(diagnostic, _)| diagnostic.severity == Severity::Error);
        Findings {
            all: errors.cloned().collect(),
            seen: HashMap::new(),
        }
    }

    /// One JSON array, as `bff check --format json` writes it.
    pub(crate) fn json(&self) -> String {
        json::render(self.iter())
    }

    /// `2 errors, 1 warning`; `nothing to report` without any.
    pub(crate) fn summary(&self) -> String {
        let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .map(|severity| (self.count(severity), severity))
            .filter(|&(number, _)| number > 0)
            .map(|(number, severity)| count(number, &severity.to_string()))
            .collect();
        if parts.is_empty() {
            "nothing to report".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// All of them, each with the sources it points into.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Diagnostic, &Sources)> {
        self.all
            .iter()
            .map(|(diagnostic, sources)| (diagnostic, &**sources))
    }
}

/// The path of the file a place is in.
fn path(sources: &Sources, place: Place) -> &str {
    sources.get(place.file).map_or("", |file| &file.path)
}

#[cfg(test)]
mod tests;
