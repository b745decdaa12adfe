//! One call: short (`name: upstream.operation(…)`) or long (`call`, `body`, …); and what `errors` say.

use super::keys::{DURATION, Keys, Takes, key, required};
use super::reader::{Reader, Table};
use super::route::is_name;
use super::values::{CONDITION, RETRY, one_line};
use super::{CallDecl, ErrorActionDecl, ErrorDecl};
use crate::diagnostic::{Code, Edit, Place};
use crate::document::{Data, Key, Node};
use crate::syntax::{self, ast};

const PARALLEL: Takes = Takes::Whole(1, 1_000);
const MAX: Takes = Takes::Whole(1, 100_000);

/// By status.
pub(crate) const ERRORS: Takes = Takes::Map("^([3-5][0-9]{2}|[345](xx|XX))$", &Takes::Grammar);

/// By name: short or long.
pub(crate) const CALLS: Takes = Takes::Map(
    "^[A-Za-z_][A-Za-z0-9_-]*\\??$",
    &Takes::Either(&[Takes::Grammar, Takes::Table(&CALL)]),
);

const CALL: Keys = Keys {
    of: "a call",
    known: &[
        required(
            "call",
            Takes::Grammar,
            "`upstream.operation(argument = value, …)`",
        ),
        key(
            "body",
            Takes::Grammar,
            "The request's body: a block that writes it.",
        ),
        key(
            "media",
            Takes::Text,
            "Which of the operation's media types to send.",
        ),
        key(
            "optional",
            Takes::Boolean,
            "The endpoint survives without it: the same as `name?`.",
        ),
        key("timeout", DURATION, "Its own bound, within the endpoint's."),
        key(
            "retry",
            RETRY,
            "How many further attempts it has, instead of its upstream's.",
        ),
        key(
            "after",
            Takes::Texts,
            "A call, or a list of calls, that must have succeeded first.",
        ),
        key(
            "when",
            CONDITION,
            "A condition: a value that must be there and not false, or two that must be equal.",
        ),
        key(
            "errors",
            ERRORS,
            "What errors mean, by status: `absent`, `pass`, or a selection.",
        ),
        key(
            "parallel",
            PARALLEL,
            "How many requests at a time, for `each` and split lists; 8 without.",
        ),
        key(
            "max",
            MAX,
            "How many requests in all, for `each` and split lists; 100 without.",
        ),
    ],
    later: &[("cache", "take it out: every call is made meanwhile")],
};

/// Names with a meaning of their own.
const RESERVED: &[&str] = &[
    "claims", "path", "query", "header", "cookie", "body", "on", "each", "true", "false", "null",
];

