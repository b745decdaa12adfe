//! Runs cargo, once per frontend.
//!
//! cargo's own progress and errors pass through: it draws them better than anyone could for it.

mod interrupt;

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use bff_spec::model::Model;

use crate::console::Console;
use crate::failure::{Failure, Result, plain};
use crate::manifest::{DIST_PROFILE, Manifest};
use crate::workspace::Workspace;

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quickly, to try.
    Release,
    /// To ship.
    Dist,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Release => "release",
            Profile::Dist => "dist",
        }
    }
}

/// Builds the binary of a frontend; gives its path.
pub(crate) fn build(
    workspace: &Workspace,
    model: &Model,
    profile: Profile,
    console: Console,
) -> Result<PathBuf> {
    let package = package(model);
    let watch = interrupt::Watch::start();
    let mut child = building(workspace, model, profile, console)?
        .spawn()
        .map_err(|error| not_run(&error))?;
    watch.over(&child);
    let mut binary = None;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|error| {
                Failure::new(format!("cannot read from cargo: {}", plain(&error)))
            })?;
            binary = executable(&line, &package).or(binary);
        }
    }
    let status = child
        .wait()
        .map_err(|error| Failure::new(format!("cannot wait for cargo: {}", plain(&error))))?;
    if watch.end() {
        return Err(
            Failure::new(format!("interrupted while cargo built {package}"))
                .remedy("what was built stays built: the same command goes on from there"),
        );
    }
    ended(status, binary, &package)
}

/// The package of a frontend, and its binary.
pub(crate) fn package(model: &Model) -> String {
    format!("{}-bff", model.name)
}

/// The command that builds a frontend's binary, and tells of it on its stdout.
pub(crate) fn building(
    workspace: &Workspace,
    model: &Model,
    profile: Profile,
    console: Console,
) -> Result<Command> {
    if profile == Profile::Dist && !Manifest::read(workspace)?.has_dist_profile() {
        return Err(
            Failure::new("the workspace's Cargo.toml has no profile `dist`").remedy(format!(
                "add these lines to it, or build with --dev:\n\n{DIST_PROFILE}"
            )),
        );
    }
    let mut command = cargo();
    command
        .args([
            "build",
            "--message-format=json-render-diagnostics",
            "--profile",
            profile.name(),
            "--package",
            &package(model),
        ])
        .arg("--manifest-path")
        .arg(workspace.path("Cargo.toml"))
        .current_dir(workspace.root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if profile == Profile::Dist && !bff_codegen::hook_functions(model).is_empty() {
        // A hook that panics fails its request. Without unwinding it would end the process.
        command.args(["--config", "profile.dist.panic=\"unwind\""]);
    }
    if console.quiet() {
        command.arg("--quiet");
    }
    Ok(command)
}

/// Why cargo could not be run.
pub(crate) fn not_run(error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::new("cargo was not found, and building a gateway takes it")
                .remedy("install Rust (https://rustup.rs), or put cargo on the PATH")
        }
        _ => Failure::new(format!("cannot run cargo: {}", plain(error))),
    }
}

/// What came of a build.
pub(crate) fn ended(status: ExitStatus, binary: Option<PathBuf>, package: &str) -> Result<PathBuf> {
    if !status.success() {
        return Err(Failure::new(format!("cargo could not build {package}; what it says is above"))
            .remedy("is it in bffs/NAME/src/hooks.rs, it is yours to mend; anything else is a fault of bff worth reporting"));
    }
    binary.ok_or_else(|| Failure::new(format!("cargo built {package}, but no binary of that name")))
}

/// cargo, as whoever started us has it, in an environment a nested cargo takes for its own.
fn cargo() -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // Set by `cargo run` for what it runs. Handed on, they would make cargo think that its inputs have changed.
    for (name, _) in std::env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_BIN_", "CARGO_MANIFEST_"]
                .iter()
                .any(|start| name.starts_with(start))
                || [
                    "CARGO_CRATE_NAME",
                    "CARGO_PRIMARY_PACKAGE",
                    "RUST_RECURSION_COUNT",
                ]
                .contains(&name)
        });
        if own {
            command.env_remove(&name);
        }
    }
    command
}

/// The binary a line of cargo's messages tells of, if it is this package's.
pub(crate) fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let is = message.get("reason")? == "compiler-artifact"
        && message.get("target")?.get("name")? == name;
    is.then(|| message.get("executable")?.as_str().map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_read_from_cargos_messages() {
        let artifact = |name: &str, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"{name}"}},"executable":{executable}}}"#
            )
        };
        for (line, expected) in [
            (artifact("web-bff", "\"/t/web-bff\""), Some("/t/web-bff")),
            (artifact("web-bff", "null"), None),
            (artifact("other", "\"/t/other\""), None),
            (
                r#"{"reason":"build-finished","success":true}"#.to_owned(),
                None,
            ),
            ("not json".to_owned(), None),
        ] {
            assert_eq!(
                executable(&line, "web-bff"),
                expected.map(PathBuf::from),
                "{line}"
            );
        }
    }
}
