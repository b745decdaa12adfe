//! What every shape must be, whatever the spec.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;

use bff_spec::source::SourceLoader;

use crate::ir::{Elements, Fields, Frame, Node, OnList, OnObject, Pool, Slot};

struct Folder(&'static str);

impl SourceLoader for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.0);
        std::fs::read_to_string(root.join(path)).map_err(|error| error.to_string())
    }
}

/// Each slot of a node's `first..end` is taken once, by the node or by one below it in the same frame.
struct Slots<'p> {
    pool: &'p Pool,
    shapes: usize,
    /// How many frames deep; recursion needs no more.
    depth: usize,
}

impl Slots<'_> {
    fn frame(&mut self, frame: &Frame, first: Slot, spare: usize) {
        self.shapes += 1;
        if self.depth > 6 {
            return;
        }
        self.depth += 1;
        let mut taken = Vec::new();
        self.node(&frame.node, &mut taken);
        self.depth -= 1;
        taken.sort_unstable();
        let all: Vec<Slot> = (first..frame.width).collect();
        assert_eq!(taken, all[..all.len() - spare], "{}", frame.node.at);
    }

    fn node(&mut self, node: &Node, taken: &mut Vec<Slot>) {
        let before = taken.len();
        taken.extend(node.own);
        match &node.object {
            OnObject::Reject | OnObject::Whole => {}
            OnObject::Fields(fields) => self.fields(fields, taken),
            OnObject::Shared(place) => self.fields(&self.pool.fields[*place].table, taken),
            OnObject::Framed { slot, frame } => {
                taken.push(*slot);
                self.frame(&self.pool.frames[*frame].table, 0, 0);
            }
        }
        match &node.list {
            OnList::Reject | OnList::Whole | OnList::Scalars(_) => {}
            OnList::Elements(elements) => self.elements(elements, 0, taken),
            OnList::Shared(place) => self.elements(&self.pool.elements[*place].table, 0, taken),
        }
        let mut mine = taken[before..].to_vec();
        mine.sort_unstable();
        assert_eq!(
            mine,
            (node.first..node.end).collect::<Vec<_>>(),
            "{}",
            node.at
        );
    }

    fn fields(&mut self, fields: &Fields, taken: &mut Vec<Slot>) {
        for key in &fields.keys {
            self.node(&key.node, taken);
        }
        if let Some(entries) = &fields.rest {
            self.elements(entries, 1, taken);
        }
    }

    fn elements(&mut self, elements: &Elements, first: Slot, taken: &mut Vec<Slot>) {
        taken.push(elements.slot);
        self.frame(&elements.frame, first, 0);
    }
}

#[test]
fn slots_have_no_gaps() {
    for (root, spec) in [
        ("tests/golden/depot", "specs/ops.yaml"),
        ("..", "specs/web.yaml"),
        ("..", "specs/mobile.yaml"),
        ("..", "specs/partner.yaml"),
    ] {
        let checked = bff_spec::check(&Folder(root), spec);
        let model = checked
            .model
            .unwrap_or_else(|| panic!("{spec}: {:#?}", checked.diagnostics));
        let gateway = super::lower(&model);
        let mut shapes = 0;
        for endpoint in &gateway.endpoints {
            let mut slots = Slots {
                pool: &endpoint.pool,
                shapes: 0,
                depth: 0,
            };
            if let Some(body) = &endpoint.body {
                slots.frame(&body.shape.root, 0, 0);
            }
            for call in endpoint.plan.iter().flat_map(|plan| &plan.calls) {
                if let Some(shape) = &call.shape {
                    slots.frame(&shape.root, 0, call.headers.len());
                }
            }
            shapes += slots.shapes;
        }
        assert!(shapes > 10, "{spec}: {shapes}");
    }
}
