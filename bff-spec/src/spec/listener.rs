//! What `server` says of the public port: certificates, bounds of a head, timers, connections.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::keys::{DURATION, Keys, SIZE, Takes, key, required};
use super::reader::{Reader, Table};
use crate::diagnostic::{Code, Place};
use crate::document::{Data, Node};
use crate::model::{Listener, Pair, Text, TextPart};

const COUNT: Takes = Takes::Whole(1, 1_000_000);
const HEADERS: Takes = Takes::Whole(1, 1_000);
const STREAMS: Takes = Takes::Whole(1, 10_000);
const RESETS: Takes = Takes::Whole(1, 100_000);

pub(crate) const TLS: Keys = Keys {
    of: "`tls`",
    known: &[
        required(
            "cert",
            Takes::Text,
            "The file of the certificate and those it depends on, in PEM; a variable may hold its path or its content.",
        ),
        required(
            "key",
            Takes::Text,
            "The file of the certificate's private key, in PEM; a variable may hold its path or its content.",
        ),
    ],
    later: &[],
};
pub(crate) const HEADER_LIMIT: Keys = Keys {
    of: "`header_limit`",
    known: &[
        key(
            "size",
            SIZE,
            "How large a request's head may be; 32KiB without.",
        ),
        key(
            "count",
            HEADERS,
            "How many headers it may have; 100 without.",
        ),
    ],
    later: &[],
};
pub(crate) const TIMEOUTS: Keys = Keys {
    of: "`timeouts`",
    known: &[
        key("handshake", DURATION, "For a TLS handshake; 10s without."),
        key("header", DURATION, "For a request's head; 10s without."),
        key(
            "body",
            DURATION,
            "How long is waited for more of a request's body; 30s without.",
        ),
        key(
            "write",
            DURATION,
            "How long is waited for a client to take more of an answer; 60s without.",
        ),
        key(
            "idle",
            DURATION,
            "From an answer to the next request; 75s without.",
        ),
        key(
            "min_rate",
            Takes::Either(&[Takes::Word(&["none"]), SIZE]),
            "Bytes a second that a client must send or take in the long run; 256 without.",
        ),
    ],
    later: &[],
};
pub(crate) const CONNECTIONS: Keys = Keys {
    of: "`connections`",
    known: &[
        key("max", COUNT, "How many there may be; 65536 without."),
        key(
            "per_address",
            Takes::Either(&[Takes::Word(&["none"]), COUNT]),
            "How many there may be of one address; `none` without.",
        ),
        key(
            "streams",
            STREAMS,
            "Requests at once on an HTTP/2 connection; 100 without.",
        ),
        key(
            "resets",
            RESETS,
            "Requests a second that an HTTP/2 connection may take back; 100 without.",
        ),
    ],
    later: &[],
};

/// A head's size in bytes.
const HEAD: RangeInclusive<u64> = 1 << 10..=1 << 20;
/// Bytes a second.
const RATE: RangeInclusive<u64> = 1..=1 << 30;
/// How PEM starts.
const PEM: &str = "-----BEGIN";

/// `tls`, `header_limit`, `timeouts` and `connections`.
pub(crate) fn listener(table: &Table<'_>, reader: &mut Reader<'_>) -> Listener {
    let mut listener = Listener::default();
    if let Some(node) = table.get("tls") {
        listener.tls = reader.pairs(node);
    }
    if let Some(node) = table.get("header_limit") {
        reader.header_limit(node, &mut listener);
    }
    if let Some(table) = table
        .get("timeouts")
        .and_then(|node| reader.table(node, &TIMEOUTS))
    {
        reader.timeouts(&table, &mut listener);
    }
    if let Some(table) = table
        .get("connections")
        .and_then(|node| reader.table(node, &CONNECTIONS))
    {
        listener.max = reader.how_many(&table, "max", COUNT);
        listener.per_address = match table.get("per_address") {
            Some(node) if node.as_str() == Some("none") => Some(0),
            _ => reader.how_many(&table, "per_address", COUNT),
        };
        listener.streams = reader.how_many(&table, "streams", STREAMS);
        listener.resets = reader.how_many(&table, "resets", RESETS);
    }
    listener
}

