//! What is wrong with a text that the parser refuses, in words for people, and what to write instead.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::MAX_DEPTH;

/// Why a text is no YAML.
pub(super) struct Explained {
    /// The bytes that are wrong.
    pub(super) range: Range<usize>,
    /// What is wrong.
    pub(super) message: String,
    /// What to write instead.
    pub(super) help: Option<String>,
    /// An edit that may mend it: whoever offers it tries it first.
    pub(super) fix: Option<(Range<usize>, String)>,
}

impl Explained {
    fn fix(self, range: Range<usize>, with: impl Into<String>) -> Explained {
        Explained {
            fix: Some((range, with.into())),
            ..self
        }
    }

    /// With the line's value in quotes.
    fn quoting(self, line: &Line<'_>) -> Explained {
        let Some((range, value)) = line.value() else {
            return self;
        };
        let right = quote(value);
        Explained {
            help: Some(format!("put the value in quotes: {right}")),
            ..self
        }
        .fix(range, right)
    }
}

/// Explains what the parser refuses at a byte of the text.
pub(super) fn explain(error: &ScanError, text: &str, at: usize) -> Explained {
    let line = Line::around(text, at);
    if let Some(range) = line.tab() {
        let (stretch, spaced) = without_tabs(text, line.start);
        return explained(
            range,
            "a tab indents this line",
            Some("indent with spaces".to_owned()),
        )
        .fix(stretch, spaced);
    }
    let here = character(text, at);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            explained(here, format!("nested deeper than {MAX_DEPTH} levels"), None)
        }
        ErrorKind::MappingValueNotAllowed => mapping(&line, here),
        ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
            let message = format!(
                "the character U+{:04X} can't be here",
                u32::from(*character)
            );
            explained(here, message, None)
        }
        ErrorKind::UnexpectedCharacter { character: '`' } => {
            explained(here, "a value can't start with a backtick", None).quoting(&line)
        }
        ErrorKind::UnexpectedCharacter { character } => explained(
            here,
            format!("a value can't start with `{character}`"),
            None,
        )
        .quoting(&line),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            if let Some(range) = line.variable(at) {
                let variable = text.get(range.clone()).unwrap_or_default();
                let help = format!("between brackets it is quoted: \"{variable}\"");
                let right = format!("\"{variable}\"");
                return explained(
                    range.clone(),
                    "braces of a variable between brackets",
                    Some(help),
                )
                .fix(range, right);
            }
            explained(here, "expected `,` or the closing bracket", None)
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            match line.value() {
                Some((_, value)) if value.starts_with(['{', '[', '*', '"', '\'']) => {
                    explained(here, "text after the end of the value", None).quoting(&line)
                }
                _ => {
                    let message = "this line stands under no line above: its indentation differs";
                    explained(here, message, None)
                }
            }
        }
        ErrorKind::UnclosedQuotedScalar => explained(here, "this quote is never closed", None),
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '[' { ']' } else { '}' };
            let help = format!("close it with `{close}`");
            explained(here, format!("this `{open}` is never closed"), Some(help))
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            explained(here, "this bracket closes nothing", None).quoting(&line)
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            explained(here, "text after the closing quote", None).quoting(&line)
        }
        ErrorKind::SimpleKeyExpected => {
            if let Some(found) = key_with_equals(line.text, line.start) {
                return found;
            }
            if line.above.trim_end().ends_with(['|', '>']) {
                let help = "what belongs to `|` is indented deeper than its key";
                return explained(
                    here,
                    "this line stands beside the `|` above it",
                    Some(help.to_owned()),
                );
            }
            let help = "a key ends in `:`; text over several lines is indented deeper than its key";
            explained(here, "this line has no `:`", Some(help.to_owned()))
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            let help = "a list starts on a line of its own, or is written `[…]`".to_owned();
            explained(here, "a list can't start here", Some(help))
        }
        _ if error.info().contains("comment") => {
            let help = "quote the text, or end it before the comment".to_owned();
            explained(
                here,
                "YAML takes ` #` for the start of a comment, and the text goes on below it",
                Some(help),
            )
        }
        _ => explained(here, format!("this is not YAML: {}", error.info()), None),
    }
}

/// A `: ` where no key can be.
fn mapping(line: &Line<'_>, here: Range<usize>) -> Explained {
    if let Some((range, value)) = line
        .value()
        .filter(|(_, value)| value.contains(": ") || value.ends_with(':'))
    {
        if let Some(call) = with_equals(value) {
            let help = format!("arguments are bound with `=`: {call}");
            return explained(
                here,
                "a second `:` in one line: YAML takes it for a key",
                Some(help),
            )
            .fix(range, call);
        }
        return explained(
            here,
            "a second `:` in one line: YAML takes it for a key",
            None,
        )
        .quoting(line);
    }
    if let Some(found) = key_with_equals(line.above, line.above_start) {
        return found;
    }
    let before = line.above.trim_start();
    if let Some((key, value)) = before.split_once(':')
        && !key.contains([' ', '"', '\''])
        && !value.is_empty()
        && !value.starts_with(' ')
    {
        let colon = line.above_start + (line.above.len() - before.len()) + key.len();
        let help = format!("a space stands after the `:` of the line above: `{key}: {value}`");
        return explained(
            here,
            "the line above is text, so no key can follow",
            Some(help),
        )
        .fix(colon + 1..colon + 1, " ");
    }
    let help = "keys of one map start in the same column".to_owned();
    explained(
        here,
        "the line above has a value, so no key can stand below it",
        Some(help),
    )
}

