//! Joins: elements of lists by their fields, entries of maps by key, results of `each` by value.

use super::path::Walk;
use super::scope::{At, Scene};
use crate::contract::{Kind, Type, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{JoinKey, Operand, Pick};
use crate::syntax::ast::{self, Start};

impl Scene<'_, '_> {
    /// `[key = .path]`
    pub(crate) fn join(
        &mut self,
        walk: &mut Walk,
        keys: &[ast::Key],
        every: bool,
        place: Place,
        at: At,
    ) -> Option<()> {
        if let Some(values) = walk.take_results() {
            return self.lookup_join(walk, keys, every, place, at, "each", values);
        }
        if let Kind::Object(object) = self.kind(walk.ty)
            && let Some(rest) = object.rest
        {
            let string = self.checker.types.add(Type::of(Kind::String));
            return self
                .lookup_join(walk, keys, every, place, at, "key", string)
                .map(|()| walk.retype(rest));
        }
        let Kind::List(inner) = self.kind(walk.ty) else {
            let what = self.describe(walk.ty);
            let so_far = walk.so_far().to_owned();
            let each = keys
                .iter()
                .any(|key| matches!(key.field.as_slice(), [word] if word.text == "each"));
            let help = if each {
                "its call binds no list with `each`: `name = each orders.items.sku`"
            } else {
                "go on to a list in it, or read it as it is"
            };
            self.error(
                Code::Join,
                place,
                format!("`{so_far}` is {what}: a join looks in a list or a map"),
            )
            .help(help);
            return None;
        };
        let inner = *inner;
        let mut joined = Vec::new();
        for key in keys {
            joined.push(self.join_key(inner, key, at, walk.so_far())?);
        }
        if every {
            let null = self.ty(inner).nullable;
            walk.fork(Pick::Every(joined), inner, false, null);
        } else {
            walk.pick(Pick::First(joined), inner, false);
        }
        Some(())
    }

    /// A lookup in a map, or in the results of `each`.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn lookup_join(
        &mut self,
        walk: &mut Walk,
        keys: &[ast::Key],
        every: bool,
        place: Place,
        at: At,
        name: &str,
        ty: TypeId,
    ) -> Option<()> {
        let of = if name == "each" {
            "results of `each` are looked up"
        } else {
            "a map is looked up"
        };
        let [key] = keys else {
            self.error(Code::Join, place, format!("{of} by one key"))
                .help(format!("`[{name} = .field]`"));
            return None;
        };
        if key.field.len() != 1 || key.field.first().is_none_or(|w| w.text != name) {
            let written = key.field.first().map_or(place, |w| w.place);
            self.error(Code::Join, written, format!("{of} by `{name}`"))
                .help(format!("`[{name} = …]`, with this very word"));
            return None;
        }
        if every {
            self.error(
                Code::Join,
                place,
                format!("{of} one at a time: `[]` makes no sense"),
            )
            .help("take `[]` out");
            return None;
        }
        let equals = self.join_operand(&key.equals, at, ty)?;
        let answer = walk.ty;
        walk.pick(
            Pick::First(vec![JoinKey {
                field: Vec::new(),
                ty,
                equals,
            }]),
            answer,
            true,
        );
        Some(())
    }

    pub(crate) fn join_key(
        &mut self,
        element: TypeId,
        key: &ast::Key,
        at: At,
        so_far: &str,
    ) -> Option<JoinKey> {
        let mut ty = element;
        for (i, word) in key.field.iter().enumerate() {
            let Some((next, _)) = self.lookup(ty, &word.text) else {
                if i == 0 && !matches!(self.kind(ty), Kind::Object(_) | Kind::Variants(_)) {
                    let what = super::describe::plural(&self.checker.types, ty);
                    self.error(
                        Code::Join,
                        key.place,
                        format!("`{so_far}` is a list of {what}, which have no fields to join on"),
                    );
                } else {
                    self.unknown_field(ty, word, word.place, so_far);
                }
                return None;
            };
            ty = next;
        }
        if !self.is_scalar(ty) {
            let what = self.describe(ty);
            self.error(
                Code::Join,
                key.place,
                format!("a join compares scalars, and this is {what}"),
            );
            return None;
        }
        Some(JoinKey {
            field: key.field.iter().map(|w| w.text.clone()).collect(),
            ty,
            equals: self.join_operand(&key.equals, at, ty)?,
        })
    }

    pub(crate) fn join_operand(
        &mut self,
        operand: &ast::Operand,
        at: At,
        key: TypeId,
    ) -> Option<Operand> {
        let path = match operand {
            ast::Operand::Literal(literal) => {
                if matches!(
                    literal.kind,
                    ast::LiteralKind::Null | ast::LiteralKind::EmptyList
                ) {
                    self.error(
                        Code::Join,
                        literal.place,
                        format!("`{}` matches nothing", literal.json),
                    );
                    return None;
                }
                return Some(Operand::Literal(literal.json.clone()));
            }
            ast::Operand::Path(path) => path,
        };
        if let Start::Plain(word) = &path.start {
            let text = &word.text;
            let root = self.root(text).is_some();
            let field = at
                .current
                .is_some_and(|ty| self.field_names(ty).iter().any(|n| n == text));
            let mark = if root && !field { "$" } else { "." };
            self.error(
                Code::Join,
                path.place,
                format!("what a key must equal starts with `.` or `$`, and `{text}` is neither"),
            )
            .help(if at.current.is_some() {
                format!("`.{text}` is the enclosing value's, `${text}` a call or input")
            } else {
                format!("`${text}` is the call or input")
            })
            .fix(
                Place {
                    end: path.place.start,
                    ..path.place
                },
                mark,
            );
            return None;
        }
        let walk = self.walk(path, at)?;
        let given = walk.ty;
        let resolved = walk.finish(path);
        if resolved.many || !self.is_scalar(given) {
            let what = if resolved.many {
                "a list".into()
            } else {
                self.describe(given)
            };
            self.error(
                Code::Join,
                path.place,
                format!("a join compares scalars, and `{}` is {what}", path.text),
            );
            return None;
        }
        if !self.joinable(given, key) {
            let (left, right) = (self.describe(key), self.describe(given));
            self.error(
                Code::Join,
                path.place,
                format!("{left} is never equal to `{}`, which is {right}", path.text),
            );
            return None;
        }
        Some(Operand::Path(resolved))
    }

    /// Whether values of two scalar types can ever be equal: integers and strings compare as text.
    pub(crate) fn joinable(&self, a: TypeId, b: TypeId) -> bool {
        let boolean = |kind: &Kind| matches!(kind, Kind::Boolean);
        let (a, b) = (self.kind(a), self.kind(b));
        boolean(a) == boolean(b)
            || matches!(a, Kind::Scalars(_) | Kind::Any)
            || matches!(b, Kind::Scalars(_) | Kind::Any)
    }
}
