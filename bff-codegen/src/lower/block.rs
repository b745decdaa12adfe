//! Selections as templates.

use bff_spec::contract::{Kind, Type};
use bff_spec::model::{self, Step};

use super::path::{At, Current, Walk};
use super::tree::NodeId;
use super::{Reader, json_string};
use crate::ir::{Absent, Block, BlockRef, Entry, Hop, Kinds, Named, Path, Pick, Template, Test};

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// An answer: named fields are always written.
    Answer,
    /// A request's body: what is absent is left out.
    Request,
}

impl<'m> Reader<'m> {
    /// A selection.
    pub(crate) fn block(
        &mut self,
        block: &model::Block,
        current: Option<Current>,
        purpose: Purpose,
    ) -> Block {
        match block {
            model::Block::Value(value) => {
                Block::Value(Box::new(self.kept(value, current, purpose)))
            }
            model::Block::Fields(entries) => Block::Fields(self.entries(entries, current, purpose)),
        }
    }

    /// A selection as a value of its own.
    pub(crate) fn template(
        &mut self,
        block: &model::Block,
        current: Option<Current>,
        purpose: Purpose,
    ) -> Template {
        match self.block(block, current, purpose) {
            Block::Value(value) => *value,
            block @ Block::Fields(_) => Template::Block(block),
        }
    }

    fn entries(
        &mut self,
        entries: &[model::Entry],
        current: Option<Current>,
        purpose: Purpose,
    ) -> Vec<Entry> {
        entries
            .iter()
            .map(|entry| self.entry(entry, current, purpose))
            .collect()
    }

    fn entry(&mut self, entry: &model::Entry, current: Option<Current>, purpose: Purpose) -> Entry {
        match entry {
            model::Entry::Field {
                name,
                value,
                copied,
                ..
            } => {
                let promised = matches!(
                    value,
                    model::Value::Path { path, default, .. } if is_promised(path, default.as_ref())
                );
                let absent = match (copied, purpose) {
                    _ if promised => Absent::Promised,
                    (true, _) => Absent::Copied,
                    (false, Purpose::Answer) => Absent::Null,
                    (false, Purpose::Request) => Absent::Omit,
                };
                Entry::Field {
                    key: key(name),
                    value: self.value(value, current, purpose),
                    absent,
                }
            }
            model::Entry::Variant { test, ty, entries } => match current {
                Some(Current { tape, node, .. }) => {
                    let test = self.test(tape, node, test, *ty);
                    Entry::When(test, self.entries(entries, current, purpose))
                }
                None => Entry::Spread(Path::current(), self.entries(entries, None, purpose)),
            },
            model::Entry::Spread { path, entries } => {
                let walk = self.walk(path, current);
                let (path, inner) = self.object_path(walk);
                Entry::Spread(path, self.entries(entries, Some(inner), purpose))
            }
            model::Entry::Rest { ty } => {
                let (tape, node, root) = match current {
                    Some(Current { tape, node, root }) => (tape, node, root),
                    None => (usize::MAX, 0, crate::ir::Root::Current),
                };
                let (entry, slot) = self.tree(tape).rest(node, Some(*ty));
                let path = Path {
                    root,
                    hops: vec![Hop::Each(slot, Pick::All)],
                };
                Entry::Rest {
                    path,
                    value: Box::new(self.whole_here(tape, entry, purpose)),
                }
            }
        }
    }

    /// A value that no field judges: where it was promised it has to be there.
    fn kept(
        &mut self,
        value: &model::Value,
        current: Option<Current>,
        purpose: Purpose,
    ) -> Template {
        let promised = matches!(
            value,
            model::Value::Path { path, default, .. } if is_promised(path, default.as_ref())
        );
        match self.value(value, current, purpose) {
            value @ Template::Promised(_) => value,
            value if promised => Template::Promised(Box::new(value)),
            value => value,
        }
    }

