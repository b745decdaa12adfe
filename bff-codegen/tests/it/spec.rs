//! Specs from texts, checked.

use std::collections::BTreeMap;

use bff_spec::model::Model;
use bff_spec::source::{SourceLoader, Sources};

/// Files by path.
#[derive(Debug, Default, Clone)]
pub(crate) struct Files(pub(crate) BTreeMap<String, String>);

impl SourceLoader for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| "not found".to_owned())
    }
}

impl Files {
    /// These files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Files {
        Files(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    /// The model of a spec that must be right.
    pub(crate) fn model(&self, spec: &str) -> (Model, Sources) {
        let checked = bff_spec::check(self, spec);
        match checked.model {
            Some(model) => (model, checked.sources),
            None => {
                let findings: Vec<String> = checked
                    .diagnostics
                    .iter()
                    .map(|d| {
                        let (start, _) = checked.sources.lines(d.place);
                        let file = checked
                            .sources
                            .get(d.place.file)
                            .map_or("", |f| f.path.as_str());
                        format!(
                            "{file}:{}:{}: {} {} ({:?})",
                            start.line,
                            start.column,
                            d.code.as_str(),
                            d.message,
                            d.help
                        )
                    })
                    .collect();
                panic!("{spec} does not check:\n{}", findings.join("\n"));
            }
        }
    }
}
