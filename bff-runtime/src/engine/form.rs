//! A JSON object as `application/x-www-form-urlencoded`: scalars as they are written, a list's elements one by one or between
//! separators. Within an object or list inside, a value is its JSON.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::percent;
use crate::plan::Style;

/// Writes an object's fields in their order; null fields are left out. `lists` says of which fields a list isn't written one by
/// one. `None` if the text is no object.
pub(super) fn write(json: &[u8], lists: &[(&str, Style)]) -> Option<Bytes> {
    let mut out = String::with_capacity(json.len());
    let mut reader = serde_json::Deserializer::from_slice(json);
    let fields = Fields::deserialize(&mut reader).ok()?;
    for (name, value) in &fields.0 {
        let style = lists
            .iter()
            .find_map(|(list, style)| (list == name).then_some(*style));
        let values = if value.get().starts_with('[') {
            let elements: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            elements.into_iter().filter_map(text).collect()
        } else {
            Vec::from_iter(text(value))
        };
        put(name, &values, style.unwrap_or(Style::Repeat), &mut out);
    }
    Some(out.into())
}

/// A value's text: a string's, or JSON as it was written. None for null.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get() {
        "null" => None,
        json if json.starts_with('"') => serde_json::from_str(json).ok().map(Cow::Owned),
        json => Some(Cow::Borrowed(json)),
    }
}

fn put(name: &str, values: &[Cow<'_, str>], style: Style, out: &mut String) {
    let between = style.between();
    for (at, value) in values.iter().enumerate() {
        match between {
            Some(between) if at > 0 => out.push_str(between),
            _ => {
                if !out.is_empty() {
                    out.push('&');
                }
                percent::encode_into(out, name);
                out.push('=');
            }
        }
        percent::encode_into(out, value);
    }
}

/// Fields in the order they are written.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Fields, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_order() {
        let json = br#"{"b":"x y&","a":[1,"2",null],"n":null,"t":true,"big":12345678901234567.10,"o":{"k":1}}"#;
        assert_eq!(
            write(json, &[]).as_deref(),
            Some(&b"b=x%20y%26&a=1&a=2&t=true&big=12345678901234567.10&o=%7B%22k%22%3A1%7D"[..])
        );
        assert_eq!(
            write(
                br#"{"a":[1,"2,",null],"b":[],"c":["x"]}"#,
                &[("a", Style::Comma), ("b", Style::Pipe)]
            )
            .as_deref(),
            Some(&b"a=1,2%2C&c=x"[..])
        );
        assert_eq!(write(b"[]", &[]), None);
    }
}
