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
}

/// Explains what the parser refuses at a byte of the text.
pub(super) fn explain(error: &ScanError, text: &str, at: usize) -> Explained {
    let line = Line::around(text, at);
    if let Some(range) = line.tab() {
        return explained(
            range,
            "a tab indents this line",
            Some("indent with spaces".to_owned()),
        );
    }
    let here = character(text, at);
    let quoted = || {
        line.value()
            .map(|value| format!("put the value in quotes: {}", quote(value)))
    };
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
            explained(here, "a value can't start with a backtick", quoted())
        }
        ErrorKind::UnexpectedCharacter { character } => explained(
            here,
            format!("a value can't start with `{character}`"),
            quoted(),
        ),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            if let Some(range) = line.variable(at) {
                let variable = text.get(range.clone()).unwrap_or_default();
                let help = format!("between brackets it is quoted: \"{variable}\"");
                return explained(range, "braces of a variable between brackets", Some(help));
            }
            explained(here, "expected `,` or the closing bracket", None)
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            match line.value() {
                Some(value) if value.starts_with(['{', '[', '*', '"', '\'']) => {
                    explained(here, "text after the end of the value", quoted())
                }
                _ => {
                    let message = "this line stands under no line above: its indentation differs";
                    explained(here, message, None)
                }
            }
        }
        ErrorKind::UnclosedQuotedScalar => explained(here, "this quote is never closed", None),
        ErrorKind::UnclosedFlowCollection { open } => {
            explained(here, format!("this `{open}` is never closed"), None)
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            explained(here, "this bracket closes nothing", quoted())
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar
        | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            explained(here, "text after the closing quote", quoted())
        }
        ErrorKind::SimpleKeyExpected => {
            let help = "a key ends in `:`; text over several lines is indented deeper than its key";
            explained(here, "this line has no `:`", Some(help.to_owned()))
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            let help = "a list starts on a line of its own, or is written `[…]`".to_owned();
            explained(here, "a list can't start here", Some(help))
        }
        _ => explained(here, format!("this is not YAML: {}", error.info()), None),
    }
}

/// A `: ` where no key can be.
fn mapping(line: &Line<'_>, here: Range<usize>) -> Explained {
    if let Some(value) = line
        .value()
        .filter(|value| value.contains(": ") || value.ends_with(':'))
    {
        let help = format!("put the value in quotes: {}", quote(value));
        return explained(
            here,
            "a second `:` in one line: YAML takes it for a key",
            Some(help),
        );
    }
    let before = line.above.trim_start();
    if let Some((key, value)) = before.split_once(':')
        && !key.contains([' ', '"', '\''])
        && !value.is_empty()
        && !value.starts_with(' ')
    {
        let help = format!("a space stands after the `:` of the line above: `{key}: {value}`");
        return explained(
            here,
            "the line above is text, so no key can follow",
            Some(help),
        );
    }
    let help = "keys of one map start in the same column".to_owned();
    explained(
        here,
        "the line above has a value, so no key can stand below it",
        Some(help),
    )
}

fn explained(range: Range<usize>, message: impl Into<String>, help: Option<String>) -> Explained {
    Explained {
        range,
        message: message.into(),
        help,
    }
}

/// A line of a text, and the one above it that isn't empty.
struct Line<'a> {
    text: &'a str,
    start: usize,
    above: &'a str,
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
        }
    }

    /// The first tab of its indentation.
    fn tab(&self) -> Option<Range<usize>> {
        let indentation = self.text.len() - self.text.trim_start_matches([' ', '\t']).len();
        let tab = self.text.get(..indentation)?.find('\t')?;
        Some(self.start + tab..self.start + tab + 1)
    }

    /// What stands after its key.
    fn value(&self) -> Option<&'a str> {
        let (_, value) = self.text.split_once(": ")?;
        let value = value.trim();
        (!value.is_empty()).then_some(value)
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
