//! Hooks: functions a team owns, from and to the type of an endpoint's answer.
//!
//! In comes the answer as its template wrote it, out goes what the function made of it. The type has the fields that the
//! spec names and no others, so a hook adds nothing that the frontend's contract doesn't know. A function that fails or
//! panics is the gateway's fault (500); an answer that its type can't hold is the upstream's (502). What never happens here: a
//! hook waits for something. What takes time is a call, and calls stand in the spec with their deadlines.

mod values;

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Kind};

pub use values::{Json, Map, NoNumber, Number, member, optional_member, rest, there};

/// A hook: what an endpoint's `transform` names.
///
/// It runs while the request's task waits, on a thread that serves others as well: it computes and comes back. It has no way
/// to wait for something; that is a call, and calls stand in the spec.
pub type Hook<T> = fn(T) -> Result<T, HookError>;

/// Why a hook gives no answer: words for the log. The frontend gets a 500 that doesn't show them.
///
/// Any error becomes one, so `?` works in a hook.
pub struct HookError(String);

impl HookError {
    /// An error in these words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> HookError {
        HookError(words.into())
    }
}

impl fmt::Debug for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookError({:?})", self.0)
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Not an error itself, or this would clash with `From<HookError> for HookError`.
impl<E: std::error::Error> From<E> for HookError {
    fn from(error: E) -> HookError {
        HookError(error.to_string())
    }
}

/// Gives an answer's text to a hook, and back comes the text of what it made.
pub(crate) fn run<T: Serialize + DeserializeOwned>(
    name: &str,
    hook: Hook<T>,
    text: &[u8],
) -> Result<Vec<u8>, Failure> {
    let answer = serde_json::from_slice(text).map_err(|error| {
        Failure::new(Kind::Upstream, "The answer can't be put together.").because(format!(
            "hook `{name}` can't be given the answer: {}",
            without_values(&error)
        ))
    })?;
    let failed = |cause: String| {
        Failure::new(Kind::Gateway, "The gateway could not make its answer.").because(cause)
    };
    // A value that a panic left half changed is gone with it.
    let made = catch_unwind(AssertUnwindSafe(|| hook(answer)))
        .map_err(|panic| failed(format!("hook `{name}` panicked: {}", words(&*panic))))?
        .map_err(|error| failed(format!("hook `{name}`: {error}")))?;
    serde_json::to_vec(&made)
        .map_err(|error| failed(format!("what hook `{name}` made can't be written: {error}")))
}

/// What serde says, but for the value it met: that is somebody's.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once("expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => format!("at line {} column {}", error.line(), error.column()),
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use http::StatusCode;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Total {
        amount: Number,
        note: Option<String>,
    }

    fn told(
        hook: fn(Total) -> Result<Total, HookError>,
        text: &str,
    ) -> Result<String, (StatusCode, String)> {
        match run("total", hook, text.as_bytes()) {
            Ok(made) => Ok(String::from_utf8(made).unwrap()),
            Err(failure) => Err((failure.status(), failure.cause().unwrap().to_owned())),
        }
    }

    #[test]
    fn what_becomes_of_an_answer() {
        let text = r#"{"amount":1.50,"note":"Ann's"}"#;
        type Function = fn(Total) -> Result<Total, HookError>;
        let cases: [(&str, Function, _); 5] = [
            (text, Ok, Ok(text.to_owned())),
            (
                text,
                |answer| {
                    Ok(Total {
                        amount: "2.10".parse()?,
                        note: answer.note.filter(|note| note.len() < 3),
                    })
                },
                Ok(r#"{"amount":2.10,"note":null}"#.to_owned()),
            ),
            (
                text,
                |_| Err(HookError::new("no such currency")),
                Err((500, "hook `total`: no such currency")),
            ),
            (
                text,
                |_| {
                    "many".parse::<u8>()?;
                    unreachable!()
                },
                Err((500, "hook `total`: invalid digit found in string")),
            ),
            (
                r#"{"amount":1.5,"note":["Ann"]}"#,
                Ok,
                Err((
                    502,
                    "hook `total` can't be given the answer: expected a string at line 1 column 21",
                )),
            ),
        ];
        for (text, hook, expected) in cases {
            let expected = expected.map_err(|(status, cause): (u16, &str)| {
                (StatusCode::from_u16(status).unwrap(), cause.to_owned())
            });
            assert_eq!(told(hook, text), expected, "{text}");
        }
    }

    #[test]
    fn panics_are_caught_and_told() {
        for (hook, cause) in [
            (
                (|answer| panic!("no {}", answer.amount)) as fn(Total) -> Result<Total, HookError>,
                "hook `total` panicked: no 1",
            ),
            (|_| panic!("at once"), "hook `total` panicked: at once"),
            (
                |_| std::panic::panic_any(7_u8),
                "hook `total` panicked: without words",
            ),
        ] {
            let expected = Err((StatusCode::INTERNAL_SERVER_ERROR, cause.to_owned()));
            assert_eq!(told(hook, r#"{"amount":1,"note":null}"#), expected);
        }
    }
}
