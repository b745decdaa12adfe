//! `headers` of an endpoint.

use super::keys::{self, Takes};
use super::reader::Reader;
use super::{HeaderDecl, HeadersDecl};
use crate::diagnostic::{Code, Edit};
use crate::document::Node;
use crate::syntax::{self};

/// By name: paths to values, or `none`.
pub(crate) const ANSWER_HEADERS: Takes = Takes::Either(&[
    Takes::Map(keys::HEADERS, &Takes::Grammar),
    Takes::Word(&["none"]),
]);

/// Headers that are about the message, not its content.
const FORBIDDEN: &[&str] = &[
    "connection",
    "content-length",
    "transfer-encoding",
    "content-type",
    "content-encoding",
    "upgrade",
    "trailer",
    "te",
    "keep-alive",
    "date",
    "bff-partial",
];

impl Reader<'_> {
    /// `headers: { location: created@Location }`, or `none`.
    pub(crate) fn headers(&mut self, node: &Node) -> HeadersDecl {
        if node.as_str() == Some("none") {
            return HeadersDecl {
                items: Vec::new(),
                unset: true,
            };
        }
        let mut items: Vec<HeaderDecl> = Vec::new();
        let entries = self.map(node, "`headers`").unwrap_or_default();
        for (key, node) in entries {
            let Some(name) = self.header_name(&key.text, key.place) else {
                continue;
            };
            if items.iter().any(|h| h.name == name) {
                self.error(
                    Code::DefinedTwice,
                    key.place,
                    format!("header `{name}` is set twice"),
                );
                continue;
            }
            if FORBIDDEN.contains(&name.as_str()) {
                self.error(
                    Code::BadName,
                    key.place,
                    format!("`{name}` is the gateway's own"),
                )
                .help = Some("take it out: it says what is true of the answer".into());
                continue;
            }
            if node.as_str() == Some("none") {
                items.push(HeaderDecl { name, value: None });
                continue;
            }
            let Some(scalar) = self.scalar(node, "a header's value") else {
                continue;
            };
            if scalar.style == crate::document::Style::Double
                && !scalar.text.starts_with('"')
                && !looks_like_path(&scalar.text)
            {
                let right = format!("'\"{}\"'", scalar.text);
                let diagnostic = self.error(
                    Code::Syntax,
                    node.place,
                    format!("`{}` is no path to a header's value", scalar.text),
                );
                diagnostic.help = Some(format!("a literal is quoted twice: {right}"));
                diagnostic.fix = Some(Edit::sure(node.place, right));
                continue;
            }
            let text = syntax::Text::new(scalar, node.place);
            let before = self.sink.len();
            let value = syntax::header_value(&text, self.sink);
            if self.sink.len() == before {
                items.extend(value.map(|value| HeaderDecl {
                    name,
                    value: Some(value),
                }));
            } else if !scalar.text.contains(['.', '@', '"']) {
                let right = format!("'\"{}\"'", scalar.text);
                // The first says it all.
                self.sink.truncate(before + 1);
                if let Some(diagnostic) = self.sink.last_mut() {
                    diagnostic.help = Some(format!("a literal is quoted twice: {right}"));
                    diagnostic.fix = Some(Edit::sure(node.place, right));
                }
            }
        }
        HeadersDecl {
            items,
            unset: false,
        }
    }
}

fn looks_like_path(text: &str) -> bool {
    text.contains(['.', '@']) && !text.contains([' ', ',', '='])
}
