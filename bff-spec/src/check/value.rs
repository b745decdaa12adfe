//! Values: literals, lists, groups, and paths with what is selected of them.

use super::assign::{assignable, literal_fits};
use super::describe::names;
use super::scope::{At, Scene};
use crate::contract::{Kind, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Block, Path, Root, Value};
use crate::nearest::nearest;
use crate::syntax::ast::{self, Literal, LiteralKind};

/// What a place asks for: a parameter, a property of a request's body. A response asks for nothing.
#[derive(Debug, Clone)]
pub(crate) struct Want {
    pub(crate) ty: TypeId,
    /// Of a path, query, header or cookie, where everything is text.
    pub(crate) parameter: bool,
    /// "parameter `id`", "`customerId` of the body".
    pub(crate) what: String,
    /// Where the contract says so.
    pub(crate) place: Option<Place>,
}

impl Want {
    fn of(&self, ty: TypeId) -> Want {
        Want { ty, ..self.clone() }
    }
}

/// A checked value.
#[derive(Debug)]
pub(crate) struct Valued {
    pub(crate) value: Value,
    /// Whether it may be null.
    pub(crate) nullable: bool,
    pub(crate) place: Place,
}

impl Scene<'_, '_> {
    /// A value; none if something was wrong with it, which was said.
    pub(crate) fn value(
        &mut self,
        value: &ast::Value,
        at: At,
        want: Option<&Want>,
    ) -> Option<Valued> {
        let place = value.place();
        let fixed = |value| {
            Some(Valued {
                value,
                nullable: false,
                place,
            })
        };
        match value {
            ast::Value::Literal(literal) => {
                if let Some(want) = want {
                    self.fit_literal(literal, want)?;
                }
                Some(Valued {
                    value: Value::Literal(literal.json.clone()),
                    nullable: literal.kind == LiteralKind::Null,
                    place,
                })
            }
            ast::Value::List(values, _) => {
                let inner = match want {
                    None => None,
                    Some(want) => match self.kind(want.ty) {
                        Kind::List(inner) => Some(want.of(*inner)),
                        Kind::Any => None,
                        _ => {
                            let message =
                                format!("{} is {}, not a list", want.what, self.describe(want.ty));
                            self.error(Code::Mismatch, place, message)
                                .maybe_related(want.place, "what it is bound to is here");
                            return None;
                        }
                    },
                };
                let mut items = Vec::new();
                let mut ok = true;
                for value in values {
                    match self.value(value, at, inner.as_ref()) {
                        Some(item) => items.push(item.value),
                        None => ok = false,
                    }
                }
                ok.then_some(()).and_then(|()| fixed(Value::List(items)))
            }
            ast::Value::Group(select) => {
                let block = self.block(&select.block, at, want, place)?;
                fixed(Value::Block(block))
            }
            ast::Value::Path(path) => self.path_value(path, at, want),
        }
    }

    pub(crate) fn fit_literal(&mut self, literal: &Literal, want: &Want) -> Option<()> {
        let Err(reason) = literal_fits(&self.checker.types, literal, want.ty, want.parameter)
        else {
            return Some(());
        };
        let right = self.meant_literal(literal, want.ty);
        let report = self.error(
            Code::Mismatch,
            literal.place,
            format!("this doesn't fit {}: {reason}", want.what),
        );
        let report = match right {
            Some(right) => report
                .help(format!("write `{right}`"))
                .suggest(literal.place, right),
            None => report,
        };
        report.maybe_related(want.place, format!("{} is here", want.what));
        None
    }

