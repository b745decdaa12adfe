//! What there is: everything the contract's examples show, by schema.

use bff_spec::contract::{Contract, Kind, Media, Operation, TypeId, Types};
use indexmap::IndexMap;
use serde_json::Value;

use super::fit::told;
use super::made::fitted;
use super::route::Route;

/// Everything the contract's examples show.
#[derive(Debug, Default)]
pub(super) struct World {
    /// By the schema's name.
    things: IndexMap<String, Vec<Value>>,
    /// The field that tells one thing of a schema from another: the parameter that closes its path.
    identities: IndexMap<String, String>,
}

impl World {
    /// From the examples of answers, then of schemas.
    pub(super) fn of(contract: &Contract, types: &Types) -> World {
        let mut world = World::default();
        for operation in &contract.operations {
            for response in operation
                .responses
                .iter()
                .filter(|response| (200..300).contains(&response.first))
            {
                for media in &response.content {
                    for value in examples(media) {
                        world.learn(types, media.ty, &value);
                    }
                    let schema = types.get(media.ty).example.as_deref();
                    let shown = schema.and_then(|text| serde_json::from_str(text).ok());
                    if let Some(value) = shown.and_then(|shown| fitted(types, media.ty, shown)) {
                        world.learn(types, media.ty, &value);
                    }
                }
            }
            world.learn_identity(operation, types);
        }
        world
    }

    /// What is known of this type.
    pub(super) fn things(&self, types: &Types, ty: TypeId) -> &[Value] {
        let name = types.get(ty).name.as_deref();
        name.and_then(|name| self.things.get(name))
            .map_or(&[], Vec::as_slice)
    }

    /// The field that tells one thing of this type from another.
    pub(super) fn identity(&self, types: &Types, ty: TypeId) -> Option<&str> {
        let name = types.get(ty).name.as_deref()?;
        self.identities.get(name).map(String::as_str)
    }

    fn learn(&mut self, types: &Types, ty: TypeId, value: &Value) {
        let known = types.get(ty);
        match (&known.kind, value) {
            (Kind::List(item), Value::Array(items)) => {
                for value in items {
                    self.learn(types, *item, value);
                }
            }
            (Kind::Object(object), Value::Object(fields)) => {
                if let Some(name) = &known.name {
                    let things = self.things.entry(name.clone()).or_default();
                    if !things.contains(value) {
                        things.push(value.clone());
                    }
                }
                for (key, value) in fields {
                    if let Some(ty) = object.fields.get(key).map(|field| field.ty).or(object.rest) {
                        self.learn(types, ty, value);
                    }
                }
            }
            (Kind::Variants(variants), value) => {
                if let Some(member) = told(variants, value) {
                    self.learn(types, member, value);
                }
            }
            _ => {}
        }
    }

    fn learn_identity(&mut self, operation: &Operation, types: &Types) {
        if operation.method != "GET" {
            return;
        }
        let (Some(closing), Some(ty)) = (
            Route::new(&operation.path).closed_by().map(str::to_owned),
            super::answer_type(operation),
        ) else {
            return;
        };
        let ty = types.get(ty);
        if let (Some(name), Kind::Object(object)) = (&ty.name, &ty.kind) {
            let fields = || object.fields.keys();
            let same = fields().find(|field| same_name(field, &closing));
            let ends_in_id = plain(&closing).ends_with("id");
            let id = fields().find(|field| ends_in_id && plain(field) == "id");
            if let Some(field) = same.or(id) {
                self.identities
                    .entry(name.clone())
                    .or_insert_with(|| field.clone());
            }
        }
    }
}

/// A media type's own examples.
pub(super) fn examples(media: &Media) -> impl Iterator<Item = Value> {
    media
        .examples
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
}

/// Whether two names differ only in case and separators: `customer_id` and `customerId`.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
