//! The tables of one gateway in owned form: what lowering gives and both back ends (Rust text, leaked statics) read.
//!
//! As [`bff_json`]'s and the runtime's tables, but growable, and cyclic through a [`Pool`] instead of references. What a
//! table merely repeats of the model (names, URLs, timeouts) isn't here: back ends read it there.

pub(crate) use bff_json::{Absent, Kinds, Root, Slot};

/// A whole gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// What is read of the claims, by any endpoint.
    pub(crate) claims: Shape,
    /// In the model's order.
    pub(crate) endpoints: Vec<Endpoint>,
}

/// The tables of one endpoint.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Clauses that read no call.
    pub(crate) require: Vec<Clause>,
    /// Of each of its limits, the claim that says who is counted.
    pub(crate) counted_by: Vec<Option<Path>>,
    /// What is captured of the request's body, and its rules.
    pub(crate) body: Option<Body>,
    /// Its calls and answer; none for a proxy. Of one operation that is passed through: its arguments, as a call's.
    pub(crate) plan: Option<Plan>,
    /// Tables that refer to themselves.
    pub(crate) pool: Pool,
}

/// Tables that are reached by number because recursive types lead back to them.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    pub(crate) frames: Vec<Named<Frame>>,
    pub(crate) elements: Vec<Named<Elements>>,
    pub(crate) fields: Vec<Named<Fields>>,
    pub(crate) blocks: Vec<Named<Block>>,
}

/// A table and what to call it.
#[derive(Debug)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) table: T,
}

#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) shape: Shape,
    pub(crate) rule: BodyRule,
}

#[derive(Debug)]
pub(crate) struct Plan {
    /// In the model's order.
    pub(crate) calls: Vec<Call>,
    /// Clauses that read calls.
    pub(crate) require: Vec<Clause>,
    pub(crate) headers: Vec<(String, HeaderValue)>,
    pub(crate) answer: Option<Template>,
}

#[derive(Debug)]
pub(crate) enum HeaderValue {
    Literal(String),
    Path(Path),
    Or(Path, String),
    Promised(Path),
}

/// `reads`: the calls it reads, as bits.
#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) text: String,
    pub(crate) condition: Condition,
    pub(crate) reads: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Call {
    /// In the model's order.
    pub(crate) arguments: Vec<Value>,
    pub(crate) body: Option<BodyValue>,
    pub(crate) when: Option<Condition>,
    /// None if nothing reads the answer.
    pub(crate) shape: Option<Shape>,
    pub(crate) headers: Vec<(String, Slot)>,
    /// In the model's order.
    pub(crate) errors: Vec<ErrorAction>,
    /// Whether the answer is a list.
    pub(crate) list_answer: bool,
}

#[derive(Debug)]
pub(crate) enum Value {
    Literal(String),
    Path { path: Path, default: Option<String> },
    List(Vec<Value>),
}

#[derive(Debug)]
pub(crate) enum BodyValue {
    Json(Template),
    /// With the fields whose lists aren't repeated.
    Form(Block, Vec<(String, ListStyle)>),
}

/// How a list is written between separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListStyle {
    Comma,
    Space,
    Pipe,
}

#[derive(Debug)]
pub(crate) enum ErrorAction {
    Absent,
    Pass,
    Select(Box<Selection>),
}

/// A selection over one body alone, as tape 0.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) shape: Shape,
    pub(crate) template: Template,
    pub(crate) pool: Pool,
}

#[derive(Debug)]
pub(crate) enum BodyRule {
    Any,
    Scalar {
        slot: Slot,
        rules: Rules,
        nullable: bool,
    },
    Object {
        slot: Option<Slot>,
        fields: Vec<BodyField>,
        nullable: bool,
    },
    Map {
        slot: Option<Slot>,
        fields: Vec<BodyField>,
        entries: Option<Slot>,
        element: Box<BodyRule>,
        nullable: bool,
    },
    List {
        slot: Slot,
        rules: ListRules,
        element: Box<BodyRule>,
        nullable: bool,
    },
}

