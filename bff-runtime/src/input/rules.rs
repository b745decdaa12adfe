//! One scalar held to its rules.

use super::format;
use super::pattern::Patterns;
use crate::plan::{Bound, Rules, Scalar};

/// Checks a text and gives it as JSON.
///
/// # Errors
/// In words, what it must be.
pub(crate) fn check(rules: &Rules, text: &str, patterns: &Patterns) -> Result<String, String> {
    let json = match rules.kind {
        Scalar::Boolean if matches!(text, "true" | "false") => text.to_owned(),
        Scalar::Boolean => return Err("must be true or false".to_owned()),
        Scalar::Integer if is_number(text, false) => text.to_owned(),
        Scalar::Integer => return Err("must be an integer".to_owned()),
        Scalar::Number if is_number(text, true) => text.to_owned(),
        Scalar::Number => return Err("must be a number".to_owned()),
        Scalar::String | Scalar::Any => {
            serde_json::to_string(text).map_err(|_| "is no text".to_owned())?
        }
    };
    check_value(rules, text, patterns)?;
    Ok(json)
}

/// Checks what is left once the kind is known to be right; `text` is a string's content, or a number's digits.
pub(crate) fn check_value(rules: &Rules, text: &str, patterns: &Patterns) -> Result<(), String> {
    if !rules.one_of.is_empty() && !rules.one_of.contains(&text) {
        return Err(format!("must be one of {}", rules.one_of.join(", ")));
    }
    if let Some(format) = rules.format {
        format::check(format, text)?;
    }
    if rules.minimum.is_some() || rules.maximum.is_some() {
        let value: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
        bounds(value, rules.minimum, rules.maximum)?;
    }
    if rules.min_length.is_some() || rules.max_length.is_some() {
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        match (rules.min_length, rules.max_length) {
            (Some(min), _) if length < min => {
                return Err(format!("must have at least {min} characters"));
            }
            (_, Some(max)) if length > max => {
                return Err(format!("must have at most {max} characters"));
            }
            _ => {}
        }
    }
    if let Some(pattern) = rules
        .pattern
        .as_ref()
        .filter(|pattern| !patterns.is_match(pattern, text))
    {
        return Err(format!("must match {}", pattern.source));
    }
    Ok(())
}

fn bounds(value: f64, minimum: Option<Bound>, maximum: Option<Bound>) -> Result<(), String> {
    if let Some(Bound {
        value: least,
        exclusive,
    }) = minimum
    {
        match exclusive {
            true if value <= least => return Err(format!("must be more than {least}")),
            false if value < least => return Err(format!("must be at least {least}")),
            _ => {}
        }
    }
    if let Some(Bound {
        value: most,
        exclusive,
    }) = maximum
    {
        match exclusive {
            true if value >= most => return Err(format!("must be less than {most}")),
            false if value > most => return Err(format!("must be at most {most}")),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a text is a JSON number (RFC 8259, 6), or one without fraction and exponent.
fn is_number(text: &str, fraction: bool) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = digits.len() > 1
        && digits.starts_with('0')
        && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if plain || !fraction {
        return plain && !digits.is_empty() && !leading_zero;
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && !text.ends_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Format;

    #[test]
    fn kinds() {
        let check = |kind, text: &str| check(&Rules::of(kind), text, &Patterns::default());
        for (kind, good) in [
            (
                Scalar::Integer,
                &["0", "-1", "12", "99999999999999999999"][..],
            ),
            (Scalar::Number, &["0", "-1.5", "1e3", "1E-2"]),
            (Scalar::Boolean, &["true", "false"]),
        ] {
            for text in good {
                assert_eq!(check(kind, text).as_deref(), Ok(*text), "{kind:?} {text}");
            }
        }
        for (kind, bad) in [
            (
                Scalar::Integer,
                &[
                    "", "-", "+1", "01", "1.0", "1e3", " 1", "1 ", "x", "\u{661}",
                ][..],
            ),
            (
                Scalar::Number,
                &[
                    "", ".5", "5.", "NaN", "inf", "1 ", " 1", "-", "01", "01.5", "[1]", "\"1\"",
                ],
            ),
            (Scalar::Boolean, &["", "True", "1"]),
        ] {
            for text in bad {
                assert!(check(kind, text).is_err(), "{kind:?} {text:?}");
            }
        }
        assert_eq!(check(Scalar::String, "a\"\n").as_deref(), Ok(r#""a\"\n""#));
    }

    #[test]
    fn bounds_lengths_and_formats() {
        let patterns = Patterns::default();
        let least = Rules {
            minimum: Some(Bound {
                value: 1.0,
                exclusive: true,
            }),
            ..Rules::of(Scalar::Number)
        };
        assert!(
            check(&least, "1.0", &patterns).is_err() && check(&least, "1.01", &patterns).is_ok()
        );
        let long = Rules {
            max_length: Some(2),
            min_length: Some(1),
            ..Rules::of(Scalar::String)
        };
        assert!(check(&long, "éé", &patterns).is_ok() && check(&long, "abc", &patterns).is_err());
        assert!(check(&long, "", &patterns).is_err());
        let of = |format| Rules {
            format: Some(format),
            ..Rules::of(Scalar::String)
        };
        assert!(check(&of(Format::Date), "2024-02-29", &patterns).is_ok());
        assert!(check(&of(Format::Date), "2023-02-29", &patterns).is_err());
    }
}
