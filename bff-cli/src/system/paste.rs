//! Requests as commands to paste into a shell.
//!
//! Each is one line that works by itself: the token is read from a file, so that the line stays short.

use serde_json::Value as Json;

use super::requests::Ready;
use crate::console::{Console, Tone};

/// Writes them for people to paste.
pub(super) fn show(requests: &[Ready], console: Console) {
    let dim = |text: &str| console.paint_result(Tone::Dim, text);
    let mut frontend = "";
    for request in requests {
        if request.frontend != frontend {
            frontend = &request.frontend;
            console.result(&format!("\n{}", dim(&format!("# {frontend}"))));
            let mut shown: Vec<&str> = Vec::new();
            for token in requests
                .iter()
                .filter(|other| other.frontend == frontend)
                .filter_map(|r| r.token.as_ref())
            {
                if !shown.contains(&token.text.as_str()) {
                    shown.push(&token.text);
                    let sub = token
                        .claims
                        .get("sub")
                        .and_then(Json::as_str)
                        .unwrap_or_default();
                    console.result(&dim(&format!("# a token for {sub}: {}", token.text)));
                }
            }
        }
        match request.skipped {
            Some(why) => console.result(&dim(&format!("# {}: {why}", request.key))),
            None => console.result(&request.curl()),
        }
    }
}

impl Ready {
    /// The request as a command.
    pub(super) fn curl(&self) -> String {
        let mut command = "curl -s".to_owned();
        if self.url.starts_with("https:") {
            // A certificate for development is nobody's to trust.
            command.push_str(" -k");
        }
        match self.method.as_str() {
            "GET" => {}
            "HEAD" => command.push_str(" -I"),
            method => command.push_str(&format!(" -X {method}")),
        }
        if let Some(token) = &self.token {
            command.push_str(&format!(
                " -H {}",
                quoted(&format!("@{}", token.path.display()))
            ));
        }
        for (name, value) in &self.headers {
            command.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
        }
        if let Some(body) = &self.body {
            command.push_str(&format!(
                " -H 'content-type: application/json' -d {}",
                quoted(&body.to_string())
            ));
        }
        format!("{command} {}", quoted(&self.url))
    }
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, expected) in [
            (
                "http://127.0.0.1:8080/api/home",
                "http://127.0.0.1:8080/api/home",
            ),
            ("http://h/a?b=c&d=e", "'http://h/a?b=c&d=e'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
