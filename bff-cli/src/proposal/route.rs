//! The endpoint's own route: the operation's, in what a spec's keys can say.

use std::collections::BTreeSet;

use super::names;
use super::operation::Reading;

/// A key that no other endpoint has; none if its path can't be written as whole segments.
pub(super) fn free(reading: &Reading<'_>, taken: &mut BTreeSet<String>) -> Option<String> {
    let method = &reading.operation.method;
    let path = path(&reading.operation.path)?;
    let under = format!("/{}{path}", names::kebab(reading.upstream));
    [path, under].into_iter().find_map(|path| {
        let shape: Vec<&str> = path
            .split('/')
            .map(|s| if s.starts_with('{') { "{}" } else { s })
            .collect();
        let new = taken.insert(format!("{method} {}", shape.join("/")));
        new.then(|| format!("{method} {path}"))
    })
}

/// `/2010-04-01/Accounts/{Sid}.json` → `/Accounts/{Sid}`: versions and file endings are the upstream's affair.
fn path(path: &str) -> Option<String> {
    let mut out = String::new();
    let mut parameters = BTreeSet::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = segment.strip_suffix(".json").unwrap_or(segment);
        if out.is_empty() && is_version(segment) {
            continue;
        }
        match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(name) if !name.contains(['{', '}']) => {
                let name = names::parameter(name);
                if !parameters.insert(name.clone()) {
                    return None;
                }
                out.push_str(&format!("/{{{name}}}"));
            }
            Some(_) => return None,
            None if is_literal(segment) => {
                out.push('/');
                out.push_str(segment);
            }
            None => return None,
        }
    }
    Some(if out.is_empty() { "/".to_owned() } else { out })
}

/// `v1`, `2010-04-01`
fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or(segment);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// What stands in a key as it is, without quotes.
fn is_literal(segment: &str) -> bool {
    segment != "."
        && segment != ".."
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    #[test]
    fn routes() {
        for (theirs, ours) in [
            ("/orders/{id}", Some("/orders/{id}")),
            ("/v1/orders/", Some("/orders")),
            ("/2010-04-01/Accounts/{Sid}.json", Some("/Accounts/{Sid}")),
            ("/", Some("/")),
            ("/a/{b}:cancel", None),
            ("/a/{b}-{c}", None),
            ("/a/{+1}", Some("/a/{p1}")),
            ("/a/{x}/b/{x}", None),
            ("/tickets/{id}/qr", Some("/tickets/{id}/qr")),
        ] {
            assert_eq!(super::path(theirs).as_deref(), ours, "{theirs}");
        }
    }
}
