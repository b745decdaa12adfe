//! What the frontend sees: the type of what a selection writes, from the selection's paths and the contracts' types.
//!
//! The generated structs and the OpenAPI document are both made from it. Values taken whole stay references to the
//! contract's types; everything a selection makes is written out.

use bff_spec::contract::{Kind, Type, TypeId};
use bff_spec::model::{Block, Calls, Endpoint, Entry, Model, Path, Pick, Root, Step, Value};

/// The type of a value in an answer.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) form: Form,
    pub(crate) nullable: bool,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// Whatever the contract's type is: its documented fields alone.
    Documented(TypeId),
    /// A JSON text that never changes.
    Literal(String),
    /// A value of this JSON text's kind: a literal that a hook may replace.
    Like(String),
    /// Whatever it is: what several forms have in common.
    Any,
    Object(Object),
    List(Box<View>),
    Map(Box<View>),
}

/// An object a selection makes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) fields: Vec<Field>,
    /// The values under keys that the contract doesn't name.
    pub(crate) rest: Option<Box<View>>,
    /// How many of the fields are written before them.
    pub(crate) before_rest: usize,
}

/// A field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) view: View,
    /// Whether it is always there.
    pub(crate) required: bool,
    /// Whether it comes from `*`: then it is left out where there is nothing to copy.
    pub(crate) copied: bool,
    /// What the contract says of it.
    pub(crate) description: Option<String>,
}

/// What an endpoint answers.
pub(crate) fn answer(model: &Model, endpoint: &Endpoint, calls: &Calls) -> Option<View> {
    let reader = Reader {
        model,
        endpoint,
        calls: Some(calls),
    };
    let mut view = reader.block(calls.response.as_ref()?, None);
    if calls.transform.is_some() {
        view.loosen();
    }
    Some(view)
}

/// What joins the problem: a selection over an error's body.
pub(crate) fn members(model: &Model, endpoint: &Endpoint, ty: TypeId, block: &Block) -> View {
    Reader {
        model,
        endpoint,
        calls: None,
    }
    .block(block, Some(ty))
}

impl View {
    /// A hook may put other values where literals stand.
    fn loosen(&mut self) {
        match &mut self.form {
            Form::Literal(json) => self.form = Form::Like(std::mem::take(json)),
            Form::Object(object) => {
                for field in &mut object.fields {
                    field.view.loosen();
                }
                if let Some(rest) = &mut object.rest {
                    rest.loosen();
                }
            }
            Form::List(inner) | Form::Map(inner) => inner.loosen(),
            Form::Documented(_) | Form::Like(_) | Form::Any => {}
        }
    }
}

struct Reader<'m> {
    model: &'m Model,
    endpoint: &'m Endpoint,
    calls: Option<&'m Calls>,
}

