//! `transform: NAME`: the name of a Rust function, and the endpoint it belongs to.

use super::EndpointDecl;
use super::reader::{Reader, Table};
use crate::diagnostic::{Code, Diagnostic, Edit};
use crate::syntax::ast::Word;

/// What Rust keeps for itself, in any edition up to 2024.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

impl Reader<'_> {
    /// The function's name; none if there is none or it is wrong, which is said.
    pub(crate) fn transform(&mut self, table: &Table<'_>) -> Option<Word> {
        let (key, node) = table.entry("transform")?;
        let text = self.text(node, "`transform`")?;
        if table.entry("response").is_none() && table.entry("proxy").is_none() {
            let key = key.place;
            self.error(
                Code::Contradiction,
                key,
                "`transform` has no answer to change",
            )
            .help = Some(
                "`response` says what the function gets and gives; without it the answer has no body"
                    .into(),
            );
            return None;
        }
        let good = is_name(&text);
        if !good || KEYWORDS.contains(&text.as_str()) {
            let message = if good {
                format!("`{text}` is a word of Rust's own, and no function can have it as its name")
            } else {
                format!("`{text}` is no name of a Rust function")
            };
            let near = suggestion(&text);
            let diagnostic = self.error(Code::BadName, node.place, message);
            diagnostic.help = Some(match &near {
                Some(name) => format!("`transform: {name}`"),
                None => "small letters, digits and `_`, a letter first: `add_totals`".to_owned(),
            });
            diagnostic.fix = near.map(|name| Edit::likely(node.place, name));
            return None;
        }
        Some(Word {
            text,
            place: node.place,
        })
    }
}

/// Says which endpoints name the same function: the answers of two endpoints are never of one type.
pub(crate) fn named_twice(endpoints: &[EndpointDecl], sink: &mut Vec<Diagnostic>) {
    let named = endpoints
        .iter()
        .filter_map(|endpoint| Some((endpoint, endpoint.transform.as_ref()?)));
    let named: Vec<_> = named.collect();
    for (at, (_, second)) in named.iter().enumerate() {
        let before = named.iter().take(at);
        let Some((endpoint, first)) = before
            .into_iter()
            .find(|(_, first)| first.text == second.text)
        else {
            continue;
        };
        let diagnostic = Diagnostic::new(
            Code::DefinedTwice,
            second.place,
            format!("`{}` is the function of `{}`", second.text, endpoint.key),
        )
        .help("name another: each endpoint's answer has a type of its own, and what two functions share can be a third")
        .related(first.place, "named here first");
        sink.push(diagnostic);
    }
}

/// `add_totals`
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !text.ends_with('_')
        && !text.contains("__")
}

/// A good name that is near: `addTotals` → `add_totals`, `type` → `type_hook`.
fn suggestion(text: &str) -> Option<String> {
    if !text.is_ascii() {
        return None;
    }
    let mut name = String::with_capacity(text.len() + 4);
    let mut before = '_';
    for letter in text.trim_end_matches("()").chars() {
        if letter.is_ascii_alphanumeric() {
            if letter.is_ascii_uppercase()
                && !before.is_ascii_uppercase()
                && !name.ends_with('_')
                && !name.is_empty()
            {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = letter;
    }
    let mut name = name.trim_matches('_').to_owned();
    if KEYWORDS.contains(&name.as_str()) {
        name.push_str("_hook");
    }
    is_name(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_near() {
        for (from, to) in [
            ("addTotals", Some("add_totals")),
            ("AddTotals", Some("add_totals")),
            ("add-totals", Some("add_totals")),
            ("hooks::add_totals", Some("hooks_add_totals")),
            ("addHTTP", Some("add_http")),
            ("totals()", Some("totals")),
            ("type", Some("type_hook")),
            ("_private", Some("private")),
            ("2nd", None),
            ("größe", None),
            ("", None),
        ] {
            assert_eq!(suggestion(from).as_deref(), to, "{from}");
        }
    }
}