impl Reader<'_> {
    /// All calls of an endpoint. `broken` becomes true if something wasn't understood.
    pub(crate) fn calls(&mut self, node: &Node, broken: &mut bool) -> Vec<CallDecl> {
        let before = self.sink.len();
        let mut calls: Vec<CallDecl> = Vec::new();
        let entries = self.map(node, "`calls`").unwrap_or_default();
        let mut skip = 0;
        for (key, value) in entries {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if let Some(taken) = self.cut(value, entries) {
                skip = taken;
                // It stays known by its name, so that nothing is said of what reads it.
                calls.push(nothing(key));
                continue;
            }
            let Some(call) = self.one_call(key, value) else {
                continue;
            };
            if let Some(first) = calls.iter().find(|c| c.name == call.name) {
                let first = first.place;
                let diagnostic = self.error(
                    Code::DefinedTwice,
                    key.place,
                    format!("there are two calls named `{}`", call.name),
                );
                diagnostic.related.push(crate::diagnostic::Related {
                    message: "the first is here".into(),
                    place: first,
                });
                continue;
            }
            calls.push(call);
        }
        *broken |= self.sink.len() > before;
        calls
    }

    fn one_call(&mut self, key: &Key, node: &Node) -> Option<CallDecl> {
        let name = key.text.strip_suffix('?').unwrap_or(&key.text);
        if RESERVED.contains(&name) {
            self.error(
                Code::BadName,
                key.place,
                format!("a call can't be named `{name}`: it has a meaning of its own"),
            )
            .help = Some("name it after what it gives: `user`, `orders`".into());
            return None;
        }
        if !is_name(name) {
            self.error(
                Code::BadName,
                key.place,
                format!("a call can't be named `{name}`"),
            )
            .help = Some("letters, digits, `_` and `-`, not starting with a digit; `?` after it marks one the endpoint survives without".into());
            return Some(nothing(key));
        }
        let mut call = nothing(key);
        if let Data::Scalar(_) = &node.data {
            if node.is_null() {
                self.error(
                    Code::MissingKey,
                    key.place,
                    format!("call `{name}` calls nothing"),
                )
                .help = Some(format!("`{name}: upstream.operation(argument = value)`"));
                return Some(call);
            }
            self.call_text(node, &mut call);
            return Some(call);
        }
        self.long_form(node, &mut call);
        Some(call)
    }

    fn long_form(&mut self, node: &Node, call: &mut CallDecl) {
        let Some(entries) = self.map(node, "a call") else {
            return;
        };
        if let Some(at) = entries.iter().position(|(k, _)| k.text == "call")
            && let Some((_, value)) = entries.get(at)
            && let Some(taken) = self.cut(value, entries)
        {
            // What the cut made of the text is no key; what else stands there still is looked at.
            let kept = entries
                .iter()
                .enumerate()
                .filter(|(i, _)| *i < at || *i > at + taken)
                .map(|(_, e)| e.clone())
                .collect();
            let kept = Node {
                data: Data::Map(kept),
                place: node.place,
            };
            if let Some(table) = self.table(&kept, &CALL) {
                self.long_keys(table, call);
            }
            return;
        }
        let Some(table) = self.table(node, &CALL) else {
            return;
        };
        match table.get("call") {
            Some(node) => {
                if self.scalar(node, "`call`").is_some() {
                    self.call_text(node, call);
                }
            }
            None if CALL.misspelt(&table, "call") => {}
            None => {
                let place = call.place;
                self.error(
                    Code::MissingKey,
                    place,
                    format!("call `{}` calls nothing", call.name),
                )
                .help =
                    Some("its long form has `call: upstream.operation(argument = value)`".into());
            }
        }
        self.long_keys(table, call);
    }

    /// Everything but `call`.
    fn long_keys(&mut self, table: Table<'_>, call: &mut CallDecl) {
        if let Some(node) = table.get("body") {
            call.body = self.block(node, "`body`").map(|block| (block, node.place));
        }
        if let Some(node) = table.get("media") {
            call.media = self.text(node, "`media`").map(|text| (text, node.place));
        }
        if let Some(node) = table.get("optional")
            && let Some(optional) = self.boolean(node, "`optional`")
        {
            if call.optional && !optional {
                self.error(
                    Code::Contradiction,
                    node.place,
                    format!(
                        "`{}?` is optional, and `optional: false` says that it isn't",
                        call.name
                    ),
                )
                .help = Some("take out one of the two".into());
            }
            call.optional |= optional;
        }
        call.timeout = table
            .get("timeout")
            .and_then(|n| self.duration(n, "`timeout`", false));
        call.retry = table
            .get("retry")
            .and_then(|n| Some((self.retry(n)?, n.place)));
        if let Some(node) = table.get("after") {
            call.after = self
                .texts(node, "`after`")
                .into_iter()
                .map(|(text, place)| ast::Word { text, place })
                .collect();
        }
        call.when = table
            .get("when")
            .and_then(|n| self.condition(n, table.entries));
        if let Some(node) = table.get("errors") {
            call.errors = self.errors(node);
        }
        call.parallel = table.get("parallel").and_then(|n| {
            let value = self.whole(n, "`parallel`", PARALLEL)?;
            Some((u16::try_from(value).ok()?, n.place))
        });
        call.max = table.get("max").and_then(|n| {
            let value = self.whole(n, "`max`", MAX)?;
            Some((u32::try_from(value).ok()?, n.place))
        });
    }

    fn call_text(&mut self, node: &Node, call: &mut CallDecl) {
        let Some(scalar) = node.as_scalar() else {
            return;
        };
        call.text = one_line(scalar);
        call.call_place = node.place;
        if self.mark_at_the_end(call.place, node, &scalar.text)
            || self.bare_route(node, &scalar.text)
        {
            return;
        }
        let text = syntax::Text::new(scalar, node.place);
        let before = self.sink.len();
        let parsed = syntax::call(&text, self.sink);
        call.call = parsed.filter(|_| self.sink.len() == before);
    }

    /// `{ 404: absent, 409: pass, 4xx: …, 422: "{ fields { name } }" }`
    pub(crate) fn errors(&mut self, node: &Node) -> Vec<ErrorDecl> {
        let mut errors: Vec<ErrorDecl> = Vec::new();
        for (key, value) in self.map(node, "`errors`").unwrap_or_default() {
            let Some((first, last)) = statuses(&key.text) else {
                self.error(
                    Code::BadValue,
                    key.place,
                    format!("`{}` is no status of an error", key.text),
                )
                .help = Some("a status from 300 to 599, or all of a kind: `4xx`, `5xx`".into());
                continue;
            };
            let Some(action) = self.error_action(value, key.place) else {
                continue;
            };
            errors.push(ErrorDecl {
                first,
                last,
                status: key.text.clone(),
                place: key.place,
                action,
            });
        }
        errors
    }

    fn error_action(&mut self, node: &Node, key: Place) -> Option<ErrorActionDecl> {
        if node.is_null() {
            self.error(Code::MissingKey, key, "this status says nothing")
                .help =
                Some("`absent`, `pass`, or a selection: `\"{ conflicts { sku } }\"`".into());
            return None;
        }
        match node.as_str() {
            Some("absent") => Some(ErrorActionDecl::Absent),
            Some("pass") => Some(ErrorActionDecl::Pass),
            Some(text) if is_name(text.trim()) => {
                let near =
                    crate::nearest::nearest(text.trim(), ["absent", "pass"]).map(str::to_owned);
                let right = match &near {
                    Some(near) => near.clone(),
                    None => format!("\"{{ {} }}\"", text.trim()),
                };
                let diagnostic = self.error(
                    Code::BadValue,
                    node.place,
                    format!("an error answer means `absent`, `pass` or a selection, not `{text}`"),
                );
                diagnostic.help = Some(match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a selection has braces: `{right}`"),
                });
                diagnostic.fix = Some(Edit::likely(node.place, right));
                None
            }
            _ => self
                .fragment(node, "what an error answer means")
                .map(|block| ErrorActionDecl::Select(block, node.place)),
        }
    }

    /// A block; none if something in it wasn't understood.
    pub(crate) fn block(&mut self, node: &Node, what: &str) -> Option<ast::Block> {
        if self.braces(node, what, false) {
            return None;
        }
        let scalar = self.scalar(node, what)?;
        let text = syntax::Text::new(scalar, node.place);
        let before = self.sink.len();
        let block = syntax::block(&text, self.sink);
        (self.sink.len() == before).then_some(block)
    }

    /// A fragment; none if something in it wasn't understood.
    pub(crate) fn fragment(&mut self, node: &Node, what: &str) -> Option<ast::Block> {
        if self.braces(node, what, true) {
            return None;
        }
        let scalar = self.scalar(node, what)?;
        let text = syntax::Text::new(scalar, node.place);
        let before = self.sink.len();
        let block = syntax::fragment(&text, self.sink);
        (self.sink.len() == before).then_some(block)
    }
}

fn statuses(text: &str) -> Option<(u16, u16)> {
    match text {
        "3xx" | "3XX" => Some((300, 399)),
        "4xx" | "4XX" => Some((400, 499)),
        "5xx" | "5XX" => Some((500, 599)),
        _ => {
            let status = text.parse().ok().filter(|s| (300..600).contains(s))?;
            Some((status, status))
        }
    }
}

/// A call of which only the name is known.
fn nothing(key: &Key) -> CallDecl {
    CallDecl {
        name: key.text.strip_suffix('?').unwrap_or(&key.text).to_owned(),
        optional: key.text.ends_with('?'),
        ..CallDecl::nothing(key.place)
    }
}

impl CallDecl {
    /// A call of which nothing is known but where it stands.
    pub(crate) fn nothing(place: Place) -> CallDecl {
        CallDecl {
            name: String::new(),
            place,
            optional: false,
            call: None,
            text: String::new(),
            call_place: place,
            body: None,
            media: None,
            timeout: None,
            retry: None,
            after: Vec::new(),
            when: None,
            errors: Vec::new(),
            parallel: None,
            max: None,
        }
    }
}
