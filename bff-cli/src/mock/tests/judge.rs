//! Whether an answer is what its contract says, by a validator of JSON Schema that knows nothing of our contract reader.
//!
//! The document is read as it is and turned into JSON Schema 2020-12 where OpenAPI 3.0 and Swagger 2.0 say otherwise:
//! `nullable`, exclusive bounds as flags, what stands beside a `$ref`, files. What is `writeOnly` isn't asked of an
//! answer, nor the one property that a contract requires without describing it. Formats aren't asserted.

use bff_spec::diagnostic::FileId;
use bff_spec::document::{self, Dialect};
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};

const AT: &str = "http://contract.example/whole.json";

/// What box.json requires of a shared link and describes nowhere, so that nobody could say what it is.
const UNSAID: [&str; 1] = ["accessed"];

pub(super) struct Judge {
    document: Value,
    compiler: Compiler,
    schemas: Schemas,
}

impl Judge {
    pub(super) fn of(text: &str) -> Judge {
        let (node, faults) = document::parse(FileId(0), text, Dialect::Contract);
        assert!(faults.is_empty(), "{faults:?}");
        let mut document = node.unwrap().to_json();
        let later = document["openapi"].as_str().is_some_and(|v| v >= "3.1");
        if !later {
            as_json_schema(&mut document);
        }
        let mut compiler = Compiler::new();
        compiler.add_resource(AT, document.clone()).unwrap();
        Judge {
            document,
            compiler,
            schemas: Schemas::new(),
        }
    }

    /// What is wrong with an answer's JSON; none if its status has no schema.
    pub(super) fn of_answer(
        &mut self,
        operation: (&str, &str),
        status: u16,
        media: &str,
        value: &Value,
    ) -> Option<Result<(), String>> {
        let schema = self.schema(operation, status, media)?;
        let verdict = self.schemas.validate(value, schema);
        Some(verdict.map_err(|error| error.to_string()))
    }

    fn schema(
        &mut self,
        (method, path): (&str, &str),
        status: u16,
        media: &str,
    ) -> Option<SchemaIndex> {
        let method = method.to_lowercase();
        let mut at = vec!["paths", path, &method, "responses"];
        let exact = status.to_string();
        let hundreds = format!("{}XX", status / 100);
        let responses = self.get(&at)?;
        let mut keys = [exact.as_str(), &hundreds, "default"].into_iter();
        at.push(keys.find(|key| responses.get(key).is_some())?);
        let mut at: Vec<String> = at.into_iter().map(str::to_owned).collect();
        while let Some(Value::String(to)) = self.of_names(&at)?.get("$ref") {
            let names = to.trim_start_matches("#/").split('/');
            at = names
                .map(|name| name.replace("~1", "/").replace("~0", "~"))
                .collect();
        }
        if self.document.get("swagger").is_none() {
            at.extend(["content".to_owned(), media.to_owned()]);
        }
        at.push("schema".to_owned());
        self.of_names(&at)?;
        let escaped = at.iter().map(|name| escape(name));
        let pointer = escaped.fold(String::new(), |whole, name| whole + "/" + &name);
        let compiled = self
            .compiler
            .compile(&format!("{AT}#{pointer}"), &mut self.schemas);
        Some(compiled.unwrap_or_else(|error| panic!("{pointer}: {error:#}")))
    }

    fn get(&self, names: &[&str]) -> Option<&Value> {
        names
            .iter()
            .try_fold(&self.document, |at, name| at.get(name))
    }

    fn of_names(&self, names: &[String]) -> Option<&Value> {
        names
            .iter()
            .try_fold(&self.document, |at, name| at.get(name))
    }
}

/// A name in a JSON pointer in a URL's fragment.
fn escape(name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Every schema of OpenAPI 3.0 or Swagger 2.0 in a document, as one of JSON Schema 2020-12.
fn as_json_schema(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(as_json_schema),
        Value::Object(object) => {
            object.values_mut().for_each(as_json_schema);
            if let Some(new) = schema(object) {
                *value = new;
            }
        }
        _ => {}
    }
}

/// What stands in a schema's place, if something else does.
fn schema(object: &mut Map<String, Value>) -> Option<Value> {
    for (bound, flag) in [
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ] {
        if let Some(Value::Bool(exclusive)) = object.get(flag).cloned() {
            object.remove(flag);
            if exclusive && let Some(limit) = object.remove(bound) {
                object.insert(flag.to_owned(), limit);
            }
        }
    }
    if object.get("type") == Some(&json!("file")) {
        object.remove("type");
    }
    let hidden = |name: &Value| {
        if UNSAID.iter().any(|unsaid| name == unsaid) {
            return true;
        }
        let property = object
            .get("properties")
            .and_then(|all| all.get(name.as_str()?));
        property.is_some_and(|property| property.get("writeOnly") == Some(&json!(true)))
    };
    if let Some(Value::Array(required)) = object.get("required") {
        let kept: Vec<Value> = required
            .iter()
            .filter(|name| !hidden(name))
            .cloned()
            .collect();
        object.insert("required".to_owned(), json!(kept));
    }
    let nullable = ["nullable", "x-nullable"];
    let nullable = nullable
        .iter()
        .any(|key| object.get(*key) == Some(&json!(true)));
    if let Some(to) = object.get("$ref").filter(|to| to.is_string()) {
        let to = json!({ "$ref": to });
        return Some(match nullable {
            true => json!({ "anyOf": [to, { "type": "null" }] }),
            false => to,
        });
    }
    nullable
        .then(|| json!({ "anyOf": [Value::Object(std::mem::take(object)), { "type": "null" }] }))
}
