//! What is read of one tape: a tree of wanted values, their slots, and the shape that captures them.
//!
//! Readers ask for values by walking the tree; asking makes the node. Lowering walks twice to learn what all of them want,
//! then [`Tree::number`] gives out the slots, and a last walk reads them. A node's types come from the contract alone,
//! so that readers who reach a value by different ways share it. Variants are merged by field name.

use std::collections::{BTreeMap, BTreeSet};

use bff_spec::contract::{Field, Kind, Object, Type, TypeId, Types};
use indexmap::IndexMap;

use crate::ir::{self, Kinds, Slot};

/// A node's place in its tree.
pub(crate) type NodeId = usize;

/// The wanted values of one tape.
#[derive(Debug)]
pub(crate) struct Tree<'m> {
    types: &'m Types,
    framed: &'m BTreeSet<TypeId>,
    nodes: Vec<Node>,
    /// The frames that recursive types lead back to, by the types they hold.
    shared: BTreeMap<Vec<TypeId>, NodeId>,
    /// Response headers, each in a slot of the root frame.
    headers: Vec<String>,
    /// Of an `each` call: its answers' frames are entries, whose slots start behind the key.
    entries: bool,
    touched: bool,
}

#[derive(Debug, Default)]
struct Node {
    at: String,
    types: Vec<TypeId>,
    shared: bool,
    own: bool,
    visited: bool,
    copied: bool,
    fields: IndexMap<String, NodeId>,
    keys: IndexMap<String, NodeId>,
    rest: Option<NodeId>,
    elements: Option<NodeId>,
    /// How many of the first elements are enough for all readers.
    first: u32,
    inner: Option<NodeId>,
    slots: Slots,
}

#[derive(Debug, Default, Clone, Copy)]
struct Slots {
    first: Slot,
    end: Slot,
    own: Slot,
    rest: Slot,
    elements: Slot,
    inner: Slot,
}

/// The root of every tree.
pub(crate) const ROOT: NodeId = 0;

