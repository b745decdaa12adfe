//! The files a contract is made of, and where its `$ref`s lead.
//!
//! All files are read before anything is resolved: a `$ref` to another file is found wherever it stands, relative to
//! the file it stands in. One that can't be read is only a fault where something needs it. A file is a path in the
//! workspace or a URL; of what a URL holds, the loader has a copy or hasn't: nothing is fetched.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic, FileId, Place};
use crate::document::{self, Data, Dialect, Key, Node};
use crate::source::{SourceLoader, Sources};

/// How many files one contract may be made of.
const MAX_FILES: usize = 256;

/// How many `$ref`s may lead to each other in a row.
const MAX_HOPS: usize = 64;

/// Up to this many keys are compared one by one.
const FEW: usize = 16;

/// A node and the file it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'d> {
    /// Which of [`Documents`].
    pub(super) file: usize,
    /// The node.
    pub(super) node: &'d Node,
}

impl<'d> At<'d> {
    /// Another node of the same file.
    pub(super) fn with(self, node: &'d Node) -> At<'d> {
        At { node, ..self }
    }

    /// The value under a key.
    pub(super) fn get(self, key: &str) -> Option<At<'d>> {
        self.node.get(key).map(|node| self.with(node))
    }

    /// What tells this node from any other.
    pub(super) fn address(self) -> usize {
        std::ptr::from_ref(self.node) as usize
    }
}

/// The files of one contract; the first is the contract itself.
pub(super) struct Documents {
    files: Vec<File>,
    by_path: HashMap<String, Result<usize, String>>,
    /// The keys of large maps a `$ref` has led through, by the map's address, with their positions.
    keys: RefCell<HashMap<usize, HashMap<String, usize>>>,
}

struct File {
    path: String,
    root: Node,
}

/// Where a `$ref` leads.
#[derive(Clone)]
pub(super) struct Target<'d> {
    /// The node.
    pub(super) at: At<'d>,
    /// The name of the component it is.
    pub(super) name: Option<String>,
}

impl Documents {
    /// The contract and every file it refers to. What the files themselves are faulted for goes to `out`.
    pub(super) fn gather(
        sources: &mut Sources,
        loader: &dyn SourceLoader,
        path: &str,
        root: Node,
        out: &mut Vec<Diagnostic>,
    ) -> Documents {
        let mut documents = Documents {
            files: Vec::new(),
            by_path: HashMap::new(),
            keys: RefCell::default(),
        };
        let mut wanted = Vec::new();
        documents.push(path.to_owned(), root, &mut wanted);
        while let Some(path) = wanted.pop() {
            if documents.by_path.contains_key(&path) {
                continue;
            }
            if documents.files.len() >= MAX_FILES {
                let message = format!("a contract of more than {MAX_FILES} files");
                documents.by_path.insert(path, Err(message));
                continue;
            }
            match read(sources, loader, &path, out) {
                Ok(root) => documents.push(path, root, &mut wanted),
                Err(message) => {
                    documents.by_path.insert(path, Err(message));
                }
            }
        }
        documents
    }

    fn push(&mut self, path: String, root: Node, wanted: &mut Vec<String>) {
        let mut references = Vec::new();
        collect(&root, &mut references);
        for reference in references {
            let (file, _) = split(reference);
            if !file.is_empty()
                && let Some(path) = join(&path, file)
                && !self.by_path.contains_key(&path)
            {
                wanted.push(path);
            }
        }
        self.by_path.insert(path.clone(), Ok(self.files.len()));
        self.files.push(File { path, root });
    }

