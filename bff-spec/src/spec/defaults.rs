//! `defaults`: the spec's own win key by key over those of files it uses.

use indexmap::IndexMap;

use super::auth::REQUIREMENT;
use super::headers::ANSWER_HEADERS;
use super::keys::{Keys, Takes, key};
use super::reader::Reader;
use super::values::DEADLINE;
use super::{Defaults, HeaderDecl};
use crate::diagnostic::{Code, Place, Related};
use crate::document::Node;

pub(crate) const DEFAULTS: Keys = Keys {
    of: "`defaults`",
    known: &[
        key(
            "auth",
            Takes::Texts,
            "Who may ask: a scheme, a list of them (any will do), or `none`.",
        ),
        key("require", REQUIREMENT, "What more must hold of who asks."),
        key(
            "limit",
            Takes::Texts,
            "How often may be asked: a limit, a list that all hold, or `none`.",
        ),
        key(
            "timeout",
            DEADLINE,
            "The deadline for all that an endpoint does; 10s without.",
        ),
        key(
            "headers",
            ANSWER_HEADERS,
            "Headers of every answer; endpoints' own are added by name.",
        ),
    ],
    later: &[("cache", "take it out: every answer is made anew meanwhile")],
};

/// Defaults, with where each key was set and whether by the spec itself.
#[derive(Default)]
pub(crate) struct Merged {
    pub(crate) values: Defaults,
    set: IndexMap<String, (Place, bool)>,
}

impl Merged {
    /// The spec's own win; two used files that set the same key contradict each other, unless the spec sets it.
    pub(crate) fn read(&mut self, node: &Node, own: bool, reader: &mut Reader<'_>) {
        let Some(table) = reader.table(node, &DEFAULTS) else {
            return;
        };
        if let Some((key, node)) = table.entry("auth")
            && self.wins("auth", key.place, own, reader)
        {
            self.values.auth = reader.auth(node);
        }
        if let Some((key, node)) = table.entry("require")
            && self.wins("require", key.place, own, reader)
        {
            self.values.require = Some(reader.require(node));
        }
        if let Some((key, node)) = table.entry("limit")
            && self.wins("limit", key.place, own, reader)
        {
            self.values.limit = reader.limit_names(node);
        }
        if let Some((key, node)) = table.entry("timeout")
            && self.wins("timeout", key.place, own, reader)
            && node.as_str() != Some("none")
        {
            self.values.timeout = reader.duration(node, "`timeout`", false);
        }
        if let Some((key, node)) = table.entry("headers")
            && self.wins("headers", key.place, own, reader)
        {
            let headers: Vec<HeaderDecl> = reader.headers(node).items;
            self.values.headers = headers;
        }
    }

    fn wins(&mut self, key: &str, place: Place, own: bool, reader: &mut Reader<'_>) -> bool {
        match self.set.get(key) {
            None => {
                self.set.insert(key.to_owned(), (place, own));
                true
            }
            Some((_, true)) => false,
            Some((first, false)) => {
                let first = *first;
                let diagnostic = reader.error(
                    Code::DefinedTwice,
                    place,
                    format!("default `{key}` is set in two files"),
                );
                diagnostic.help =
                    Some("take one out, or set it in the spec itself, which wins".into());
                diagnostic.related.push(Related {
                    message: "the other is here".into(),
                    place: first,
                });
                false
            }
        }
    }
}
