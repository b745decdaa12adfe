//! Tables and scalars of a file: closed tables, kinds checked, every fault at its place.

use super::keys::{Keys, Takes};
use crate::diagnostic::{Code, Diagnostic, Edit, Place};
use crate::document::{Core, Data, Key, Node, Scalar, Style};
use crate::nearest::nearest;
use crate::source::Sources;

impl Keys {
    /// Whether a key that isn't there was probably meant by one that is unknown, which was said.
    pub(crate) fn misspelt(&self, table: &Table<'_>, key: &str) -> bool {
        table
            .entries
            .iter()
            .any(|(k, _)| !self.has(&k.text) && nearest(&k.text, self.names()) == Some(key))
    }
}

/// Reads nodes of one file.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a Sources,
    /// The file's folder, relative to the workspace; empty at its root.
    pub(crate) folder: String,
    pub(crate) sink: &'a mut Vec<Diagnostic>,
}

/// A map whose keys were checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'n> {
    pub(crate) entries: &'n [(Key, Node)],
}

impl<'n> Table<'n> {
    /// The value of a key; none if it is null or not there.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key and its value; none if the value is null.
    pub(crate) fn entry(&self, key: &str) -> Option<(&'n Key, &'n Node)> {
        self.entries
            .iter()
            .find(|(k, _)| k.text == key)
            .filter(|(_, node)| !node.is_null())
            .map(|(k, n)| (k, n))
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn error(
        &mut self,
        code: Code,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let at = self.sink.len();
        self.sink.push(Diagnostic::new(code, place, message));
        &mut self.sink[at]
    }

    /// The file's own text at a place.
    pub(crate) fn source(&self, place: Place) -> &'a str {
        self.sources.text(place)
    }

