//! Files that the workspace's specs share: where one declares a contract's upstream, it is used instead of declared again.

use bff_spec::diagnostic::FileId;
use bff_spec::document::{self, Dialect, Node};

use super::contracts::Taken;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// What is taken from shared files.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The files, relative to `specs`.
    pub(super) files: Vec<String>,
    /// The first scheme that one of them declares.
    pub(super) scheme: Option<String>,
}

/// Finds the upstreams of contracts in shared files; they are called there what they are called here from now on.
pub(super) fn find(workspace: &Workspace, taken: &mut [Taken]) -> Result<Shared> {
    let folder = workspace.path("specs");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| Failure::io("read", &folder, &error))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name.ends_with(".yaml") || name.ends_with(".yml"))
        .collect();
    names.sort();
    let mut shared = Shared::default();
    for name in names {
        let Ok(text) = std::fs::read_to_string(folder.join(&name)) else {
            continue;
        };
        let (Some(root), _) = document::parse(FileId(0), &text, Dialect::Spec) else {
            continue;
        };
        if root.get("bff").is_some() {
            continue;
        }
        let upstreams = root.get("upstreams").and_then(Node::as_map);
        let mut used = false;
        for (key, upstream) in upstreams.unwrap_or_default() {
            let Some(contract) = upstream.get("contract").and_then(Node::as_str) else {
                continue;
            };
            let path = format!("specs/{}", contract.trim_start_matches("./"));
            for taken in taken.iter_mut().filter(|t| !t.shared && t.path == path) {
                taken.upstream.clone_from(&key.text);
                taken.shared = true;
                used = true;
            }
        }
        if used {
            let scheme = root.get("auth").and_then(Node::as_map);
            let scheme = scheme.and_then(|all| Some(all.first()?.0.text.clone()));
            shared.scheme = shared.scheme.take().or(scheme);
            shared.files.push(name);
        }
    }
    Ok(shared)
}