impl<'m> Tree<'m> {
    /// A tree of which nothing is wanted; `root` is the type of the body.
    pub(crate) fn new(
        types: &'m Types,
        framed: &'m BTreeSet<TypeId>,
        root: Option<TypeId>,
    ) -> Tree<'m> {
        let mut tree = Tree {
            types,
            framed,
            nodes: Vec::new(),
            shared: BTreeMap::new(),
            headers: Vec::new(),
            entries: false,
            touched: false,
        };
        let types: Vec<TypeId> = root.into_iter().collect();
        let shared = tree.recurs(&types);
        if shared {
            tree.shared.insert(types.clone(), ROOT);
        }
        tree.nodes.push(Node {
            types,
            shared,
            ..Node::default()
        });
        tree
    }

    /// The tree of one answer of an `each` call.
    pub(crate) fn of_entries(
        types: &'m Types,
        framed: &'m BTreeSet<TypeId>,
        root: Option<TypeId>,
    ) -> Tree<'m> {
        let mut tree = Tree::new(types, framed, root);
        tree.entries = true;
        // Entries' slots are shifted, those of shared frames are not.
        tree.shared.clear();
        if let Some(root) = tree.nodes.get_mut(ROOT) {
            root.shared = false;
        }
        tree
    }

    /// Whether anything is wanted of the body itself.
    pub(crate) fn is_read(&self) -> bool {
        self.touched
    }

    /// Whether this is the tree of an `each` call's answers.
    pub(crate) fn has_entries(&self) -> bool {
        self.entries
    }

    /// The types of a node, variants in their members.
    pub(crate) fn members(&self, node: NodeId) -> Vec<&'m Type> {
        let mut members = Vec::new();
        for &ty in &self.get(node).types {
            flatten(self.types, ty, &mut members);
        }
        members
    }

    /// The objects a node may be.
    pub(crate) fn objects(&self, node: NodeId) -> impl Iterator<Item = &'m Object> {
        self.members(node)
            .into_iter()
            .filter_map(|ty| match &ty.kind {
                Kind::Object(object) => Some(object),
                _ => None,
            })
    }

    /// Whether a node is the frame of a recursive type.
    pub(crate) fn is_shared(&self, node: NodeId) -> bool {
        self.get(node).shared
    }

    /// The name of a node's type, for people.
    pub(crate) fn name(&self, node: NodeId) -> Option<&'m str> {
        self.get(node)
            .types
            .first()
            .and_then(|ty| self.types.get(*ty).name.as_deref())
    }

    /// Wants that the value itself, or that it is there, is captured; gives its slot.
    pub(crate) fn own(&mut self, node: NodeId) -> Slot {
        self.touched = true;
        self.with(node, |n| n.own = true);
        self.get(node).slots.own
    }

    /// Wants a value as it stands; gives its slot.
    pub(crate) fn copy(&mut self, node: NodeId) -> Slot {
        self.with(node, |n| n.copied = true);
        self.own(node)
    }

    /// Wants that an object is visited: gives the node of its fields and, where that has a frame of its own, the slot that
    /// leads there.
    pub(crate) fn enter(&mut self, node: NodeId) -> (NodeId, Option<Slot>) {
        self.touched = true;
        let here = self.get(node);
        if here.shared || !self.recurs(&here.types) {
            self.with(node, |n| n.visited = true);
            return (node, None);
        }
        let (types, at) = (here.types.clone(), here.at.clone());
        let inner = self.frame_of(types, at);
        self.with(inner, |n| n.visited = true);
        self.with(node, |n| n.inner = Some(inner));
        (inner, Some(self.get(node).slots.inner))
    }

    /// The field of a visited object.
    pub(crate) fn field(&mut self, node: NodeId, name: &str, fallback: TypeId) -> NodeId {
        if let Some(&known) = self.get(node).fields.get(name) {
            return known;
        }
        let types = self
            .objects(node)
            .filter_map(|object| object.fields.get(name))
            .map(|field| field.ty)
            .collect();
        let at = join(&self.get(node).at, name);
        let child = self.add(types, fallback, at);
        self.with(node, |n| n.fields.insert(name.to_owned(), child));
        child
    }

    /// The entry of a map by its key; none if entries are wanted as such, so that it has to be looked up among them.
    pub(crate) fn key(&mut self, node: NodeId, name: &str, fallback: TypeId) -> Option<NodeId> {
        let here = self.get(node);
        if here.rest.is_some() {
            return None;
        }
        if let Some(&known) = here.keys.get(name) {
            return Some(known);
        }
        let types = self
            .objects(node)
            .filter_map(|object| object.rest)
            .collect();
        let at = join(&self.get(node).at, name);
        let child = self.add(types, fallback, at);
        self.with(node, |n| n.keys.insert(name.to_owned(), child));
        Some(child)
    }

    /// The entries of a visited map: the node of their values, and the slot that leads to them.
    pub(crate) fn rest(&mut self, node: NodeId, fallback: Option<TypeId>) -> (NodeId, Slot) {
        let child = match self.get(node).rest {
            Some(known) => known,
            None => {
                let types: Vec<TypeId> = self
                    .objects(node)
                    .filter_map(|object| object.rest)
                    .collect();
                let at = join(&self.get(node).at, "*");
                let fallback = fallback
                    .or(types.first().copied())
                    .unwrap_or(TypeId(u32::MAX));
                let child = self.add(types, fallback, at);
                self.with(node, |n| n.rest = Some(child));
                child
            }
        };
        (child, self.get(node).slots.rest)
    }

    /// The elements of a list: their node, and the slot that leads to them.
    pub(crate) fn elements(&mut self, node: NodeId, fallback: Option<TypeId>) -> (NodeId, Slot) {
        self.first_elements(node, fallback, ir::Elements::ALL)
    }

    /// The same, for a reader of the first few only.
    pub(crate) fn first_elements(
        &mut self,
        node: NodeId,
        fallback: Option<TypeId>,
        first: u32,
    ) -> (NodeId, Slot) {
        self.touched = true;
        self.with(node, |n| n.first = n.first.max(first));
        let child = match self.get(node).elements {
            Some(known) => known,
            None => {
                let types: Vec<TypeId> = self
                    .members(node)
                    .into_iter()
                    .filter_map(|ty| match ty.kind {
                        Kind::List(element) => Some(element),
                        _ => None,
                    })
                    .collect();
                let at = format!("{}[]", self.get(node).at);
                let child = if self.recurs(&types) {
                    self.frame_of(sorted(types), at)
                } else {
                    let fallback = fallback
                        .or(types.first().copied())
                        .unwrap_or(TypeId(u32::MAX));
                    self.add(types, fallback, at)
                };
                self.with(node, |n| n.elements = Some(child));
                child
            }
        };
        (child, self.get(node).slots.elements)
    }

    /// Wants a response header; gives its slot.
    pub(crate) fn header(&mut self, name: &str) -> Slot {
        let name = name.to_ascii_lowercase();
        let place = self
            .headers
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                self.headers.push(name);
                self.headers.len() - 1
            });
        self.header_slot(place)
    }

    /// Every wanted response header and its slot.
    pub(crate) fn header_slots(&self) -> Vec<(String, Slot)> {
        self.headers
            .iter()
            .enumerate()
            .map(|(place, name)| (name.clone(), self.header_slot(place)))
            .collect()
    }

    fn header_slot(&self, place: usize) -> Slot {
        self.get(ROOT).slots.end.saturating_add(to_slot(place))
    }

    /// Gives out the slots: in each frame depth first, without gaps.
    pub(crate) fn number(&mut self) {
        for id in 0..self.nodes.len() {
            let node = self.get(id);
            let (rest, elements, copied) = (node.rest, node.elements, node.copied);
            if rest.is_some() {
                // Looked up among the entries instead.
                self.with(id, |n| n.keys.clear());
            }
            if let Some(element) = elements.filter(|_| copied) {
                // Copied element by element, as they are visited anyway.
                self.with(id, |n| n.first = ir::Elements::ALL);
                self.copy(element);
            }
        }
        let shared: Vec<NodeId> = self
            .shared
            .values()
            .copied()
            .filter(|&id| id != ROOT)
            .collect();
        self.number_node(ROOT, Slot::from(self.entries));
        for id in shared {
            self.number_node(id, 0);
        }
    }

    fn number_node(&mut self, id: NodeId, first: Slot) -> Slot {
        let mut slots = Slots {
            first,
            ..Slots::default()
        };
        let mut next = first;
        let mut take = || {
            let slot = next;
            next = next.saturating_add(1);
            slot
        };
        let node = self.get(id);
        if node.own {
            slots.own = take();
        }
        if node.inner.is_some() {
            slots.inner = take();
        }
        let (rest, elements) = (node.rest, node.elements);
        if rest.is_some() {
            slots.rest = take();
        }
        if elements.is_some() {
            slots.elements = take();
        }
        let node = self.get(id);
        let inline: Vec<NodeId> = node
            .fields
            .values()
            .chain(node.keys.values())
            .copied()
            .collect();
        for child in inline {
            next = self.number_node(child, next);
        }
        if let Some(entry) = rest {
            self.number_node(entry, 1);
        }
        if let Some(element) = elements.filter(|&element| !self.is_shared(element)) {
            self.number_node(element, 0);
        }
        slots.end = next;
        self.with(id, |n| n.slots = slots);
        next
    }

    /// Whether a list that is wanted as it stands has its elements visited.
    pub(crate) fn visits_elements(&self, node: NodeId) -> bool {
        self.get(node).elements.is_some()
    }

    /// The shape, once numbered. `tape` tells the tables it adds to the pool from those of other tapes.
    pub(crate) fn shape(&self, pool: &mut Shared<'_>) -> ir::Shape {
        let shift = Slot::from(self.entries);
        let node = self.table(ROOT, shift, pool);
        let width = node.end.saturating_add(to_slot(self.headers.len()));
        ir::Shape {
            root: ir::Frame { width, node },
        }
    }

    fn table(&self, id: NodeId, shift: Slot, pool: &mut Shared<'_>) -> ir::Node {
        let node = self.get(id);
        let kinds = kinds(self.types, &node.types);
        // Of what only stands here because a client may send it, nothing is kept, whatever it is.
        let any = self.is_any(&self.members(id));
        let object = if let Some(inner) = node.inner {
            ir::OnObject::Framed {
                slot: node.slots.inner.saturating_sub(shift),
                frame: self.pooled_frame(inner, pool),
            }
        } else if node.visited
            || !node.fields.is_empty()
            || !node.keys.is_empty()
            || node.rest.is_some()
        {
            self.visited(id, shift, pool)
        } else if any {
            ir::OnObject::Whole
        } else {
            ir::OnObject::Reject
        };
        let list = match node.elements {
            Some(element) if self.is_shared(element) => {
                ir::OnList::Shared(self.pooled_elements(id, shift, pool))
            }
            Some(element) => ir::OnList::Elements(Box::new(ir::Elements {
                slot: node.slots.elements.saturating_sub(shift),
                first: node.first,
                frame: self.frame(element, 0, pool),
            })),
            None if any => ir::OnList::Whole,
            None if node.copied => self.copied_list(id),
            None => ir::OnList::Reject,
        };
        ir::Node {
            at: node.at.clone(),
            kinds,
            first: node.slots.first.saturating_sub(shift),
            end: node.slots.end.saturating_sub(shift),
            own: node.own.then(|| node.slots.own.saturating_sub(shift)),
            object,
            list,
        }
    }

    /// The fields of a visited object; those of a recursive one are shared by all its frames.
    fn visited(&self, id: NodeId, shift: Slot, pool: &mut Shared<'_>) -> ir::OnObject {
        if !self.is_shared(id) {
            return ir::OnObject::Fields(self.fields(id, shift, pool));
        }
        if let Some(&known) = pool.fields.get(&(pool.tape, id)) {
            return ir::OnObject::Shared(known);
        }
        let place = pool.pool.fields.len();
        pool.fields.insert((pool.tape, id), place);
        let name = self.name(id).unwrap_or("inner").to_owned();
        pool.pool.fields.push(ir::Named {
            name,
            table: ir::Fields {
                keys: Vec::new(),
                rest: None,
            },
        });
        let fields = self.fields(id, shift, pool);
        if let Some(named) = pool.pool.fields.get_mut(place) {
            named.table = fields;
        }
        ir::OnObject::Shared(place)
    }

    fn frame(&self, id: NodeId, before: Slot, pool: &mut Shared<'_>) -> ir::Frame {
        let node = self.table(id, 0, pool);
        ir::Frame {
            width: node.end.max(before),
            node,
        }
    }

    fn fields(&self, id: NodeId, shift: Slot, pool: &mut Shared<'_>) -> ir::Fields {
        let node = self.get(id);
        let mut keys = Vec::new();
        for (name, &child) in &node.fields {
            let required = self.promises(id, name);
            keys.push(ir::Key {
                name: name.clone(),
                required,
                node: self.table(child, shift, pool),
            });
        }
        for (name, &child) in &node.keys {
            keys.push(ir::Key {
                name: name.clone(),
                required: false,
                node: self.table(child, shift, pool),
            });
        }
        let rest = node.rest.map(|entry| {
            Box::new(ir::Elements {
                slot: node.slots.rest.saturating_sub(shift),
                first: ir::Elements::ALL,
                frame: self.frame(entry, 1, pool),
            })
        });
        ir::Fields { keys, rest }
    }

    /// Whether every object the node may be has the field, and promises it.
    fn promises(&self, node: NodeId, name: &str) -> bool {
        let promised = |field: &Field| field.required && !field.write_only;
        self.objects(node)
            .all(|object| object.fields.get(name).is_some_and(promised))
    }

    fn copied_list(&self, id: NodeId) -> ir::OnList {
        let elements: Vec<TypeId> = self
            .members(id)
            .into_iter()
            .filter_map(|ty| match ty.kind {
                Kind::List(element) => Some(element),
                _ => None,
            })
            .collect();
        if elements.is_empty() {
            return ir::OnList::Reject;
        }
        let mut members = Vec::new();
        elements
            .iter()
            .for_each(|&element| flatten(self.types, element, &mut members));
        if self.is_any(&members) {
            ir::OnList::Whole
        } else {
            ir::OnList::Scalars(kinds(self.types, &elements))
        }
    }

    fn is_any(&self, members: &[&Type]) -> bool {
        members.iter().any(|ty| ty.kind == Kind::Any)
    }

    fn pooled_frame(&self, inner: NodeId, pool: &mut Shared<'_>) -> usize {
        if let Some(&known) = pool.frames.get(&(pool.tape, inner)) {
            return known;
        }
        let place = pool.pool.frames.len();
        pool.frames.insert((pool.tape, inner), place);
        let name = self.name(inner).unwrap_or("inner").to_owned();
        let empty = ir::Frame {
            width: 0,
            node: ir::Node::reject(),
        };
        pool.pool.frames.push(ir::Named { name, table: empty });
        let frame = self.frame(inner, 0, pool);
        if let Some(named) = pool.pool.frames.get_mut(place) {
            named.table = frame;
        }
        place
    }

    fn pooled_elements(&self, list: NodeId, shift: Slot, pool: &mut Shared<'_>) -> usize {
        if let Some(&known) = pool.elements.get(&(pool.tape, list)) {
            return known;
        }
        let place = pool.pool.elements.len();
        pool.elements.insert((pool.tape, list), place);
        let node = self.get(list);
        let name = node
            .elements
            .and_then(|element| self.name(element))
            .unwrap_or("inner")
            .to_owned();
        let (slot, first) = (node.slots.elements.saturating_sub(shift), node.first);
        let empty = ir::Frame {
            width: 0,
            node: ir::Node::reject(),
        };
        pool.pool.elements.push(ir::Named {
            name,
            table: ir::Elements {
                slot,
                first,
                frame: empty,
            },
        });
        if let Some(element) = node.elements {
            let frame = self.frame(element, 0, pool);
            if let Some(named) = pool.pool.elements.get_mut(place) {
                named.table.frame = frame;
            }
        }
        place
    }

    fn recurs(&self, types: &[TypeId]) -> bool {
        types.iter().any(|ty| self.framed.contains(ty))
    }

    fn frame_of(&mut self, types: Vec<TypeId>, at: String) -> NodeId {
        let types = sorted(types);
        if let Some(&known) = self.shared.get(&types) {
            return known;
        }
        let name = types
            .first()
            .and_then(|ty| self.types.get(*ty).name.clone());
        let node = Node {
            types: types.clone(),
            at: name.unwrap_or(at),
            shared: true,
            ..Node::default()
        };
        self.nodes.push(node);
        self.shared.insert(types, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn add(&mut self, types: Vec<TypeId>, fallback: TypeId, at: String) -> NodeId {
        let types = if types.is_empty() {
            vec![fallback]
        } else {
            sorted(types)
        };
        self.nodes.push(Node {
            types,
            at,
            ..Node::default()
        });
        self.nodes.len() - 1
    }

    fn get(&self, id: NodeId) -> &Node {
        static NOTHING: std::sync::LazyLock<Node> = std::sync::LazyLock::new(Node::default);
        self.nodes.get(id).unwrap_or(&NOTHING)
    }

    fn with<T>(&mut self, id: NodeId, change: impl FnOnce(&mut Node) -> T) {
        if let Some(node) = self.nodes.get_mut(id) {
            change(node);
        }
    }
}

impl ir::Node {
    /// A node that takes nothing.
    pub(crate) fn reject() -> ir::Node {
        ir::Node {
            at: String::new(),
            kinds: Kinds::ANY,
            first: 0,
            end: 0,
            own: None,
            object: ir::OnObject::Reject,
            list: ir::OnList::Reject,
        }
    }
}

/// Where tables that refer to themselves are kept, while shapes are made.
#[derive(Debug)]
pub(crate) struct Shared<'p> {
    pub(crate) pool: &'p mut ir::Pool,
    /// The tape whose shape is being made.
    pub(crate) tape: usize,
    pub(crate) frames: BTreeMap<(usize, NodeId), usize>,
    pub(crate) elements: BTreeMap<(usize, NodeId), usize>,
    pub(crate) fields: BTreeMap<(usize, NodeId), usize>,
}

