//! Typed paths and conditions against the slots of their tapes.

use bff_spec::contract::{Kind, TypeId, VariantTest};
use bff_spec::model::{self, JoinKey, Step};

use super::Reader;
use super::tree::{self, NodeId, ROOT};
use crate::ir::{Condition, Elements, Hop, Operand, Path, Pick, Root, Test};

/// Where a reader stands: a value of a tape, and how its frame is found again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub(crate) tape: usize,
    pub(crate) node: NodeId,
    /// How paths from here start.
    pub(crate) root: Root,
}

/// A path on its way.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) path: Path,
    pub(crate) at: At,
}

/// What a path has reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    /// A value of a tape; `frame`: the hops stand at its frame, so that being there needs no slot.
    Node {
        tape: usize,
        node: NodeId,
        frame: bool,
    },
    /// Text in a slot the hops already name.
    Text,
}

impl Reader<'_> {
    /// A path to what a scalar, or a list of scalars, holds.
    pub(crate) fn value_path(&mut self, path: &model::Path, current: Option<Current>) -> Path {
        let walk = self.walk(path, current);
        self.copied(walk)
    }

    /// A walk's end as it stands; a list whose elements are visited anyway is read from them.
    pub(crate) fn copied(&mut self, walk: Walk) -> Path {
        let At::Node { tape, node, .. } = walk.at else {
            return walk.path;
        };
        let slot = self.tree(tape).copy(node);
        if !self.tree(tape).visits_elements(node) {
            return walk.path.then(Hop::Value(slot));
        }
        let (element, slot) = self.tree(tape).elements(node, None);
        let own = self.tree(tape).copy(element);
        walk.path
            .then(Hop::Each(slot, Pick::All))
            .then(Hop::Value(own))
    }

    /// A path that says whether something is there.
    pub(crate) fn presence_path(&mut self, path: &model::Path, current: Option<Current>) -> Path {
        let walk = self.walk(path, current);
        let At::Node { tape, node, .. } = walk.at else {
            return walk.path;
        };
        let slot = self.tree(tape).own(node);
        walk.path.then(Hop::Value(slot))
    }

    /// A path to an object a selection is applied to, and the reader's place in it.
    pub(crate) fn object_path(&mut self, walk: Walk) -> (Path, Current) {
        let At::Node { tape, node, frame } = walk.at else {
            return (
                walk.path,
                Current {
                    tape: usize::MAX,
                    node: ROOT,
                    root: Root::Current,
                },
            );
        };
        let (inner, into) = self.tree(tape).enter(node);
        let path = match into {
            Some(slot) => walk.path.then(Hop::Into(slot)),
            None if frame => walk.path,
            None => {
                let own = self.tree(tape).own(node);
                walk.path.then(Hop::Value(own))
            }
        };
        (
            path,
            Current {
                tape,
                node: inner,
                root: Root::Current,
            },
        )
    }

    /// A path to scalars a selection is applied to, each with a frame that holds it, and the reader's place there; none if
    /// it leads to something else.
    pub(crate) fn scalar_path(&mut self, walk: &Walk) -> Option<(Path, Current)> {
        let path = walk.path.clone();
        let root = Root::Current;
        let At::Node { tape, node, .. } = walk.at else {
            let (tape, node) = (usize::MAX, ROOT);
            return Some((path, Current { tape, node, root }));
        };
        let members = self.tree(tape).members(node);
        let scalars = members.iter().all(|ty| {
            matches!(
                ty.kind,
                Kind::Boolean | Kind::Integer | Kind::Number | Kind::String | Kind::Scalars(_)
            )
        });
        if members.is_empty() || !scalars {
            return None;
        }
        let own = self.tree(tape).copy(node);
        Some((path.then(Hop::Value(own)), Current { tape, node, root }))
    }

    /// Follows a path to its last step.
    pub(crate) fn walk(&mut self, path: &model::Path, current: Option<Current>) -> Walk {
        let mut walk = self.start(path.root, current);
        for step in &path.steps {
            walk = self.step(walk, step, current);
        }
        walk
    }

    fn start(&mut self, root: model::Root, current: Option<Current>) -> Walk {
        let tape = |tape: usize| Walk {
            path: Path {
                root: Root::Tape(u8::try_from(tape).unwrap_or(u8::MAX)),
                hops: Vec::new(),
            },
            at: At::Node {
                tape,
                node: ROOT,
                frame: true,
            },
        };
        match root {
            model::Root::Input(input) => {
                let slot = u16::try_from(input).unwrap_or(u16::MAX);
                let path = Path {
                    root: Root::Tape(super::INPUTS),
                    hops: Vec::new(),
                };
                let path = if self.list_inputs.get(input).copied().unwrap_or(false) {
                    path.then(Hop::Each(slot, Pick::All)).then(Hop::Value(0))
                } else {
                    path.then(Hop::Value(slot))
                };
                Walk { path, at: At::Text }
            }
            model::Root::Claims => tape(usize::from(super::CLAIMS)),
            model::Root::Body => tape(usize::from(super::BODY)),
            model::Root::Call(call) => tape(usize::from(super::CALLS) + call),
            model::Root::Current => match current {
                // An element of an input's list: its frame holds the text alone.
                Some(Current {
                    tape: usize::MAX,
                    root,
                    ..
                }) => Walk {
                    path: Path {
                        root,
                        hops: vec![Hop::Value(0)],
                    },
                    at: At::Text,
                },
                Some(Current { tape, node, root }) => Walk {
                    path: Path {
                        root,
                        hops: Vec::new(),
                    },
                    at: At::Node {
                        tape,
                        node,
                        frame: true,
                    },
                },
                None => Walk {
                    path: Path::current(),
                    at: At::Text,
                },
            },
        }
    }

    fn step(&mut self, walk: Walk, step: &Step, current: Option<Current>) -> Walk {
        let Walk { path, at } = walk;
        let At::Node { tape, node, .. } = at else {
            return Walk { path, at };
        };
        match step {
            Step::Field { name, ty } => {
                let (object, path) = self.into(tape, node, path);
                let node = self.tree(tape).field(object, name, *ty);
                Walk {
                    path,
                    at: At::Node {
                        tape,
                        node,
                        frame: false,
                    },
                }
            }
            Step::Key { name, ty } => {
                let (map, path) = self.into(tape, node, path);
                match self.tree(tape).key(map, name, *ty) {
                    Some(node) => Walk {
                        path,
                        at: At::Node {
                            tape,
                            node,
                            frame: false,
                        },
                    },
                    None => {
                        let (node, slot) = self.tree(tape).rest(map, Some(*ty));
                        let key = Operand::Literal(super::json_string(name));
                        let path = path.then(Hop::Each(slot, Pick::First(vec![(0, key)])));
                        Walk {
                            path,
                            at: At::Node {
                                tape,
                                node,
                                frame: true,
                            },
                        }
                    }
                }
            }
            Step::Each { pick, ty, map } => {
                // The answers of an `each` call are the entries of its tape's root, and the tree is that of one of them.
                if *map && node == ROOT && self.tree(tape).has_entries() && path.hops.is_empty() {
                    let pick = self.pick(pick, tape, ROOT, current);
                    return Walk {
                        path: path.then(Hop::Each(0, pick)),
                        at: At::Node {
                            tape,
                            node,
                            frame: true,
                        },
                    };
                }
                let (path, (child, slot)) = if *map {
                    let (object, path) = self.into(tape, node, path);
                    (path, self.tree(tape).rest(object, Some(*ty)))
                } else {
                    let first = first_of(pick);
                    let elements = self.tree(tape).first_elements(node, Some(*ty), first);
                    (path, elements)
                };
                let pick = self.pick(pick, tape, child, current);
                Walk {
                    path: path.then(Hop::Each(slot, pick)),
                    at: At::Node {
                        tape,
                        node: child,
                        frame: true,
                    },
                }
            }
            Step::Is { test, ty } => {
                let (node, path, test) = match test {
                    VariantTest::Kind => (node, path, self.test(tape, node, test, *ty)),
                    VariantTest::Property(..) | VariantTest::Own(_) => {
                        let (object, path) = self.into(tape, node, path);
                        (object, path, self.test(tape, object, test, *ty))
                    }
                };
                let frame = matches!(at, At::Node { frame: true, .. });
                Walk {
                    path: path.then(Hop::Is(test)),
                    at: At::Node { tape, node, frame },
                }
            }
            Step::Header(name) => {
                let slot = self.tree(tape).header(name);
                Walk {
                    path: path.then(Hop::Value(slot)),
                    at: At::Text,
                }
            }
        }
    }

    /// Into an object: where its fields are.
    fn into(&mut self, tape: usize, node: NodeId, path: Path) -> (NodeId, Path) {
        let (object, into) = self.tree(tape).enter(node);
        match into {
            Some(slot) => (object, path.then(Hop::Into(slot))),
            None => (object, path),
        }
    }

    fn pick(
        &mut self,
        pick: &model::Pick,
        tape: usize,
        element: NodeId,
        current: Option<Current>,
    ) -> Pick {
        match pick {
            model::Pick::All => Pick::All,
            model::Pick::Index(at) => Pick::Index(*at),
            model::Pick::Slice(from, to) => Pick::Slice(*from, *to),
            model::Pick::First(keys) => Pick::First(self.join_keys(keys, tape, element, current)),
            model::Pick::Every(keys) => Pick::Every(self.join_keys(keys, tape, element, current)),
        }
    }

    fn join_keys(
        &mut self,
        keys: &[JoinKey],
        tape: usize,
        element: NodeId,
        current: Option<Current>,
    ) -> Vec<(u16, Operand)> {
        let mut pairs = Vec::with_capacity(keys.len());
        for key in keys {
            let equals = self.operand(&key.equals, current);
            let mut node = element;
            for name in &key.field {
                let (object, _) = self.tree(tape).enter(node);
                node = self.tree(tape).field(object, name, key.ty);
            }
            let slot = if key.field.is_empty() {
                0
            } else {
                self.tree(tape).copy(node)
            };
            pairs.push((slot, equals));
        }
        pairs
    }

    /// The test of a variant; `object` is the node its properties are fields of.
    pub(crate) fn test(
        &mut self,
        tape: usize,
        object: NodeId,
        test: &VariantTest,
        ty: TypeId,
    ) -> Test {
        match test {
            VariantTest::Property(name, values) => {
                let node = self.tree(tape).field(object, name, ty);
                Test::Equals(self.tree(tape).copy(node), values.clone())
            }
            VariantTest::Own(name) => {
                let node = self.tree(tape).field(object, name, ty);
                Test::Present(self.tree(tape).own(node))
            }
            VariantTest::Kind => {
                Test::Kind(self.tree(tape).own(object), tree::kinds(self.types, &[ty]))
            }
        }
    }

    /// A side of a condition or the right side of a join key.
    pub(crate) fn operand(
        &mut self,
        operand: &model::Operand,
        current: Option<Current>,
    ) -> Operand {
        match operand {
            model::Operand::Path(path) => Operand::Path(self.value_path(path, current)),
            model::Operand::Literal(text) => Operand::Literal(text.clone()),
        }
    }

    /// A condition.
    pub(crate) fn condition(&mut self, condition: &model::Condition) -> Condition {
        match condition {
            model::Condition::Holds(model::Operand::Path(path)) if !self.is_scalar(path.ty) => {
                Condition::Holds(Operand::Path(self.presence_path(path, None)))
            }
            model::Condition::Holds(operand) => Condition::Holds(self.operand(operand, None)),
            model::Condition::Equal(left, right) => {
                Condition::Equal(self.operand(left, None), self.operand(right, None))
            }
        }
    }

    fn is_scalar(&self, ty: TypeId) -> bool {
        !matches!(
            self.types.get(ty).kind,
            Kind::List(_) | Kind::Object(_) | Kind::Variants(_) | Kind::Any
        )
    }
}

/// How many of a list's first elements a pick looks at.
fn first_of(pick: &model::Pick) -> u32 {
    let first = match pick {
        model::Pick::Index(index) => index.checked_add(1),
        model::Pick::Slice(from, Some(to)) if from.unwrap_or(0) >= 0 => Some(*to),
        _ => None,
    };
    // From the end, all of them count; and one at least is visited.
    first
        .and_then(|first| u32::try_from(first).ok())
        .filter(|&first| first > 0)
        .unwrap_or(Elements::ALL)
}
