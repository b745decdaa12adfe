//! What the parts of a call's body are bound to, and what paths read of the client's.

use super::heads;
use super::infer::{Bind, Current, Need, Target, Use};
use super::scope::{At, RootWord, Scene};
use crate::contract::{Kind, Location, TypeId};
use crate::diagnostic::Place;
use crate::spec::{BodyName, CallDecl};
use crate::syntax::ast::{self, Path, Start, StepKind};

impl<'a> Scene<'_, 'a> {
    /// The input or body name a path reads.
    pub(crate) fn target_of(&self, path: &Path, current: &Current) -> Option<Target> {
        let names = |steps: &[ast::Step]| -> Vec<String> {
            steps
                .iter()
                .map_while(|s| match &s.kind {
                    StepKind::Field(word) => Some(word.text.clone()),
                    _ => None,
                })
                .collect()
        };
        let root = match (&path.start, current) {
            (Start::Root(word), _) | (Start::Plain(word), Current::Roots) => word,
            (Start::Plain(word) | Start::Field(word), Current::Body(prefix)) => {
                let mut all = prefix.clone();
                all.push(word.text.clone());
                all.extend(names(&path.steps));
                return Some(Target::Body {
                    names: all,
                    from: prefix.len(),
                });
            }
            (Start::Current, Current::Body(prefix)) => {
                let mut all = prefix.clone();
                all.extend(names(&path.steps));
                return Some(Target::Body {
                    names: all,
                    from: prefix.len(),
                });
            }
            _ => return None,
        };
        match self.root(&root.text)? {
            RootWord::Body => Some(Target::Body {
                names: names(&path.steps),
                from: 0,
            }),
            RootWord::Input(location) => {
                let name = names(&path.steps).into_iter().next()?;
                let name = if location == Location::Header {
                    name.to_lowercase()
                } else {
                    name
                };
                Some(Target::Input(location, name))
            }
            RootWord::Call(_) | RootWord::Claims => None,
        }
    }

    pub(crate) fn bind_element(&self, bind: &Bind) -> Option<Bind> {
        match self.kind(bind.ty) {
            Kind::List(inner) => Some(Bind {
                ty: *inner,
                ..bind.clone()
            }),
            _ => None,
        }
    }

    pub(crate) fn bind_property(&self, bind: &Bind, name: &str) -> Option<Bind> {
        let property = |ty: TypeId,
                        required: bool,
                        contract: Option<Place>,
                        description: Option<String>| Bind {
            ty,
            required,
            what: format!("property `{name}`"),
            contract: contract.or(bind.contract),
            whole: true,
            description,
        };
        match self.kind(bind.ty) {
            Kind::Object(object) => match object.fields.get(name) {
                Some(f) => Some(property(f.ty, f.required, f.place, f.description.clone())),
                None => object.rest.map(|ty| property(ty, false, None, None)),
            },
            Kind::Variants(variants) => variants.members.iter().find_map(|m| {
                let Kind::Object(object) = self.kind(m.ty) else {
                    return None;
                };
                let f = object.fields.get(name)?;
                Some(property(f.ty, false, f.place, f.description.clone()))
            }),
            _ => None,
        }
    }

    /// What the names below one are bound to that is taken whole.
    pub(crate) fn infer_whole(
        &mut self,
        names: &[String],
        bind: Option<&Bind>,
        place: Place,
        uses: &mut Vec<Use>,
    ) {
        let decl = self.decl;
        let Some(body) = &decl.body else { return };
        let mut level: &[BodyName] = &body.names;
        for name in names {
            match level.iter().find(|n| n.word.text == *name) {
                Some(found) => level = &found.names,
                None => return,
            }
        }
        let elements = bind.map(|b| self.bind_element(b).unwrap_or_else(|| b.clone()));
        for child in level {
            let bind = elements
                .as_ref()
                .and_then(|b| self.bind_property(b, &child.word.text));
            let mut path = names.to_vec();
            path.push(child.word.text.clone());
            self.infer_whole(&path, bind.as_ref(), place, uses);
            uses.push(Use {
                target: Target::Body {
                    from: names.len(),
                    names: path,
                },
                need: bind.map_or(Need::Read, Need::Type),
                place,
            });
        }
    }

    pub(crate) fn body_bind(
        &self,
        operation: &crate::contract::Operation,
        call: &CallDecl,
    ) -> Option<Bind> {
        let body = operation.body.as_ref()?;
        let media = super::calls::choose_media(body, call.media.as_ref().map(|(m, _)| m.as_str()))?;
        Some(Bind {
            ty: media.ty,
            required: body.required,
            what: format!("the body of `{}`", heads::shown(operation)),
            contract: Some(body.place),
            whole: true,
            description: None,
        })
    }

    /// The type of a path that starts at a call or a claim; nothing is said if it has none.
    pub(crate) fn silent_type(&mut self, path: &Path) -> Option<TypeId> {
        let (Start::Plain(word) | Start::Root(word)) = &path.start else {
            return None;
        };
        if !matches!(
            self.root(&word.text),
            Some(RootWord::Call(_) | RootWord::Claims)
        ) {
            return None;
        }
        let before = self.checker.sink.len();
        let walk = self.walk(path, At::ROOTS);
        self.checker.sink.truncate(before);
        let mut walk = walk?;
        self.through_lists(&mut walk);
        Some(walk.ty)
    }
}
