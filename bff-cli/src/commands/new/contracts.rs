//! The contracts that `--from` names: read, and given a name and a place in the workspace.

use std::path::Path;

use bff_spec::contract::{self, Contract, Types};
use bff_spec::diagnostic::{Diagnostic, FileId, Place, Severity};
use bff_spec::document::{self, Dialect, Node};
use bff_spec::source::{SourceLoader, Sources};

use crate::failure::{Failure, Result};
use crate::origin::Origin;
use crate::proposal::names;
use crate::workspace::Workspace;

/// Where contracts of other places are copied to.
const FOLDER: &str = "specs/upstreams";

/// A contract that was read.
#[derive(Debug)]
pub(super) struct Taken {
    /// Its upstream's name.
    pub(super) upstream: String,
    /// Its path in the workspace, as it is or will be.
    pub(super) path: String,
    pub(super) contract: Contract,
    /// The files to write: path in the workspace, and text.
    pub(super) files: Vec<(String, String)>,
    /// Where it says that the service is.
    pub(super) server: Option<String>,
    /// Whether a shared file declares its upstream.
    pub(super) shared: bool,
}

/// Reads `CONTRACT` or `NAME=CONTRACT`. `known` are the names that others have.
pub(super) fn take(
    workspace: &Workspace,
    from: &str,
    known: &[String],
    types: &mut Types,
) -> Result<Taken> {
    let (name, from) = match from.split_once('=') {
        Some((name, rest)) if names::is_plain(name) => (Some(name.to_owned()), rest),
        _ => (None, from),
    };
    let origin = Origin::named(from)?;
    let wanted = name.unwrap_or_else(|| names::upstream(origin.main()));
    let upstream = names::unique(wanted, |name| known.iter().any(|k| k == name));
    if let Some(path) = origin.path().and_then(|path| inside(workspace, &path)) {
        let (contract, text) = load(workspace, &path, from, types, || None)?;
        return Ok(Taken {
            upstream,
            path,
            contract,
            files: Vec::new(),
            server: server(&text),
            shared: false,
        });
    }
    let main = origin.main().to_owned();
    let (contract, text) = load(&origin, &main, from, types, || origin.failure())?;
    let files = origin.files();
    let kind = if text.trim_start().starts_with('{') {
        "json"
    } else {
        "yaml"
    };
    let (path, files) = match files.as_slice() {
        [(_, text)] => {
            let path = format!("{FOLDER}/{upstream}.openapi.{kind}");
            (path.clone(), vec![(path, text.clone())])
        }
        // What refers to each other keeps its names.
        _ => {
            let folder = format!("{FOLDER}/{upstream}");
            let placed = files
                .into_iter()
                .map(|(name, text)| (format!("{folder}/{name}"), text));
            (format!("{folder}/{main}"), placed.collect())
        }
    };
    Ok(Taken {
        files: missing(workspace, files, &upstream)?,
        upstream,
        path,
        contract,
        server: server(&text),
        shared: false,
    })
}

/// The path in the workspace, if a file lies there.
fn inside(workspace: &Workspace, path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let path = path.strip_prefix(workspace.root()).ok()?;
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    Some(parts.join("/"))
}

fn load(
    loader: &dyn SourceLoader,
    path: &str,
    named: &str,
    types: &mut Types,
    failure: impl Fn() -> Option<Failure>,
) -> Result<(Contract, String)> {
    let mut sources = Sources::default();
    let from = Place {
        file: FileId(u32::MAX),
        start: 0,
        end: 0,
    };
    let (contract, found) = contract::load(&mut sources, loader, path, &[], from, types);
    if let Some(failure) = failure() {
        return Err(failure);
    }
    match contract {
        Some(contract) => {
            let text = sources.iter().next().map(|file| file.text.clone());
            Ok((contract, text.unwrap_or_default()))
        }
        None => Err(refused(named, &found)),
    }
}

fn refused(named: &str, found: &[Diagnostic]) -> Failure {
    let fault = found.iter().find(|d| d.severity == Severity::Error);
    match fault {
        Some(fault) => Failure::new(format!("{named}: {}", fault.message)).remedy(
            fault
                .help
                .clone()
                .unwrap_or_else(|| "name an OpenAPI contract, as YAML or JSON".to_owned()),
        ),
        None => Failure::new(format!("{named} is no OpenAPI contract")),
    }
}

/// The files that aren't there yet. One that is there and says something else is a failure.
fn missing(
    workspace: &Workspace,
    files: Vec<(String, String)>,
    upstream: &str,
) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (path, text) in files {
        let whole = workspace.path(&path);
        match std::fs::read(&whole) {
            Ok(bytes) if bytes == text.as_bytes() => {}
            Ok(_) => {
                return Err(Failure::new(format!(
                    "{path} is there already and says something else, and new overwrites nothing"
                ))
                .remedy(format!(
                    "name the file itself, `--from {path}`, or give the upstream another name: `--from {upstream}2=…`"
                )));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => all.push((path, text)),
            Err(error) => return Err(Failure::io("read", &whole, &error)),
        }
    }
    Ok(all)
}

/// The first of `servers`, or what Swagger 2.0 says instead.
fn server(text: &str) -> Option<String> {
    let (root, _) = document::parse(FileId(0), text, Dialect::Contract);
    let root = root?;
    let text = |node: &Node, key: &str| node.get(key)?.as_str().map(str::to_owned);
    let url = match root.get("servers").and_then(Node::as_list) {
        Some(servers) => text(servers.first()?, "url")?,
        None => {
            let scheme = root.get("schemes").and_then(Node::as_list);
            let scheme = scheme
                .and_then(|all| all.first()?.as_str())
                .unwrap_or("https");
            let base = text(&root, "basePath").unwrap_or_default();
            format!("{scheme}://{}{base}", text(&root, "host")?)
        }
    };
    let plain = url.starts_with("http") && !url.chars().any(char::is_whitespace);
    plain.then_some(url)
}
