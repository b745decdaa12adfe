//! The workspace: a folder with `specs/` and a `Cargo.toml`, found from the current folder upward.
//!
//! Nothing outside it is read for a spec: contracts lie in the workspace, so that what is committed builds the same
//! everywhere.

mod specs;

use std::path::{Path, PathBuf};

use bff_spec::source::SourceLoader;

use crate::failure::{Failure, Result, plain};
use crate::lock::Lock;

pub(crate) use specs::Spec;

/// A workspace.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that `--workspace` names, or the one around the current folder.
    pub(crate) fn find(named: Option<&Path>) -> Result<Workspace> {
        if let Some(root) = named {
            let root = root
                .canonicalize()
                .map_err(|error| Failure::io("open the workspace", root, &error))?;
            let workspace = Workspace { root };
            return if workspace.is_one() {
                Ok(workspace)
            } else {
                Err(Failure::new(format!(
                    "{} is no workspace: it has no `specs` folder beside a Cargo.toml",
                    workspace.root.display()
                ))
                .remedy("name the folder that holds `specs`, or make one with `bff init DIR`"))
            };
        }
        let current = std::env::current_dir().map_err(|error| {
            Failure::new(format!("cannot tell the current folder: {}", plain(&error)))
        })?;
        current
            .ancestors()
            .map(|folder| Workspace {
                root: folder.to_owned(),
            })
            .find(Workspace::is_one)
            .ok_or_else(|| {
                Failure::new(format!(
                    "no workspace in {} or above it: a workspace is a folder with `specs` and a Cargo.toml",
                    current.display()
                ))
                .remedy("go to one, name one with --workspace DIR, or make one with `bff init DIR`")
            })
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in it.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    fn is_one(&self) -> bool {
        self.root.join("specs").is_dir() && self.root.join("Cargo.toml").is_file()
    }
}

impl SourceLoader for Workspace {
    fn read(&self, path: &str) -> std::result::Result<String, String> {
        let escapes = path.split('/').any(|part| part == "..") || Path::new(path).has_root();
        if escapes {
            return Err(format!(
                "{path} is outside the workspace: copy it into the workspace"
            ));
        }
        match std::fs::read(self.root.join(path)) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|error| {
                format!(
                    "not UTF-8: byte {} is none",
                    error.utf8_error().valid_up_to()
                )
            }),
            Err(error) => Err(plain(&error)),
        }
    }

    fn locate(&self, url: &str) -> std::result::Result<String, String> {
        let lock = Lock::read(self).map_err(|failure| failure.what)?;
        lock.locate(self, url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_inside_the_workspace_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        std::fs::create_dir_all(root.join("specs")).unwrap();
        std::fs::write(root.join("specs/a.yaml"), "a: ä").unwrap();
        std::fs::write(root.join("specs/b.yaml"), b"ab\xff").unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        let workspace = Workspace { root };
        for (path, expected) in [
            ("specs/a.yaml", Ok("a: ä")),
            ("specs/b.yaml", Err("not UTF-8: byte 2 is none")),
            ("specs/c.yaml", Err("no such file or directory")),
            (
                "../secret",
                Err("../secret is outside the workspace: copy it into the workspace"),
            ),
            (
                "/etc/hostname",
                Err("/etc/hostname is outside the workspace: copy it into the workspace"),
            ),
        ] {
            let read = workspace.read(path);
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{path}");
        }
    }
}
