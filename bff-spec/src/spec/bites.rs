//! Where YAML bites: what it silently makes of a slip, and the quoted text that mends it.

use super::reader::Reader;
use super::route::METHODS;
use crate::diagnostic::{Code, Edit, Place};
use crate::document::{Data, Key, Node, Style};

/// How a text is written so that YAML leaves it alone.
pub(crate) fn quoted(text: &str) -> String {
    if !text.contains('"') && !text.contains('\\') {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Whether brackets that were opened aren't closed; quoted stretches don't count.
fn is_cut(text: &str) -> bool {
    let mut depth = 0i32;
    let mut quoted = false;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    depth > 0 || quoted
}

impl Reader<'_> {
    /// A text of the language that YAML cut: at ` #`, or at a comma in `{ … }`. `siblings` are the entries of the map it
    /// stands in. Says so, and gives the number of entries after it that belong to it.
    pub(crate) fn cut(&mut self, node: &Node, siblings: &[(Key, Node)]) -> Option<usize> {
        let scalar = node.as_scalar().filter(|s| s.style == Style::Plain)?;
        let at = siblings.iter().position(|(_, n)| std::ptr::eq(n, node));
        if let Some(at) = at {
            let mut taken = 0;
            for (key, value) in siblings.iter().skip(at + 1) {
                taken += 1;
                if !value.is_null() || key.place.file != node.place.file {
                    break;
                }
                let whole = Place {
                    end: key.place.end,
                    ..node.place
                };
                let text = self.source(whole).to_owned();
                if is_cut(&scalar.text) && !is_cut(&text) {
                    self.slip(
                        whole,
                        "in `{ … }`, YAML ends a text at a comma",
                        &text.split_whitespace().collect::<Vec<_>>().join(" "),
                    );
                    return Some(taken);
                }
            }
        }
        let line = self.rest_of_line(node.place);
        let blank = line.len() - line.trim_start().len();
        if blank > 0 && line.trim_start().starts_with('#') && is_cut(&scalar.text) {
            let whole = Place {
                end: node.place.end + u32::try_from(line.trim_end().len()).unwrap_or(0),
                ..node.place
            };
            let text = self.source(whole).to_owned();
            self.slip(whole, "YAML takes ` #` for the start of a comment", &text);
            return Some(0);
        }
        None
    }

    /// A `?` after a call, which belongs to its name.
    pub(crate) fn mark_at_the_end(&mut self, name: Place, node: &Node, text: &str) -> bool {
        if !text.trim_end().ends_with(")?") {
            return false;
        }
        let written = self.source(node.place).to_owned();
        let between = Place {
            start: name.end,
            end: node.place.start,
            ..name
        };
        let between = self.source(between).to_owned();
        let diagnostic = self.error(
            Code::Syntax,
            node.place,
            "`?` stands at a call's name, not at its end",
        );
        diagnostic.help = Some("`name?: upstream.operation(…)`".into());
        let one_line = between.trim() == ":" && !between.contains('\n');
        diagnostic.fix = written.strip_suffix('?').filter(|_| one_line).map(|call| {
            let place = Place {
                start: name.end,
                ..node.place
            };
            Edit::sure(place, format!("?{between}{call}"))
        });
        true
    }

    /// A route without its quotes: `users.GET /users/{id}(id = path.id)`.
    pub(crate) fn bare_route(&mut self, node: &Node, text: &str) -> bool {
        let Some((upstream, rest)) = text.split_once('.') else {
            return false;
        };
        let Some((method, path)) = rest.split_once(' ') else {
            return false;
        };
        if !METHODS.contains(&method) || !path.starts_with('/') {
            return false;
        }
        let route = rest.split('(').next().unwrap_or(rest).trim_end();
        let right = format!("{upstream}.\"{route}\"");
        let written = self.source(node.place);
        let edit = written.strip_prefix(upstream).and_then(|written| {
            let place = Place {
                end: node.place.start + u32::try_from(upstream.len() + 1 + route.len()).ok()?,
                ..node.place
            };
            written
                .strip_prefix('.')?
                .starts_with(route)
                .then_some(())?;
            Some(Edit::sure(place, right.clone()))
        });
        let diagnostic = self.error(
            Code::Syntax,
            node.place,
            "a route that names an operation is quoted",
        );
        diagnostic.help = Some(format!("`{right}(…)`"));
        diagnostic.fix = edit;
        true
    }

    /// Where the `:` of a key ends whose value stands below it.
    fn after_key(&self, value: Place) -> Option<Place> {
        let file = self.sources.get(value.file)?;
        let before = file.text.get(..value.start as usize)?;
        let end = before.trim_end();
        if !end.ends_with(':') || !before.get(end.len()..)?.contains('\n') {
            return None;
        }
        let at = u32::try_from(end.len()).ok()?;
        Some(Place {
            start: at,
            end: at,
            ..value
        })
    }

    /// A text in braces that YAML read as a map; `with_braces` if they are part of it.
    pub(crate) fn braces(&mut self, node: &Node, what: &str, with_braces: bool) -> bool {
        let Data::Map(_) = &node.data else {
            return false;
        };
        let text = self.source(node.place).to_owned();
        if !text.starts_with('{') {
            let found = node.describe();
            self.error(
                Code::WrongKind,
                node.place,
                format!("{what} is a text, not {found}"),
            )
            .help = Some("start it with `|`, and write it on the lines below".into());
            let bar = self.after_key(node.place).map(|at| Edit::sure(at, " |"));
            if let Some(said) = self.sink.last_mut() {
                said.fix = bar;
            }
            return true;
        }
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !with_braces
            && let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'))
        {
            text = inner.trim().to_owned();
        }
        self.slip(
            node.place,
            &format!("YAML reads `{{ … }}` as a map, and {what} is a text"),
            &text,
        );
        true
    }

    fn slip(&mut self, place: Place, message: &str, text: &str) {
        let right = quoted(text);
        let diagnostic = self.error(Code::YamlSlip, place, message);
        diagnostic.help = Some(format!("quote it: {right}"));
        diagnostic.fix = Some(Edit::sure(place, right));
    }

    /// What stands after a place on its last line.
    fn rest_of_line(&self, place: Place) -> String {
        self.sources
            .get(place.file)
            .and_then(|f| f.text.get(place.end as usize..))
            .and_then(|t| t.lines().next())
            .unwrap_or_default()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{is_cut, quoted};

    #[test]
    fn a_text_is_cut_where_brackets_stay_open() {
        for (text, cut) in [
            ("a.b(c = d)", false),
            ("a.b(c = d", true),
            ("a.b(c = \"(\")", false),
            ("a.b(c = \"x", true),
            ("a[b = .c", true),
        ] {
            assert_eq!(is_cut(text), cut, "{text}");
        }
    }

    #[test]
    fn quotes_are_chosen_by_what_is_in_them() {
        assert_eq!(quoted("a.b(c = d, e = f)"), "\"a.b(c = d, e = f)\"");
        assert_eq!(quoted("a.b(\"x\" = 'y')"), "'a.b(\"x\" = ''y'')'");
    }
}
