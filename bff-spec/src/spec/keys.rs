//! The keys that each table of a spec has: what they take and what they mean, said once.
//!
//! The reader checks keys against these tables, and the spec's JSON Schema ([`crate::schema`]) is made of them. What a
//! value must be in the end is the reader's to say: [`Takes`] is as much of it as a schema can.

/// The keys of a table.
pub(crate) struct Keys {
    /// What holds them, for messages: "an upstream".
    pub(crate) of: &'static str,
    /// Those it has.
    pub(crate) known: &'static [Known],
    /// Those the language has and this version doesn't yet, and what to do meanwhile.
    pub(crate) later: &'static [(&'static str, &'static str)],
}

/// A key of a table.
pub(crate) struct Known {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What stands behind it.
    pub(crate) takes: Takes,
    /// What it means, in a sentence: editors show it.
    pub(crate) means: &'static str,
    /// Whether its table is wrong without it.
    pub(crate) required: bool,
}

/// What a key takes.
#[derive(Clone, Copy)]
pub(crate) enum Takes {
    /// A text; YAML may take it for a number or a boolean.
    Text,
    /// A text of this form (ECMA 262).
    Form(&'static str),
    /// `true` or `false`.
    Boolean,
    /// A whole number from … to ….
    Whole(u64, u64),
    /// A number.
    Number,
    /// Anything.
    Anything,
    /// A list of anything.
    List,
    /// Text in the grammar of selections, calls or conditions.
    Grammar,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, or a list of them.
    Words(&'static [&'static str]),
    /// A text, or a list of texts.
    Texts,
    /// A table with these keys.
    Table(&'static Keys),
    /// Such a table, or a list of them.
    Tables(&'static Keys),
    /// A map; its keys are of a form (ECMA 262), its values alike.
    Map(&'static str, &'static Takes),
    /// Endpoints, by method and path.
    Routes(&'static Keys),
    /// The levels of warnings, by code.
    Lints(&'static Keys),
    /// One of these.
    Either(&'static [Takes]),
}

/// `800ms`
pub(crate) const DURATION: Takes = Takes::Form("^[0-9]+(ms|s|min|h|d)$");
/// `10MiB`
pub(crate) const SIZE: Takes = Takes::Form("^[0-9]+ *(KiB|MiB)?$");
/// `20%`
pub(crate) const PERCENT: Takes = Takes::Form("^[0-9]+ *%$");
/// `120/min`
pub(crate) const RATE: Takes = Takes::Form("^[0-9]+/(s|min|h|day)$");
/// `2027-06-30`
pub(crate) const DATE: Takes = Takes::Form("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
/// Letters, digits, `_` and `-`.
pub(crate) const NAMES: &str = "^[A-Za-z_][A-Za-z0-9_-]*$";
/// A header's name.
pub(crate) const HEADERS: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
/// Any key.
pub(crate) const ANY_KEY: &str = "";

/// A key that may be left out.
pub(crate) const fn key(name: &'static str, takes: Takes, means: &'static str) -> Known {
    Known {
        name,
        takes,
        means,
        required: false,
    }
}

/// A key that its table is wrong without.
pub(crate) const fn required(name: &'static str, takes: Takes, means: &'static str) -> Known {
    Known {
        name,
        takes,
        means,
        required: true,
    }
}

impl Keys {
    /// Whether it has this key.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.iter().any(|known| known.name == name)
    }

    /// Those it has, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.known.iter().map(|known| known.name)
    }
}
