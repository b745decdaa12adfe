//! Files that specs name and this machine doesn't have: what stands in for them, below the workspace's `target`.
//!
//! A gateway finds them there by `BFF_FILES`, each by its whole path. A file that is there is used as it is.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::failure::Result;
use crate::generated;
use crate::workspace::Workspace;

/// The folder of the stand-ins.
const FOLDER: &str = "target/bff-up/files";

/// The variable by which a gateway finds them.
pub(crate) const VARIABLE: &str = "BFF_FILES";

/// Whether a file has to be stood in for.
pub(super) fn is_gone(path: &str) -> bool {
    !Path::new(path).is_file()
}

/// What a file of which nothing is known holds: `/run/secrets/catalog_key` holds `dev-catalog-key`.
pub(super) fn development_content(path: &str) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy().to_lowercase();
    format!("dev-{}", stem.replace(['_', '.', ' '], "-"))
}

/// Writes them, and sets the variable, if there are any.
pub(super) fn write(
    workspace: &Workspace,
    files: &BTreeMap<String, String>,
    environment: &mut BTreeMap<String, String>,
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let folder = workspace.path(FOLDER);
    for (path, content) in files {
        let names = Path::new(path).components();
        let names = names.filter(|part| matches!(part, Component::Normal(_)));
        let below: PathBuf = names.collect();
        generated::write(&folder.join(below), &format!("{content}\n"))?;
    }
    environment.insert(VARIABLE.to_owned(), folder.display().to_string());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_contents_say_what_they_are() {
        assert_eq!(
            development_content("/run/secrets/CATALOG_KEY"),
            "dev-catalog-key"
        );
        assert_eq!(development_content("keys/partner.txt"), "dev-partner");
    }
}
