//! One pass over a body's bytes, guided by a shape.
//!
//! In come a [`Shape`] and a body; out comes a [`Tape`] of where the wanted values lie, or an [`Error`] and nothing. What the
//! shape doesn't name is skipped, what it names is checked in full. A body that breaks its contract is no error: the breach is
//! recorded, and nothing that the shape has no place for is captured. Recursion is bounded by [`Options::depth`].

mod fields;
mod hints;
mod list;
mod map;
mod seen;

use bytes::Bytes;

use crate::breach::{Breaches, Fault};
use crate::error::{Error, ErrorKind};
use crate::options::Options;
use crate::scan::Scanner;
use crate::shape::{Kinds, Node, OnList, OnObject, Shape, Slot};
use crate::tape::{Cell, HEADER, RootList, Tape};

/// For so many bytes of a body one cell is reserved beforehand.
const BYTES_PER_CELL: usize = 64;

/// The slots of most frames.
const FEW: usize = 8;

impl Shape {
    /// Captures a body.
    ///
    /// # Errors
    ///
    /// The body isn't one JSON value, as far as the mode looks, or goes beyond a bound.
    pub fn capture(&self, body: Bytes, options: &Options) -> Result<Tape, Error> {
        let mut tape = Tape::default();
        self.capture_into(&mut tape, body, options)?;
        Ok(tape)
    }

    /// Captures a body on a tape that is no longer needed, for its memory. After an error the tape is absent.
    ///
    /// # Errors
    ///
    /// As [`Shape::capture`].
    pub fn capture_into(
        &self,
        tape: &mut Tape,
        body: Bytes,
        options: &Options,
    ) -> Result<(), Error> {
        tape.clear();
        let scan = Scanner::new(&body, options)?;
        // About what a list of middling objects needs; where it is more, the arena grows.
        tape.arena
            .reserve((body.len() / BYTES_PER_CELL).min(options.max_arena));
        let mut walker = Walker {
            scan,
            arena: std::mem::take(&mut tape.arena),
            max: options.max_arena,
            breaches: std::mem::take(&mut tape.breaches),
            hints: hints::Hints::default(),
            repeating: 0,
        };
        let captured = walker.document(self);
        tape.arena = walker.arena;
        tape.breaches = walker.breaches;
        if let Err(error) = captured {
            tape.clear();
            return Err(error);
        }
        tape.body = body;
        tape.root_list = match self.root.node.list {
            OnList::Elements(elements) => RootList::Frames(elements.slot),
            OnList::Whole | OnList::Scalars(_) => {
                self.root.node.own.map_or(RootList::None, RootList::Text)
            }
            OnList::Reject => RootList::None,
        };
        Ok(())
    }
}

/// The pass: what is read, and what was found so far.
struct Walker<'s> {
    scan: Scanner<'s>,
    arena: Vec<Cell>,
    max: usize,
    breaches: Breaches,
    hints: hints::Hints,
    /// How many lists and maps are open: within them keys are expected to repeat.
    repeating: u32,
}

/// The frames of a list as they come.
#[derive(Default)]
struct Chain {
    first: usize,
    last: usize,
    count: u32,
}

