//! The types of generated structs that the standard library has none for: values that are written as they were read.

use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Values under names that the spec doesn't know, in the order they were read.
pub type Map<T> = IndexMap<String, T>;

/// A number that keeps its digits: `1.50` stays `1.50`, and no integer is too long.
///
/// Two are equal if they are written alike.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Number(Box<RawValue>);

impl Number {
    /// As JSON has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Its value, as near as 64 bits come to it.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        // JSON's numbers are a part of what Rust reads.
        self.as_str().parse().unwrap_or(f64::NAN)
    }

    /// Its value, if that is whole and 64 bits hold it: of `3` and of `3.0`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let text = self.as_str();
        if let Ok(value) = text.parse() {
            return Some(value);
        }
        let (whole, rest) = text.split_once('.')?;
        let zeros = !rest.is_empty() && rest.bytes().all(|digit| digit == b'0');
        zeros.then(|| whole.parse().ok()).flatten()
    }
}

/// A text that is no JSON number, or a value that JSON has none for: infinite, or not a number at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoNumber;

impl fmt::Display for NoNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON has no such number")
    }
}

impl std::error::Error for NoNumber {}

impl FromStr for Number {
    type Err = NoNumber;

    fn from_str(text: &str) -> Result<Number, NoNumber> {
        let raw = RawValue::from_string(text.to_owned()).map_err(|_| NoNumber)?;
        number(raw).ok_or(NoNumber)
    }
}

impl TryFrom<f64> for Number {
    type Error = NoNumber;

    fn try_from(value: f64) -> Result<Number, NoNumber> {
        if value.is_finite() {
            value.to_string().parse()
        } else {
            Err(NoNumber)
        }
    }
}

macro_rules! from_integers {
    ($($integer:ty)+) => {$(
        impl From<$integer> for Number {
            fn from(value: $integer) -> Number {
                // The digits of an integer are always JSON's.
                Number(serde_json::value::to_raw_value(&value).unwrap_or_default())
            }
        }
    )+};
}

from_integers! { i8 i16 i32 i64 u8 u16 u32 u64 usize isize }

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Number, D::Error> {
        number(Deserialize::deserialize(from)?).ok_or_else(|| D::Error::custom("expected a number"))
    }
}

fn number(raw: Box<RawValue>) -> Option<Number> {
    let first = raw.get().bytes().next()?;
    (first == b'-' || first.is_ascii_digit()).then_some(Number(raw))
}

/// A value of any kind, as it was written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The value of something that can be written.
    ///
    /// # Errors
    /// If it can't be: a map whose keys are no texts, say.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Json, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Json)
    }

    /// As JSON has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads it as something.
    ///
    /// # Errors
    /// If it is something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }
}

macro_rules! written_alike {
    ($($ty:ty)+) => {$(
        impl PartialEq for $ty {
            fn eq(&self, other: &$ty) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

written_alike! { Number Json }

/// For fields that may be left out and may be null: reads one that is there.
///
/// # Errors
/// If it is something else.
pub fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// For structs that keep further members: takes one that is named. One that is missing is read as null.
///
/// # Errors
/// If it is something else.
pub fn member<T: DeserializeOwned, E: serde::de::Error>(
    members: &mut Map<Json>,
    name: &str,
) -> Result<T, E> {
    let value = members.shift_remove(name);
    serde_json::from_str(value.as_ref().map_or("null", Json::as_str)).map_err(E::custom)
}

/// The same of one that may be left out.
///
/// # Errors
/// If it is something else.
pub fn optional_member<T: DeserializeOwned, E: serde::de::Error>(
    members: &mut Map<Json>,
    name: &str,
) -> Result<Option<T>, E> {
    match members.shift_remove(name) {
        Some(value) => value.read().map(Some).map_err(E::custom),
        None => Ok(None),
    }
}

/// All that is left.
///
/// # Errors
/// If one is something else.
pub fn rest<T: DeserializeOwned, E: serde::de::Error>(members: Map<Json>) -> Result<Map<T>, E> {
    let read = members
        .into_iter()
        .map(|(name, value)| Ok((name, value.read()?)));
    read.collect::<Result<_, serde_json::Error>>()
        .map_err(E::custom)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (text, whole, float) in [
            ("1.50", None, 1.5),
            ("3", Some(3), 3.0),
            ("3.0", Some(3), 3.0),
            ("-0", Some(0), -0.0),
            ("1e2", None, 100.0),
            ("18446744073709551616", None, 18_446_744_073_709_551_616.0),
        ] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
            assert_eq!((number.as_i64(), number.as_f64()), (whole, float), "{text}");
            assert_eq!(text.parse::<Number>(), Ok(number));
        }
        assert_eq!(Number::from(7_u8).as_str(), "7");
        assert_eq!(Number::from(i64::MIN).as_i64(), Some(i64::MIN));
        assert_eq!(Number::try_from(0.1 + 0.2).unwrap().as_f64(), 0.1 + 0.2);
        assert_eq!(Number::try_from(1e300).unwrap().as_f64(), 1e300);
        assert_eq!(Number::try_from(f64::NAN), Err(NoNumber));
        for text in ["", "1.", "+1", "\"1\"", "NaN", "null", "1 2", "[1]"] {
            assert_eq!(text.parse::<Number>(), Err(NoNumber), "{text}");
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn any_value_stays_as_it_is() {
        let text = r#"{"b": [1.50, "\u00e9"], "a":null}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
        let read: Map<Json> = json.read().unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(Json::of(&["x"]).unwrap().as_str(), "[\"x\"]");
    }
}