    /// A value.
    pub(crate) fn value(
        &mut self,
        value: &model::Value,
        current: Option<Current>,
        purpose: Purpose,
    ) -> Template {
        match value {
            model::Value::Literal(json) => Template::Literal(json.clone()),
            model::Value::List(values) => Template::List(
                values
                    .iter()
                    .map(|value| self.kept(value, current, purpose))
                    .collect(),
            ),
            model::Value::Block(block) => self.template(block, current, purpose),
            model::Value::Path {
                path,
                select,
                default,
            } => {
                if let Some(at) = map_step(path) {
                    return self.map(path, at, select.as_ref(), current, purpose);
                }
                let walk = self.walk(path, current);
                let value = self.read(walk, select.as_ref(), default.clone(), purpose);
                // Of a list each element was promised; one value is its field's to judge.
                match path.many && is_promised(path, default.as_ref()) {
                    true => Template::Promised(Box::new(value)),
                    false => value,
                }
            }
        }
    }

    fn read(
        &mut self,
        walk: Walk,
        select: Option<&model::Block>,
        default: Option<String>,
        purpose: Purpose,
    ) -> Template {
        let Some(select) = select else {
            return self.whole(walk, default, purpose);
        };
        let walk = self.through_list(walk);
        if let Some((path, inner)) = self.scalar_path(&walk) {
            // A value of its own, as a scalar where fields are selected counts as missing.
            let value = self.template(select, Some(inner), purpose);
            return Template::Select {
                path,
                block: BlockRef::Inline(Block::Value(Box::new(value))),
                default,
            };
        }
        let (path, inner) = self.object_path(walk);
        let block = BlockRef::Inline(self.block(select, Some(inner), purpose));
        Template::Select {
            path,
            block,
            default,
        }
    }

    /// On to the elements, where a path ends at a list.
    fn through_list(&mut self, walk: Walk) -> Walk {
        let At::Node { tape, node, .. } = walk.at else {
            return walk;
        };
        let members = self.tree(tape).members(node);
        if members.is_empty() || !members.iter().all(|ty| matches!(ty.kind, Kind::List(_))) {
            return walk;
        }
        let (node, slot) = self.tree(tape).elements(node, None);
        Walk {
            path: walk.path.then(Hop::Each(slot, Pick::All)),
            at: At::Node {
                tape,
                node,
                frame: true,
            },
        }
    }

    /// `.*`: every value under the same keys.
    fn map(
        &mut self,
        path: &model::Path,
        at: usize,
        select: Option<&model::Block>,
        current: Option<Current>,
        purpose: Purpose,
    ) -> Template {
        let (to_map, rest) = path.steps.split_at(at + 1);
        let to_map = model::Path {
            steps: to_map.to_vec(),
            ..path.clone()
        };
        let walk = self.walk(&to_map, current);
        let At::Node { tape, node, .. } = walk.at else {
            return Template::Literal("null".to_owned());
        };
        let here = Current {
            tape,
            node,
            root: crate::ir::Root::Current,
        };
        let inner = model::Path {
            root: model::Root::Current,
            steps: rest.to_vec(),
            ..path.clone()
        };
        let inner = if rest.is_empty() {
            Walk {
                path: Path::current(),
                at: At::Node {
                    tape,
                    node,
                    frame: false,
                },
            }
        } else {
            self.walk(&inner, Some(here))
        };
        let value = self.read(inner, select, None, purpose);
        Template::Entries {
            path: walk.path,
            value: Box::new(value),
        }
    }

    /// The documented value in the current frame, whole.
    fn whole_here(&mut self, tape: usize, node: NodeId, purpose: Purpose) -> Template {
        self.whole(
            Walk {
                path: Path::current(),
                at: At::Node {
                    tape,
                    node,
                    frame: false,
                },
            },
            None,
            purpose,
        )
    }

    /// The documented value a walk leads to, whole.
    fn whole(&mut self, walk: Walk, default: Option<String>, purpose: Purpose) -> Template {
        let At::Node { tape, node, .. } = walk.at else {
            return Template::Copy {
                path: walk.path,
                default,
            };
        };
        let members = self.tree(tape).members(node);
        let forms = Forms::of(&members, self);
        match forms {
            Forms {
                objects: false,
                lists: false,
                ..
            } => Template::Copy {
                path: self.copied(walk),
                default,
            },
            Forms {
                objects: true,
                lists: false,
                scalars: false,
            } => self.whole_object(walk, default, purpose),
            Forms {
                objects: false,
                lists: true,
                scalars: false,
            } => self.whole_list(walk, default, purpose),
            mixed => self.whole_mixed(walk, mixed, default, purpose),
        }
    }

