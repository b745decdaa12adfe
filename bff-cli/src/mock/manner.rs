//! How a mock behaves besides what it answers: slowly, or not always.
//!
//! Which request waits how long and which fails follows from its number alone, so that two runs are alike.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How a mock behaves.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    latency: Latency,
    fail: Share,
    requests: AtomicU64,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How long its answer waits.
    pub(crate) wait: Duration,
    /// Whether its answer is an error.
    pub(crate) fails: bool,
}

impl Manner {
    /// With this latency, and this share of errors.
    pub(crate) fn new(latency: Latency, fail: Share) -> Manner {
        Manner {
            latency,
            fail,
            requests: AtomicU64::new(0),
        }
    }

    /// What becomes of the next request.
    pub(crate) fn next(&self) -> Verdict {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let fails = share_of(spread(number), 10_000) < u64::from(self.fail.0);
        Verdict {
            wait: self.latency.of(spread(number ^ u64::MAX)),
            fails,
        }
    }
}

/// How long answers wait: `200ms`, or `50ms..400ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Latency(RangeInclusive<Duration>);

impl Default for Latency {
    fn default() -> Latency {
        Latency(Duration::ZERO..=Duration::ZERO)
    }
}

impl Latency {
    fn of(&self, drawn: u64) -> Duration {
        let (least, most) = (self.0.start(), self.0.end());
        let micros = u64::try_from((*most - *least).as_micros()).unwrap_or(u64::MAX);
        *least + Duration::from_micros(share_of(drawn, micros.saturating_add(1)))
    }
}

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Latency, String> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = (duration(least)?, duration(most)?);
        if least > most {
            return Err(format!("{text} goes from the longer to the shorter"));
        }
        Ok(Latency(least..=most))
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration; write `200ms`, `1s` or `50ms..400ms`");
    let text = text.trim();
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        _ => Err(wrong()),
    }
    .and_then(|duration| {
        if duration > Duration::from_secs(600) {
            Err("ten minutes is the most a mock waits".to_owned())
        } else {
            Ok(duration)
        }
    })
}

/// How many of the answers are errors: `5%`. In hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Share(u16);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let percent: Option<f64> = text
            .strip_suffix('%')
            .and_then(|number| number.parse().ok());
        percent
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(|percent| Share((percent * 100.0).round() as u16))
            .ok_or_else(|| {
                format!("`{text}` is no share; write a percentage from 0% to 100%, as in `5%`")
            })
    }
}

/// SplitMix64's finalizer: neighbouring numbers end far apart.
fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number below `bound`, evenly.
fn share_of(drawn: u64, bound: u64) -> u64 {
    u64::try_from((u128::from(drawn) * u128::from(bound)) >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_and_shares_are_read() {
        let millis = Duration::from_millis;
        for (text, expected) in [
            ("200ms", Some((millis(200), millis(200)))),
            ("1s", Some((millis(1_000), millis(1_000)))),
            ("50ms..400ms", Some((millis(50), millis(400)))),
            ("400ms..50ms", None),
            ("2h", None),
            ("5", None),
            ("900s", None),
            ("", None),
        ] {
            let read = text.parse::<Latency>().ok();
            let expected = expected.map(|(least, most)| Latency(least..=most));
            assert_eq!(read, expected, "{text}");
        }
        for (text, expected) in [
            ("5%", Some(500)),
            ("0.5%", Some(50)),
            ("100%", Some(10_000)),
            ("101%", None),
            ("-1%", None),
            ("5", None),
            ("NaN%", None),
        ] {
            assert_eq!(text.parse().ok(), expected.map(Share), "{text}");
        }
    }

    #[test]
    fn every_run_is_like_the_first() {
        let run = || -> Vec<Verdict> {
            let manner = Manner::new("10ms..20ms".parse().unwrap(), "25%".parse().unwrap());
            (0..1_000).map(|_| manner.next()).collect()
        };
        let first = run();
        assert_eq!(first, run());
        let failed = first.iter().filter(|verdict| verdict.fails).count();
        assert!((200..300).contains(&failed), "{failed}");
        let bounds = Duration::from_millis(10)..=Duration::from_millis(20);
        assert!(first.iter().all(|verdict| bounds.contains(&verdict.wait)));
        let waits: std::collections::BTreeSet<Duration> =
            first.iter().map(|verdict| verdict.wait).collect();
        assert!(waits.len() > 900, "{}", waits.len());
    }
}
