//! `bff init`: a new workspace with one spec and one contract, ready to build.
//!
//! A folder may hold other things: its Cargo.toml is added to, its README and .gitignore stay as they are. What is in a
//! spec's way is told before anything is written. Neither git nor cargo is run.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::arguments::Init;
use crate::commands::{Outcome, schema};
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::generated::write;
use crate::manifest::{DIST_PROFILE, Manifest};

const SPEC: &str = include_str!("../../templates/init/web.yaml");
const CONTRACT: &str = include_str!("../../templates/init/books.openapi.yaml");
const README: &str = include_str!("../../templates/init/README.md");

/// What to do where a file of the same name is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    /// It stays: it does as well.
    Stays,
    /// It is in the way, unless it says the same.
    InTheWay,
}

pub(super) fn run(command: &Init, console: Console) -> Result<Outcome> {
    let source = source_checkout();
    let manifest = cargo_toml(&command.dir.join("Cargo.toml"), source.as_deref())?;
    let mut files = vec![
        ("README.md", README.to_owned(), There::Stays),
        (".gitignore", "/target\n".to_owned(), There::Stays),
        (schema::PATH, schema::text(), There::Stays),
        ("specs/web.yaml", SPEC.to_owned(), There::InTheWay),
        (
            "specs/upstreams/books.openapi.yaml",
            CONTRACT.to_owned(),
            There::InTheWay,
        ),
    ];
    // The checkout's own lock file, so that the runtime is built with what it was tested with, and without a network.
    let lock = source.and_then(|source| std::fs::read_to_string(source.join("Cargo.lock")).ok());
    files.extend(lock.map(|lock| ("Cargo.lock", lock, There::Stays)));

    let mut missing = Vec::new();
    for (name, text, there) in files {
        let path = command.dir.join(name);
        match std::fs::read(&path) {
            Ok(bytes) if there == There::Stays || bytes == text.as_bytes() => {}
            Ok(_) => {
                return Err(Failure::new(format!(
                    "{} is there already, and init overwrites nothing",
                    path.display()
                ))
                .remedy("there is a workspace already: `bff new NAME --from CONTRACT` adds a frontend to it; or name a folder that is new or empty"));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => missing.push((name, text)),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(Failure::new(format!(
                    "cannot make {}: a file is in the way",
                    path.display()
                ))
                .remedy("name a folder that is new or empty"));
            }
            Err(error) => return Err(Failure::io("read", &path, &error)),
        }
    }
    // Last, so that what was interrupted is no workspace yet; done again, it is completed.
    missing.extend(manifest.map(|text| ("Cargo.toml", text)));
    for (name, text) in &missing {
        let path = command.dir.join(name);
        let verb = if path.exists() { "Extended" } else { "Wrote" };
        write(&path, text)?;
        console.step(verb, &path.display().to_string());
    }
    say_next(&command.dir, console);
    Ok(Outcome::Good)
}

fn say_next(dir: &Path, console: Console) {
    if !on_path("cargo") {
        console.warn("cargo is not on the PATH, and building gateways takes it: install Rust (https://rustup.rs)");
    }
    let enter = match dir.components().eq([std::path::Component::CurDir]) || dir == Path::new("") {
        true => String::new(),
        false => format!("  cd {}\n", shell_word(&dir.display().to_string())),
    };
    console.say(&format!(
        "\nNext:\n{enter}  \
         bff up                               the example on this machine: a mock, the gateway, requests to paste\n  \
         bff new NAME --from CONTRACT         a frontend over a contract of yours"
    ));
}

/// As a shell takes it for one word.
fn shell_word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+@%:,".contains(&b);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Whether a program is on the PATH.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

/// The workspace's Cargo.toml as it should be; none if it is so already.
fn cargo_toml(path: &Path, source: Option<&Path>) -> Result<Option<String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Some(manifest(source)));
        }
        Err(error) => return Err(Failure::io("read", path, &error)),
    };
    let mut manifest = Manifest::parse(&text).map_err(|error| {
        Failure::new(format!(
            "{} is no valid TOML: {}",
            path.display(),
            error.what
        ))
        .remedy("mend it first, or name another folder")
    })?;
    let mut changed = manifest.add_member("bffs/*");
    changed |= manifest.add_runtime(runtime(source));
    changed |= manifest.add_dist_profile();
    Ok(changed.then(|| manifest.text()))
}

/// Where the runtime is.
fn runtime(source: Option<&Path>) -> toml_edit::Value {
    match source {
        Some(source) => {
            let path = source.join("bff-runtime").display().to_string();
            let mut table = toml_edit::InlineTable::new();
            table.insert("path", path.into());
            table.into()
        }
        None => env!("CARGO_PKG_VERSION").into(),
    }
}

fn manifest(source: Option<&Path>) -> String {
    format!(
        "\
# The gateways are members: bff writes their crates to bffs/NAME.
[workspace]
resolver = \"3\"
members = [\"bffs/*\"]

[workspace.dependencies]
bff-runtime = {}

# What `bff build` ships: one binary to deploy, as small and fast as the toolchain makes it.
{DIST_PROFILE}",
        runtime(source)
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

    #[test]
    fn words_for_a_shell() {
        for (text, word) in [
            ("shop", "shop"),
            ("my shop", "'my shop'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