    fn whole_object(&mut self, walk: Walk, default: Option<String>, purpose: Purpose) -> Template {
        let At::Node { tape, node, .. } = walk.at else {
            return Template::Copy {
                path: walk.path,
                default,
            };
        };
        let objects: Vec<_> = self.tree(tape).objects(node).collect();
        let only_map = objects.iter().all(|object| object.fields.is_empty());
        if only_map && let Some(ty) = objects.iter().find_map(|object| object.rest) {
            let (object, into) = self.tree(tape).enter(node);
            let path = into
                .into_iter()
                .fold(walk.path, |path, slot| path.then(Hop::Into(slot)));
            let (entry, slot) = self.tree(tape).rest(object, Some(ty));
            let value = Box::new(self.whole_here(tape, entry, purpose));
            return Template::Entries {
                path: path.then(Hop::Each(slot, Pick::All)),
                value,
            };
        }
        let (path, inner) = self.object_path(walk);
        Template::Select {
            path,
            block: self.documented(inner, purpose),
            default,
        }
    }

    fn whole_list(&mut self, walk: Walk, default: Option<String>, purpose: Purpose) -> Template {
        let At::Node { tape, node, .. } = walk.at else {
            return Template::Copy {
                path: walk.path,
                default,
            };
        };
        let elements = self.element_members(tape, node);
        let forms = Forms::of(&elements, self);
        if !forms.objects && !forms.lists {
            return Template::Copy {
                path: self.copied(walk),
                default,
            };
        }
        let walk = self.through_list(walk);
        if forms == Forms::OBJECTS && !self.is_map(&elements) {
            return self.whole_object(walk, default, purpose);
        }
        let At::Node { node, .. } = walk.at else {
            return Template::Copy {
                path: walk.path,
                default,
            };
        };
        let value = self.whole_here(tape, node, purpose);
        Template::Select {
            path: walk.path,
            block: BlockRef::Inline(Block::Value(Box::new(value))),
            default,
        }
    }

    fn is_map(&self, members: &[&Type]) -> bool {
        members
            .iter()
            .all(|ty| matches!(&ty.kind, Kind::Object(object) if object.fields.is_empty() && object.rest.is_some()))
    }

    /// A value that may be a scalar, an object or a list: each written in its own way.
    fn whole_mixed(
        &mut self,
        walk: Walk,
        forms: Forms,
        default: Option<String>,
        purpose: Purpose,
    ) -> Template {
        let At::Node { tape, node, .. } = walk.at else {
            return Template::Copy {
                path: walk.path,
                default,
            };
        };
        let own = self.tree(tape).own(node);
        let here = || Walk {
            path: Path::current(),
            at: At::Node {
                tape,
                node,
                frame: false,
            },
        };
        let mut cases = Vec::new();
        if forms.objects {
            cases.push((
                Test::Kind(own, Kinds::OBJECT),
                self.whole_object(here(), None, purpose),
            ));
        }
        if forms.lists {
            cases.push((
                Test::Kind(own, Kinds::LIST),
                self.whole_list(here(), None, purpose),
            ));
        }
        if forms.scalars {
            let path = self.copied(here());
            cases.push((
                Test::Kind(own, Kinds::ANY),
                Template::Copy {
                    path,
                    default: None,
                },
            ));
        }
        let value = Block::Value(Box::new(Template::Choice(cases)));
        Template::Select {
            path: walk.path.then(Hop::Value(own)),
            block: BlockRef::Inline(value),
            default,
        }
    }

