//! What the client's inputs must be.

use bff_spec::contract::{Kind, Limit, Object, Type, TypeId, Types};

use super::Reader;
use super::tree::NodeId;
use crate::ir::{BodyField, BodyRule, Bound, Format, ListRules, Rules, Scalar};

/// What an input outside the body must be: its rules, or its elements', and those of the list.
pub(crate) fn parameter(types: &Types, ty: TypeId) -> (Rules, Option<ListRules>) {
    let this = types.get(ty);
    match this.kind {
        Kind::List(element) => (rules(types.get(element)), Some(list_rules(this))),
        _ => (rules(this), None),
    }
}

impl Reader<'_> {
    /// What a value of the body must be. Wants all that is checked; a recursive type is checked down to where it recurs.
    pub(crate) fn body_rule(
        &mut self,
        tape: usize,
        node: NodeId,
        ty: TypeId,
        above: &mut Vec<TypeId>,
    ) -> BodyRule {
        if above.contains(&ty) {
            return BodyRule::Any;
        }
        let this = self.types.get(ty);
        let nullable = this.nullable;
        above.push(ty);
        let rule = match &this.kind {
            Kind::Any | Kind::Null | Kind::Variants(_) => BodyRule::Any,
            Kind::Object(object) if object.fields.is_empty() && object.rest.is_none() => {
                BodyRule::Any
            }
            Kind::Object(object) => self.object_rule(tape, node, object, nullable, above),
            Kind::List(element) => {
                let (child, slot) = self.tree(tape).elements(node, Some(*element));
                let element = Box::new(self.body_rule(tape, child, *element, above));
                BodyRule::List {
                    slot,
                    rules: list_rules(this),
                    element,
                    nullable,
                }
            }
            _ => BodyRule::Scalar {
                slot: self.tree(tape).copy(node),
                rules: rules(this),
                nullable,
            },
        };
        above.pop();
        rule
    }

    fn object_rule(
        &mut self,
        tape: usize,
        node: NodeId,
        this: &Object,
        nullable: bool,
        above: &mut Vec<TypeId>,
    ) -> BodyRule {
        let (object, into) = self.tree(tape).enter(node);
        if into.is_some() {
            // In a frame of its own, where rules don't lead.
            return BodyRule::Any;
        }
        let slot = self.tree(tape).own(node);
        let mut rules = Vec::with_capacity(this.fields.len());
        for (name, field) in this.fields.iter().filter(|(_, field)| !field.read_only) {
            let child = self.tree(tape).field(object, name, field.ty);
            let rule = self.body_rule(tape, child, field.ty, above);
            rules.push(BodyField {
                name: name.clone(),
                required: field.required,
                rule,
            });
        }
        let Some(rest) = this.rest else {
            return BodyRule::Object {
                slot: Some(slot),
                fields: rules,
                nullable,
            };
        };
        let (entries, element) = if self.is_open(rest, above) {
            (None, BodyRule::Any)
        } else {
            let (entry, slot) = self.tree(tape).rest(object, Some(rest));
            (Some(slot), self.body_rule(tape, entry, rest, above))
        };
        BodyRule::Map {
            slot: Some(slot),
            fields: rules,
            entries,
            element: Box::new(element),
            nullable,
        }
    }

    /// Whether nothing is checked of a value itself.
    fn is_open(&self, ty: TypeId, above: &[TypeId]) -> bool {
        above.contains(&ty)
            || match &self.types.get(ty).kind {
                Kind::Any | Kind::Null | Kind::Variants(_) => true,
                Kind::Object(object) => object.fields.is_empty() && object.rest.is_none(),
                _ => false,
            }
    }
}

fn rules(ty: &Type) -> Rules {
    let kind = match &ty.kind {
        Kind::Boolean => Scalar::Boolean,
        Kind::Integer => Scalar::Integer,
        Kind::Number => Scalar::Number,
        Kind::String => Scalar::String,
        _ => Scalar::Any,
    };
    let format = match (ty.format.as_deref(), kind) {
        (Some("uuid"), Scalar::String) => Some(Format::Uuid),
        (Some("date"), Scalar::String) => Some(Format::Date),
        (Some("date-time"), Scalar::String) => Some(Format::DateTime),
        (Some("int32"), Scalar::Integer) => Some(Format::Int32),
        (Some("int64"), Scalar::Integer) => Some(Format::Int64),
        _ => None,
    };
    Rules {
        kind,
        one_of: ty.one_of.iter().map(|json| text(json)).collect(),
        minimum: ty.bounds.minimum.as_ref().and_then(bound),
        maximum: ty.bounds.maximum.as_ref().and_then(bound),
        min_length: ty.bounds.min_length.map(saturate),
        max_length: ty.bounds.max_length.map(saturate),
        pattern: ty.bounds.pattern.clone(),
        format,
    }
}

fn list_rules(ty: &Type) -> ListRules {
    ListRules {
        min: ty.bounds.min_items.map(saturate),
        max: ty.bounds.max_items.map(saturate),
    }
}

fn bound(limit: &Limit) -> Option<Bound> {
    let value: f64 = limit.value.parse().ok()?;
    value.is_finite().then_some(Bound {
        value,
        exclusive: limit.exclusive,
    })
}

/// The text of a JSON scalar.
fn text(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

fn saturate(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
