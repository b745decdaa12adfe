//! The way to a value of the client's body, as the client knows it and as the contract does.

/// Where a check is: grown step by step, and shortened to what it was.
#[derive(Debug, Default)]
pub(super) struct Way {
    name: String,
    at: String,
}

/// How long a way was before a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    name: usize,
    at: usize,
}

impl Way {
    /// A place in the contract, where no more is known.
    pub(super) fn of(at: &str) -> Way {
        Way {
            name: at.to_owned(),
            at: at.to_owned(),
        }
    }

    /// As in the body: `items[2].labels.de.name`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// As a [`bff_json::Node`] says it: `items[].labels.*.name`.
    pub(super) fn at(&self) -> &str {
        &self.at
    }

    /// Into a field.
    pub(super) fn field(&mut self, name: &str) -> Before {
        let before = self.before();
        step(&mut self.name, name);
        step(&mut self.at, name);
        before
    }

    /// Into an entry of a map.
    pub(super) fn entry(&mut self, key: &str) -> Before {
        let before = self.before();
        step(&mut self.name, key);
        step(&mut self.at, "*");
        before
    }

    /// Into an element of a list.
    pub(super) fn item(&mut self, place: usize) -> Before {
        let before = self.before();
        self.name.push_str(&format!("[{place}]"));
        self.at.push_str("[]");
        before
    }

    /// Back to where a step began.
    pub(super) fn back(&mut self, before: Before) {
        self.name.truncate(before.name);
        self.at.truncate(before.at);
    }

    fn before(&self) -> Before {
        Before {
            name: self.name.len(),
            at: self.at.len(),
        }
    }
}

fn step(way: &mut String, name: &str) {
    if !way.is_empty() {
        way.push('.');
    }
    way.push_str(name);
}