    /// Every documented field of the current object.
    fn documented(&mut self, current: Current, purpose: Purpose) -> BlockRef {
        let Current { tape, node, .. } = current;
        if !self.tree(tape).is_shared(node) {
            return BlockRef::Inline(Block::Fields(self.documented_entries(current, purpose)));
        }
        if let Some(&known) = self.blocks.get(&(tape, node, purpose)) {
            return BlockRef::Shared(known);
        }
        let place = self.pool.blocks.len();
        self.blocks.insert((tape, node, purpose), place);
        let name = self.tree(tape).name(node).unwrap_or("inner").to_owned();
        self.pool.blocks.push(Named {
            name,
            table: Block::Fields(Vec::new()),
        });
        let entries = self.documented_entries(current, purpose);
        if let Some(named) = self.pool.blocks.get_mut(place) {
            named.table = Block::Fields(entries);
        }
        BlockRef::Shared(place)
    }

    fn documented_entries(&mut self, current: Current, purpose: Purpose) -> Vec<Entry> {
        let Current { tape, node, .. } = current;
        let objects: Vec<_> = self.tree(tape).objects(node).collect();
        let mut names: indexmap::IndexMap<&str, _> = indexmap::IndexMap::new();
        for (name, field) in objects.iter().flat_map(|object| &object.fields) {
            let hidden = match purpose {
                Purpose::Answer => field.write_only,
                Purpose::Request => field.read_only,
            };
            if !hidden && self.has_schema(field.ty) {
                names.entry(name).or_insert(field.ty);
            }
        }
        let mut entries = Vec::with_capacity(names.len());
        for (name, ty) in names {
            let child = self.tree(tape).field(node, name, ty);
            let value = self.whole_here(tape, child, purpose);
            entries.push(Entry::Field {
                key: key(name),
                value,
                absent: Absent::Copied,
            });
        }
        let rest = objects
            .iter()
            .find_map(|object| object.rest)
            .filter(|ty| self.has_schema(*ty));
        if let Some(ty) = rest {
            let (entry, slot) = self.tree(tape).rest(node, Some(ty));
            let value = Box::new(self.whole_here(tape, entry, purpose));
            entries.push(Entry::Rest {
                path: Path::current().then(Hop::Each(slot, Pick::All)),
                value,
            });
        }
        entries
    }

    fn element_members(&mut self, tape: usize, list: NodeId) -> Vec<&'m Type> {
        let types = self.types;
        let lists = self.tree(tape).members(list);
        let elements = lists.into_iter().filter_map(|ty| match ty.kind {
            Kind::List(element) => Some(element),
            _ => None,
        });
        elements
            .flat_map(|element| super::tree::members(types, element))
            .collect()
    }
}

/// Which forms a value may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Forms {
    scalars: bool,
    objects: bool,
    lists: bool,
}

impl Forms {
    const OBJECTS: Forms = Forms {
        scalars: false,
        objects: true,
        lists: false,
    };

    fn of(members: &[&Type], reader: &Reader<'_>) -> Forms {
        let mut forms = Forms {
            scalars: false,
            objects: false,
            lists: false,
        };
        for ty in members {
            match &ty.kind {
                Kind::Object(_) => forms.objects = true,
                // Copied as it stands, as a scalar is.
                Kind::List(element) if reader.is_flat(*element) => forms.scalars = true,
                Kind::List(_) => forms.lists = true,
                Kind::Null => {}
                // Whatever it is, it is taken whole.
                Kind::Any => {
                    return Forms {
                        scalars: true,
                        objects: false,
                        lists: false,
                    };
                }
                _ => forms.scalars = true,
            }
        }
        forms
    }
}

/// The step of a path that takes every entry of a map, if none before it takes many of a list.
fn map_step(path: &model::Path) -> Option<usize> {
    for (at, step) in path.steps.iter().enumerate() {
        if let Step::Each { pick, map, .. } = step {
            match pick {
                model::Pick::All if *map => return Some(at),
                model::Pick::Index(_) | model::Pick::First(_) => {}
                _ => return None,
            }
        }
    }
    None
}

fn key(name: &str) -> String {
    format!("{}:", json_string(name))
}

/// Whether a path's end is promised, and nothing stands in for it.
fn is_promised(path: &model::Path, default: Option<&String>) -> bool {
    path.promised && default.is_none()
}
