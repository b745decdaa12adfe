//! Examples held to their schema: contracts show texts for numbers, and things without what they promise.
//!
//! What fits stays as it is shown, fields that the schema doesn't know among it. A text that is the number or boolean
//! wanted becomes that; anything else that doesn't fit is made from the schema where it must be there, and left out
//! where it needn't be. Formats aren't looked at.

use bff_spec::contract::{Bounds, Kind, Object, Type, TypeId, VariantTest, Variants};
use serde_json::{Map, Value};

use super::made::{Maker, within};

impl Maker<'_> {
    /// What is shown of this type, as its schema allows it; nothing if that is no value of the type at all.
    pub(super) fn fitted(&mut self, id: TypeId, shown: Value, name: &str) -> Option<Value> {
        let ty = self.types.get(id);
        if shown.is_null() {
            return (ty.nullable || matches!(ty.kind, Kind::Null | Kind::Any)).then_some(shown);
        }
        let value = match &ty.kind {
            Kind::Any => Some(shown),
            Kind::Null => None,
            Kind::Scalars(kinds) => {
                let same = |kind: &&Kind| scalar(kind, &shown).as_ref() == Some(&shown);
                let kind = kinds.iter().find(same).or(kinds.first())?;
                scalar(kind, &shown)
            }
            Kind::List(item) => self.list(ty, *item, shown, name),
            Kind::Object(object) => {
                self.inside.push(id);
                let fitted = self.object(object, shown);
                self.inside.pop();
                fitted
            }
            Kind::Variants(variants) => self.one_of(variants, shown, name),
            kind => scalar(kind, &shown),
        }?;
        (known(ty, &value) && (self.unbound || within_bounds(ty, &value))).then_some(value)
    }

    fn list(&mut self, ty: &Type, item: TypeId, shown: Value, name: &str) -> Option<Value> {
        let Value::Array(shown) = shown else {
            return None;
        };
        let most = ty.bounds.max_items.and_then(|most| most.try_into().ok());
        let mut items = Vec::new();
        for (at, one) in shown
            .into_iter()
            .enumerate()
            .take(most.unwrap_or(usize::MAX))
        {
            let fitted = self.fitted(item, one, name);
            items.push(fitted.unwrap_or_else(|| self.value(item, name, at + 1)));
        }
        let least = ty.bounds.min_items.unwrap_or(0).min(20);
        while (items.len() as u64) < least {
            items.push(self.value(item, name, items.len() + 1));
        }
        Some(Value::Array(items))
    }

    fn object(&mut self, object: &Object, shown: Value) -> Option<Value> {
        let Value::Object(shown) = shown else {
            return None;
        };
        let mut fields = Map::new();
        for (key, value) in shown {
            let known = object.fields.get(&key);
            let fitted = match known.map(|field| field.ty).or(object.rest) {
                Some(ty) => self.fitted(ty, value, &key),
                None => Some(value),
            };
            fields.extend(fitted.map(|value| (key, value)));
        }
        for (key, field) in &object.fields {
            if field.required && !field.write_only && !fields.contains_key(key) {
                fields.insert(key.clone(), self.value(field.ty, key, 1));
            }
        }
        Some(Value::Object(fields))
    }

    /// As the member that its fields tell, or else the first that takes it unchanged, or else that takes it at all.
    fn one_of(&mut self, variants: &Variants, shown: Value, name: &str) -> Option<Value> {
        if let Some(member) = told(variants, &shown) {
            return self.fitted(member, shown, name);
        }
        let mut nearest = None;
        for member in &variants.members {
            let fitted = self.fitted(member.ty, shown.clone(), name);
            if fitted.as_ref() == Some(&shown) {
                return fitted;
            }
            nearest = nearest.or(fitted);
        }
        nearest
    }
}

/// The member of alternatives that a value's own fields tell.
pub(super) fn told(variants: &Variants, value: &Value) -> Option<TypeId> {
    let is = |test: &VariantTest| match test {
        VariantTest::Property(name, values) => value
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|value| values.iter().any(|known| known == value)),
        VariantTest::Own(name) => value.get(name).is_some(),
        VariantTest::Kind => false,
    };
    let mut members = variants.members.iter();
    let member = members.find(|member| member.test.as_ref().is_some_and(is));
    member.map(|member| member.ty)
}