    /// The contract itself.
    pub(super) fn root(&self) -> Option<At<'_>> {
        self.files.first().map(|file| At {
            file: 0,
            node: &file.root,
        })
    }

    /// How many values all files hold.
    pub(super) fn count(&self) -> usize {
        self.files.iter().map(|file| file.root.count()).sum()
    }

    /// Where a `$ref` that stands in `from` leads, one step.
    ///
    /// # Errors
    /// Says in words why nowhere, and what to do.
    pub(super) fn resolve<'d>(
        &'d self,
        from: usize,
        reference: &str,
    ) -> Result<Target<'d>, (String, Option<String>)> {
        let (file_part, fragment) = split(reference);
        let file = if file_part.is_empty() {
            from
        } else {
            let base = self.files.get(from).map_or("", |file| file.path.as_str());
            let Some(path) = join(base, file_part) else {
                let message = format!("`{reference}` leads out of the workspace");
                return Err((message, None));
            };
            match self.by_path.get(&path) {
                Some(Ok(file)) => *file,
                Some(Err(why)) => {
                    let message = format!("`{reference}` can't be followed: `{path}`: {why}");
                    return Err((message, None));
                }
                None => return Err((format!("`{path}` was not read"), None)),
            }
        };
        let Some(found) = self.files.get(file) else {
            return Err((format!("`{reference}` leads nowhere"), None));
        };
        let mut at = At {
            file,
            node: &found.root,
        };
        let segments = segments(fragment).ok_or_else(|| {
            let message = format!("`{reference}` is no path into a document");
            let help = "write `#/components/schemas/NAME`; anchors and ids are not followed";
            (message, Some(help.to_owned()))
        })?;
        for segment in &segments {
            let next = match &at.node.data {
                Data::Map(entries) => self.entry(at, entries, segment),
                Data::List(items) => segment.parse().ok().and_then(|i: usize| items.get(i)),
                Data::Scalar(_) => None,
            };
            let Some(next) = next else {
                let names = at.node.as_map().unwrap_or_default();
                let near = crate::nearest::nearest(
                    segment,
                    names.iter().map(|(key, _)| key.text.as_str()),
                );
                let message = format!("`{reference}` leads nowhere: there is no `{segment}`");
                return Err((message, near.map(|near| format!("there is `{near}`"))));
            };
            at = at.with(next);
        }
        Ok(Target {
            at,
            name: component_name(&segments, file_part),
        })
    }

    /// A map's value under a key. A contract's schemas are one large map, and every `$ref` looks into it.
    fn entry<'d>(&self, map: At<'d>, entries: &'d [(Key, Node)], key: &str) -> Option<&'d Node> {
        if entries.len() <= FEW {
            let mut entries = entries.iter();
            return entries.find(|(k, _)| k.text == key).map(|(_, value)| value);
        }
        let mut maps = self.keys.borrow_mut();
        let positions = maps.entry(map.address()).or_insert_with(|| {
            let keys = entries.iter().enumerate();
            keys.map(|(i, (key, _))| (key.text.clone(), i)).collect()
        });
        entries.get(*positions.get(key)?).map(|(_, value)| value)
    }

    /// A node that may be a `$ref` to another: the last that isn't one, and the name of the first component passed.
    ///
    /// # Errors
    /// A diagnostic at the `$ref` that leads nowhere, or in a circle.
    pub(super) fn follow<'d>(&'d self, at: At<'d>) -> Result<Target<'d>, Box<Diagnostic>> {
        let mut target = Target { at, name: None };
        for _ in 0..MAX_HOPS {
            let Some((reference, place)) = reference_of(target.at.node) else {
                return Ok(target);
            };
            let next = self
                .resolve(target.at.file, reference)
                .map_err(|(message, help)| fault(place, message, help))?;
            target = Target {
                at: next.at,
                name: target.name.or(next.name),
            };
        }
        let place = reference_of(at.node).map_or(at.node.place, |(_, place)| place);
        let message = "this `$ref` leads round in a circle";
        Err(fault(place, message.to_owned(), None))
    }
}

/// The `$ref` of a node that is one, and where it stands.
pub(super) fn reference_of(node: &Node) -> Option<(&str, Place)> {
    let value = node.get("$ref")?;
    value.as_str().map(|text| (text, value.place))
}

