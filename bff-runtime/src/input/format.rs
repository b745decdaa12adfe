//! The formats that inputs are checked for.

use crate::plan::Format;

/// Checks a text for a format.
///
/// # Errors
/// In words, what it must be.
pub(crate) fn check(format: Format, text: &str) -> Result<(), String> {
    let (fits, words) = match format {
        Format::Uuid => (is_uuid(text), "must be a UUID"),
        Format::Date => (
            date(text).is_some_and(str::is_empty),
            "must be a date as in 2030-12-31",
        ),
        Format::DateTime => (
            is_date_time(text),
            "must be a time as in 2030-12-31T23:59:59Z",
        ),
        Format::Int32 => (text.parse::<i32>().is_ok(), "must fit 32 bits"),
        Format::Int64 => (text.parse::<i64>().is_ok(), "must fit 64 bits"),
    };
    if fits { Ok(()) } else { Err(words.to_owned()) }
}

/// RFC 9562, 4: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// RFC 3339 `full-date`; gives what follows it.
fn date(text: &str) -> Option<&str> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

/// RFC 3339 `date-time`.
fn is_date_time(text: &str) -> bool {
    let time = || {
        let rest = date(text)?.strip_prefix(['T', 't', ' '])?;
        let (hour, rest) = digits(rest, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let (second, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let rest = match rest.strip_prefix('.') {
            Some(fraction) => {
                let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                (rest.len() < fraction.len()).then_some(rest)?
            }
            None => rest,
        };
        let zone = match rest {
            "Z" | "z" => true,
            rest => {
                let (hours, rest) = digits(rest.strip_prefix(['+', '-'])?, 2)?;
                let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
                hours < 24 && minutes < 60 && rest.is_empty()
            }
        };
        Some(hour < 24 && minute < 60 && second <= 60 && zone)
    };
    time().unwrap_or_default()
}

/// A number of so many digits, and what follows it.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| plain)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let cases = [
            (Format::Uuid, "123e4567-e89b-12d3-a456-426614174000", true),
            (Format::Uuid, "123e4567e89b12d3a456426614174000", false),
            (Format::Uuid, "123e4567-e89b-12d3-a456-42661417400g", false),
            (Format::Date, "2024-02-29", true),
            (Format::Date, "2100-02-29", false),
            (Format::Date, "2024-2-29", false),
            (Format::Date, "+024-02-29", false),
            (Format::Date, "2024-13-01", false),
            (Format::DateTime, "2024-02-29T23:59:60Z", true),
            (Format::DateTime, "2024-02-29T23:59:59.123+02:00", true),
            (Format::DateTime, "2024-02-29T23:59:59.+02:00", false),
            (Format::DateTime, "2024-02-29T24:00:00Z", false),
            (Format::DateTime, "2024-02-29T23:59:59", false),
            (Format::DateTime, "2024-02-29", false),
            (Format::Int32, "2147483647", true),
            (Format::Int32, "2147483648", false),
            (Format::Int64, "-9223372036854775808", true),
            (Format::Int64, "9223372036854775808", false),
        ];
        for (format, text, fits) in cases {
            assert_eq!(check(format, text).is_ok(), fits, "{format:?} {text}");
        }
    }
}
