//! A contract's path as something a request's path can be held against.

use percent_encoding::percent_decode_str;

/// A path template, in segments. Ordered so that literals come before parameters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    /// Text before the parameter, its name, text after it: `{sid}.json`.
    Parameter(String, String, String),
}

impl Route {
    /// From a contract's path: `/users/{id}`.
    pub(super) fn new(path: &str) -> Route {
        let segments = path.trim_start_matches('/').split('/').map(|segment| {
            let parameter = segment.split_once('{').and_then(|(before, rest)| {
                let (name, after) = rest.split_once('}')?;
                Some(Segment::Parameter(
                    before.to_owned(),
                    name.to_owned(),
                    after.to_owned(),
                ))
            });
            parameter.unwrap_or_else(|| Segment::Literal(segment.to_owned()))
        });
        Route {
            segments: segments.collect(),
        }
    }

    /// The parameters' values, decoded, if the path is one of this route's.
    pub(super) fn find(&self, path: &str) -> Option<Vec<(String, String)>> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if parts.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, part) in self.segments.iter().zip(parts) {
            let part = percent_decode_str(part).decode_utf8().ok()?;
            match segment {
                Segment::Literal(literal) => {
                    if *literal != part {
                        return None;
                    }
                }
                Segment::Parameter(before, name, after) => {
                    let value = part
                        .strip_prefix(before.as_str())?
                        .strip_suffix(after.as_str())?;
                    if value.is_empty() {
                        return None;
                    }
                    values.push((name.clone(), value.to_owned()));
                }
            }
        }
        Some(values)
    }

    /// The parameter that is the last segment: it names one thing of what the path before it lists.
    pub(super) fn closed_by(&self) -> Option<&str> {
        match self.segments.last()? {
            Segment::Parameter(_, name, _) => Some(name),
            Segment::Literal(_) => None,
        }
    }

    /// Whether this route is `list` and one parameter more.
    pub(super) fn is_member_of(&self, list: &Route) -> bool {
        self.closed_by().is_some()
            && self.segments.len() == list.segments.len() + 1
            && self
                .segments
                .iter()
                .zip(&list.segments)
                .all(|pair| match pair {
                    (Segment::Literal(a), Segment::Literal(b)) => a == b,
                    (Segment::Parameter(..), Segment::Parameter(..)) => true,
                    _ => false,
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_by_segment() {
        for (route, path, expected) in [
            ("/users/{id}", "/users/u-1", Some(vec![("id", "u-1")])),
            (
                "/users/{id}",
                "/users/a%2Fb%20c",
                Some(vec![("id", "a/b c")]),
            ),
            ("/users/{id}", "/users/", None),
            ("/users/{id}", "/users/a/b", None),
            ("/users/{id}", "/orders/a", None),
            (
                "/a/{x}/b/{y}",
                "/a/1/b/2",
                Some(vec![("x", "1"), ("y", "2")]),
            ),
            ("/f/{sid}.json", "/f/s1.json", Some(vec![("sid", "s1")])),
            ("/f/{sid}.json", "/f/s1.xml", None),
            ("/", "/", Some(vec![])),
        ] {
            let found = Route::new(route).find(path);
            let found: Option<Vec<(&str, &str)>> = found.as_ref().map(|values| {
                values
                    .iter()
                    .map(|(k, v)| (k.as_str(), v.as_str()))
                    .collect()
            });
            assert_eq!(found, expected, "{route} {path}");
        }
    }

    #[test]
    fn literals_come_first_and_members_know_their_list() {
        assert!(Route::new("/users/me") < Route::new("/users/{id}"));
        let list = Route::new("/a/{x}/orders");
        for (route, member) in [
            ("/a/{y}/orders/{id}", true),
            ("/a/{y}/orders", false),
            ("/a/{y}/orders/latest", false),
            ("/b/{y}/orders/{id}", false),
        ] {
            assert_eq!(Route::new(route).is_member_of(&list), member, "{route}");
        }
    }
}
