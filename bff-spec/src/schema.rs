//! The JSON Schema of spec files (draft 2020-12), for editors that complete and check YAML by one.
//!
//! It is made of the tables that the reader checks keys against ([`crate::spec::keys`]), so that it knows every key the
//! checker knows, and no other. Names, selections and types it leaves to the checker: what it refuses is wrong, what it
//! takes may still be.

use serde_json::{Map, Value, json};

use crate::diagnostic::{Code, Severity};
use crate::spec::keys::{Keys, Takes};
use crate::spec::{FILE, METHODS, OWN};

/// The schema of a spec, and of the files that specs use.
#[must_use]
pub fn schema() -> Value {
    let mut tables = Map::new();
    let mut file = table(&FILE, &mut tables);
    if let Some(file) = file.as_object_mut() {
        let title = "A frontend's spec, or a file that specs use";
        file.insert(
            "$schema".into(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        file.insert("title".into(), json!(title));
        file.insert("type".into(), json!("object"));
        // What only a frontend's own spec has, and what that can't be without.
        let own = OWN.iter().filter(|name| **name != "bff");
        let mut together: Map<String, Value> = own
            .map(|name| ((*name).to_owned(), json!(["bff"])))
            .collect();
        together.insert("bff".into(), json!(["endpoints"]));
        file.insert("dependentRequired".into(), together.into());
        file.insert("$defs".into(), tables.into());
    }
    file
}

/// A map with these keys and no others.
fn table(keys: &Keys, tables: &mut Map<String, Value>) -> Value {
    let properties: Map<String, Value> = keys
        .known
        .iter()
        .map(|known| {
            let mut value = takes(&known.takes, tables);
            if let Some(value) = value.as_object_mut() {
                value.insert("description".into(), json!(known.means));
            }
            (known.name.to_owned(), value)
        })
        .collect();
    let required: Vec<&str> = keys
        .known
        .iter()
        .filter(|known| known.required)
        .map(|known| known.name)
        .collect();
    if required.is_empty() {
        json!({
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        })
    } else {
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn takes(what: &Takes, tables: &mut Map<String, Value>) -> Value {
    /// What YAML makes of a text without quotes.
    const SCALAR: [&str; 3] = ["string", "number", "boolean"];
    match *what {
        Takes::Text => json!({ "type": SCALAR }),
        Takes::Form(form) => json!({ "type": SCALAR, "pattern": form }),
        Takes::Boolean => json!({ "type": "boolean" }),
        Takes::Whole(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Takes::Number => json!({ "type": "number" }),
        Takes::Anything => json!({}),
        Takes::List => json!({ "type": "array" }),
        Takes::Grammar => json!({ "type": "string" }),
        Takes::Word(words) => json!({ "enum": words }),
        Takes::Words(words) => {
            json!({ "anyOf": [{ "enum": words }, { "type": "array", "items": { "enum": words } }] })
        }
        Takes::Texts => {
            json!({ "anyOf": [{ "type": SCALAR }, { "type": "array", "items": { "type": SCALAR } }] })
        }
        Takes::Table(keys) => shared(keys, tables),
        Takes::Tables(keys) => {
            let one = shared(keys, tables);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Takes::Map(form, inner) => json!({
            "type": ["object", "null"],
            "patternProperties": { form: takes(inner, tables) },
            "additionalProperties": false,
        }),
        Takes::Routes(keys) => {
            let form = format!("^({}) +/", METHODS.join("|"));
            json!({
                "type": ["object", "null"],
                "patternProperties": { form: shared(keys, tables) },
                "additionalProperties": false,
            })
        }
        Takes::Lints(keys) => {
            let entry = shared(keys, tables);
            let codes = Code::ALL
                .iter()
                .filter(|code| code.severity() != Severity::Error);
            let properties: Map<String, Value> = codes
                .map(|code| {
                    let level = json!({
                        "description": code.meaning(),
                        "anyOf": [entry, { "type": "array", "items": entry }],
                    });
                    (code.as_str().to_owned(), level)
                })
                .collect();
            json!({
                "type": ["object", "null"],
                "properties": properties,
                "additionalProperties": false,
            })
        }
        Takes::Either(all) => {
            let all: Vec<Value> = all.iter().map(|one| takes(one, tables)).collect();
            json!({ "anyOf": all })
        }
    }
}

/// A table that may stand in several places: written once.
fn shared(keys: &Keys, tables: &mut Map<String, Value>) -> Value {
    let words = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let mut name = keys.of.split(words).filter(|word| !word.is_empty());
    let name = name.next_back().unwrap_or_default().to_owned();
    if !tables.contains_key(&name) {
        tables.insert(name.clone(), Value::Null);
        let table = table(keys, tables);
        tables.insert(name.clone(), table);
    }
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_names_of_their_own() {
        let schema = schema();
        let tables: Vec<&String> = schema["$defs"].as_object().unwrap().keys().collect();
        let expected = [
            "api_key",
            "call",
            "connections",
            "defaults",
            "deprecated",
            "endpoint",
            "header_limit",
            "jwt",
            "limit",
            "lint",
            "parameter",
            "require",
            "scheme",
            "server",
            "timeouts",
            "tls",
            "upstream",
        ];
        assert_eq!(tables, expected);
    }
}
