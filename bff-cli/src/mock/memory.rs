//! What was written, by address.

use std::collections::HashMap;

use serde_json::Value;

use super::Answer;

/// What was written, by address.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// In the order of writing; `None` was deleted.
    things: Vec<(String, Option<Value>)>,
    /// Answers by address and idempotency key.
    answers: HashMap<(String, String), Answer>,
}

impl Memory {
    /// What was written there: `Some(None)` if it was deleted.
    pub(super) fn get(&self, address: &str) -> Option<Option<&Value>> {
        self.things
            .iter()
            .find(|(at, _)| at == address)
            .map(|(_, value)| value.as_ref())
    }

    /// Writes.
    pub(super) fn put(&mut self, address: &str, value: Value) {
        self.set(address, Some(value));
    }

    /// Deletes.
    pub(super) fn remove(&mut self, address: &str) {
        self.set(address, None);
    }

    /// What was written one segment below an address: that segment, and what is there.
    pub(super) fn below(&self, address: &str) -> impl Iterator<Item = (&str, Option<&Value>)> {
        self.things.iter().filter_map(move |(at, value)| {
            let name = at.strip_prefix(address)?.strip_prefix('/')?;
            (!name.is_empty() && !name.contains('/')).then_some((name, value.as_ref()))
        })
    }

    /// The answer this key got before.
    pub(super) fn answered(&self, address: &str, key: &str) -> Option<&Answer> {
        self.answers.get(&(address.to_owned(), key.to_owned()))
    }

    /// Keeps an answer for the next time.
    pub(super) fn keep(&mut self, address: &str, key: &str, answer: Answer) {
        self.answers
            .insert((address.to_owned(), key.to_owned()), answer);
    }

    fn set(&mut self, address: &str, value: Option<Value>) {
        match self.things.iter_mut().find(|(at, _)| at == address) {
            Some(slot) => slot.1 = value,
            None => self.things.push((address.to_owned(), value)),
        }
    }
}
