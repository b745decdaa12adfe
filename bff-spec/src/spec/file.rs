//! Whole files: the spec, the files it uses, and how they become one.

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::auth::SCHEME;
use super::defaults::DEFAULTS;
use super::defaults::Merged;
use super::endpoint::ENDPOINT;
use super::keys::{ANY_KEY, Keys, NAMES, Takes, key};
use super::limit::{LIMIT, LimitDecl};
use super::lints::{self, LINT};
use super::reader::{Reader, Table};
use super::top::{SERVER, base, endpoints, name, server};
use super::upstream::UPSTREAM;
use super::{Defaults, FragmentDecl, Spec};
use crate::contract::RELATIVE;
use crate::diagnostic::{Code, Diagnostic, FileId, Place, Related};
use crate::document::{self, Dialect, Key, Node};
use crate::source::{SourceLoader, Sources};

/// Keys that only a frontend's own spec has, not a file that others use.
pub(crate) const OWN: [&str; 5] = ["bff", "base", "endpoints", "server", "lints"];

pub(crate) const FILE: Keys = Keys {
    of: "a spec",
    known: &[
        key(
            "bff",
            Takes::Form("^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
            "The frontend's name, in kebab-case: the crate is bffs/NAME, the binary NAME-bff. A file without it is only used by others.",
        ),
        key(
            "use",
            Takes::Texts,
            "Files whose `upstreams`, `auth`, `limits`, `fragments` and `defaults` are added; paths are relative to this file.",
        ),
        key(
            "base",
            Takes::Text,
            "What every endpoint's path starts with: `/api`.",
        ),
        key(
            "upstreams",
            Takes::Map(NAMES, &Takes::Table(&UPSTREAM)),
            "The services behind, by name.",
        ),
        key(
            "auth",
            Takes::Map(ANY_KEY, &Takes::Table(&SCHEME)),
            "The ways to know who asks, by name; endpoints name them.",
        ),
        key(
            "limits",
            Takes::Map(ANY_KEY, &Takes::Table(&LIMIT)),
            "How often may be asked, by name; endpoints name them.",
        ),
        key(
            "fragments",
            Takes::Map(ANY_KEY, &Takes::Grammar),
            "Selections with a name, written `...Name` where they are used.",
        ),
        key(
            "defaults",
            Takes::Table(&DEFAULTS),
            "What endpoints share; an endpoint's own setting replaces it.",
        ),
        key(
            "endpoints",
            Takes::Routes(&ENDPOINT),
            "What the frontend may ask for, by `METHOD /path/{param}`.",
        ),
        key(
            "server",
            Takes::Table(&SERVER),
            "How the gateway itself behaves.",
        ),
        key(
            "lints",
            Takes::Lints(&LINT),
            "How bad warnings are here, by code.",
        ),
    ],
    later: &[],
};

/// A spec that was read, or as much of it as could be.
pub(crate) struct Loaded {
    /// None if the file is no spec at all.
    pub(crate) spec: Option<Spec>,
    /// Whether every file it uses was read: only then is a name nobody declares unknown.
    pub(crate) complete: bool,
}

/// Reads a spec and what it uses.
pub(crate) fn load(
    loader: &dyn SourceLoader,
    path: &str,
    sources: &mut Sources,
    sink: &mut Vec<Diagnostic>,
) -> Loaded {
    let mut assembly = Assembly::default();
    let Some(root) = read(loader, path, None, sources, sink) else {
        return Loaded {
            spec: None,
            complete: false,
        };
    };
    let mut spec = assembly.file(&root, path, true, sources, sink);
    let mut seen = vec![path.to_owned()];
    let mut at = 0;
    while let Some((used, place)) = assembly.uses.get(at).cloned() {
        at += 1;
        if seen.contains(&used) {
            continue;
        }
        seen.push(used.clone());
        match read(loader, &used, Some(place), sources, sink) {
            Some(node) => {
                assembly.file(&node, &used, false, sources, sink);
            }
            None => assembly.incomplete = true,
        }
    }
    if let Some(spec) = &mut spec {
        spec.upstreams = assembly.upstreams;
        spec.schemes = assembly.schemes;
        spec.limits = assembly.limits;
        spec.fragments = assembly.fragments;
        spec.defaults = assembly.defaults.values;
        spec.uses = seen.split_off(1);
    }
    Loaded {
        spec,
        complete: !assembly.incomplete,
    }
}

fn read(
    loader: &dyn SourceLoader,
    path: &str,
    named: Option<Place>,
    sources: &mut Sources,
    sink: &mut Vec<Diagnostic>,
) -> Option<Node> {
    match loader.read(path) {
        Ok(text) => {
            let file = sources.add(path, text);
            let text = sources
                .get(file)
                .map(|f| f.text.as_str())
                .unwrap_or_default();
            let (node, diagnostics) = document::parse(file, text, Dialect::Spec);
            sink.extend(diagnostics);
            node
        }
        Err(reason) => {
            let place = named.unwrap_or_else(|| Place {
                file: sources.add(path, ""),
                start: 0,
                end: 0,
            });
            let message = format!("`{path}` can't be read: {reason}");
            let mut fault = Diagnostic::new(Code::FileUnreadable, place, message);
            fault.help = named.map(|_| RELATIVE.to_owned());
            sink.push(fault);
            None
        }
    }
}

/// What was gathered from the files so far.
#[derive(Default)]
struct Assembly {
    upstreams: IndexMap<String, super::UpstreamDecl>,
    schemes: IndexMap<String, super::SchemeDecl>,
    limits: IndexMap<String, LimitDecl>,
    fragments: IndexMap<String, FragmentDecl>,
    defaults: Merged,
    uses: Vec<(String, Place)>,
    incomplete: bool,
}

impl Assembly {
    fn file(
        &mut self,
        node: &Node,
        path: &str,
        own: bool,
        sources: &Sources,
        sink: &mut Vec<Diagnostic>,
    ) -> Option<Spec> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut reader = Reader {
            sources,
            folder: folder.to_owned(),
            sink,
        };
        let before = reader.sink.len();
        let table = reader.table(node, &FILE)?;
        self.incomplete |= reader.sink.len() > before
            && reader.sink[before..]
                .iter()
                .any(|d| d.code == Code::UnknownKey);
        self.read_uses(&table, &mut reader);
        self.read_names(&table, &mut reader);
        if let Some(defaults) = table.get("defaults") {
            self.defaults.read(defaults, own, &mut reader);
        }
        if !own {
            for name in OWN {
                if let Some((key, _)) = table.entry(name) {
                    reader
                        .error(
                            Code::NotShared,
                            key.place,
                            format!("a file that is used has no `{name}`"),
                        )
                        .help = Some("`use` adds `upstreams`, `auth`, `limits`, `fragments` and `defaults`; the rest is each frontend's own".into());
                }
            }
            return None;
        }
        Some(Spec {
            name: name(&table, node, &mut reader),
            path: path.to_owned(),
            base: base(&table, &mut reader),
            upstreams: IndexMap::new(),
            schemes: IndexMap::new(),
            limits: IndexMap::new(),
            fragments: IndexMap::new(),
            defaults: Defaults::default(),
            endpoints: endpoints(&table, node, &mut reader),
            server: server(&table, &mut reader),
            lints: match table.get("lints") {
                Some(node) => reader.lints(node, &lints::extents(&table)),
                None => Vec::new(),
            },
            uses: Vec::new(),
        })
    }

    fn read_uses(&mut self, table: &Table<'_>, reader: &mut Reader<'_>) {
        let Some(node) = table.get("use") else {
            return;
        };
        for (path, place) in reader.texts(node, "`use`") {
            match reader.resolve(&path, place) {
                Some(path) => self.uses.push((path, place)),
                None => self.incomplete = true,
            }
        }
    }

    fn read_names(&mut self, table: &Table<'_>, reader: &mut Reader<'_>) {
        if let Some(node) = table.get("upstreams") {
            for (key, node) in reader.map(node, "`upstreams`").unwrap_or_default() {
                if !reader.plain_name(key, "an upstream") {
                    continue;
                }
                match reader.upstream(key, node) {
                    Some(upstream) => {
                        let place = |u: &super::UpstreamDecl| u.place;
                        define(
                            &mut self.upstreams,
                            key,
                            upstream,
                            "upstream",
                            place,
                            reader,
                        );
                    }
                    None => self.incomplete = true,
                }
            }
        }
        if let Some(node) = table.get("auth") {
            for (key, node) in reader.map(node, "`auth`").unwrap_or_default() {
                if key.text == "none" {
                    reader.error(
                        Code::BadName,
                        key.place,
                        "a scheme can't be named `none`: it lets everybody in",
                    );
                    continue;
                }
                match reader.scheme(key, node) {
                    Some(scheme) => {
                        let place = |s: &super::SchemeDecl| s.place;
                        define(&mut self.schemes, key, scheme, "scheme", place, reader);
                    }
                    None => self.incomplete = true,
                }
            }
        }
        if let Some(node) = table.get("limits") {
            for (key, node) in reader.map(node, "`limits`").unwrap_or_default() {
                if key.text == "none" {
                    reader.error(
                        Code::BadName,
                        key.place,
                        "a limit can't be named `none`: it unsets the default",
                    );
                    continue;
                }
                if !reader.plain_name(key, "a limit") {
                    continue;
                }
                match reader.limit(key, node) {
                    Some(limit) => {
                        let place = |l: &LimitDecl| l.place;
                        define(&mut self.limits, key, limit, "limit", place, reader);
                    }
                    None => self.incomplete = true,
                }
            }
        }
        if let Some(node) = table.get("fragments") {
            for (key, node) in reader.map(node, "`fragments`").unwrap_or_default() {
                if !reader.plain_name(key, "a fragment") {
                    continue;
                }
                let what = format!("fragment `{}`", key.text);
                let block = reader.fragment(node, &what);
                let fragment = FragmentDecl {
                    place: key.place,
                    broken: block.is_none(),
                    block: block.unwrap_or(crate::syntax::ast::Block::Fields(Vec::new())),
                };
                let place = |f: &FragmentDecl| f.place;
                define(
                    &mut self.fragments,
                    key,
                    fragment,
                    "fragment",
                    place,
                    reader,
                );
            }
        }
    }
}