    /// What was probably meant by a literal that doesn't fit: without its quotes, in a list, or another of an enum.
    fn meant_literal(&self, literal: &Literal, ty: TypeId) -> Option<String> {
        let wanted = self.ty(ty);
        if let Kind::List(inner) = wanted.kind {
            let fits = literal_fits(&self.checker.types, literal, inner, true).is_ok();
            return fits.then(|| format!("[{}]", literal.json));
        }
        let text: String = serde_json::from_str(&literal.json).ok()?;
        let values = || {
            wanted
                .one_of
                .iter()
                .filter_map(|v| serde_json::from_str::<String>(v).ok())
        };
        let values: Vec<String> = values().collect();
        if let Some(near) = nearest(&text, values.iter().map(String::as_str)) {
            return Some(serde_json::Value::String(near.to_owned()).to_string());
        }
        let bare: serde_json::Value = serde_json::from_str(&text).ok()?;
        let kind = match &bare {
            serde_json::Value::Bool(_) => LiteralKind::Boolean,
            serde_json::Value::Number(n) if n.is_i64() || n.is_u64() => LiteralKind::Integer,
            serde_json::Value::Number(_) => LiteralKind::Number,
            _ => return None,
        };
        let bare = Literal {
            kind,
            json: bare.to_string(),
            place: literal.place,
        };
        literal_fits(&self.checker.types, &bare, ty, true)
            .is_ok()
            .then_some(bare.json)
    }

    /// A path with its selection and default.
    pub(crate) fn path_value(
        &mut self,
        value: &ast::PathValue,
        at: At,
        want: Option<&Want>,
    ) -> Option<Valued> {
        let mut walk = self.walk(&value.path, at)?;
        let whole_variants = value.select.as_ref().is_some_and(|select| {
            matches!(&select.block, ast::Block::Fields(f) if matches!(f.as_slice(), [ast::Field::All(_)]))
                && self.is_mixed(self.element(walk.ty))
        });
        let (path, block) = match &value.select {
            Some(select) if !whole_variants => {
                self.through_lists(&mut walk);
                let element = walk.ty;
                let path = walk.finish(&value.path);
                self.selectable(&path, element, select)?;
                let inner = match want {
                    Some(want) => Some(self.want_of_elements(&path, want)?),
                    None => None,
                };
                let block =
                    self.block(&select.block, At::on(element), inner.as_ref(), select.place)?;
                (path, Some(block))
            }
            _ => {
                if walk.is_many() || whole_variants {
                    self.through_lists(&mut walk);
                }
                let path = walk.finish(&value.path);
                let whole_body = path.steps.is_empty() && path.root == Root::Body && want.is_some();
                if !whole_variants && !whole_body && !self.is_flat(path.ty) {
                    self.needs_selection(&path);
                    return None;
                }
                if let Some(want) = want {
                    self.fit(&path, want)?;
                }
                (path, None)
            }
        };
        let nullable = self.default(&path, block.as_ref(), value.default.as_ref())?;
        let default = value.default.as_ref().map(|d| d.json.clone());
        Some(Valued {
            place: value.place(),
            nullable,
            value: Value::Path {
                path,
                select: block,
                default,
            },
        })
    }

    /// What a list holds, however deep.
    fn element(&self, ty: TypeId) -> TypeId {
        let mut ty = ty;
        while let Kind::List(inner) = self.kind(ty) {
            ty = *inner;
        }
        ty
    }

    /// Variants of which some aren't objects: they are written whole.
    fn is_mixed(&self, ty: TypeId) -> bool {
        match self.kind(ty) {
            Kind::Variants(variants) => variants.members.iter().any(|m| {
                !matches!(self.kind(m.ty), Kind::Object(_))
                    && !matches!(self.kind(m.ty), Kind::Variants(_))
            }),
            _ => false,
        }
    }

    fn needs_selection(&mut self, path: &Path) {
        let element = self.element(path.ty);
        let known = self.field_names(element);
        let what = self.describe(path.ty);
        let schema = self.ty(element).place;
        let help = if known.is_empty() {
            "`{ * }` takes all it holds".to_owned()
        } else {
            format!(
                "select of {}: `{} {{ {} }}`, or `{{ * }}` for all",
                names(known.iter().map(String::as_str)),
                path.text,
                known.iter().take(3).cloned().collect::<Vec<_>>().join(" ")
            )
        };
        self.error(
            Code::NeedsSelection,
            path.place,
            format!("`{}` is {what}: it needs a selection", path.text),
        )
        .help(help)
        .suggest(path.place.after(), " { * }")
        .maybe_related(schema, "its schema is here");
    }