/// A line `key = value`.
fn key_with_equals(line: &str, start: usize) -> Option<Explained> {
    let (key, value) = line.split_once('=')?;
    let name = key.trim();
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-?".contains(&b));
    if !plain || value.starts_with('=') {
        return None;
    }
    let end = start + key.trim_end().len();
    let equals = start + key.len() + 1;
    let help = format!("a key ends in `:`: `{name}: {}`", value.trim());
    Some(explained(end..equals, "a key with `=` instead of `:`", Some(help)).fix(end..equals, ":"))
}

/// A call whose arguments are bound with `:`, as it should be.
fn with_equals(value: &str) -> Option<String> {
    let (head, _) = value.split_once('(')?;
    let is_call = head.contains('.') && !head.contains([' ', ':']) || head.contains(".\"");
    if !is_call || !value.ends_with([')', '?']) {
        return None;
    }
    let mut right = String::with_capacity(value.len());
    let mut depth = 0usize;
    let mut quoted = false;
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            // In brackets a `:` is a slice's.
            ':' if !quoted && depth == 1 && rest.peek() == Some(&' ') => {
                right.push_str(" =");
                continue;
            }
            _ => {}
        }
        right.push(c);
    }
    let plain = right != value && !right.contains(": ") && !right.contains(" #");
    plain.then_some(right)
}

/// From a line on, as long as there are tabs in indentations: the stretch, and what it is with two spaces for each.
fn without_tabs(text: &str, start: usize) -> (Range<usize>, String) {
    let rest = text.get(start..).unwrap_or_default();
    let mut right = String::new();
    let mut end = 0;
    let mut kept = 0;
    let mut pending = String::new();
    for line in rest.split_inclusive('\n') {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        let (blank, words) = line.split_at(indentation);
        pending.push_str(&blank.replace('\t', "  "));
        kept += indentation;
        if blank.contains('\t') {
            right.push_str(&std::mem::take(&mut pending));
            end = kept;
        }
        pending.push_str(words);
        kept += words.len();
    }
    (start..start + end, right)
}

fn explained(range: Range<usize>, message: impl Into<String>, help: Option<String>) -> Explained {
    Explained {
        range,
        message: message.into(),
        help,
        fix: None,
    }
}

/// A line of a text, and the one above it that isn't empty.
struct Line<'a> {
    text: &'a str,
    start: usize,
    above: &'a str,
    above_start: usize,
}

impl<'a> Line<'a> {
    fn around(text: &'a str, at: usize) -> Line<'a> {
        let before = text.get(..at).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let rest = text.get(start..).unwrap_or_default();
        let above = text.get(..start).unwrap_or_default().trim_end();
        Line {
            text: rest.lines().next().unwrap_or_default(),
            start,
            above: above.rsplit('\n').next().unwrap_or_default(),
            above_start: above.rfind('\n').map_or(0, |i| i + 1),
        }
    }

    /// The first tab of its indentation.
    fn tab(&self) -> Option<Range<usize>> {
        let indentation = self.text.len() - self.text.trim_start_matches([' ', '\t']).len();
        let tab = self.text.get(..indentation)?.find('\t')?;
        Some(self.start + tab..self.start + tab + 1)
    }

    /// What stands after its key, and where.
    fn value(&self) -> Option<(Range<usize>, &'a str)> {
        let (key, value) = self.text.split_once(": ")?;
        let start = self.start + key.len() + 2 + (value.len() - value.trim_start().len());
        // A comment is none of it.
        let value = match value.find(" #") {
            Some(at)
                if value
                    .get(..at)
                    .is_some_and(|v| v.matches('"').count() % 2 == 0) =>
            {
                value.get(..at)?
            }
            _ => value,
        };
        let value = value.trim();
        (!value.is_empty()).then_some((start..start + value.len(), value))
    }

    /// The `${…}` that an offset stands in.
    fn variable(&self, at: usize) -> Option<Range<usize>> {
        let starts = self.text.match_indices("${").map(|(i, _)| i);
        let start = starts.filter(|i| self.start + i <= at).last()?;
        let end = start + self.text.get(start..)?.find('}')? + 1;
        (at < self.start + end).then_some(self.start + start..self.start + end)
    }
}

fn character(text: &str, at: usize) -> Range<usize> {
    let width = text.get(at..).and_then(|rest| rest.chars().next());
    at..at + width.map_or(0, char::len_utf8)
}

/// A value in quotes.
fn quote(value: &str) -> String {
    if value.contains('\'') && !value.contains(['"', '\\']) {
        return format!("\"{value}\"");
    }
    format!("'{}'", value.replace('\'', "''"))
}
