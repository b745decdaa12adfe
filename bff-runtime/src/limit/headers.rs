//! What a client is told of its limits: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers, as
//! structured fields of RFC 9651).
//!
//! `"browsing";q=120;w=60` says 120 in 60 seconds, `"browsing";r=29;t=15` that 29 are left and that all are there again in
//! 15 seconds. A limit's quota has an item of its own: `"browsing:quota"`.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Allowance, Room};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A route's `RateLimit-Policy`, which never changes.
#[derive(Debug)]
pub(crate) struct Policies(HeaderValue);

impl Policies {
    /// None if there is nothing to count down.
    pub(crate) fn new<'r>(rules: impl Iterator<Item = &'r Allowance>) -> Option<Policies> {
        let mut text = String::new();
        for rules in rules {
            let name = rules.name;
            if let Some(rate) = &rules.rate {
                item(
                    &mut text,
                    name,
                    "",
                    "q",
                    rate.count,
                    "w",
                    whole(rate.period),
                );
            }
            if let Some(quota) = &rules.quota {
                item(
                    &mut text,
                    name,
                    ":quota",
                    "q",
                    quota.count,
                    "w",
                    whole(quota.period),
                );
            }
        }
        (!text.is_empty())
            .then(|| HeaderValue::from_str(&text).ok().map(Policies))
            .flatten()
    }
}

/// What the limits of one request have left.
#[derive(Debug, Default)]
pub(crate) struct Left(String);

impl Left {
    /// Notes what one limit has left.
    pub(crate) fn note(&mut self, name: &str, room: &Room) {
        if let Some((left, until)) = room.rate {
            item(&mut self.0, name, "", "r", left, "t", whole(until));
        }
        if let Some((left, until)) = room.quota {
            item(&mut self.0, name, ":quota", "r", left, "t", whole(until));
        }
    }

    /// Writes both headers.
    pub(crate) fn write(&self, policies: &Policies, headers: &mut HeaderMap) {
        if !self.0.is_empty()
            && let Ok(left) = HeaderValue::from_str(&self.0)
        {
            headers.insert(POLICY, policies.0.clone());
            headers.insert(LIMIT, left);
        }
    }
}

fn item(
    text: &mut String,
    name: &str,
    part: &str,
    one: &str,
    count: u32,
    other: &str,
    seconds: u64,
) {
    let comma = if text.is_empty() { "" } else { ", " };
    let _ = write!(
        text,
        "{comma}\"{name}{part}\";{one}={count};{other}={seconds}"
    );
}

/// Seconds, never too few: also what `retry-after` says.
pub(crate) fn whole(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Per, Quota, Rate};
    use super::*;

    #[test]
    fn both_headers() {
        let rules = Allowance {
            name: "browsing",
            per: Per::Ip,
            rate: Some(Rate {
                count: 120,
                period: Duration::from_secs(60),
                burst: 30,
            }),
            quota: Some(Quota {
                count: 10,
                period: Duration::from_secs(86_400),
            }),
            concurrency: None,
        };
        let policies = Policies::new([&rules].into_iter()).unwrap();
        let mut left = Left::default();
        left.note(
            "browsing",
            &Room {
                rate: Some((29, Duration::from_millis(500))),
                quota: Some((0, Duration::from_secs(5))),
            },
        );
        let mut headers = HeaderMap::new();
        left.write(&policies, &mut headers);
        assert_eq!(
            headers[POLICY],
            r#""browsing";q=120;w=60, "browsing:quota";q=10;w=86400"#
        );
        assert_eq!(
            headers[LIMIT],
            r#""browsing";r=29;t=1, "browsing:quota";r=0;t=5"#
        );
        assert!(
            Policies::new(
                [&Allowance {
                    rate: None,
                    quota: None,
                    ..rules
                }]
                .into_iter()
            )
            .is_none()
        );
    }
}
