//! What every answer of a deprecated endpoint says of it.

use std::time::{Duration, UNIX_EPOCH};

use bff_spec::model::Deprecation;

/// The headers: `deprecation` (RFC 9745), `sunset` (RFC 8594) and a link to what takes its place (RFC 5829).
///
/// A deprecation needs a date. Where the spec gives none it is the first there is, which says no more than "already".
pub(crate) fn headers(deprecated: Option<&Deprecation>) -> Vec<(&'static str, String)> {
    let Some(deprecated) = deprecated.filter(|deprecated| deprecated.told) else {
        return Vec::new();
    };
    let since = deprecated.since.unwrap_or(0);
    let mut headers = vec![("deprecation", format!("@{since}"))];
    if let Some(seconds) = deprecated.sunset {
        let date = UNIX_EPOCH + Duration::from_secs(seconds);
        headers.push(("sunset", httpdate::fmt_http_date(date)));
    }
    // A path with parameters is no link.
    if let Some((_, path)) = deprecated
        .successor
        .as_ref()
        .filter(|(_, path)| !path.contains(['{', '}', '*']))
    {
        headers.push(("link", format!("<{path}>; rel=\"successor-version\"")));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_links() {
        let deprecated = Deprecation {
            told: true,
            since: None,
            sunset: None,
            successor: Some(("GET".to_owned(), "/v2/{id}".to_owned())),
        };
        assert_eq!(
            headers(Some(&deprecated)),
            [("deprecation", "@0".to_owned())]
        );
        let whole = Deprecation {
            since: Some(1_769_817_600),
            sunset: Some(1_814_313_600),
            successor: Some(("GET".to_owned(), "/api/v2/home".to_owned())),
            ..deprecated.clone()
        };
        assert_eq!(
            headers(Some(&whole)),
            [
                ("deprecation", "@1769817600".to_owned()),
                ("sunset", "Wed, 30 Jun 2027 00:00:00 GMT".to_owned()),
                (
                    "link",
                    "</api/v2/home>; rel=\"successor-version\"".to_owned()
                ),
            ]
        );
        let quiet = Deprecation {
            told: false,
            ..deprecated
        };
        assert_eq!(headers(Some(&quiet)), []);
        assert_eq!(headers(None), []);
    }
}