impl Walker<'_> {
    fn document(&mut self, shape: &Shape) -> Result<(), Error> {
        let at = self.scan.blank(0);
        let frame = self.push_frame(shape.root.width, at)?;
        let end = self.value(&shape.root.node, frame, at, 0)?;
        self.note_hollow(&shape.root.node, frame, at);
        self.scan.finish(end)
    }

    /// The value at `at`; `frame` takes its slots, `depth` objects and lists are open around it. Gives the place after it.
    fn value(
        &mut self,
        node: &Node,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        match self.scan.byte(at) {
            b'"' => {
                let end = self.scan.string(at)?;
                if let Some(own) = node.own {
                    self.set(frame, own, Cell::body(at, end));
                }
                self.promised(node, Kinds::STRING);
                Ok(end)
            }
            b'{' => self.object(node, frame, at, depth),
            b'[' => self.list(node, frame, at, depth),
            b'-' | b'0'..=b'9' => {
                let (end, integer) = self.scan.number(at)?;
                if let Some(own) = node.own {
                    self.set(frame, own, Cell::body(at, end));
                }
                self.promised(
                    node,
                    if integer {
                        Kinds::INTEGER
                    } else {
                        Kinds::FRACTION
                    },
                );
                Ok(end)
            }
            b'n' => {
                let end = self.scan.literal(at)?;
                self.null(node, frame, Cell::body(at, end));
                Ok(end)
            }
            _ => {
                let end = self.scan.literal(at)?;
                if let Some(own) = node.own {
                    self.set(frame, own, Cell::body(at, end));
                }
                self.promised(node, Kinds::BOOLEAN);
                Ok(end)
            }
        }
    }

    /// The same, for where it is mostly an object whose fields are visited.
    #[inline(always)]
    fn visit(
        &mut self,
        node: &Node,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        if self.scan.byte(at) == b'{'
            && let OnObject::Fields(fields) = &node.object
        {
            self.promised(node, Kinds::OBJECT);
            self.mark(node, frame, at);
            return self.fields(fields, frame, at, depth);
        }
        self.value(node, frame, at, depth)
    }

    fn object(
        &mut self,
        node: &Node,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        self.promised(node, Kinds::OBJECT);
        match &node.object {
            OnObject::Fields(fields) => {
                self.mark(node, frame, at);
                self.fields(fields, frame, at, depth)
            }
            OnObject::Framed { slot, frame: inner } => {
                // A frame whose object were framed again would not get on; no generator writes that.
                let OnObject::Fields(fields) = &inner.node.object else {
                    return self.refuse(node, frame, at, depth);
                };
                self.mark(node, frame, at);
                let place = self.push_frame(inner.width, at)?;
                self.mark(&inner.node, place, at);
                let end = self.fields(fields, place, at, depth)?;
                self.set(frame, *slot, link(place, 1));
                Ok(end)
            }
            OnObject::Whole => self.whole(node, frame, at, depth),
            OnObject::Reject => self.refuse(node, frame, at, depth),
        }
    }

    fn list(&mut self, node: &Node, frame: usize, at: usize, depth: usize) -> Result<usize, Error> {
        self.promised(node, Kinds::LIST);
        match &node.list {
            OnList::Elements(elements) => {
                self.mark(node, frame, at);
                self.elements(elements, frame, at, depth)
            }
            OnList::Scalars(kinds) => self.scalars(node, *kinds, frame, at, depth),
            OnList::Whole => self.whole(node, frame, at, depth),
            OnList::Reject => self.refuse(node, frame, at, depth),
        }
    }

    /// Captures the text of an object or list.
    fn whole(
        &mut self,
        node: &Node,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let end = self.scan.whole(at, depth)?;
        if let Some(own) = node.own {
            self.set(frame, own, Cell::body(at, end));
        }
        Ok(end)
    }

    /// Passes over an object or list the shape has no place for. That is rare, so it is checked in full.
    #[cold]
    fn refuse(
        &mut self,
        node: &Node,
        frame: usize,
        at: usize,
        depth: usize,
    ) -> Result<usize, Error> {
        let kind = if self.scan.byte(at) == b'{' {
            Kinds::OBJECT
        } else {
            Kinds::LIST
        };
        // If the contract has the kind, it was not counted yet.
        if node.kinds.contains(kind) {
            self.breaches.add(node.at, Fault::Kind);
        }
        self.note_absent(node, frame);
        self.scan.whole(at, depth)
    }

    /// `null` in place of whatever the node is.
    fn null(&mut self, node: &Node, frame: usize, null: Cell) {
        if !node.kinds.contains(Kinds::NULL) {
            self.breaches.add(node.at, Fault::Null);
        }
        self.note_absent(node, frame);
        let flat = matches!(node.list, OnList::Scalars(_));
        if let Some(own) = node.own {
            self.set(frame, own, if flat { null.marked() } else { null });
        }
        if let OnList::Elements(elements) = node.list {
            self.set(frame, elements.slot, null);
        }
        match &node.object {
            OnObject::Framed { slot, .. } => self.set(frame, *slot, null),
            OnObject::Fields(fields) => {
                if let Some(rest) = fields.rest {
                    self.set(frame, rest.slot, null);
                }
            }
            OnObject::Reject | OnObject::Whole => {}
        }
    }

    /// Remembers of lists of scalars below an absent value that they are lists: flattened, they contribute nothing.
    fn note_absent(&mut self, node: &Node, frame: usize) {
        if let (OnList::Scalars(_), Some(own)) = (&node.list, node.own) {
            self.set(frame, own, Cell::ABSENT_LIST);
        }
        if let OnObject::Fields(fields) = node.object {
            for key in fields.keys {
                self.note_absent(&key.node, frame);
            }
        }
    }

    /// Marks the frame of a value that is null, or of which nothing was captured.
    #[inline(always)]
    fn note_hollow(&mut self, node: &Node, frame: usize, at: usize) {
        let hollow = match self.scan.byte(at) {
            b'{' => matches!(node.object, OnObject::Reject),
            b'[' => matches!(node.list, OnList::Reject),
            b'n' => true,
            _ => node.own.is_none(),
        };
        if hollow && let Some(header) = self.arena.get_mut(frame) {
            *header = header.marked();
        }
    }

    /// Records that a visited object or list is there: its opening bracket, which can't be taken for a value.
    #[inline(always)]
    fn mark(&mut self, node: &Node, frame: usize, at: usize) {
        if let Some(own) = node.own {
            self.set(frame, own, Cell::body(at, at + 1));
        }
    }

    #[inline(always)]
    fn promised(&mut self, node: &Node, kind: Kinds) {
        if !node.kinds.contains(kind) {
            self.breaches.add(node.at, Fault::Kind);
        }
    }

    #[inline(always)]
    fn set(&mut self, frame: usize, slot: Slot, cell: Cell) {
        if let Some(old) = self.arena.get_mut(frame + HEADER + usize::from(slot)) {
            *old = cell;
        }
    }

    #[inline(always)]
    fn push_frame(&mut self, width: Slot, at: usize) -> Result<usize, Error> {
        let place = self.arena.len();
        let end = place + HEADER + usize::from(width);
        if end > self.max {
            return Err(Error::new(ErrorKind::TooManyValues, at));
        }
        self.arena.push(Cell::header(width));
        // Of a length that is known a few cells are written without a call.
        self.arena.extend_from_slice(&[Cell::ABSENT; FEW]);
        if usize::from(width) <= FEW {
            self.arena.truncate(end);
        } else {
            self.arena.resize(end, Cell::ABSENT);
        }
        Ok(place)
    }

    #[inline(always)]
    fn chain(&mut self, chain: &mut Chain, place: usize) {
        if chain.count == 0 {
            chain.first = place;
        } else if let Some(header) = self.arena.get_mut(chain.last) {
            *header = header.to(link(place, 0).frames().map_or(0, |(first, _)| first));
        }
        chain.last = place;
        chain.count += 1;
    }

    /// The error where a comma or a closing bracket should be.
    #[cold]
    fn broken(&self, at: usize) -> Error {
        match self.scan.byte(at) {
            b'}' | b']' => Error::new(ErrorKind::MismatchedBracket, at),
            _ => self.scan.unexpected(at),
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // arenas are bounded far below 2^32 cells
fn link(first: usize, count: u32) -> Cell {
    Cell::link(first as u32, count)
}
