//! A request's record as a line of JSON: what the subscriber would write for the same fields, with less work.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::Pending;
use super::lines::Lines;
use crate::failure::Fault;
use crate::hex;

/// The fields, in the order they are written in.
#[derive(Serialize)]
struct Record<'a> {
    timestamp: &'a str,
    level: &'a str,
    method: &'a str,
    route: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    micros: u64,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    trace_id: &'a str,
    target: &'a str,
}

/// Room that a thread keeps for the line it writes.
#[derive(Default)]
struct Room {
    /// The second that `timestamp` is of.
    second: Option<u64>,
    timestamp: String,
    trace: String,
    line: Vec<u8>,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::default();
}

pub(super) fn write(pending: &Pending, bytes: Option<u64>, lines: &Lines) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    ROOM.with_borrow_mut(|room| {
        room.write(pending, bytes, now);
        lines.push(&room.line);
    });
}

impl Room {
    fn write(&mut self, pending: &Pending, bytes: Option<u64>, now: Duration) {
        self.stamp(now);
        self.trace.clear();
        let trace = hex::digits::<32>(pending.trace);
        self.trace
            .push_str(std::str::from_utf8(&trace).unwrap_or_default());
        let record = Record {
            timestamp: &self.timestamp,
            level: "INFO",
            method: pending.method.as_str(),
            route: pending.route,
            status: pending.status.as_u16(),
            bytes,
            micros: u64::try_from(pending.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id: pending.id.to_str().unwrap_or_default(),
            partial: pending
                .partial
                .as_ref()
                .and_then(|names| names.to_str().ok()),
            fault: pending.fault.map(Fault::as_str),
            upstream: pending.upstream,
            cause: pending.cause.as_deref(),
            trace_id: &self.trace,
            target: "access",
        };
        self.line.clear();
        // Writing text and numbers to memory doesn't fail.
        let _ = serde_json::to_writer(&mut self.line, &record);
        self.line.push(b'\n');
    }

    /// RFC 3339 to the microsecond; what comes before the microseconds changes once a second.
    fn stamp(&mut self, now: Duration) {
        const FRACTION: usize = "2026-01-02T03:04:05".len();
        let second = now.as_secs();
        if self.second != Some(second) {
            self.second = Some(second);
            let (year, month, day) = date(second / 86_400);
            let (hour, minute, second) = (second / 3600 % 24, second / 60 % 60, second % 60);
            self.timestamp.clear();
            let _ = write!(
                self.timestamp,
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
            );
        }
        self.timestamp.truncate(FRACTION);
        let _ = write!(self.timestamp, ".{:06}Z", now.subsec_micros());
    }
}

/// Year, month and day of a day since 1970: in years that start in March, the day after February is the first.
fn date(day: u64) -> (u64, u64, u64) {
    // Days since 1 March of the year 0, in eras of 400 years, which have the same number of days each.
    let days = day + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let start = (153 * from_march + 2) / 5;
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, of_year - start + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http::{HeaderValue, Method, StatusCode};
    use std::time::Instant;

    #[test]
    fn times() {
        let mut room = Room::default();
        for (seconds, micros, text) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (0, 7, "1970-01-01T00:00:00.000007Z"),
            (86_399, 999_999, "1970-01-01T23:59:59.999999Z"),
            (86_400, 0, "1970-01-02T00:00:00.000000Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, 0, "2000-03-01T00:00:00.000000Z"),
            (1_709_164_799, 1, "2024-02-28T23:59:59.000001Z"),
            (1_709_164_800, 0, "2024-02-29T00:00:00.000000Z"),
            (1_735_689_599, 0, "2024-12-31T23:59:59.000000Z"),
            (1_735_689_600, 0, "2025-01-01T00:00:00.000000Z"),
            (4_107_542_399, 0, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
        ] {
            room.stamp(Duration::new(seconds, micros * 1000));
            assert_eq!(room.timestamp, text);
        }
    }

    #[test]
    fn a_line_holds_what_is_known_and_nothing_else() {
        let mut pending = Pending {
            started: Instant::now(),
            method: Method::GET,
            route: "/user/{id}",
            status: StatusCode::OK,
            id: HeaderValue::from_static("abc"),
            partial: None,
            fault: None,
            upstream: None,
            cause: None,
            trace: 7,
            span: None,
        };
        let mut room = Room::default();
        let now = Duration::from_secs(1_709_164_800);
        let mut line = |pending: &Pending, bytes| {
            room.write(pending, bytes, now);
            let text = String::from_utf8(room.line.clone()).unwrap();
            let (before, after) = text.split_once("\"micros\":").unwrap();
            format!(
                "{before}{}",
                after.trim_start_matches(|c: char| c.is_ascii_digit())
            )
        };
        assert_eq!(
            line(&pending, Some(12)),
            concat!(
                r#"{"timestamp":"2024-02-29T00:00:00.000000Z","level":"INFO","method":"GET","route":"/user/{id}","#,
                r#""status":200,"bytes":12,,"request_id":"abc","trace_id":"00000000000000000000000000000007","target":"access"}"#,
                "\n"
            )
        );
        pending.partial = Some(HeaderValue::from_static("orders"));
        pending.upstream = Some("orders");
        pending.cause = Some("it said \"no\"\n".to_owned());
        assert_eq!(
            line(&pending, None),
            concat!(
                r#"{"timestamp":"2024-02-29T00:00:00.000000Z","level":"INFO","method":"GET","route":"/user/{id}","#,
                r#""status":200,,"request_id":"abc","partial":"orders","upstream":"orders","#,
                r#""cause":"it said \"no\"\n","trace_id":"00000000000000000000000000000007","target":"access"}"#,
                "\n"
            )
        );
    }
}