fn define<T>(
    map: &mut IndexMap<String, T>,
    key: &Key,
    value: T,
    what: &str,
    place: impl Fn(&T) -> Place,
    reader: &mut Reader<'_>,
) {
    match map.entry(key.text.clone()) {
        Entry::Vacant(entry) => {
            entry.insert(value);
        }
        Entry::Occupied(entry) => {
            // The spec itself is read first: the file it uses is the second.
            let first = place(entry.get());
            let diagnostic = reader.error(
                Code::DefinedTwice,
                key.place,
                format!("{what} `{}` is defined twice", key.text),
            );
            diagnostic.help = Some("rename one of them, or take one out".into());
            diagnostic.related.push(Related {
                message: "the other is here".into(),
                place: first,
            });
        }
    }
}

impl Reader<'_> {
    fn plain_name(&mut self, key: &Key, what: &str) -> bool {
        let good = super::route::is_name(&key.text);
        if !good {
            self.error(
                Code::BadName,
                key.place,
                format!("{what} can't be named `{}`", key.text),
            )
            .help = Some("letters, digits, `_` and `-`, not starting with a digit".into());
        }
        good
    }
}

/// Whether a text is a frontend's spec: a YAML map with `bff` at its top.
pub(crate) fn is_spec(text: &str) -> bool {
    let (node, _) = document::parse(FileId(0), text, Dialect::Spec);
    match node {
        Some(node) => node.get("bff").is_some(),
        // Broken YAML still says what it wants to be.
        None => text.lines().any(|line| line.starts_with("bff:")),
    }
}
