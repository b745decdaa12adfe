//! Views and the contracts' types as OpenAPI schemas.

use std::collections::{BTreeMap, BTreeSet};

use bff_spec::contract::{Bounds, Kind, Type, TypeId, Types};
use indexmap::IndexMap;
use openapiv3::{
    AdditionalProperties, AnySchema, ArrayType, BooleanType, IntegerType, NumberType, ObjectType,
    ReferenceOr, Schema, SchemaData, SchemaKind, StringType, Type as SchemaType,
};

use crate::lower::Purpose;
use crate::view::{Form, Object, View};

/// Makes schemas; those of recursive and named types become components.
#[derive(Debug)]
pub(crate) struct Schemas<'m> {
    types: &'m Types,
    names: BTreeMap<(TypeId, Purpose), String>,
    taken: BTreeSet<String>,
    pub(crate) components: IndexMap<String, ReferenceOr<Schema>>,
}

impl<'m> Schemas<'m> {
    /// No schemas yet.
    pub(crate) fn new(types: &'m Types) -> Schemas<'m> {
        Schemas {
            types,
            names: BTreeMap::new(),
            taken: ["Problem".to_owned()].into(),
            components: IndexMap::new(),
        }
    }

    /// The schema of a view.
    pub(crate) fn view(&mut self, view: &View) -> ReferenceOr<Schema> {
        let schema = match &view.form {
            Form::Documented(ty) => self.documented(*ty, Purpose::Answer),
            Form::Literal(json) => literal(json, true),
            Form::Like(json) => literal(json, false),
            Form::Any => ReferenceOr::Item(any()),
            Form::Object(object) => ReferenceOr::Item(self.object(object)),
            Form::List(element) => list(self.view(element), &Bounds::default()),
            Form::Map(value) => {
                ReferenceOr::Item(map(IndexMap::new(), Vec::new(), Some(self.view(value))))
            }
        };
        if view.nullable {
            nullable(schema)
        } else {
            schema
        }
    }

    fn object(&mut self, object: &Object) -> Schema {
        let mut properties = IndexMap::new();
        let mut required = Vec::new();
        for field in &object.fields {
            let schema = described(self.view(&field.view), field.description.as_deref());
            properties.insert(field.name.clone(), schema);
            if field.required {
                required.push(field.name.clone());
            }
        }
        let rest = object.rest.as_ref().map(|rest| self.view(rest));
        map(properties, required, rest)
    }

    /// The schema of a contract's type: what is documented of it.
    pub(crate) fn documented(&mut self, ty: TypeId, purpose: Purpose) -> ReferenceOr<Schema> {
        if let Some(name) = self.names.get(&(ty, purpose)) {
            return reference(name);
        }
        let this = self.types.get(ty);
        let component =
            matches!(this.kind, Kind::Object(_) | Kind::Variants(_)) && this.name.is_some();
        let schema = if component || self.recurs(ty) {
            let base = this.name.as_deref().unwrap_or("Inner");
            let suffix = if purpose == Purpose::Request {
                "Input"
            } else {
                ""
            };
            let name = self.name(&format!("{}{suffix}", crate::emit::camel(base)));
            self.names.insert((ty, purpose), name.clone());
            // Its place first, so that components stand in the order they are met.
            self.components
                .insert(name.clone(), ReferenceOr::Item(any()));
            let schema = self.inline(this, purpose);
            self.components.insert(name.clone(), schema);
            reference(&name)
        } else {
            self.inline(this, purpose)
        };
        if this.nullable {
            nullable(schema)
        } else {
            schema
        }
    }

    fn name(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{base}{count}");
        }
        name
    }

    fn recurs(&self, ty: TypeId) -> bool {
        matches!(self.types.get(ty).kind, Kind::Object(_) | Kind::Variants(_))
            && crate::lower::framed_within(self.types, ty).contains(&ty)
    }

    fn inline(&mut self, ty: &Type, purpose: Purpose) -> ReferenceOr<Schema> {
        let schema = match &ty.kind {
            Kind::Object(object) => {
                let mut properties = IndexMap::new();
                let mut required = Vec::new();
                for (name, field) in &object.fields {
                    let hidden = match purpose {
                        Purpose::Answer => {
                            field.write_only || self.types.get(field.ty).kind == Kind::Any
                        }
                        Purpose::Request => field.read_only,
                    };
                    if hidden {
                        continue;
                    }
                    let schema = self.documented(field.ty, purpose);
                    properties.insert(
                        name.clone(),
                        described(schema, field.description.as_deref()),
                    );
                    if field.required {
                        required.push(name.clone());
                    }
                }
                let rest = object.rest.map(|rest| self.documented(rest, purpose));
                ReferenceOr::Item(map(properties, required, rest))
            }
            Kind::Variants(variants) => {
                let any_of = variants
                    .members
                    .iter()
                    .map(|member| self.documented(member.ty, purpose))
                    .collect();
                ReferenceOr::Item(plain(SchemaKind::AnyOf { any_of }))
            }
            Kind::List(element) => list(self.documented(*element, purpose), &ty.bounds),
            _ => ReferenceOr::Item(scalar(ty)),
        };
        described(schema, ty.description.as_deref())
    }
}

