//! A list: its elements visited, each in a frame, or its text captured if they are scalars.

use super::{Chain, Walker, link};
use crate::breach::Fault;
use crate::error::Error;
use crate::shape::{Elements, Kinds, Node};
use crate::tape::Cell;

impl Walker<'_> {
    /// A list whose elements are visited, each in a frame.
    pub(super) fn elements(
        &mut self,
        elements: &Elements,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let depth = self.scan.enter(at, depth)?;
        let mut chain = Chain::default();
        let mut at = self.scan.blank(at + 1);
        if self.scan.byte(at) == b']' {
            self.set(frame, elements.slot, link(0, 0));
            return Ok(at + 1);
        }
        self.repeating += 1;
        let mut left = elements.first;
        loop {
            let place = self.push_frame(elements.frame.width, at)?;
            self.chain(&mut chain, place);
            let end = self.visit(&elements.frame.node, place, at, depth)?;
            self.note_hollow(&elements.frame.node, place, at);
            at = self.scan.blank(end);
            left = left.saturating_sub(1);
            match self.scan.byte(at) {
                b',' if left == 0 => {
                    at = self.scan.list_end(at, depth)?;
                    break;
                }
                b',' => at = self.scan.blank(at + 1),
                b']' => break,
                _ => return Err(self.broken(at)),
            }
        }
        self.repeating -= 1;
        self.set(frame, elements.slot, link(chain.first, chain.count));
        Ok(at + 1)
    }

    /// A list of scalars, captured as it stands.
    pub(super) fn scalars(
        &mut self,
        node: &Node,
        kinds: Kinds,
        frame: usize,
        start: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let depth = self.scan.enter(start, depth)?;
        let mut clean = true;
        let mut at = self.scan.blank(start + 1);
        if self.scan.byte(at) != b']' {
            loop {
                let (end, kind) = match self.scan.byte(at) {
                    b'{' | b'[' => {
                        clean = false;
                        (self.scan.whole(at, depth)?, Kinds::NONE)
                    }
                    b'"' => (self.scan.string(at)?, Kinds::STRING),
                    b'-' | b'0'..=b'9' => match self.scan.number(at)? {
                        (end, true) => (end, Kinds::INTEGER),
                        (end, false) => (end, Kinds::FRACTION),
                    },
                    b'n' => (self.scan.literal(at)?, Kinds::NULL),
                    _ => (self.scan.literal(at)?, Kinds::BOOLEAN),
                };
                if !kinds.contains(kind) {
                    let fault = if kind == Kinds::NULL {
                        Fault::Null
                    } else {
                        Fault::Kind
                    };
                    self.breaches.add(node.at, fault);
                }
                at = self.scan.blank(end);
                match self.scan.byte(at) {
                    b',' => at = self.scan.blank(at + 1),
                    b']' => break,
                    _ => return Err(self.broken(at)),
                }
            }
        }
        if clean {
            if let Some(own) = node.own {
                self.set(frame, own, Cell::body(start, at + 1).marked());
            }
        } else {
            self.breaches.add(node.at, Fault::Kind);
            self.note_absent(node, frame);
        }
        Ok(at + 1)
    }
}
