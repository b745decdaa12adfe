//! Which files are specs: those directly in `specs/` with a top-level `bff`.

use bff_spec::diagnostic::FileId;
use bff_spec::document::{self, Data, Dialect};
use bff_spec::nearest::nearest;

use super::Workspace;
use crate::failure::{Failure, Result};

/// A spec of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The frontend's name.
    pub(crate) name: String,
    /// Its path, relative to the workspace: `specs/web.yaml`.
    pub(crate) path: String,
}

impl Workspace {
    /// The specs of these names, or all of them, by path.
    pub(crate) fn specs(&self, names: &[String]) -> Result<Vec<Spec>> {
        let all = self.all_specs()?;
        if all.is_empty() {
            return Err(
                Failure::new(format!("no spec in {}", self.path("specs").display())).remedy(
                    "a spec is a YAML file directly in `specs` with a top-level `bff: NAME`",
                ),
            );
        }
        if names.is_empty() {
            return Ok(all);
        }
        let mut chosen = Vec::new();
        for name in names {
            let Some(spec) = all.iter().find(|spec| spec.name == *name) else {
                let known: Vec<&str> = all.iter().map(|spec| spec.name.as_str()).collect();
                let meant = nearest(name, known.iter().copied())
                    .map(|near| format!("did you mean `{near}`? "));
                return Err(
                    Failure::new(format!("no spec is named `{name}`")).remedy(format!(
                        "{}there are: {}",
                        meant.unwrap_or_default(),
                        known.join(", ")
                    )),
                );
            };
            if !chosen.contains(spec) {
                chosen.push(spec.clone());
            }
        }
        Ok(chosen)
    }

    /// Every spec, by path; none is no failure.
    pub(crate) fn all_specs(&self) -> Result<Vec<Spec>> {
        let folder = self.path("specs");
        let io = |error: std::io::Error| Failure::io("read", &folder, &error);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = name.rsplit_once('.').map(|(_, kind)| kind);
            if matches!(kind, Some("yaml" | "yml" | "json")) && entry.path().is_file() {
                files.push(name);
            }
        }
        files.sort();
        let mut specs = Vec::new();
        for file in files {
            let path = folder.join(&file);
            let bytes = std::fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
            // What isn't UTF-8 is the checker's to say; whether it is meant as a spec shows all the same.
            let text = String::from_utf8_lossy(&bytes);
            if let Some(name) = frontend(&text) {
                let stem = file
                    .rsplit_once('.')
                    .map_or(file.as_str(), |(stem, _)| stem);
                specs.push(Spec {
                    name: name.unwrap_or_else(|| stem.to_owned()),
                    path: format!("specs/{file}"),
                });
            }
        }
        Ok(specs)
    }
}

/// The value of a top-level `bff`, if there is one; `Some(None)` if there is but can't be read.
fn frontend(text: &str) -> Option<Option<String>> {
    if let (Some(node), _) = document::parse(FileId(0), text, Dialect::Spec) {
        let Data::Map(entries) = node.data else {
            return None;
        };
        let (_, value) = entries.into_iter().find(|(key, _)| key.text == "bff")?;
        return Some(match value.data {
            Data::Scalar(scalar) if !scalar.text.is_empty() => Some(scalar.text),
            _ => None,
        });
    }
    // No document: a spec with a slip in it must not be passed over in silence.
    text.lines().find_map(|line| {
        let name = line
            .strip_prefix("bff:")?
            .split('#')
            .next()
            .unwrap_or_default()
            .trim();
        Some((!name.is_empty()).then(|| name.trim_matches(['"', '\'']).to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_told_by_its_top_level_bff() {
        for (text, expected) in [
            ("bff: web\n", Some(Some("web"))),
            ("# shop\nuse: []\nbff: 'web' # x\n", Some(Some("web"))),
            ("{ bff: web }", Some(Some("web"))),
            ("upstreams: { bff: web }\n", None),
            ("bff:\n", Some(None)),
            ("- bff\n", None),
            ("", None),
            ("bff: web\nendpoints: [\n", Some(Some("web"))),
            ("endpoints: [\n", None),
        ] {
            let found = frontend(text);
            assert_eq!(
                found.as_ref().map(|name| name.as_deref()),
                expected,
                "{text:?}"
            );
        }
    }
}
