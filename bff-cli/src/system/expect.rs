//! Whether an answer is what its endpoint's response says: every field there, each of its kind.

use bff_spec::contract::{Kind, TypeId, Types};
use bff_spec::model::{Block, Entry, Path, Value};
use serde_json::Value as Json;

/// An endpoint's `response`, and whether a hook gets it before the frontend does.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) block: Block,
    /// A hook keeps the types of what it gets and fills in the values: a literal is a field's kind, not its value.
    pub(super) hooked: bool,
}

/// What is wrong with a value, in words with paths: `orders[0].total: missing`.
pub(super) fn faults(
    types: &Types,
    Response { block, hooked }: &Response,
    value: &Json,
) -> Vec<String> {
    let mut faults = Vec::new();
    Checker {
        types,
        hooked: *hooked,
    }
    .block(block, value, "", &mut faults);
    faults
}

struct Checker<'a> {
    types: &'a Types,
    hooked: bool,
}

impl Checker<'_> {
    fn block(&self, block: &Block, value: &Json, at: &str, faults: &mut Vec<String>) {
        match (block, value) {
            (Block::Value(inner), value) => self.value(inner, value, at, faults),
            // A selection on a list applies to each of its elements, on a nullable value to the value when it is there.
            (Block::Fields(_), Json::Array(items)) => {
                for (n, item) in items.iter().enumerate() {
                    self.block(block, item, &format!("{at}[{n}]"), faults);
                }
            }
            (Block::Fields(_), Json::Null) => {}
            (Block::Fields(entries), Json::Object(_)) => self.entries(entries, value, at, faults),
            (Block::Fields(_), other) => faults.push(format!(
                "{}: {} where an object should be",
                here(at),
                kind(other)
            )),
        }
    }

    fn entries(&self, entries: &[Entry], object: &Json, at: &str, faults: &mut Vec<String>) {
        for entry in entries {
            match entry {
                Entry::Field {
                    name,
                    value,
                    copied,
                    ..
                } => {
                    let at = if at.is_empty() {
                        name.clone()
                    } else {
                        format!("{at}.{name}")
                    };
                    match object.get(name) {
                        Some(found) => self.value(value, found, &at, faults),
                        None if *copied => {}
                        None => faults.push(format!("{at}: missing")),
                    }
                }
                Entry::Spread { entries, .. } => self.entries(entries, object, at, faults),
                // Which variant it is, or which keys a map has, only the value says.
                Entry::Variant { .. } | Entry::Rest { .. } => {}
            }
        }
    }

    fn value(&self, value: &Value, found: &Json, at: &str, faults: &mut Vec<String>) {
        match value {
            Value::Literal(text) => {
                let wrong = |literal: Json| match self.hooked {
                    true => kind(&literal) != kind(found),
                    false => literal != *found,
                };
                if serde_json::from_str::<Json>(text).is_ok_and(wrong) {
                    faults.push(format!("{}: {found} where {text} should be", here(at)));
                }
            }
            Value::List(items) => match found.as_array() {
                Some(list) if list.len() == items.len() || self.hooked => {
                    for (n, (item, found)) in items.iter().zip(list).enumerate() {
                        self.value(item, found, &format!("{at}[{n}]"), faults);
                    }
                }
                _ => faults.push(format!(
                    "{}: {} where a list of {} should be",
                    here(at),
                    kind(found),
                    items.len()
                )),
            },
            Value::Block(block) => self.block(block, found, at, faults),
            Value::Path {
                path,
                select,
                default,
            } => {
                if found.is_null() {
                    if !path.nullable {
                        faults.push(format!(
                            "{}: null, and the contract promises a value",
                            here(at)
                        ));
                    }
                } else if let Some(block) = select {
                    self.selected(block, path, found, at, faults);
                } else if default.is_none() {
                    self.whole(path, found, at, faults);
                }
            }
        }
    }

    fn selected(
        &self,
        block: &Block,
        path: &Path,
        found: &Json,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        use bff_spec::model::{Pick, Step};
        let keyed = path.steps.iter().any(|step| {
            matches!(
                step,
                Step::Each {
                    pick: Pick::All,
                    map: true,
                    ..
                }
            )
        });
        match found {
            // `.*`: every value under the same keys.
            Json::Object(fields) if keyed => {
                for (key, value) in fields {
                    self.block(block, value, &format!("{at}.{key}"), faults);
                }
            }
            found => self.block(block, found, at, faults),
        }
    }

    fn whole(&self, path: &Path, found: &Json, at: &str, faults: &mut Vec<String>) {
        let is_list = path.many && found.is_array();
        let elements: Vec<(String, &Json)> = match found {
            Json::Array(items) if is_list => items
                .iter()
                .enumerate()
                .map(|(n, item)| (format!("{at}[{n}]"), item))
                .collect(),
            found => vec![(at.to_owned(), found)],
        };
        for (at, element) in elements {
            if !element.is_null() && !path.many_over_map() && !self.is(path.ty, element) {
                faults.push(format!(
                    "{}: {}, which the contract doesn't allow",
                    here(&at),
                    kind(element)
                ));
            }
        }
    }

    fn is(&self, ty: TypeId, value: &Json) -> bool {
        match &self.types.get(ty).kind {
            Kind::Boolean => value.is_boolean(),
            Kind::Integer | Kind::Number => value.is_number(),
            Kind::String => value.is_string(),
            Kind::List(_) => value.is_array(),
            Kind::Object(_) => value.is_object(),
            Kind::Any | Kind::Null | Kind::Scalars(_) | Kind::Variants(_) => true,
        }
    }
}