fn fault(place: Place, message: String, help: Option<String>) -> Box<Diagnostic> {
    let mut diagnostic = Diagnostic::new(Code::ContractReference, place, message);
    diagnostic.help = help;
    Box::new(diagnostic)
}

fn read(
    sources: &mut Sources,
    loader: &dyn SourceLoader,
    path: &str,
    out: &mut Vec<Diagnostic>,
) -> Result<Node, String> {
    let file = open(sources, loader, path)?;
    parse(sources, file, out).ok_or_else(|| "it can't be read".to_owned())
}

/// A file's text, or that of the copy of what a URL holds.
///
/// # Errors
/// Says in words why it can't be read.
pub(super) fn open(
    sources: &mut Sources,
    loader: &dyn SourceLoader,
    path: &str,
) -> Result<FileId, String> {
    let copy = match is_url(path) {
        true => Some(loader.locate(path)?),
        false => None,
    };
    let path = copy.as_deref().unwrap_or(path);
    match sources.find(path) {
        Some(file) => Ok(file),
        None => Ok(sources.add(path, loader.read(path)?)),
    }
}

/// Reads a file's text as a contract's.
pub(super) fn parse(sources: &Sources, file: FileId, out: &mut Vec<Diagnostic>) -> Option<Node> {
    let text = sources.get(file).map_or("", |file| file.text.as_str());
    let (node, diagnostics) = document::parse(file, text, Dialect::Contract);
    out.extend(diagnostics);
    node
}

/// Every `$ref` below a node.
fn collect<'d>(node: &'d Node, out: &mut Vec<&'d str>) {
    match &node.data {
        Data::Scalar(_) => {}
        Data::List(items) => items.iter().for_each(|item| collect(item, out)),
        Data::Map(entries) => {
            for (key, value) in entries {
                match value.as_str() {
                    Some(reference) if key.text == "$ref" => out.push(reference),
                    _ => collect(value, out),
                }
            }
        }
    }
}