    /// The entries of a map; null is an empty one.
    pub(crate) fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        match &node.data {
            Data::Map(entries) => Some(entries),
            Data::Scalar(_) if node.is_null() => Some(&[]),
            data => {
                let found = node.describe();
                let help = if matches!(data, Data::List(_)) {
                    "entries have names and no dashes: `name: …`"
                } else {
                    "`{ name: … }`, or a name a line below it, indented"
                };
                self.error(
                    Code::WrongKind,
                    node.place,
                    format!("{what} is a map, not {found}"),
                )
                .help = Some(help.into());
                None
            }
        }
    }

    /// A map with the keys of a closed table.
    pub(crate) fn table<'n>(&mut self, node: &'n Node, keys: &Keys) -> Option<Table<'n>> {
        let entries = self.map(node, keys.of)?;
        for (key, value) in entries {
            self.check_key(key, value, keys);
        }
        Some(Table { entries })
    }

    fn check_key(&mut self, key: &Key, value: &Node, keys: &Keys) {
        if keys.has(&key.text) {
            return;
        }
        if let Some((_, meanwhile)) = keys.later.iter().find(|(k, _)| *k == key.text) {
            self.unsupported(key.place, &format!("`{}`", key.text), meanwhile);
            return;
        }
        let all = || keys.names().chain(keys.later.iter().map(|(k, _)| *k));
        let near = nearest(&key.text, all());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{} has {}", keys.of, list(all())),
        };
        let call = value.as_str().is_some_and(|text| text.contains('('));
        let slip = value.is_null() && key.text.contains(['(', ')', '=']);
        let diagnostic = self.error(
            Code::UnknownKey,
            key.place,
            format!("{} has no `{}`", keys.of, key.text),
        );
        diagnostic.help = Some(if slip {
            "a comma in a `{ … }` of YAML starts a new key: quote the text".into()
        } else if call && keys.has("calls") {
            format!(
                "a call stands under `calls:`, indented deeper than it: `{}: …`",
                key.text
            )
        } else {
            help
        });
        diagnostic.fix = near
            .filter(|_| !slip && !call)
            .map(|near| Edit::meant(key.place, &key.text, near));
    }

    /// Says that something isn't done yet.
    pub(crate) fn unsupported(&mut self, place: Place, what: &str, meanwhile: &str) {
        self.error(
            Code::Unsupported,
            place,
            format!("{what} is not supported yet"),
        )
        .help = Some(meanwhile.to_owned());
    }

    /// A scalar that isn't null.
    pub(crate) fn scalar<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Scalar> {
        match &node.data {
            Data::Scalar(scalar) if !node.is_null() => Some(scalar),
            _ => {
                let found = node.describe();
                self.error(
                    Code::WrongKind,
                    node.place,
                    format!("{what} is a text, not {found}"),
                );
                None
            }
        }
    }

    /// A text, by itself.
    pub(crate) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        self.scalar(node, what).map(|s| s.text.clone())
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        let value = node.as_bool();
        if value.is_none() {
            let found = self.source(node.place).to_owned();
            let right = match found.to_lowercase().trim_matches(['"', '\'']) {
                "true" | "yes" | "on" => Some("true"),
                "false" | "no" | "off" => Some("false"),
                _ => None,
            };
            let diagnostic = self.error(
                Code::BadValue,
                node.place,
                format!("{what} is `true` or `false`, not `{found}`"),
            );
            if let Some(right) = right {
                diagnostic.help = Some(format!("write `{right}`"));
                diagnostic.fix = Some(Edit::sure(node.place, right));
            }
        }
        value
    }

    /// A whole number in the bounds of [`Takes::Whole`].
    pub(crate) fn whole(&mut self, node: &Node, what: &str, takes: Takes) -> Option<u64> {
        let Takes::Whole(from, to) = takes else {
            return None;
        };
        let bounds = from..=to;
        let value = node
            .as_scalar()
            .filter(|s| s.style == Style::Plain && matches!(s.core(), Core::Int(_)))
            .and_then(|s| s.text.parse::<u64>().ok())
            .filter(|n| bounds.contains(n));
        if value.is_none() {
            self.error(
                Code::BadValue,
                node.place,
                format!(
                    "{what} is a whole number from {} to {}",
                    bounds.start(),
                    bounds.end()
                ),
            );
        }
        value
    }

    /// One text, or a list of them, each with its place.
    pub(crate) fn texts(&mut self, node: &Node, what: &str) -> Vec<(String, Place)> {
        match &node.data {
            Data::List(items) => items
                .iter()
                .filter_map(|item| Some((self.text(item, what)?, item.place)))
                .collect(),
            _ => self
                .text(node, what)
                .map(|text| vec![(text, node.place)])
                .unwrap_or_default(),
        }
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node, what)?;
        let found = words.iter().find(|(w, _)| *w == text).map(|(_, t)| *t);
        if found.is_none() {
            // `int` is short for one of them.
            let short = || {
                words
                    .iter()
                    .find(|(w, _)| text.len() > 2 && w.starts_with(&text))
            };
            let near = nearest(&text, words.iter().map(|(w, _)| *w))
                .or_else(|| short().map(|(w, _)| *w))
                .map(str::to_owned);
            let all = list(words.iter().map(|(w, _)| *w));
            self.error(
                Code::BadValue,
                node.place,
                format!(
                    "{what} is {}, not `{text}`",
                    all.replacen(" and ", " or ", 1)
                ),
            )
            .help = near.as_ref().map(|near| format!("did you mean `{near}`?"));
            if let (Some(near), Some(said)) = (near, self.sink.last_mut()) {
                said.fix = Some(Edit::meant(node.place, &text, &near));
            }
        }
        found
    }

    /// A path in this file as a path in the workspace; a URL as it is.
    pub(crate) fn document(&mut self, path: &str, place: Place) -> Option<String> {
        if !crate::contract::is_url(path) {
            return self.resolve(path, place);
        }
        if path.starts_with("https://") || path.starts_with("http://") {
            return Some(path.to_owned());
        }
        self.error(
            Code::BadValue,
            place,
            format!("`{path}` is neither a path nor a URL that can be fetched"),
        )
        .help = Some("`https://…`, or a path relative to this file".into());
        None
    }

    /// A path in this file as a path in the workspace.
    pub(crate) fn resolve(&mut self, path: &str, place: Place) -> Option<String> {
        let mut parts: Vec<&str> = self.folder.split('/').filter(|p| !p.is_empty()).collect();
        if path.starts_with('/') {
            self.error(
                Code::BadValue,
                place,
                "paths are relative to the file that names them",
            )
            .help = Some("write it without the first `/`".into());
            return None;
        }
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        self.error(
                            Code::BadValue,
                            place,
                            format!("`{path}` leads out of the workspace"),
                        )
                        .help = Some("a spec's files stand in its workspace: copy it there".into());
                        return None;
                    }
                }
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }
}

/// "`a`, `b` and `c`"
pub(crate) fn list<'s>(names: impl IntoIterator<Item = &'s str>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match names.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}
