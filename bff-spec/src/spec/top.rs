//! What stands at the top of a frontend's spec: `bff`, `base`, `endpoints`, `server`.

use super::file::FILE;
use super::keys::{Keys, SIZE, Takes, key};
use super::listener;
use super::reader::{Reader, Table};
use crate::diagnostic::{Code, Edit, Place};
use crate::document::Node;
use crate::model::Server;

const PROXIES: Takes = Takes::Whole(0, 16);

pub(crate) const SERVER: Keys = Keys {
    of: "`server`",
    known: &[
        key(
            "strict",
            Takes::Boolean,
            "Refuse names of the query and of the body that no endpoint takes, instead of dropping them.",
        ),
        key(
            "body_limit",
            SIZE,
            "How long a client's body may be; 10MiB without.",
        ),
        key(
            "trusted_proxies",
            PROXIES,
            "How many proxies of your own stand before the gateway: they say whose address it is.",
        ),
        key(
            "tls",
            Takes::Tables(&listener::TLS),
            "Certificates of the public port; HTTP is spoken in the clear without.",
        ),
        key(
            "header_limit",
            Takes::Either(&[SIZE, Takes::Table(&listener::HEADER_LIMIT)]),
            "How large a request's head may be: 32KiB and 100 headers without.",
        ),
        key(
            "timeouts",
            Takes::Table(&listener::TIMEOUTS),
            "How long clients are waited for.",
        ),
        key(
            "connections",
            Takes::Table(&listener::CONNECTIONS),
            "How many connections there may be, and what on each of them.",
        ),
    ],
    later: &[
        ("store", "take it out: nothing is stored meanwhile"),
        (
            "compress",
            "take it out: answers aren't compressed meanwhile",
        ),
        (
            "cors",
            "take it out: serve the frontend from the same origin meanwhile",
        ),
        (
            "security_headers",
            "take it out, and set them under `defaults: { headers: … }` meanwhile",
        ),
        (
            "allow",
            "take it out: the network decides who connects meanwhile",
        ),
        (
            "deny",
            "take it out: the network decides who connects meanwhile",
        ),
        ("inspect", "take it out meanwhile"),
    ],
};

pub(crate) fn name(table: &Table<'_>, node: &Node, reader: &mut Reader<'_>) -> String {
    let Some(value) = table.get("bff") else {
        let start = Place {
            end: node.place.start,
            ..node.place
        };
        if FILE.misspelt(table, "bff") {
            return String::new();
        }
        reader
            .error(Code::MissingKey, start, "this file has no `bff`")
            .help =
            Some("`bff: NAME` names the frontend; a file without is only used by others".into());
        return String::new();
    };
    let Some(name) = reader.text(value, "`bff`") else {
        return String::new();
    };
    let kebab = name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--")
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !kebab {
        let mut right = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !right.is_empty() && !right.ends_with('-') {
                right.push('-');
            }
            if c.is_ascii_alphanumeric() {
                right.push(c.to_ascii_lowercase());
            } else if !right.is_empty() && !right.ends_with('-') {
                right.push('-');
            }
        }
        let right = right.trim_matches('-');
        let good = right.starts_with(|c: char| c.is_ascii_lowercase());
        let diagnostic = reader.error(
            Code::BadName,
            value.place,
            format!("`{name}` is no name in kebab-case"),
        );
        diagnostic.fix = good.then(|| Edit::likely(value.place, right));
        diagnostic.help = Some(if good {
            format!("write `{right}`")
        } else {
            "small letters, digits and `-`: `mobile-app`".into()
        });
    }
    name
}

pub(crate) fn base(table: &Table<'_>, reader: &mut Reader<'_>) -> String {
    let Some(node) = table.get("base") else {
        return String::new();
    };
    let Some(base) = reader.text(node, "`base`") else {
        return String::new();
    };
    let trimmed = base.strip_suffix('/').unwrap_or(&base);
    let good = base.is_empty() || base.starts_with('/');
    if !good || trimmed.contains(['{', '*', ' ', '?', '#']) || trimmed.contains("//") {
        reader
            .error(
                Code::BadValue,
                node.place,
                format!("`{base}` is no prefix of paths"),
            )
            .help = Some("`/api`, `/partner/v1`: plain segments, starting with `/`".into());
        return String::new();
    }
    trimmed.to_owned()
}

pub(crate) fn endpoints(
    table: &Table<'_>,
    node: &Node,
    reader: &mut Reader<'_>,
) -> Vec<super::EndpointDecl> {
    let Some(value) = table.get("endpoints") else {
        if table.get("bff").is_some() && !FILE.misspelt(table, "endpoints") {
            let place = table.entry("bff").map_or(node.place, |(k, _)| k.place);
            reader
                .error(Code::MissingKey, place, "this spec has no `endpoints`")
                .help = Some("`endpoints: { GET /home: … }`: what the frontend may ask for".into());
        }
        return Vec::new();
    };
    let entries = reader.map(value, "`endpoints`").unwrap_or_default();
    entries
        .iter()
        .filter_map(|(key, node)| reader.endpoint(key, node))
        .collect()
}

pub(crate) fn server(table: &Table<'_>, reader: &mut Reader<'_>) -> Server {
    let Some(table) = table
        .get("server")
        .and_then(|node| reader.table(node, &SERVER))
    else {
        return Server::default();
    };
    Server {
        strict: table
            .get("strict")
            .and_then(|n| reader.boolean(n, "`strict`"))
            .unwrap_or(false),
        body_limit: table
            .get("body_limit")
            .and_then(|n| reader.size(n, "`body_limit`")),
        trusted_proxies: table
            .get("trusted_proxies")
            .and_then(|n| reader.whole(n, "`trusted_proxies`", PROXIES))
            .and_then(|n| u8::try_from(n).ok())
            .unwrap_or(0),
        listener: listener::listener(&table, reader),
    }
}
