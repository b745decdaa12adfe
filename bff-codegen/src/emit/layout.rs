//! Tables as people lay them out: a line per entry, however deep the calls around it.
//!
//! prettyplease gives every argument of a long call its own line and indent, which makes three lines and three indents of
//! each field of a table. Here the last argument of a call stays on the call's line and is opened there.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Lines are no longer than this, where breaking them makes them easier to read.
const WIDTH: usize = 120;

/// An expression that starts in a column, whose further lines are indented from `indent` on.
pub(crate) fn layout(expression: TokenStream, column: usize, indent: usize) -> String {
    let mut out = String::new();
    Printer {
        out: &mut out,
        column,
    }
    .expression(&expression.into_iter().collect::<Vec<_>>(), indent);
    out
}

struct Printer<'o> {
    out: &'o mut String,
    column: usize,
}

impl Printer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
        self.column = indent;
    }

    fn expression(&mut self, tokens: &[TokenTree], indent: usize) {
        let flat = flat(tokens);
        if self.column + flat.len() <= WIDTH {
            return self.put(&flat);
        }
        let chain = links(tokens);
        if let [first, _, ..] = chain.as_slice() {
            let (head, _) = tokens.split_at(*first);
            self.expression(head, indent);
            for (at, start) in chain.iter().enumerate() {
                let end = chain.get(at + 1).copied().unwrap_or(tokens.len());
                self.line(indent + 4);
                self.link(tokens.get(*start..end).unwrap_or_default(), indent + 4);
            }
            return;
        }
        self.call(tokens, indent);
    }

    fn link(&mut self, tokens: &[TokenTree], indent: usize) {
        let flat = flat(tokens);
        if self.column + flat.len() <= WIDTH {
            self.put(&flat)
        } else {
            self.call(tokens, indent)
        }
    }

    /// A path with a bracket behind it, which is opened; what follows the bracket stays behind it.
    fn call(&mut self, tokens: &[TokenTree], indent: usize) {
        let longest = tokens
            .iter()
            .enumerate()
            .filter_map(|(at, token)| match token {
                TokenTree::Group(group) => Some((at, group)),
                _ => None,
            })
            .max_by_key(|(_, group)| group.stream().to_string().len());
        let Some((at, group)) = longest else {
            return self.put(&flat(tokens));
        };
        let (before, after) = (
            tokens.get(..at).unwrap_or_default(),
            tokens.get(at + 1..).unwrap_or_default(),
        );
        self.put(&flat(before));
        if group.delimiter() == Delimiter::Brace && !before.is_empty() {
            self.put(" ");
        }
        self.group(group, indent);
        self.put(&flat(after));
    }

    fn group(&mut self, group: &Group, indent: usize) {
        let (open, close) = brackets(group.delimiter());
        let entries = entries(group.stream());
        self.put(open.trim_end());
        if let (Delimiter::Parenthesis, Some((last, others))) =
            (group.delimiter(), entries.split_last())
        {
            let before: String = others.iter().map(|entry| flat(entry) + ", ").collect();
            if (others.is_empty() || self.column + before.len() < WIDTH) && opens(last) {
                self.put(&before);
                self.expression(last, indent);
                return self.put(close);
            }
        }
        for entry in &entries {
            self.line(indent + 4);
            self.expression(entry, indent + 4);
            // What fills up a struct has no comma behind it.
            let fills_up =
                matches!(entry.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
            if !fills_up {
                self.put(",");
            }
        }
        self.line(indent);
        self.put(close.trim_start());
    }
}

/// Whether an argument can be opened on its call's line.
fn opens(tokens: &[TokenTree]) -> bool {
    tokens
        .iter()
        .any(|token| matches!(token, TokenTree::Group(_)))
        && links(tokens).len() < 2
}

/// Where each `.method(…)` of a chain starts.
fn links(tokens: &[TokenTree]) -> Vec<usize> {
    let is_dot =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.');
    let dots = tokens.iter().enumerate().filter(|(_, token)| is_dot(token));
    let links: Vec<usize> = dots.map(|(at, _)| at).collect();
    // Short ones at the end qualify what stands before and stay with it.
    let long = |start: &usize| {
        tokens
            .get(*start..)
            .unwrap_or_default()
            .iter()
            .take(3)
            .map(ToString::to_string)
            .collect::<String>()
            .len()
            > 12
    };
    if links.iter().any(long) {
        links
    } else {
        Vec::new()
    }
}

/// What the commas of a bracket separate.
fn entries(stream: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut entries = vec![Vec::new()];
    let mut generics = 0_u8;
    for token in stream {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' && generics == 0 => {
                entries.push(Vec::new());
                continue;
            }
            TokenTree::Punct(punct) if punct.as_char() == '<' => {
                generics = generics.saturating_add(1)
            }
            TokenTree::Punct(punct) if punct.as_char() == '>' => {
                generics = generics.saturating_sub(1)
            }
            _ => {}
        }
        if let Some(entry) = entries.last_mut() {
            entry.push(token);
        }
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Brace => ("{ ", " }"),
        Delimiter::None => ("", ""),
    }
}

/// Tokens on one line.
fn flat(tokens: &[TokenTree]) -> String {
    let mut out = String::new();
    let mut bars = 0;
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        match token {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                if group.delimiter() == Delimiter::Brace
                    && matches!(before, Some(TokenTree::Ident(_)))
                {
                    out.push(' ');
                }
                let entries: Vec<String> = entries(group.stream())
                    .iter()
                    .map(|entry| flat(entry))
                    .collect();
                if entries.is_empty() {
                    out.push_str(&format!("{}{}", open.trim(), close.trim()));
                } else {
                    out.push_str(&format!("{open}{}{close}", entries.join(", ")));
                }
            }
            TokenTree::Punct(punct) => {
                out.push(punct.as_char());
                let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
                let names =
                    is_colon(Some(token)) && !is_colon(before) && !is_colon(tokens.get(at + 1));
                bars += u8::from(punct.as_char() == '|');
                if names || (punct.as_char() == '|' && bars == 2) {
                    out.push(' ');
                }
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                if matches!(before, Some(TokenTree::Ident(_) | TokenTree::Literal(_))) {
                    out.push(' ');
                }
                out.push_str(&token.to_string());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn short_stays_and_long_is_opened() {
        let lay = |text: &str| layout(text.parse().unwrap(), 0, 0);
        assert_eq!(
            lay("A::new(1, B{a:&[1,-2],b:Some(\"x\")}).or_null()"),
            "A::new(1, B { a: &[1, -2], b: Some(\"x\") }).or_null()"
        );
        assert_eq!(lay("| x | Box::pin(f(x))"), "|x| Box::pin(f(x))");
        let key = "Key::required(\"a very long enough name\", Node::scalar(\"a long enough name\", 1, Kinds::STRING))";
        let long =
            format!("Shape::new(1, Node::object(\"\", 0, 1, &Fields::of(&[{key}, {key}])).own(0))");
        let want = format!(
            "Shape::new(1, Node::object(\"\", 0, 1, &Fields::of(&[\n    {key},\n    {key},\n])).own(0))"
        );
        assert_eq!(lay(&long), want);
        let chain = lay(&format!(
            "Call::new(\"a\", &B).arguments(&[{key}]).shape(&C)"
        ));
        assert_eq!(
            chain,
            format!("Call::new(\"a\", &B)\n    .arguments(&[{key}])\n    .shape(&C)")
        );
    }
}