impl Reader<'_> {
    fn pairs(&mut self, node: &Node) -> Vec<Pair> {
        match &node.data {
            Data::List(items) => {
                if items.is_empty() {
                    self.error(Code::BadValue, node.place, "`tls` has no certificate")
                        .help = Some("`tls: { cert: …, key: … }`, or leave it out".into());
                }
                items.iter().filter_map(|item| self.pair(item)).collect()
            }
            _ => self.pair(node).into_iter().collect(),
        }
    }

    fn pair(&mut self, node: &Node) -> Option<Pair> {
        let table = self.table(node, &TLS)?;
        let mut file = |key: &str| match table.get(key) {
            Some(node) => self.pem(node, key),
            None => {
                if !TLS.misspelt(&table, key) {
                    self.error(
                        Code::MissingKey,
                        node.place,
                        format!("this certificate has no `{key}`"),
                    )
                    .help = Some(format!(
                        "the file it is in, in PEM: `{key}: /etc/tls/tls.{}`",
                        if key == "key" { "key" } else { "crt" }
                    ));
                }
                None
            }
        };
        let (cert, key) = (file("cert"), file("key"));
        Some(Pair {
            cert: cert?,
            key: Text {
                secret: true,
                ..key?
            },
        })
    }

    /// A file, by its path or as `${file:PATH}`; or a variable that holds a path or the content itself.
    fn pem(&mut self, node: &Node, what: &str) -> Option<Text> {
        let name = format!("`{what}`");
        let mut text = self.variables(node, &name)?;
        let literal = match text.parts.as_slice() {
            [] => {
                self.error(Code::BadValue, node.place, format!("{name} names no file"));
                return None;
            }
            [TextPart::Literal(literal)] => Some(literal.clone()),
            _ => None,
        };
        let written_out = |part: &TextPart| match part {
            TextPart::Literal(literal) => literal.contains(PEM),
            TextPart::Variable { default, .. } => {
                default.as_ref().is_some_and(|text| text.contains(PEM))
            }
            TextPart::File(_) => false,
        };
        if text.parts.iter().any(written_out) {
            return self.written_out(node.place, what);
        }
        if let Some(path) = literal {
            let path = match path.starts_with('/') {
                true => path,
                false => self.resolve(&path, node.place)?,
            };
            text.parts = vec![TextPart::File(path)];
        }
        Some(text)
    }

    fn written_out(&mut self, place: Place, what: &str) -> Option<Text> {
        let (code, words) = match what {
            "key" => (
                Code::LiteralSecret,
                "`key` is a secret, and stands here for all to read",
            ),
            _ => (Code::BadValue, "`cert` is the file, not what is in it"),
        };
        let help = match what {
            "key" => {
                "name its file: `key: /etc/tls/tls.key`; and change the key, since it has been written down"
            }
            _ => "name its file: `cert: /etc/tls/tls.crt`",
        };
        self.error(code, place, words).help = Some(help.into());
        None
    }

    fn header_limit(&mut self, node: &Node, listener: &mut Listener) {
        if !matches!(node.data, Data::Map(_)) {
            listener.head_size = self.head_size(node);
            return;
        }
        let Some(table) = self.table(node, &HEADER_LIMIT) else {
            return;
        };
        listener.head_size = table.get("size").and_then(|node| self.head_size(node));
        listener.head_count = self.how_many(&table, "count", HEADERS);
    }

    fn head_size(&mut self, node: &Node) -> Option<u32> {
        let size = self.size(node, "`header_limit`")?;
        if !HEAD.contains(&size) {
            self.error(
                Code::BadValue,
                node.place,
                "`header_limit` is a size from 1KiB to 1MiB",
            );
            return None;
        }
        u32::try_from(size).ok()
    }

    fn timeouts(&mut self, table: &Table<'_>, listener: &mut Listener) {
        let mut time = |key: &str| -> Option<Duration> {
            let node = table.get(key)?;
            self.duration(node, &format!("`{key}`"), false)
        };
        listener.handshake = time("handshake");
        listener.header = time("header");
        listener.body = time("body");
        listener.write = time("write");
        listener.idle = time("idle");
        listener.min_rate = match table.get("min_rate") {
            None => None,
            Some(node) if node.as_str() == Some("none") => Some(0),
            Some(node) => self.min_rate(node),
        };
    }

    fn min_rate(&mut self, node: &Node) -> Option<u32> {
        let rate = self.size(node, "`min_rate`")?;
        if !RATE.contains(&rate) {
            self.error(
                Code::BadValue,
                node.place,
                "`min_rate` is in bytes a second, up to 1024MiB",
            );
            return None;
        }
        u32::try_from(rate).ok()
    }

    fn how_many(&mut self, table: &Table<'_>, key: &str, takes: Takes) -> Option<u32> {
        let number = self.whole(table.get(key)?, &format!("`{key}`"), takes)?;
        u32::try_from(number).ok()
    }
}
