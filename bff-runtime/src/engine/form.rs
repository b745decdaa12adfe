//! A JSON object as `application/x-www-form-urlencoded`: scalars as they are, a list's elements one by one.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::percent;

/// Writes an object's fields in their order; null fields are left out. `None` if the text is no object.
pub(super) fn write(json: &[u8]) -> Option<Bytes> {
    let mut out = String::with_capacity(json.len());
    let mut reader = serde_json::Deserializer::from_slice(json);
    let fields = Fields::deserialize(&mut reader).ok()?;
    for (name, value) in &fields.0 {
        put(name, value, &mut out);
    }
    Some(out.into())
}

fn put(name: &str, value: &Value, out: &mut String) {
    let text = match value {
        Value::Null => return,
        Value::Array(items) => return items.iter().for_each(|item| put(name, item, out)),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !out.is_empty() {
        out.push('&');
    }
    percent::encode_into(out, name);
    out.push('=');
    percent::encode_into(out, &text);
}

/// Fields in the order they are written.
struct Fields(Vec<(String, Value)>);

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
        let json = br#"{"b":"x y&","a":[1,"2",null],"n":null,"t":true,"big":12345678901234567}"#;
        assert_eq!(
            write(json).as_deref(),
            Some(&b"b=x%20y%26&a=1&a=2&t=true&big=12345678901234567"[..])
        );
        assert_eq!(write(b"[]"), None);
    }
}