impl Reader<'_> {
    fn block(&self, block: &Block, current: Option<TypeId>) -> View {
        match block {
            Block::Value(value) => self.value(value, current),
            Block::Fields(entries) => {
                let mut object = Object::default();
                self.entries(entries, current, Always(true), &mut object);
                View {
                    form: Form::Object(object),
                    nullable: false,
                }
            }
        }
    }

    fn entries(
        &self,
        entries: &[Entry],
        current: Option<TypeId>,
        always: Always,
        into: &mut Object,
    ) {
        for entry in entries {
            match entry {
                Entry::Field {
                    name,
                    value,
                    copied,
                    ..
                } => {
                    let mut view = self.value(value, current);
                    let required = always.0 && !(*copied && view.nullable);
                    if *copied
                        && let Value::Path { path, .. } = value
                        && !path.many
                    {
                        // Left out when absent; null only if the contract says so.
                        view.nullable = self.get(path.ty).nullable;
                    }
                    let description = self.describe(value, current);
                    self.put(
                        into,
                        Field {
                            name: name.clone(),
                            view,
                            required,
                            copied: *copied,
                            description,
                        },
                    );
                }
                Entry::Variant { ty, entries, .. } => {
                    let mut inner = Object::default();
                    self.entries(entries, Some(*ty), Always(false), &mut inner);
                    self.merge(into, inner);
                }
                Entry::Spread { path, entries } => {
                    let mut inner = Object::default();
                    self.entries(entries, Some(path.ty), always, &mut inner);
                    let before = into.fields.len();
                    for mut field in inner.fields {
                        field.required &= !(field.copied && path.nullable);
                        field.view.nullable |= !field.copied && path.nullable;
                        self.put(into, field);
                    }
                    if let Some(rest) = inner.rest {
                        into.rest = Some(rest);
                        into.before_rest = before + inner.before_rest;
                    }
                }
                Entry::Rest { ty } => {
                    into.rest = Some(Box::new(self.documented(*ty, false)));
                    into.before_rest = into.fields.len();
                }
            }
        }
    }

    fn value(&self, value: &Value, current: Option<TypeId>) -> View {
        match value {
            Value::Literal(json) => View {
                form: Form::Literal(json.clone()),
                nullable: json == "null",
            },
            Value::List(values) => {
                let elements = values.iter().map(|value| self.value(value, current));
                let element = elements
                    .reduce(|one, other| self.and(one, other))
                    .unwrap_or(View {
                        form: Form::Literal("null".to_owned()),
                        nullable: true,
                    });
                View {
                    form: Form::List(Box::new(element)),
                    nullable: false,
                }
            }
            Value::Block(block) => self.block(block, current),
            Value::Path {
                path,
                select,
                default,
            } => {
                let mut view = self.path(path, select.as_ref());
                if default.as_ref().is_some_and(|json| json != "null") {
                    view.nullable = false;
                }
                view
            }
        }
    }

    fn path(&self, path: &Path, select: Option<&Block>) -> View {
        let one = match (select, &self.get(path.ty).kind) {
            // A selection applies to each element.
            (Some(block), Kind::List(element)) => {
                let element = View {
                    nullable: self.get(*element).nullable,
                    ..self.block(block, Some(*element))
                };
                View {
                    form: Form::List(Box::new(element)),
                    nullable: false,
                }
            }
            (Some(block), _) => self.block(block, Some(path.ty)),
            (None, _) => self.documented(path.ty, false),
        };
        if !path.many {
            return View {
                nullable: path.nullable || one.nullable,
                ..one
            };
        }
        let element = Box::new(View {
            nullable: one.nullable || path.item_nullable,
            ..one
        });
        let form = if maps(path) {
            Form::Map(element)
        } else {
            Form::List(element)
        };
        View {
            form,
            nullable: path.nullable,
        }
    }

    fn documented(&self, ty: TypeId, nullable: bool) -> View {
        View {
            form: Form::Documented(ty),
            nullable: nullable || self.get(ty).nullable,
        }
    }

    /// What the contract says of a field, or of its type.
    fn describe(&self, value: &Value, current: Option<TypeId>) -> Option<String> {
        let Value::Path { path, .. } = value else {
            return None;
        };
        let mut at = self.root(path.root, current);
        let mut said = None;
        for step in &path.steps {
            match step {
                Step::Field { name, ty } => {
                    said = at.and_then(|at| match &self.get(at).kind {
                        Kind::Object(object) => object.fields.get(name)?.description.clone(),
                        _ => None,
                    });
                    at = Some(*ty);
                }
                Step::Key { ty, .. } | Step::Each { ty, .. } | Step::Is { ty, .. } => {
                    at = Some(*ty)
                }
                Step::Header(_) => at = None,
            }
        }
        let scalar = || !matches!(self.get(path.ty).kind, Kind::Object(_) | Kind::Variants(_));
        said.or_else(|| self.get(path.ty).description.clone().filter(|_| scalar()))
    }

    fn root(&self, root: Root, current: Option<TypeId>) -> Option<TypeId> {
        match root {
            Root::Call(call) => self
                .calls
                .and_then(|calls| calls.calls.get(call))
                .and_then(|call| call.answer),
            Root::Claims => Some(self.model.claims),
            Root::Input(input) => self.endpoint.inputs.get(input).map(|input| input.ty),
            Root::Body => self.endpoint.body.as_ref().map(|body| body.ty),
            Root::Current => current,
        }
    }

    fn get(&self, ty: TypeId) -> &Type {
        self.model.types.get(ty)
    }

    /// A field of one variant may be one of another as well.
    fn put(&self, object: &mut Object, field: Field) {
        match object
            .fields
            .iter_mut()
            .find(|known| known.name == field.name)
        {
            Some(known) => known.view = self.and(known.view.clone(), field.view),
            None => object.fields.push(field),
        }
    }

    /// The fields of a variant beside those of others, in an order that suits both where there is one.
    fn merge(&self, object: &mut Object, variant: Object) {
        let mut at = object.fields.len();
        for field in variant.fields.into_iter().rev() {
            let mut known = object.fields.iter_mut().enumerate();
            match known.find(|(_, known)| known.name == field.name) {
                Some((place, known)) => {
                    known.view = self.and(known.view.clone(), field.view);
                    at = place;
                }
                None => object.fields.insert(at, field),
            }
        }
        if let Some(rest) = variant.rest {
            object.rest = Some(rest);
            object.before_rest = object.fields.len();
        }
    }

    /// What two values have in common, where one of them is written.
    fn and(&self, one: View, other: View) -> View {
        let nullable = one.nullable || other.nullable;
        let form = match (one.form, other.form) {
            (Form::Documented(one), Form::Documented(other))
                if one == other || self.alike(one, other) =>
            {
                Form::Documented(one)
            }
            (Form::Literal(one), Form::Literal(other)) if one == other => Form::Literal(one),
            (Form::List(one), Form::List(other)) => Form::List(Box::new(self.and(*one, *other))),
            (Form::Map(one), Form::Map(other)) => Form::Map(Box::new(self.and(*one, *other))),
            (one, other) => match (self.kind(&one), self.kind(&other)) {
                (Some("0" | "0.0"), Some("0.0")) | (Some("0.0"), Some("0")) => {
                    Form::Like("0.0".to_owned())
                }
                (Some(one), Some(other)) if one == other => Form::Like(one.to_owned()),
                _ => Form::Any,
            },
        };
        View { form, nullable }
    }

    /// Whether two scalar types say the same.
    fn alike(&self, one: TypeId, other: TypeId) -> bool {
        let (one, other) = (self.get(one), self.get(other));
        one.kind.is_scalar()
            && one.kind == other.kind
            && one.one_of == other.one_of
            && one.format == other.format
            && one.bounds == other.bounds
    }

    /// A scalar's kind, as a literal of it.
    fn kind(&self, form: &Form) -> Option<&'static str> {
        match form {
            Form::Documented(ty) => match self.get(*ty).kind {
                Kind::Boolean => Some("false"),
                Kind::Integer => Some("0"),
                Kind::Number => Some("0.0"),
                Kind::String => Some("\"\""),
                _ => None,
            },
            Form::Literal(json) | Form::Like(json) => match json.bytes().next()? {
                b't' | b'f' => Some("false"),
                b'"' => Some("\"\""),
                b'-' | b'0'..=b'9' if json.contains(['.', 'e', 'E']) => Some("0.0"),
                b'-' | b'0'..=b'9' => Some("0"),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether fields are written whatever the value's variant.
#[derive(Clone, Copy)]
struct Always(bool);

/// Whether a path gives a map: `.*` before any step through a list.
fn maps(path: &Path) -> bool {
    path.steps
        .iter()
        .find_map(|step| match step {
            Step::Each {
                pick: Pick::Index(_) | Pick::First(_),
                ..
            } => None,
            Step::Each { pick, map, .. } => Some(*map && matches!(pick, Pick::All)),
            _ => None,
        })
        .unwrap_or(false)
}
