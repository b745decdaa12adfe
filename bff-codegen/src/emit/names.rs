//! Names of generated items: made from the spec's and the contracts' names, unique within their module.

use std::collections::BTreeSet;

use bff_spec::contract::{Location, Operation};
use bff_spec::model::{Choice, Endpoint};
use proc_macro2::{Ident, Span};

/// The names taken in one module.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// A constant's name: `USERS_GET_USER`.
    pub(crate) fn constant(&mut self, words: &str) -> Ident {
        self.unique(snake(words).to_ascii_uppercase())
    }

    /// A function's name: `get_home`.
    pub(crate) fn function(&mut self, words: &str) -> Ident {
        self.unique(snake(words))
    }

    /// A type's name: `GetHome`.
    pub(crate) fn ty(&mut self, words: &str) -> Ident {
        self.unique(camel(words))
    }

    fn unique(&mut self, name: String) -> Ident {
        let mut free = name.clone();
        let mut count = 1;
        while !self.0.insert(free.clone()) {
            count += 1;
            free = format!("{name}_{count}");
        }
        identifier(&free)
    }
}

/// An identifier, raw where the word is a keyword.
pub(crate) fn identifier(word: &str) -> Ident {
    match word {
        "" | "_" | "self" | "Self" | "super" | "crate" => {
            Ident::new(&format!("{word}_"), Span::call_site())
        }
        word => match syn::parse_str::<Ident>(word) {
            Ok(plain) => plain,
            Err(_) => syn::parse_str(&format!("r#{word}"))
                .unwrap_or_else(|_| Ident::new("unnamed", Span::call_site())),
        },
    }
}

/// `get_orders_id`, of an endpoint: its method, its path without the base, and what chooses it.
pub(crate) fn endpoint(endpoint: &Endpoint) -> String {
    let (method, rest) = endpoint
        .key
        .split_once(' ')
        .unwrap_or(("any", &endpoint.key));
    let path = rest.split(" when ").next().unwrap_or(rest);
    let mut words = snake(&format!("{method} {path}"));
    if path.trim() == "/" {
        words.push_str("_root");
    }
    if let Some(Choice {
        location,
        name,
        equals,
    }) = &endpoint.choice
    {
        let place = if *location == Location::Header {
            "header"
        } else {
            "query"
        };
        words = format!(
            "{words}_when_{}",
            snake(&format!("{place} {name} {equals}"))
        );
    }
    words
}

/// `users_get_user`, of an operation.
pub(crate) fn operation(upstream: &str, operation: &Operation) -> String {
    match &operation.id {
        Some(id) => format!("{upstream} {id}"),
        None => format!("{upstream} {} {}", operation.method, operation.path),
    }
}

/// `getUser by-id` → `get_user_by_id`
pub(crate) fn snake(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 4);
    let mut before = ' ';
    let mut letters = words.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_alphanumeric() {
            let lower_next = letters.peek().is_some_and(char::is_ascii_lowercase);
            let starts = letter.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && lower_next));
            if starts && !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            out.push(letter.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        before = letter;
    }
    let out = out.trim_end_matches('_');
    match out.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{out}"),
        Some(_) => out.to_owned(),
    }
}

/// `get_home` → `GetHome`
pub(crate) fn camel(words: &str) -> String {
    snake(words)
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let cases = [
            ("users getUser", "users_get_user", "UsersGetUser"),
            ("GET /orders/{id}", "get_orders_id", "GetOrdersId"),
            (
                "getHTTPServer2URL",
                "get_http_server2_url",
                "GetHttpServer2Url",
            ),
            (
                "users/get-by-username",
                "users_get_by_username",
                "UsersGetByUsername",
            ),
            ("+1", "n1", "N1"),
            ("", "unnamed", "Unnamed"),
        ];
        for (from, snaked, cameled) in cases {
            assert_eq!(
                (snake(from).as_str(), camel(from).as_str()),
                (snaked, cameled),
                "{from}"
            );
        }
    }

    #[test]
    fn taken_names_are_numbered() {
        let mut names = Names::default();
        assert_eq!(names.constant("a b"), "A_B");
        assert_eq!(names.constant("aB"), "A_B_2");
        assert_eq!(identifier("type").to_string(), "r#type");
    }
}
