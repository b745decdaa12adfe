//! `traceparent`: read by the rules for the version it names, written as version 00.

use http::{HeaderMap, HeaderValue};

use super::TRACEPARENT;
use crate::hex;

/// The flag of traces that are recorded.
pub(super) const SAMPLED: u8 = 1;
/// The flag of traces whose ids are drawn at random (level 2).
pub(super) const RANDOM: u8 = 2;
/// How long version 00 is; later versions may go on behind a dash.
const LENGTH: usize = 55;

/// A span that has others below it, and its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) flags: u8,
}

impl Parent {
    /// What a request says, if it says it once and validly.
    pub(super) fn given(headers: &HeaderMap) -> Option<Parent> {
        let mut given = headers.get_all(TRACEPARENT).iter();
        match (given.next(), given.next()) {
            (Some(one), None) => Parent::read(one.as_bytes().trim_ascii()),
            _ => None,
        }
    }

    fn read(text: &[u8]) -> Option<Parent> {
        let (fields, more) = text.split_at_checked(LENGTH)?;
        for dash in [2, 35, 52] {
            fields.get(dash).filter(|byte| **byte == b'-')?;
        }
        let field = |from: usize, to: usize| hex(fields.get(from..to)?);
        let (version, trace, span, flags) =
            (field(0, 2)?, field(3, 35)?, field(36, 52)?, field(53, 55)?);
        let fits = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with(b"-"),
        };
        let parent = Parent {
            trace,
            span: u64::try_from(span).ok()?,
            // Of the others nobody knows yet what they mean.
            flags: u8::try_from(flags).ok()? & (SAMPLED | RANDOM),
        };
        (fits && parent.trace != 0 && parent.span != 0).then_some(parent)
    }

    /// Whether it is recorded.
    pub(super) fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Says whether it is recorded.
    pub(super) fn sample(&mut self, sampled: bool) {
        self.flags = self.flags & !SAMPLED | u8::from(sampled);
    }

    /// As a header's value.
    pub(super) fn header(&self) -> HeaderValue {
        let Parent { trace, span, flags } = self;
        let mut text = [b'-'; LENGTH];
        let fields = [
            (0, &b"00"[..]),
            (3, &hex::digits::<32>(*trace)),
            (36, &hex::digits::<16>(u128::from(*span))),
            (53, &hex::digits::<2>(u128::from(*flags))),
        ];
        for (at, field) in fields {
            if let Some(place) = text.get_mut(at..at + field.len()) {
                place.copy_from_slice(field);
            }
        }
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// Digits in lower case, no more than 32.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    /// What is sent on for what was given; `T` and `S` stand for good ids.
    fn on(given: &[&str]) -> Option<String> {
        let fill = |text: &str| text.replace('T', TRACE).replace('S', SPAN);
        let values = given
            .iter()
            .filter_map(|text| HeaderValue::from_str(&fill(text)).ok());
        let headers: HeaderMap = values.map(|value| (TRACEPARENT, value)).collect();
        let header = Parent::given(&headers)?.header();
        header
            .to_str()
            .ok()
            .map(|text| text.replace(TRACE, "T").replace(SPAN, "S"))
    }

    #[test]
    fn what_is_valid_goes_on() {
        for (given, sent) in [
            ("00-T-S-00", "00-T-S-00"),
            ("00-T-S-01", "00-T-S-01"),
            ("00-T-S-02", "00-T-S-02"),
            ("00-T-S-03", "00-T-S-03"),
            // Flags that nobody knows are no reason to lose the trace, and stay here.
            ("00-T-S-ff", "00-T-S-03"),
            ("00-T-S-08", "00-T-S-00"),
            ("00-T-S-09", "00-T-S-01"),
            // What surrounds a value is no part of it (RFC 9110, 5.5).
            (" 00-T-S-01\t", "00-T-S-01"),
            // Later versions: read as far as they are known, and sent on as what is known.
            ("01-T-S-01", "00-T-S-01"),
            ("cc-T-S-01", "00-T-S-01"),
            ("fe-T-S-01", "00-T-S-01"),
            ("cc-T-S-01-what-the-future-will-be-like", "00-T-S-01"),
            ("cc-T-S-01-", "00-T-S-01"),
            ("01-T-S-fd", "00-T-S-01"),
            // One zero byte is not all of them.
            (
                "00-0000000000000000000000000000000a-S-01",
                "00-0000000000000000000000000000000a-S-01",
            ),
            ("00-T-000000000000000a-01", "00-T-000000000000000a-01"),
        ] {
            assert_eq!(on(&[given]).as_deref(), Some(sent), "{given}");
        }
    }

    #[test]
    fn what_is_not_valid_does_not() {
        for given in [
            // Too much for version 00.
            "00-T-S-01-",
            "00-T-S-01-what-the-future-will-be-like",
            "00-T-S-01.",
            "00-T-S-011",
            // Too little.
            "",
            "00",
            "00-T",
            "00-T-S",
            "00-T-S-",
            "00-T-S-1",
            "-T-S-01",
            "T-S-01",
            "cc-T-S-0",
            "cc-T-S",
            // Too long or too short.
            "000-T-S-01",
            "0-T-S-01",
            "00-T0-S-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-S-01",
            "00-T-S0-01",
            "00-T-00f067aa0ba902b-01",
            "00-T-00f067aa0ba902b-001",
            // Zeros.
            "00-00000000000000000000000000000000-S-01",
            "00-T-0000000000000000-01",
            "01-00000000000000000000000000000000-S-01",
            // The version that is forbidden, and what is none.
            "ff-T-S-01",
            "ff-T-S-01-more",
            "FE-T-S-01",
            "0x-T-S-01",
            ".0-T-S-01",
            "0.-T-S-01",
            // Capitals, and what is no digit.
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-S-01",
            "00-.bf92f3577b34da6a3ce929d0e0e4736-S-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473.-S-01",
            "00-T-00F067AA0BA902B7-01",
            "00-T-.0f067aa0ba902b7-01",
            "00-T-S-0A",
            "00-T-S-0x",
            "00-T-S-.1",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-S-01",
            // Other dashes than there should be.
            "00_T_S_01",
            "00-T-S 01",
            "00-T--S-01",
            "01-T-S-01.more",
            "01-T-S-011",
            "00 -T-S-01",
            "00-T-S-01, 00-T-S-01",
        ] {
            assert_eq!(on(&[given]), None, "{given}");
        }
        assert_eq!(on(&[]), None);
        assert_eq!(on(&["00-T-S-01", "00-T-S-01"]), None);
        assert_eq!(on(&["00-T-S-01", ""]), None);
    }
}
