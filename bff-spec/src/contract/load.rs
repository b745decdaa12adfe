//! A contract's file, read and brought into normal form.

use super::operation::Operations;
use super::reference::{At, Documents, open, parse};
use super::schema::Schemas;
use super::{Contract, Types, is_url, overlay, reachable};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::document::Node;
use crate::source::{SourceLoader, Sources};

/// Reads the contract at `path` (a file of the workspace, or a URL) and every file it refers to; its types join `types`.
///
/// `from` is where the contract is named. What comes back beside the contract concerns the file as a whole; what
/// concerns one operation alone stands with it, in [`super::Operation::faults`], for whoever uses the operation.
pub fn load(
    sources: &mut Sources,
    loader: &dyn SourceLoader,
    path: &str,
    overlays: &[String],
    from: Place,
    types: &mut Types,
) -> (Option<Contract>, Vec<Diagnostic>) {
    let overlays: Vec<(&str, Place)> = overlays.iter().map(|o| (o.as_str(), from)).collect();
    load_with(sources, loader, (path, from), &overlays, types)
}

/// The same, where each overlay is named at a place of its own. They change the contract in this order, before anything
/// is read of it.
pub(super) fn load_with(
    sources: &mut Sources,
    loader: &dyn SourceLoader,
    (path, from): (&str, Place),
    overlays: &[(&str, Place)],
    types: &mut Types,
) -> (Option<Contract>, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let Some(mut root) = named(sources, loader, path, from, &mut out) else {
        return (None, out);
    };
    for (path, from) in overlays {
        let Some(overlay) = named(sources, loader, path, *from, &mut out) else {
            return (None, out);
        };
        overlay::apply(&mut root, &overlay, &mut out);
    }
    if out.iter().any(|found| found.severity == Severity::Error) {
        return (None, out);
    }
    let version = match Version::of(&root) {
        Ok(version) => version,
        Err(fault) => {
            out.push(*fault);
            return (None, out);
        }
    };
    let documents = Documents::gather(sources, loader, path, root, &mut out);
    let Some(root) = documents.root() else {
        return (None, out);
    };
    let contract = read(&documents, root, version, types, &mut out);
    (Some(contract), out)
}

/// A document that something names.
fn named(
    sources: &mut Sources,
    loader: &dyn SourceLoader,
    path: &str,
    from: Place,
    out: &mut Vec<Diagnostic>,
) -> Option<Node> {
    match open(sources, loader, path) {
        Ok(file) => parse(sources, file, out),
        Err(why) => {
            let message = format!("`{path}` can't be read: {why}");
            let mut fault = Diagnostic::new(Code::FileUnreadable, from, message);
            // What is named by URL says itself what to do.
            fault.help = (!is_url(path)).then(|| RELATIVE.to_owned());
            out.push(fault);
            None
        }
    }
}

/// What to think of when a file isn't where its path leads.
pub(crate) const RELATIVE: &str = "a path is relative to the file that names it";

fn read(
    documents: &Documents,
    root: At<'_>,
    version: Version,
    types: &mut Types,
    out: &mut Vec<Diagnostic>,
) -> Contract {
    let title = root.node.get("info").and_then(|info| info.get("title"));
    let schemas = Schemas::new(documents, types, version);
    let (mut operations, faults) = Operations::new(schemas, version, out).read(root);
    reachable::attribute(types, &mut operations, &faults);
    Contract {
        title: title.and_then(Node::as_str).unwrap_or_default().to_owned(),
        operations,
    }
}

/// The versions that are read, all into one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 2.0, which was Swagger: parameters hold their schemas themselves, bodies are parameters.
    V20,
    /// 3.0: schemas are a dialect of their own, nothing stands beside a `$ref`.
    V30,
    /// 3.1: schemas are JSON Schema.
    V31,
}

impl Version {
    fn of(root: &Node) -> Result<Version, Box<Diagnostic>> {
        if root.as_map().is_none() {
            let what = if root.is_null() {
                "an empty file"
            } else {
                root.describe()
            };
            let message = format!("this is no OpenAPI contract but {what}");
            return Err(Box::new(Diagnostic::new(
                Code::ContractShape,
                start(root.place),
                message,
            )));
        }
        if let Some((key, value)) = root.entry("swagger") {
            let version = value.as_str().unwrap_or_default();
            if version == "2.0" || version == "2" {
                return Ok(Version::V20);
            }
            let message =
                format!("Swagger `{version}` is not read; 2.0 and OpenAPI 3.0 and 3.1 are");
            let place = key.place.to(value.place);
            return Err(Box::new(
                Diagnostic::new(Code::ContractVersion, place, message)
                    .help("convert the contract to OpenAPI 3.0"),
            ));
        }
        let Some((key, value)) = root.entry("openapi") else {
            let message = "this is no OpenAPI contract: it has no `openapi` key";
            let diagnostic = Diagnostic::new(Code::ContractShape, start(root.place), message);
            return Err(Box::new(diagnostic.help("start it with `openapi: 3.1.0`")));
        };
        let version = value.as_str().unwrap_or_default();
        let minor = version
            .strip_prefix("3.")
            .and_then(|rest| rest.split('.').next());
        match minor {
            Some("0") => Ok(Version::V30),
            Some("1") => Ok(Version::V31),
            _ => {
                let message =
                    format!("OpenAPI `{version}` is not read; 3.0, 3.1 and Swagger 2.0 are");
                let place = key.place.to(value.place);
                Err(Box::new(Diagnostic::new(
                    Code::ContractVersion,
                    place,
                    message,
                )))
            }
        }
    }
}

/// Where a place starts.
fn start(place: Place) -> Place {
    place.before()
}
