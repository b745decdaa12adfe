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
}

/// A field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) view: View,
    /// Whether it is always there.
    pub(crate) required: bool,
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
    calls
        .response
        .as_ref()
        .map(|block| reader.block(block, None))
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
                    put(
                        into,
                        Field {
                            name: name.clone(),
                            view,
                            required,
                            description,
                        },
                    );
                }
                Entry::Variant { ty, entries, .. } => {
                    self.entries(entries, Some(*ty), Always(false), into)
                }
                Entry::Spread { path, entries } => {
                    let mut inner = Object::default();
                    self.entries(entries, Some(path.ty), always, &mut inner);
                    for mut field in inner.fields {
                        field.view.nullable |= path.nullable;
                        put(into, field);
                    }
                    into.rest = inner.rest.or(into.rest.take());
                }
                Entry::Rest { ty } => into.rest = Some(Box::new(self.documented(*ty, false))),
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
                let first = values.first().map(|value| self.value(value, current));
                let element = first.unwrap_or(View {
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

/// A field of one variant may be one of another as well.
fn put(object: &mut Object, field: Field) {
    match object
        .fields
        .iter_mut()
        .find(|known| known.name == field.name)
    {
        Some(known) => known.view.nullable |= field.view.nullable,
        None => object.fields.push(field),
    }
}