/// The schema of a scalar, or of a value without a schema.
fn scalar(ty: &Type) -> Schema {
    let Bounds {
        minimum,
        maximum,
        min_length,
        max_length,
        pattern,
        ..
    } = &ty.bounds;
    let format = || ty.format.clone().into();
    let exclusive = |limit: &Option<bff_spec::contract::Limit>| {
        limit.as_ref().is_some_and(|limit| limit.exclusive)
    };
    let whole = |limit: &Option<bff_spec::contract::Limit>| {
        limit.as_ref().and_then(|limit| limit.value.parse().ok())
    };
    let number = |limit: &Option<bff_spec::contract::Limit>| {
        limit.as_ref().and_then(|limit| limit.value.parse().ok())
    };
    let kind = match &ty.kind {
        Kind::Boolean => SchemaKind::Type(SchemaType::Boolean(BooleanType::default())),
        Kind::Integer => SchemaKind::Type(SchemaType::Integer(IntegerType {
            format: ty.format.clone().into(),
            minimum: whole(minimum),
            maximum: whole(maximum),
            exclusive_minimum: exclusive(minimum),
            exclusive_maximum: exclusive(maximum),
            enumeration: ty
                .one_of
                .iter()
                .map(|json| serde_json::from_str(json).ok())
                .collect(),
            ..IntegerType::default()
        })),
        Kind::Number => SchemaKind::Type(SchemaType::Number(NumberType {
            format: ty.format.clone().into(),
            minimum: number(minimum),
            maximum: number(maximum),
            exclusive_minimum: exclusive(minimum),
            exclusive_maximum: exclusive(maximum),
            enumeration: ty
                .one_of
                .iter()
                .map(|json| serde_json::from_str(json).ok())
                .collect(),
            ..NumberType::default()
        })),
        Kind::String => SchemaKind::Type(SchemaType::String(StringType {
            format: format(),
            pattern: pattern.clone(),
            min_length: min_length.and_then(|count| usize::try_from(count).ok()),
            max_length: max_length.and_then(|count| usize::try_from(count).ok()),
            enumeration: ty
                .one_of
                .iter()
                .map(|json| serde_json::from_str(json).ok())
                .collect(),
        })),
        Kind::Scalars(kinds) => {
            let any_of = kinds
                .iter()
                .map(|kind| ReferenceOr::Item(scalar(&Type::of(kind.clone()))))
                .collect();
            SchemaKind::AnyOf { any_of }
        }
        _ => SchemaKind::Any(AnySchema::default()),
    };
    let mut schema = plain(kind);
    schema.schema_data.default = ty
        .default
        .as_ref()
        .and_then(|json| serde_json::from_str(json).ok());
    schema
}

/// The schema of a literal: of itself alone, or of values of its kind.
fn literal(json: &str, alone: bool) -> ReferenceOr<Schema> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    fn only<T>(value: T, alone: bool) -> Vec<T> {
        alone.then_some(value).into_iter().collect()
    }
    let kind = match value {
        serde_json::Value::Bool(_) => SchemaType::Boolean(BooleanType::default()),
        serde_json::Value::Number(number) if number.is_i64() => SchemaType::Integer(IntegerType {
            enumeration: only(number.as_i64(), alone),
            ..IntegerType::default()
        }),
        serde_json::Value::Number(number) => SchemaType::Number(NumberType {
            enumeration: only(number.as_f64(), alone),
            ..NumberType::default()
        }),
        serde_json::Value::String(text) => SchemaType::String(StringType {
            enumeration: only(Some(text), alone),
            ..StringType::default()
        }),
        serde_json::Value::Array(_) => return list(ReferenceOr::Item(any()), &Bounds::default()),
        _ => return ReferenceOr::Item(any()),
    };
    ReferenceOr::Item(plain(SchemaKind::Type(kind)))
}

fn list(element: ReferenceOr<Schema>, bounds: &Bounds) -> ReferenceOr<Schema> {
    let count = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok());
    let array = ArrayType {
        items: Some(boxed(element)),
        min_items: count(bounds.min_items),
        max_items: count(bounds.max_items),
        unique_items: false,
    };
    ReferenceOr::Item(plain(SchemaKind::Type(SchemaType::Array(array))))
}

fn map(
    properties: IndexMap<String, ReferenceOr<Schema>>,
    required: Vec<String>,
    rest: Option<ReferenceOr<Schema>>,
) -> Schema {
    plain(SchemaKind::Type(SchemaType::Object(ObjectType {
        properties: properties
            .into_iter()
            .map(|(name, schema)| (name, boxed(schema)))
            .collect(),
        required,
        additional_properties: rest.map(|schema| AdditionalProperties::Schema(Box::new(schema))),
        ..ObjectType::default()
    })))
}

/// `$ref`s can't have siblings in 3.0, so they are wrapped.
fn nullable(schema: ReferenceOr<Schema>) -> ReferenceOr<Schema> {
    let mut item = match schema {
        ReferenceOr::Item(item) => item,
        reference @ ReferenceOr::Reference { .. } => plain(SchemaKind::AllOf {
            all_of: vec![reference],
        }),
    };
    item.schema_data.nullable = true;
    ReferenceOr::Item(item)
}

fn described(schema: ReferenceOr<Schema>, description: Option<&str>) -> ReferenceOr<Schema> {
    match (schema, description) {
        (ReferenceOr::Item(mut item), Some(text)) => {
            item.schema_data.description = Some(text.trim().to_owned());
            ReferenceOr::Item(item)
        }
        (schema, _) => schema,
    }
}

/// A component.
pub(crate) fn reference(name: &str) -> ReferenceOr<Schema> {
    ReferenceOr::Reference {
        reference: format!("#/components/schemas/{name}"),
    }
}

/// A schema of this kind.
pub(crate) fn plain(schema_kind: SchemaKind) -> Schema {
    Schema {
        schema_data: SchemaData::default(),
        schema_kind,
    }
}

/// Any value.
fn any() -> Schema {
    plain(SchemaKind::Any(AnySchema::default()))
}

fn boxed(schema: ReferenceOr<Schema>) -> ReferenceOr<Box<Schema>> {
    match schema {
        ReferenceOr::Item(item) => ReferenceOr::Item(Box::new(item)),
        ReferenceOr::Reference { reference } => ReferenceOr::Reference { reference },
    }
}