#[derive(Debug)]
pub(crate) struct BodyField {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) rule: BodyRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListRules {
    pub(crate) min: Option<u32>,
    pub(crate) max: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    pub(crate) kind: Scalar,
    pub(crate) one_of: Vec<String>,
    pub(crate) minimum: Option<Bound>,
    pub(crate) maximum: Option<Bound>,
    pub(crate) min_length: Option<u32>,
    pub(crate) max_length: Option<u32>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Boolean,
    Integer,
    Number,
    String,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Uuid,
    Date,
    DateTime,
    Int32,
    Int64,
}

/// What to capture of one body.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) root: Frame,
}

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) width: Slot,
    pub(crate) node: Node,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: String,
    pub(crate) kinds: Kinds,
    pub(crate) first: Slot,
    pub(crate) end: Slot,
    pub(crate) own: Option<Slot>,
    pub(crate) object: OnObject,
    pub(crate) list: OnList,
}

#[derive(Debug)]
pub(crate) enum OnObject {
    Reject,
    Whole,
    Fields(Fields),
    /// Of [`Pool::fields`].
    Shared(usize),
    /// `frame` is of [`Pool::frames`].
    Framed {
        slot: Slot,
        frame: usize,
    },
}

#[derive(Debug)]
pub(crate) enum OnList {
    Reject,
    Whole,
    Scalars(Kinds),
    Elements(Box<Elements>),
    /// Of [`Pool::elements`].
    Shared(usize),
}

#[derive(Debug)]
pub(crate) struct Elements {
    pub(crate) slot: Slot,
    /// How many are visited.
    pub(crate) first: u32,
    pub(crate) frame: Frame,
}

impl Elements {
    /// All are visited.
    pub(crate) const ALL: u32 = u32::MAX;
}

#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) keys: Vec<Key>,
    pub(crate) rest: Option<Box<Elements>>,
}

#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) node: Node,
}

#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) root: Root,
    pub(crate) hops: Vec<Hop>,
}

impl Path {
    /// The current value's frame.
    pub(crate) fn current() -> Path {
        Path {
            root: Root::Current,
            hops: Vec::new(),
        }
    }

    /// With one hop more.
    pub(crate) fn then(mut self, hop: Hop) -> Path {
        self.hops.push(hop);
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Hop {
    Value(Slot),
    Each(Slot, Pick),
    Into(Slot),
    Is(Test),
}

#[derive(Debug, Clone)]
pub(crate) enum Pick {
    All,
    Index(i32),
    Slice(Option<i32>, Option<i32>),
    First(Vec<(Slot, Operand)>),
    Every(Vec<(Slot, Operand)>),
}

#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Path(Path),
    Literal(String),
}

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    Holds(Operand),
    Equal(Operand, Operand),
}

#[derive(Debug, Clone)]
pub(crate) enum Test {
    Kind(Slot, Kinds),
    Equals(Slot, Vec<String>),
    Present(Slot),
}

#[derive(Debug)]
pub(crate) enum Template {
    Literal(String),
    Copy {
        path: Path,
        default: Option<String>,
    },
    Select {
        path: Path,
        block: BlockRef,
        default: Option<String>,
    },
    Entries {
        path: Path,
        value: Box<Template>,
    },
    Block(Block),
    List(Vec<Template>),
    /// The first whose test holds of the current value.
    Choice(Vec<(Test, Template)>),
    /// Null and absent are an error, also as an element.
    Promised(Box<Template>),
}

#[derive(Debug)]
pub(crate) enum BlockRef {
    Inline(Block),
    /// Of [`Pool::blocks`].
    Shared(usize),
}

#[derive(Debug)]
pub(crate) enum Block {
    Value(Box<Template>),
    Fields(Vec<Entry>),
}

#[derive(Debug)]
pub(crate) enum Entry {
    /// `key` is JSON text with quotes and colon.
    Field {
        key: String,
        value: Template,
        absent: Absent,
    },
    When(Test, Vec<Entry>),
    Spread(Path, Vec<Entry>),
    Rest {
        path: Path,
        value: Box<Template>,
    },
}