/// A reference's file and fragment.
fn split(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

/// Whether a name of a file is a URL, of whichever scheme.
pub(crate) fn is_url(file: &str) -> bool {
    file.starts_with("//")
        || file.split_once(':').is_some_and(|(scheme, _)| {
            scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// The segments of a JSON pointer in a fragment (RFC 6901); none if it is no pointer.
fn segments(fragment: &str) -> Option<Vec<String>> {
    if fragment.is_empty() {
        return Some(Vec::new());
    }
    let segments = fragment.strip_prefix('/')?.split('/').map(|segment| {
        percent_decoded(segment)
            .replace("~1", "/")
            .replace("~0", "~")
    });
    Some(segments.collect())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
        let byte = digits
            .filter(|_| first == b'%')
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// What a reference's file part names, relative to a file or URL: a path in the workspace, or a URL. None if it leads
/// out of the workspace.
fn join(base: &str, relative: &str) -> Option<String> {
    if let Some(rest) = relative.strip_prefix("//") {
        let scheme = base.split_once("://").filter(|_| is_url(base))?.0;
        return Some(format!("{scheme}://{rest}"));
    }
    if is_url(relative) {
        return Some(relative.to_owned());
    }
    if is_url(base) {
        return join_url(base, relative);
    }
    let relative = percent_decoded(relative);
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    (!relative.starts_with('/'))
        .then(|| below(folder, &relative))
        .flatten()
}

/// A reference relative to a URL (RFC 3986, section 5.2, without fragments). One that climbs above the root stays there.
fn join_url(base: &str, relative: &str) -> Option<String> {
    let (scheme, rest) = base.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let (relative, query) = match relative.split_once('?') {
        Some((relative, query)) => (relative, format!("?{query}")),
        None => (relative, String::new()),
    };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match relative.strip_prefix('/') {
        Some(absolute) => below("", absolute),
        None => {
            let mut folder = folder.to_owned();
            let mut relative = relative;
            loop {
                if let Some(joined) = below(&folder, relative) {
                    break Some(joined);
                }
                folder.clear();
                relative = relative.split_once("../")?.1;
            }
        }
    }?;
    Some(format!("{scheme}://{host}/{path}{query}"))
}

/// A path below a folder; none if it leads out of all folders.
fn below(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The name of the schema a pointer points at, where the place says that it has one.
fn component_name(segments: &[String], file: &str) -> Option<String> {
    let named = |folder: &str| matches!(folder, "schemas" | "$defs" | "definitions");
    match segments {
        [] => {
            let name = file.rsplit('/').next().unwrap_or(file);
            let stem = name.split('.').next().unwrap_or(name);
            (!stem.is_empty()).then(|| stem.to_owned())
        }
        [only] if !file.is_empty() => Some(only.clone()),
        [.., folder, name] if named(folder) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{component_name, join, segments};

    #[test]
    fn paths_join() {
        let cases = [
            ("a/b.yaml", "c.yaml", Some("a/c.yaml")),
            ("a/b.yaml", "./c.yaml", Some("a/c.yaml")),
            ("a/b.yaml", "../c.yaml", Some("c.yaml")),
            ("a/b.yaml", "../../c.yaml", None),
            ("a/b.yaml", "/etc/passwd", None),
            ("b.yaml", "x/y.json", Some("x/y.json")),
            ("b.yaml", "x%20y.json", Some("x y.json")),
            ("b.yaml", "//h/y.json", None),
            ("b.yaml", "https://h/y.json", Some("https://h/y.json")),
            ("https://h/a/b.yaml", "c.yaml", Some("https://h/a/c.yaml")),
            (
                "https://h/a/b.yaml?v=1",
                "../c.yaml?v=2",
                Some("https://h/c.yaml?v=2"),
            ),
            (
                "https://h/a/b.yaml",
                "../../../c.yaml",
                Some("https://h/c.yaml"),
            ),
            (
                "https://h/a/b.yaml",
                "/c%20d.yaml",
                Some("https://h/c%20d.yaml"),
            ),
            ("https://h/a/b.yaml", "//i/c.yaml", Some("https://i/c.yaml")),
            ("https://h", "c.yaml", Some("https://h/c.yaml")),
            (
                "https://h/a/b.yaml",
                "http://i/c.yaml",
                Some("http://i/c.yaml"),
            ),
        ];
        for (base, relative, expected) in cases {
            assert_eq!(
                join(base, relative).as_deref(),
                expected,
                "{base} {relative}"
            );
        }
    }

    #[test]
    fn pointers_unescape() {
        let cases: [(&str, Option<&[&str]>); 5] = [
            ("", Some(&[])),
            ("/paths/~1users~1%7Bid%7D", Some(&["paths", "/users/{id}"])),
            ("/a~01", Some(&["a~1"])),
            ("/a%zz", Some(&["a%zz"])),
            ("anchor", None),
        ];
        for (fragment, expected) in cases {
            let got = segments(fragment);
            let got: Option<Vec<&str>> =
                got.as_ref().map(|s| s.iter().map(String::as_str).collect());
            assert_eq!(got.as_deref(), expected, "{fragment}");
        }
    }

    #[test]
    fn components_have_names() {
        let own = |s: &[&str]| s.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let cases: [(&[&str], &str, Option<&str>); 6] = [
            (&["components", "schemas", "User"], "", Some("User")),
            (&["$defs", "User"], "", Some("User")),
            (&["components", "responses", "User"], "", None),
            (&["paths", "/x", "get"], "", None),
            (&[], "models/User.v1.yaml", Some("User")),
            (&["User"], "models.yaml", Some("User")),
        ];
        for (pointer, file, expected) in cases {
            let name = component_name(&own(pointer), file);
            assert_eq!(name.as_deref(), expected, "{pointer:?}");
        }
    }
}
