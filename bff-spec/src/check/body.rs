//! The request's body: the names written under `body`, typed by what they are bound to.

use super::infer::{Need, Target, Use};
use super::scope::Scene;
use crate::contract::{Field, Kind, Object, Type, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::BodyInput;
use crate::spec::{BodyName, ParamDecl, ParamType};

impl Scene<'_, '_> {
    /// Works out the body's type, and says which names nothing reads.
    pub(crate) fn settle_body(&mut self, uses: &[Use]) {
        let of_body: Vec<&Use> = uses
            .iter()
            .filter(|u| matches!(u.target, Target::Body { .. }))
            .collect();
        let Some(decl) = &self.decl.body else {
            self.whole_body(&of_body);
            return;
        };
        let mut required = false;
        let fields = self.body_fields(&decl.names, &[], &of_body, &mut required);
        let ty = self.checker.types.add(Type {
            place: None,
            ..Type::of(Kind::Object(fields))
        });
        self.body = Some(BodyInput { ty, required });
        if !self.decl.broken {
            self.unread_names(&decl.names, &[], &of_body);
        }
    }

    /// `body = body` without a `body`: the operation's own.
    fn whole_body(&mut self, uses: &[&Use]) {
        let whole = uses.iter().find_map(|u| match (&u.target, &u.need) {
            (Target::Body { names, .. }, Need::Type(bind)) if names.is_empty() => Some(bind),
            _ => None,
        });
        if let Some(bind) = whole {
            self.body = Some(BodyInput {
                ty: bind.ty,
                required: bind.required,
            });
        }
    }

    /// Whether a name stands under `body`.
    pub(crate) fn is_body_name(&self, names: &[String]) -> bool {
        let decl = self.decl;
        let Some(body) = &decl.body else { return false };
        let mut level: &[BodyName] = &body.names;
        for name in names {
            match level.iter().find(|n| n.word.text == *name) {
                Some(found) => level = &found.names,
                None => return false,
            }
        }
        true
    }

    fn body_param(&self, names: &[String]) -> Option<&ParamDecl> {
        self.decl
            .params
            .iter()
            .find(|p| p.root == "body" && p.names == names)
    }

    fn body_fields(
        &mut self,
        names: &[BodyName],
        prefix: &[String],
        uses: &[&Use],
        any_required: &mut bool,
    ) -> Object {
        let mut object = Object::default();
        for name in names {
            let mut path = prefix.to_vec();
            path.push(name.word.text.clone());
            let (ty, required) = self.body_name(name, &path, uses);
            let shown = format!("body.{}", path.join("."));
            let param = self
                .decl
                .params
                .iter()
                .find(|p| p.root == "body" && p.names == path);
            if let Some((_, place)) = param.and_then(|p| p.default.as_ref()) {
                self.checker.unsupported(
                    *place,
                    &format!("a default for `{shown}`"),
                    &format!("where it is read, write `{shown} ?? …` meanwhile"),
                );
            }
            let required = param.and_then(|p| p.required).unwrap_or(required);
            *any_required |= required;
            object.fields.insert(
                name.word.text.clone(),
                Field {
                    ty,
                    required,
                    read_only: false,
                    write_only: false,
                    sensitive: false,
                    description: param
                        .and_then(|p| p.description.clone())
                        .or_else(|| self.ty(ty).description.clone()),
                    place: Some(name.word.place),
                },
            );
        }
        object
    }

    fn body_name(&mut self, name: &BodyName, path: &[String], uses: &[&Use]) -> (TypeId, bool) {
        if name.names.is_empty() {
            return self.body_leaf(name, path, uses);
        }
        let mut required = false;
        let mut inner_required = false;
        let list = self.is_list(path, name.word.place, uses);
        let fields = self.body_fields(&name.names, path, uses, &mut inner_required);
        let mut bounds = crate::contract::Bounds::default();
        let mut nullable = true;
        let mut bound = false;
        for used in uses {
            let (Target::Body { names, from }, Need::Type(bind)) = (&used.target, &used.need)
            else {
                continue;
            };
            if names == path {
                required |= bind.required;
                nullable &= self.ty(bind.ty).nullable;
                bound = true;
                bounds = self.ty(bind.ty).bounds.clone();
            } else if names.len() > path.len() && names.starts_with(path) && *from < path.len() {
                // A path that passes through: what it is needed for needs this too.
                required |= bind.required;
            }
        }
        let object = self.checker.types.add(Type {
            nullable: nullable && bound && !list,
            place: None,
            ..Type::of(Kind::Object(fields))
        });
        if !list {
            return (object, required);
        }
        if let Some(param) = self.body_param(path) {
            let whole = |v: &Option<String>| v.as_ref().and_then(|v| v.parse().ok());
            bounds.min_items = bounds.min_items.max(whole(&param.min));
            bounds.max_items = match (bounds.max_items, whole(&param.max)) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        let list = self.checker.types.add(Type {
            bounds,
            nullable: nullable && bound,
            ..Type::of(Kind::List(object))
        });
        (list, required)
    }

    /// Whether a name with names in it is a list of such objects.
    fn is_list(&mut self, path: &[String], place: Place, uses: &[&Use]) -> bool {
        if let Some(param) = self.body_param(path)
            && let Some(ty) = param.ty
        {
            return ty == ParamType::List;
        }
        for used in uses {
            let Target::Body { names, .. } = &used.target else {
                continue;
            };
            if names == path
                && let Need::Type(bind) = &used.need
                && !matches!(self.kind(bind.ty), Kind::Any)
            {
                return matches!(self.kind(bind.ty), Kind::List(_));
            }
        }
        // Paths that pass through: one value at their end means one thing on the way.
        let mut through = uses.iter().filter_map(|u| match (&u.target, &u.need) {
            (Target::Body { names, from }, need)
                if names.len() > path.len() && names.starts_with(path) && *from < path.len() =>
            {
                Some(need)
            }
            _ => None,
        });
        let mut any = false;
        let single = through.all(|need| {
            any = true;
            match need {
                Need::Type(bind) => !matches!(self.kind(bind.ty), Kind::List(_) | Kind::Any),
                Need::Element(_) | Need::Read | Need::Fields => false,
                Need::Holds | Need::Equals(..) | Need::Like(_) => true,
            }
        });
        if any && single {
            return false;
        }
        let read = uses
            .iter()
            .any(|u| matches!(&u.target, Target::Body { names, .. } if names.starts_with(path)));
        if read && !self.decl.broken {
            let name = format!("body.{}", path.join("."));
            self.error(
                Code::OpenInput,
                place,
                format!(
                    "whether `{name}` is a list or one thing isn't said by what it is bound to"
                ),
            )
            .help(format!(
                "say so: `params: {{ {name}: {{ type: array }} }}`, or `type: object`"
            ));
        }
        false
    }

    /// A name without names in it: a scalar, a list of scalars, or a value without a schema.
    fn body_leaf(&mut self, name: &BodyName, path: &[String], uses: &[&Use]) -> (TypeId, bool) {
        let shown = format!("body.{}", path.join("."));
        let mut mine: Vec<Use> = Vec::new();
        for used in uses {
            let Target::Body { names, from } = &used.target else {
                continue;
            };
            if names != path {
                continue;
            }
            let mut used = (*used).clone();
            // Behind a list, a list is asked of all of them together: each is one of its elements.
            let behind_list = (*from + 1..names.len())
                .any(|n| names.get(..n).is_some_and(|p| self.known_list(p, uses)));
            if behind_list {
                used.need = match used.need {
                    Need::Type(mut bind) => {
                        if let Kind::List(inner) = self.kind(bind.ty) {
                            bind.ty = *inner;
                        }
                        Need::Type(bind)
                    }
                    Need::Element(bind) => Need::Type(bind),
                    other => other,
                };
            }
            mine.push(used);
        }
        let mine: Vec<&Use> = mine.iter().collect();
        let param: Option<&ParamDecl> = self
            .decl
            .params
            .iter()
            .find(|p| p.root == "body" && p.names == path);
        let settled = self.settle(&mine, param, &shown);
        let mut ty = settled.ty;
        let unbound = !mine
            .iter()
            .any(|u| matches!(u.need, Need::Type(_) | Need::Element(_)));
        if unbound && param.and_then(|p| p.ty) == Some(ParamType::List) {
            ty = self.checker.types.add(Type::of(Kind::List(ty)));
        }
        if !self.is_flat(ty) {
            let known = self.field_names(ty);
            let what = self.describe(ty);
            self.error(
                Code::OpenInput,
                name.word.place,
                format!("`{shown}` is bound to {what}, and its names aren't declared"),
            )
            .help(if known.is_empty() {
                format!("`{} {{ … }}`: the names that may be sent", name.word.text)
            } else {
                format!(
                    "`{} {{ {} }}`: of these, the names that may be sent",
                    name.word.text,
                    known.join(" ")
                )
            });
        }
        // A scalar that the contract lets be null may be left out or null; its own copy keeps that.
        (ty, settled.required)
    }

    fn known_list(&self, path: &[String], uses: &[&Use]) -> bool {
        if let Some(param) = self.body_param(path)
            && let Some(ty) = param.ty
        {
            return ty == ParamType::List;
        }
        uses.iter().any(|u| {
            matches!((&u.target, &u.need), (Target::Body { names, .. }, Need::Type(bind))
                if names == path && matches!(self.kind(bind.ty), Kind::List(_)))
        })
    }

    fn unread_names(&mut self, names: &[BodyName], prefix: &[String], uses: &[&Use]) {
        for name in names {
            let mut path = prefix.to_vec();
            path.push(name.word.text.clone());
            let read = uses.iter().any(|u| {
                let Target::Body { names, .. } = &u.target else {
                    return false;
                };
                let whole = match &u.need {
                    Need::Type(bind) => bind.whole,
                    Need::Fields => false,
                    _ => true,
                };
                names.starts_with(&path) || (whole && path.starts_with(names))
            });
            if read {
                self.unread_names(&name.names, &path, uses);
                continue;
            }
            self.error(
                Code::UnusedInput,
                name.word.place,
                format!("nothing reads `body.{}`", path.join(".")),
            )
            .help("pass it on in a call's `body`, or take it out: what isn't named is dropped");
        }
    }
}
