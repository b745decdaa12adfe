//! What the parser says is wrong with a text, in words for people, and what to write instead.

use granit_parser::ScanError;

/// The message and the help for a text the parser refuses at `at`.
pub(super) fn explain(error: &ScanError, text: &str, at: usize) -> (String, Option<String>) {
    let _ = (text, at);
    (format!("this is not YAML: {}", error.info()), None)
}
