//! From sources to a contender's program.
//!
//! All are built with one profile, from one lock file, each by a cargo run of its own, so that no contender's features
//! reach another's dependencies. A generated gateway is generated first, by the command of this checkout.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::installed::Installed;

/// The workspace of the generated gateway, as a team would have it.
const GATEWAY: &str = "bench/gateway";

/// Where a contender's program comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the specs in `bench/gateway`: one for whoever has a token, one for all.
    Generated,
    /// Written by hand: a package of this workspace.
    Peer(&'static str),
    /// From packages of the system, of Go or of Node.
    Installed(Installed),
}

impl Source {
    /// Builds it, or finds it where it is installed, and gives its program.
    pub(crate) fn build(
        self,
        root: &Path,
        guarded: bool,
        profile: &str,
        install: bool,
    ) -> anyhow::Result<PathBuf> {
        match self {
            Source::Installed(installed) => installed.find(root, install),
            Source::Peer(package) => build(root, root, package, profile),
            Source::Generated => {
                let package = if guarded { "guarded-bff" } else { "screen-bff" };
                generated(root, package, profile)
            }
        }
    }
}

/// The target folder of workspaces beside each other in which the runtime is to be built once.
pub(crate) fn runtime_target(workspace: &Path) -> PathBuf {
    workspace.with_file_name("runtime")
}

/// Generates the gateways of `bench/gateway` and builds one of them.
pub(crate) fn generated(root: &Path, package: &str, profile: &str) -> anyhow::Result<PathBuf> {
    let workspace = root.join(GATEWAY);
    generate(root, &workspace)?;
    fs::copy(root.join("Cargo.lock"), workspace.join("Cargo.lock"))
        .context("the lock file can't be copied")?;
    build(root, &workspace, package, profile)
}

fn generate(root: &Path, workspace: &Path) -> anyhow::Result<()> {
    let status = cargo(root)
        .args(["run", "--quiet", "--package", "bff-cli", "--", "generate"])
        .arg("--workspace")
        .arg(workspace)
        .status()
        .context("cargo didn't start")?;
    ensure!(status.success(), "the gateway could not be generated");
    Ok(())
}

/// Builds a package of this workspace, and gives its program.
pub(crate) fn package(root: &Path, package: &str, profile: &str) -> anyhow::Result<PathBuf> {
    build(root, root, package, profile)
}

#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
}

/// Builds a benchmark or the tests of a package, and gives its program.
pub(crate) fn target(
    root: &Path,
    package: &str,
    which: &[&str],
    profile: &str,
) -> anyhow::Result<PathBuf> {
    let mut command = cargo(root);
    command.args(["test", "--no-run"]).args(which);
    built(command, root, package, profile)
}

fn build(root: &Path, workspace: &Path, package: &str, profile: &str) -> anyhow::Result<PathBuf> {
    let mut command = cargo(workspace);
    command.arg("build");
    built(command, root, package, profile)
}

/// Runs cargo and reads what program comes out.
fn built(
    mut command: Command,
    root: &Path,
    package: &str,
    profile: &str,
) -> anyhow::Result<PathBuf> {
    let mut building = command
        .args(["--quiet", "--profile", profile])
        .args(["--package", package])
        .arg("--message-format=json-render-diagnostics")
        .arg("--target-dir")
        .arg(root.join("target"))
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo didn't start")?;
    let mut program = None;
    if let Some(messages) = building.stdout.take() {
        for message in BufReader::new(messages).lines() {
            let artifact = serde_json::from_str::<Artifact>(&message?).ok();
            program = artifact.and_then(|one| one.executable).or(program);
        }
    }
    if !building.wait()?.success() {
        bail!("cargo could not build the package {package}");
    }
    program.with_context(|| format!("the package {package} has no program"))
}

fn cargo(directory: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(directory);
    cargo
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_workspaces_build_alike() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let profile = |manifest: PathBuf, name: &str| {
            let text = fs::read_to_string(manifest).unwrap();
            let (_, rest) = text.split_once(&format!("[profile.{name}]\n")).unwrap();
            rest.split("\n\n").next().unwrap().trim().to_owned()
        };
        for name in ["dist", "profiling"] {
            let [ours, theirs] = [root.join(GATEWAY), root.to_owned()]
                .map(|workspace| profile(workspace.join("Cargo.toml"), name));
            assert_eq!(ours, theirs, "{name}");
        }
    }
}
