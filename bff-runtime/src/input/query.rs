//! A query's pairs.

use std::borrow::Cow;

use crate::percent;

/// A name and its value, decoded.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// Each pair of a query, decoded; one that can't be is given as it stands.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = Result<Pair<'_>, &str>> {
    query.split('&').filter(|raw| !raw.is_empty()).map(|raw| {
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        match (percent::decode_form(name), percent::decode_form(value)) {
            (Ok(name), Ok(value)) => Ok((name, value)),
            _ => Err(name),
        }
    })
}