fn scalar(kind: &Kind, shown: &Value) -> Option<Value> {
    // A text may hold what is wanted.
    let read = |text: &str| serde_json::from_str::<Value>(text.trim()).ok();
    match (kind, shown) {
        (Kind::Boolean, Value::Bool(_)) | (Kind::String, Value::String(_)) => Some(shown.clone()),
        (Kind::Number, Value::Number(_)) => Some(shown.clone()),
        (Kind::Integer, Value::Number(number)) => match number.as_f64() {
            Some(float) if !number.is_f64() || float.fract() == 0.0 => {
                let whole = number.is_f64().then(|| Value::from(float as i64));
                Some(whole.unwrap_or_else(|| shown.clone()))
            }
            _ => None,
        },
        (Kind::String, Value::Number(_) | Value::Bool(_)) => Some(Value::from(shown.to_string())),
        (Kind::Boolean | Kind::Number | Kind::Integer, Value::String(text)) => {
            read(text).filter(|value| !value.is_string() && scalar(kind, value).is_some())
        }
        _ => None,
    }
}

/// Whether a value is one of those that the schema names, if it names any.
fn known(ty: &Type, value: &Value) -> bool {
    let mut known = ty.one_of.iter().map(|text| serde_json::from_str(text).ok());
    ty.one_of.is_empty() || known.any(|known: Option<Value>| known.as_ref() == Some(value))
}

fn within_bounds(ty: &Type, value: &Value) -> bool {
    match value {
        Value::String(text) => fits(&ty.bounds, text),
        Value::Number(number) => number
            .as_f64()
            .is_none_or(|number| within(&ty.bounds, number) == number),
        _ => true,
    }
}

fn fits(bounds: &Bounds, text: &str) -> bool {
    let length = text.chars().count() as u64;
    bounds.min_length.is_none_or(|least| least <= length)
        && bounds.max_length.is_none_or(|most| length <= most)
        && bounds.pattern.as_deref().is_none_or(|pattern| {
            // An expression that isn't Rust's refuses nothing.
            regex::Regex::new(pattern).map_or(true, |pattern| pattern.is_match(text))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bff_spec::contract::{Field, Limit, Types};
    use serde_json::json;

    #[test]
    fn what_is_shown_is_held_to_its_schema() {
        let mut types = Types::default();
        let mut add = |kind: Kind, change: fn(&mut Type)| {
            let mut ty = Type::of(kind);
            change(&mut ty);
            types.add(ty)
        };
        let text = add(Kind::String, |_| {});
        let price = add(Kind::Number, |_| {});
        let count = add(Kind::Integer, |ty| {
            ty.bounds.minimum = Some(Limit {
                value: "1".to_owned(),
                exclusive: false,
            });
        });
        let state = add(Kind::String, |ty| {
            ty.one_of = vec!["\"new\"".to_owned(), "\"paid\"".to_owned()];
        });
        let sku = add(Kind::String, |ty| {
            ty.bounds.pattern = Some("^[A-Z]{2}$".to_owned());
        });
        let note = add(Kind::String, |ty| ty.nullable = true);
        let tags = add(Kind::List(text), |ty| ty.bounds.max_items = Some(2));
        let field = |ty, required| Field {
            ty,
            required,
            read_only: false,
            write_only: false,
            sensitive: false,
            description: None,
            place: None,
        };
        let fields = [
            ("price", field(price, true)),
            ("count", field(count, false)),
            ("state", field(state, true)),
            ("sku", field(sku, false)),
            ("note", field(note, true)),
            ("tags", field(tags, false)),
        ];
        let fields = fields.map(|(name, field)| (name.to_owned(), field));
        let fields = fields.into_iter().collect();
        let thing = types.add(Type::of(Kind::Object(Object { fields, rest: None })));
        let good = json!({ "price": 1.5, "state": "paid", "note": null });
        for (change, expected) in [
            (json!({}), json!({})),
            (json!({ "own": [1] }), json!({ "own": [1] })),
            (json!({ "price": "0.05" }), json!({ "price": 0.05 })),
            (json!({ "price": "free" }), json!({ "price": 1.0 })),
            (json!({ "price": null }), json!({ "price": 1.0 })),
            (json!({ "count": 2.0 }), json!({ "count": 2 })),
            (json!({ "count": 2.5 }), json!({})),
            (json!({ "count": 0 }), json!({})),
            (json!({ "state": "lost" }), json!({ "state": "new" })),
            (json!({ "sku": "AB" }), json!({ "sku": "AB" })),
            (json!({ "sku": "ab" }), json!({})),
            (json!({ "note": 7 }), json!({ "note": "7" })),
            (
                json!({ "tags": [true, {}, "c"] }),
                json!({ "tags": ["true", "tags-2"] }),
            ),
            (json!({ "tags": "a" }), json!({})),
        ] {
            let laid = |over: &Value| {
                let mut whole = good.clone();
                let over = over.as_object().unwrap().clone();
                whole.as_object_mut().unwrap().extend(over);
                whole
            };
            let found = Maker::new(&types).fitted(thing, laid(&change), "thing");
            assert_eq!(found, Some(laid(&expected)), "{change}");
        }
        assert_eq!(Maker::new(&types).fitted(thing, json!([]), "thing"), None);
    }
}