impl<'p> Shared<'p> {
    /// Nothing yet, of this tape.
    pub(crate) fn new(pool: &'p mut ir::Pool, tape: usize) -> Shared<'p> {
        Shared {
            pool,
            tape,
            frames: BTreeMap::new(),
            elements: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }
}

fn flatten<'m>(types: &'m Types, ty: TypeId, into: &mut Vec<&'m Type>) {
    let ty = types.get(ty);
    match &ty.kind {
        Kind::Variants(variants) => variants
            .members
            .iter()
            .for_each(|member| flatten(types, member.ty, into)),
        _ => into.push(ty),
    }
}

/// A type's members: itself, or those of its variants.
pub(crate) fn members(types: &Types, ty: TypeId) -> Vec<&Type> {
    let mut members = Vec::new();
    flatten(types, ty, &mut members);
    members
}

/// The JSON kinds of types, all together.
pub(crate) fn kinds(types: &Types, of: &[TypeId]) -> Kinds {
    of.iter().fold(Kinds::NONE, |all, &ty| {
        let ty = types.get(ty);
        let kinds = match &ty.kind {
            Kind::Variants(variants) => kinds(
                types,
                &variants
                    .members
                    .iter()
                    .map(|member| member.ty)
                    .collect::<Vec<_>>(),
            ),
            kind => of_kind(kind),
        };
        all | if ty.nullable { kinds.or_null() } else { kinds }
    })
}

fn of_kind(kind: &Kind) -> Kinds {
    match kind {
        Kind::Any | Kind::Variants(_) => Kinds::ANY,
        Kind::Null => Kinds::NULL,
        Kind::Boolean => Kinds::BOOLEAN,
        Kind::Integer => Kinds::INTEGER,
        Kind::Number => Kinds::NUMBER,
        Kind::String => Kinds::STRING,
        Kind::Scalars(kinds) => kinds
            .iter()
            .fold(Kinds::NONE, |all, kind| all | of_kind(kind)),
        Kind::List(_) => Kinds::LIST,
        Kind::Object(_) => Kinds::OBJECT,
    }
}

fn sorted(mut types: Vec<TypeId>) -> Vec<TypeId> {
    types.sort_unstable();
    types.dedup();
    types
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

fn to_slot(count: usize) -> Slot {
    Slot::try_from(count).unwrap_or(Slot::MAX)
}
