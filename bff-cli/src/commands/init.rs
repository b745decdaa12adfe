//! `bff init`: a new workspace with one spec and one contract, ready to build.

use std::path::{Path, PathBuf};

use crate::arguments::Init;
use crate::commands::{Outcome, schema};
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::generated::write;
use crate::manifest::DIST_PROFILE;

const SPEC: &str = include_str!("../../templates/init/web.yaml");
const CONTRACT: &str = include_str!("../../templates/init/books.openapi.yaml");
const README: &str = include_str!("../../templates/init/README.md");

pub(super) fn run(command: &Init, console: Console) -> Result<Outcome> {
    let source = source_checkout();
    let mut files = vec![
        ("Cargo.toml", manifest(source.as_deref())),
        ("README.md", README.to_owned()),
        (".gitignore", "/target\n".to_owned()),
        (schema::PATH, schema::text()),
        ("specs/web.yaml", SPEC.to_owned()),
        ("specs/upstreams/books.openapi.yaml", CONTRACT.to_owned()),
    ];
    // The checkout's own lock file, so that the runtime is built with what it was tested with, and without a network.
    let lock = source.and_then(|source| std::fs::read_to_string(source.join("Cargo.lock")).ok());
    files.extend(lock.map(|lock| ("Cargo.lock", lock)));

    for (name, _) in &files {
        let path = command.dir.join(name);
        if path.exists() {
            return Err(Failure::new(format!(
                "{} is there already, and init overwrites nothing",
                path.display()
            ))
            .remedy("name a folder that is new or empty"));
        }
    }
    for (name, text) in &files {
        write(&command.dir.join(name), text)?;
        console.step("Wrote", &command.dir.join(name).display().to_string());
    }
    console.say(&format!(
        "\nNext:\n  cd {}\n  bff up",
        command.dir.display()
    ));
    Ok(Outcome::Good)
}

fn manifest(source: Option<&Path>) -> String {
    let runtime = match source {
        Some(source) => {
            let path = source.join("bff-runtime").display().to_string();
            format!("{{ path = {} }}", toml_edit::Value::from(path))
        }
        None => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
    };
    format!(
        "\
# The gateways are members: bff writes their crates to bffs/NAME.
[workspace]
resolver = \"3\"
members = [\"bffs/*\"]

[workspace.dependencies]
bff-runtime = {runtime}

# What `bff build` ships: one binary to deploy, as small and fast as the toolchain makes it.
{DIST_PROFILE}"
    )
}

/// The checkout this command was built from, if it is still there.
fn source_checkout() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    root.join("bff-runtime")
        .join("Cargo.toml")
        .is_file()
        .then(|| root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_is_a_path_in_a_checkout_and_a_version_elsewhere() {
        for (source, expected) in [
            (
                Some("/a \"b\"/c"),
                "bff-runtime = { path = '/a \"b\"/c/bff-runtime' }",
            ),
            (
                None,
                concat!("bff-runtime = \"", env!("CARGO_PKG_VERSION"), "\""),
            ),
        ] {
            let text = manifest(source.map(Path::new));
            assert!(text.contains(expected), "{text}");
            assert!(text.parse::<toml_edit::DocumentMut>().is_ok());
        }
    }
}
