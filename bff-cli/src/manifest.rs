//! The workspace's Cargo.toml: that it builds what is generated.
//!
//! Edited, not rewritten: comments and layout stay.

use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// What `bff build` needs where a workspace lacks it.
pub(crate) const DIST_PROFILE: &str = "\
[profile.dist]
inherits = \"release\"
lto = \"thin\"
codegen-units = 1
panic = \"abort\"
strip = \"symbols\"
debug = false
";

/// A workspace's Cargo.toml.
#[derive(Debug)]
pub(crate) struct Manifest {
    document: DocumentMut,
}

impl Manifest {
    /// Reads it.
    pub(crate) fn read(workspace: &Workspace) -> Result<Manifest> {
        let path = workspace.path("Cargo.toml");
        let text =
            std::fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
        Manifest::parse(&text).map_err(|error| {
            Failure::new(format!(
                "{} is no valid TOML: {}",
                path.display(),
                error.what
            ))
        })
    }

    /// From its text.
    pub(crate) fn parse(text: &str) -> Result<Manifest> {
        let document = text
            .parse::<DocumentMut>()
            .map_err(|error| Failure::new(error.message()))?;
        Ok(Manifest { document })
    }

    /// Its text.
    pub(crate) fn text(&self) -> String {
        self.document.to_string()
    }

    /// Makes this folder a member, unless one of the members' patterns covers it. Whether something changed.
    pub(crate) fn add_member(&mut self, folder: &str) -> bool {
        let members = self
            .document
            .entry("workspace")
            .or_insert_with(|| Item::Table(Table::new()))
            .as_table_like_mut()
            .map(|workspace| {
                workspace
                    .entry("members")
                    .or_insert_with(|| value(Array::new()))
            })
            .and_then(Item::as_array_mut);
        let Some(members) = members else {
            return false;
        };
        if members
            .iter()
            .filter_map(|member| member.as_str())
            .any(|pattern| covers(pattern, folder))
        {
            return false;
        }
        members.push(folder);
        true
    }

    /// Says where the runtime is, unless it does. Whether something changed.
    pub(crate) fn add_runtime(&mut self, runtime: toml_edit::Value) -> bool {
        if self.names_the_runtime() {
            return false;
        }
        let table = || Item::Table(Table::new());
        let workspace = self.document.entry("workspace").or_insert_with(table);
        let dependencies = workspace.as_table_like_mut().map(|workspace| {
            let dependencies = workspace.entry("dependencies").or_insert_with(table);
            dependencies.as_table_like_mut()
        });
        match dependencies.flatten() {
            Some(dependencies) => {
                dependencies.insert("bff-runtime", Item::Value(runtime));
                true
            }
            None => false,
        }
    }

    /// Adds the profile that `bff build` uses, unless it is there. Whether something changed.
    pub(crate) fn add_dist_profile(&mut self) -> bool {
        if self.has_dist_profile() {
            return false;
        }
        let text = self.text();
        let blank = if text.is_empty() { "" } else { "\n" };
        let with = format!("{}{blank}{DIST_PROFILE}", text);
        match with.parse() {
            Ok(document) => {
                self.document = document;
                true
            }
            // Profiles in a table that can't be continued: its owner has to.
            Err(_) => false,
        }
    }

    /// Whether generated crates find the runtime by it.
    pub(crate) fn names_the_runtime(&self) -> bool {
        self.at(&["workspace", "dependencies", "bff-runtime"])
    }

    /// Whether it has the profile that `bff build` uses.
    pub(crate) fn has_dist_profile(&self) -> bool {
        self.at(&["profile", "dist"])
    }

    fn at(&self, path: &[&str]) -> bool {
        let mut item = self.document.as_item();
        for key in path {
            match item.get(key) {
                Some(inner) => item = inner,
                None => return false,
            }
        }
        true
    }
}

/// Whether a member's pattern covers a folder: `*` is anything within a segment.
fn covers(pattern: &str, folder: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let (patterns, folders) = (pattern.split('/'), folder.split('/'));
    patterns.clone().count() == folders.clone().count()
        && patterns
            .zip(folders)
            .all(|(pattern, name)| segment(pattern, name))
}

fn segment(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_added_once() {
        for (before, after) in [
            ("[workspace]\nmembers = [\"bffs/*\"]\n", None),
            (
                "[workspace]\nmembers = [\"a\", \"./bffs/web/\"] # ours\n",
                None,
            ),
            ("[workspace]\nmembers = [\"*/w*b\"]\n", None),
            (
                "# top\n[workspace]\nmembers = [\"bffs/mobile\"] # ours\n",
                Some("# top\n[workspace]\nmembers = [\"bffs/mobile\", \"bffs/web\"] # ours\n"),
            ),
            (
                "[workspace]\nresolver = \"3\"\n",
                Some("[workspace]\nresolver = \"3\"\nmembers = [\"bffs/web\"]\n"),
            ),
            ("", Some("[workspace]\nmembers = [\"bffs/web\"]\n")),
        ] {
            let mut manifest = Manifest::parse(before).unwrap();
            assert_eq!(manifest.add_member("bffs/web"), after.is_some(), "{before}");
            assert_eq!(manifest.text(), after.unwrap_or(before));
        }
    }

    #[test]
    fn a_manifest_that_is_there_is_added_to() {
        let before = "[package]\nname = \"tools\" # ours\n";
        let mut manifest = Manifest::parse(before).unwrap();
        assert!(manifest.add_member("bffs/*"));
        assert!(manifest.add_runtime("1".into()));
        assert!(manifest.add_dist_profile());
        let text = manifest.text();
        let after = "\n[workspace]\nmembers = [\"bffs/*\"]\n\n[workspace.dependencies]\nbff-runtime = \"1\"\n\n[profile.dist]\n";
        assert!(text.starts_with(&format!("{before}{after}")), "{text}");
        let mut again = Manifest::parse(&text).unwrap();
        let changed =
            again.add_member("bffs/*") | again.add_runtime("2".into()) | again.add_dist_profile();
        assert!(!changed && again.text() == text);
    }

    #[test]
    fn what_generated_crates_need() {
        let manifest =
            Manifest::parse("[workspace.dependencies]\nbff-runtime = \"1\"\n[profile.dist]\n")
                .unwrap();
        assert!(manifest.names_the_runtime() && manifest.has_dist_profile());
        let manifest = Manifest::parse("[workspace]\n[profile.release]\n").unwrap();
        assert!(!manifest.names_the_runtime() && !manifest.has_dist_profile());
        let profile = Manifest::parse(DIST_PROFILE).unwrap();
        assert!(profile.has_dist_profile());
    }
}
