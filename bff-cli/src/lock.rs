//! `bff.lock`: what URLs that specs and contracts name held when they were fetched.
//!
//! The file lists each URL with the copy of what it held, which lies in `specs/fetched`, and the copy's SHA-256. Both are
//! committed: everybody checks against the same bytes, without a network, and a reviewer sees what an update changes.
//! Nothing here fetches; `bff lock` does.

use std::collections::BTreeMap;
use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use toml_edit::{DocumentMut, Item};

use crate::failure::{Failure, Result, plain};
use crate::workspace::Workspace;

/// The file, in the workspace.
pub(crate) const PATH: &str = "bff.lock";

/// Where copies lie, in the workspace.
pub(crate) const FOLDER: &str = "specs/fetched";

const HEAD: &str = "\
# What is named by URL, as it was fetched. `bff lock` writes this file; commit it together with `specs/fetched`.
version = 1
";

/// What is locked, by URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) documents: BTreeMap<String, Document>,
}

/// What a URL held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// The copy's path in the workspace.
    pub(crate) file: String,
    /// Of its bytes, in lower-case hexadecimal.
    pub(crate) sha256: String,
}

impl Document {
    /// What is locked of a URL that holds this text.
    pub(crate) fn of(url: &str, text: &str) -> Document {
        Document {
            file: copy_of(url),
            sha256: hash(text.as_bytes()),
        }
    }
}

impl Lock {
    /// The workspace's; an empty one if there is no file.
    ///
    /// # Errors
    /// If the file can't be read, or isn't what `bff lock` writes.
    pub(crate) fn read(workspace: &Workspace) -> Result<Lock> {
        let path = workspace.path(PATH);
        match std::fs::read_to_string(&path) {
            Ok(text) => Lock::parse(&text).map_err(|why| {
                Failure::new(format!("{PATH} is broken: {why}"))
                    .remedy("take it from version control, or remove it and run `bff lock`")
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
            Err(error) => Err(Failure::new(format!(
                "cannot read {PATH}: {}",
                plain(&error)
            ))),
        }
    }

    fn parse(text: &str) -> std::result::Result<Lock, String> {
        let toml: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
        match toml.get("version").and_then(Item::as_integer) {
            Some(1) => {}
            Some(other) => return Err(format!("version {other} is of a later `bff`")),
            None => return Err("it has no version".to_owned()),
        }
        let Some(tables) = toml.get("document") else {
            return Ok(Lock::default());
        };
        let tables = tables
            .as_array_of_tables()
            .ok_or("its documents are written `[[document]]`")?;
        let mut lock = Lock::default();
        for table in tables {
            let text = |key: &str| {
                let text = table.get(key).and_then(Item::as_str).map(str::to_owned);
                text.ok_or_else(|| format!("a document without `{key}`"))
            };
            let (url, file, sha256) = (text("url")?, text("file")?, text("sha256")?);
            // The file is read: it must not be one of anybody's choosing.
            if file != copy_of(&url) {
                return Err(format!("the copy of {url} is {}", copy_of(&url)));
            }
            lock.documents.insert(url, Document { file, sha256 });
        }
        Ok(lock)
    }

    /// As the file has it: by URL.
    pub(crate) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (url, Document { file, sha256 }) in &self.documents {
            let quoted = toml_edit::Value::from(url.as_str()).to_string();
            let _ = write!(
                text,
                "\n[[document]]\nurl = {quoted}\nfile = \"{file}\"\nsha256 = \"{sha256}\"\n"
            );
        }
        text
    }

    /// The path of a URL's copy, if that is what is locked.
    ///
    /// # Errors
    /// Says in words why it isn't, and what to do.
    pub(crate) fn locate(
        &self,
        workspace: &Workspace,
        url: &str,
    ) -> std::result::Result<String, String> {
        let Some(Document { file, sha256 }) = self.documents.get(url) else {
            return Err(format!("it is not in {PATH}; `bff lock` fetches it"));
        };
        match std::fs::read(workspace.path(file)) {
            Ok(bytes) if hash(&bytes) == *sha256 => Ok(file.clone()),
            Ok(_) => Err(format!(
                "its copy {file} is not what {PATH} says; `bff lock` fetches it again, and changes belong into an overlay"
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(format!(
                "its copy {file} is gone; `bff lock` fetches it again"
            )),
            Err(error) => Err(format!("its copy {file}: {}", plain(&error))),
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The path of a URL's copy: `specs/fetched/HOST/NAME-HASH.yaml`, where the hash is the URL's, so that no two meet.
fn copy_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, kind) = match name.rsplit_once('.') {
        Some((stem, kind @ ("json" | "yaml" | "yml"))) => (stem, kind),
        _ => (name, "yaml"),
    };
    let stem = match plain_name(stem) {
        stem if stem.is_empty() => "contract".to_owned(),
        stem => stem,
    };
    let short: String = hash(url.as_bytes()).chars().take(8).collect();
    format!("{FOLDER}/{}/{stem}-{short}.{kind}", plain_name(host))
}

/// A text that every file system takes as a name, and nobody as a path.
fn plain_name(text: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => c,
        '.' => '.',
        _ => '_',
    };
    let name: String = text.chars().take(60).map(plain).collect();
    name.trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_names_of_their_own_in_their_folder() {
        for (url, expected) in [
            (
                "https://example.com/v1/openapi.yaml",
                "specs/fetched/example.com/openapi-",
            ),
            (
                "https://example.com/v2/openapi.yaml?x=1",
                "specs/fetched/example.com/openapi-",
            ),
            (
                "http://127.0.0.1:8080/",
                "specs/fetched/127.0.0.1_8080/contract-",
            ),
            ("https://example.com", "specs/fetched/example.com/contract-"),
            ("https://../../..", "specs/fetched//contract-"),
            ("https://h/a%2f..%5c.json", "specs/fetched/h/a_2f.._5c-"),
        ] {
            let copy = copy_of(url);
            assert!(copy.starts_with(expected), "{url}: {copy}");
            assert!(!copy.split('/').any(|part| part == ".."), "{copy}");
            assert!(copy.starts_with(FOLDER), "{copy}");
        }
        assert_ne!(copy_of("https://h/a/x.yaml"), copy_of("https://h/b/x.yaml"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut lock = Lock::default();
        for url in [
            "https://h/b.yaml",
            "https://h/a.yaml",
            "https://h/\"q\".json",
        ] {
            lock.documents
                .insert(url.to_owned(), Document::of(url, "text"));
        }
        let text = lock.text();
        assert_eq!(Lock::parse(&text), Ok(lock));
        let order = |url: &str| text.find(url);
        assert!(order("a.yaml") < order("b.yaml"));
        let sha = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";
        assert!(text.contains(sha), "{text}");
    }

    #[test]
    fn broken_files_are_told() {
        for (text, why) in [
            ("version = 2", "later"),
            ("", "no version"),
            ("version = 1\ndocument = 3", "[[document]]"),
            (
                "version = 1\n[[document]]\nurl = \"https://h/a\"",
                "without `file`",
            ),
            (
                "version = 1\n[[document]]\nurl = \"https://h/a\"\nfile = \"/etc/passwd\"\nsha256 = \"\"",
                "specs/fetched/h/a-",
            ),
            ("version = ", ""),
        ] {
            let told = Lock::parse(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