    /// What each selected element must be.
    fn want_of_elements(&mut self, path: &Path, want: &Want) -> Option<Want> {
        match (path.many, self.kind(want.ty)) {
            (_, Kind::Any) | (false, _) => Some(want.clone()),
            (true, Kind::List(inner)) => Some(want.of(*inner)),
            (true, _) => {
                let what = self.describe(want.ty);
                self.error(
                    Code::Mismatch,
                    path.place,
                    format!("`{}` is a list, and {} is {what}", path.text, want.what),
                )
                .help("pick one: `[0]`, or the one that matches: `[key = .field]`")
                .maybe_related(want.place, "it is here");
                None
            }
        }
    }

    /// Whether what a path gives fits, as it is.
    fn fit(&mut self, path: &Path, want: &Want) -> Option<()> {
        let is_any = matches!(self.kind(want.ty), Kind::Any);
        let target = match (path.many, self.kind(want.ty)) {
            (_, Kind::Any) => return Some(()),
            (true, Kind::List(inner)) => *inner,
            (true, Kind::Object(object)) if self.gives_map(path) && object.rest.is_some() => {
                object.rest.unwrap_or(want.ty)
            }
            (true, _) => {
                let what = self.describe(want.ty);
                self.error(
                    Code::Mismatch,
                    path.place,
                    format!("`{}` is a list, and {} is {what}", path.text, want.what),
                )
                .help("pick one: `[0]`, or the one that matches: `[key = .field]`")
                .maybe_related(want.place, "it is here");
                return None;
            }
            (false, _) => want.ty,
        };
        if path.item_nullable && !want.parameter && !is_any && !self.ty(target).nullable {
            self.error(
                Code::NullIntoRequired,
                path.place,
                format!(
                    "an element of `{}` may be null, and those of {} may not",
                    path.text, want.what
                ),
            )
            .help("end the path in `!` if the upstream always gives it")
            .maybe_related(want.place, "it is here");
            return None;
        }
        let Err(reason) = assignable(&self.checker.types, path.ty, target, want.parameter) else {
            return Some(());
        };
        let schema = self.ty(path.ty).place;
        self.error(
            Code::Mismatch,
            path.place,
            format!("`{}` doesn't fit {}: {reason}", path.text, want.what),
        )
        .maybe_related(schema, format!("`{}` is here", path.text))
        .maybe_related(want.place, format!("{} is here", want.what));
        None
    }

    fn gives_map(&self, path: &Path) -> bool {
        path.steps.iter().any(|s| {
            matches!(
                s,
                crate::model::Step::Each {
                    pick: crate::model::Pick::All,
                    map: true,
                    ..
                }
            )
        })
    }

    /// Checks what stands in for null, and says whether the value may still be.
    fn default(
        &mut self,
        path: &Path,
        block: Option<&Block>,
        default: Option<&Literal>,
    ) -> Option<bool> {
        let Some(literal) = default else {
            return Some(path.nullable);
        };
        if literal.kind == LiteralKind::Null {
            return Some(path.nullable);
        }
        let is_list = path.many || matches!(self.kind(path.ty), Kind::List(_));
        let reason = match (is_list, literal.kind) {
            _ if self.gives_map(path) => Some(format!(
                "`{}` is a map, and no literal can stand in for one",
                path.text
            )),
            (true, LiteralKind::EmptyList) => None,
            (true, _) => Some(format!(
                "`{}` is a list: only `[]` can stand in for it",
                path.text
            )),
            (false, LiteralKind::EmptyList) => Some(format!("`{}` is no list", path.text)),
            (false, _) if block.is_some() || !self.is_flat(path.ty) => Some(format!(
                "`{}` is an object, and no literal can stand in for one",
                path.text
            )),
            (false, _) => {
                // A default stands beside the values a contract lists, so only the kind counts.
                let kind = crate::contract::Type::of(self.kind(path.ty).clone());
                let bare = self.checker.types.add(kind);
                literal_fits(&self.checker.types, literal, bare, false).err()
            }
        };
        if let Some(reason) = reason {
            self.error(Code::DefaultValue, literal.place, reason);
            return None;
        }
        if !path.nullable {
            self.error(
                Code::DefaultNeverUsed,
                literal.place,
                format!(
                    "`{}` is never null, so this default is never used",
                    path.text
                ),
            )
            .help("take it out");
        }
        Some(false)
    }
}