/// Asks a path what only its steps know.
trait Steps {
    /// Whether it gives the values of a map under their keys.
    fn many_over_map(&self) -> bool;
}

impl Steps for Path {
    fn many_over_map(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, bff_spec::model::Step::Each { map: true, .. }))
    }
}

fn here(at: &str) -> &str {
    if at.is_empty() { "the answer" } else { at }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bff_spec::contract::Type;
    use bff_spec::diagnostic::{FileId, Place};
    use bff_spec::model::Root;
    use serde_json::json;

    const NOWHERE: Place = Place {
        file: FileId(0),
        start: 0,
        end: 0,
    };

    fn path(ty: TypeId, nullable: bool, many: bool, select: Option<Block>) -> Value {
        let path = Path {
            root: Root::Current,
            steps: Vec::new(),
            place: NOWHERE,
            text: String::new(),
            ty,
            nullable,
            many,
            item_nullable: false,
            promised: false,
        };
        Value::Path {
            path,
            select,
            default: None,
        }
    }

    fn field(name: &str, value: Value, copied: bool) -> Entry {
        Entry::Field {
            name: name.to_owned(),
            value,
            copied,
            place: NOWHERE,
        }
    }

    #[test]
    fn answers_are_held_against_their_response() {
        let mut types = Types::default();
        let text = types.add(Type::of(Kind::String));
        let any = types.add(Type::of(Kind::Any));
        let lines = Block::Fields(vec![field("sku", path(text, false, false, None), false)]);
        let block = Block::Fields(vec![
            field("id", path(text, false, false, None), false),
            field("note", path(text, true, false, None), false),
            field("extra", path(text, false, false, None), true),
            field("kind", Value::Literal("\"order\"".to_owned()), false),
            field("lines", path(any, true, true, Some(lines)), false),
        ]);
        let good = json!({ "id": "a", "note": null, "kind": "order", "lines": [{ "sku": "x" }] });
        let without = |key: &str| {
            let mut value = good.clone();
            value.as_object_mut().unwrap().remove(key);
            value
        };
        let with = |key: &str, to: Json| {
            let mut value = good.clone();
            value[key] = to;
            value
        };
        let response = |hooked| Response {
            block: block.clone(),
            hooked,
        };
        for (value, expected) in [
            (good.clone(), vec![]),
            (without("extra"), vec![]),
            (without("note"), vec!["note: missing"]),
            (
                with("id", json!(null)),
                vec!["id: null, and the contract promises a value"],
            ),
            (
                with("id", json!(1)),
                vec!["id: a number, which the contract doesn't allow"],
            ),
            (
                with("kind", json!("x")),
                vec!["kind: \"x\" where \"order\" should be"],
            ),
            (with("lines", json!(null)), vec![]),
            (
                with("lines", json!([{ "sku": "x" }, {}])),
                vec!["lines[1].sku: missing"],
            ),
            (
                with("lines", json!([1])),
                vec!["lines[0]: a number where an object should be"],
            ),
            (
                json!("x"),
                vec!["the answer: a string where an object should be"],
            ),
        ] {
            assert_eq!(
                faults(&types, &response(false), &value),
                expected,
                "{value}"
            );
        }
        for (value, expected) in [
            (with("kind", json!("x")), vec![]),
            (
                with("kind", json!(1)),
                vec!["kind: 1 where \"order\" should be"],
            ),
            (
                with("id", json!(1)),
                vec!["id: a number, which the contract doesn't allow"],
            ),
        ] {
            assert_eq!(faults(&types, &response(true), &value), expected, "{value}");
        }
    }
}
