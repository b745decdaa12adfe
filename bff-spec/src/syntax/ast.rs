//! What texts of the language say, with the place of every part. Nothing is resolved yet.

use crate::diagnostic::Place;

/// A name or quoted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) kind: LiteralKind,
    /// JSON text.
    pub(crate) json: String,
    pub(crate) place: Place,
}

/// What a literal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiteralKind {
    String,
    Integer,
    Number,
    Boolean,
    Null,
    EmptyList,
}

/// `"=" value | { field }`
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Value(Box<Value>),
    Fields(Vec<Field>),
}

/// One entry of a block.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    /// `name: value`
    Named { name: Word, value: Value },
    /// `path { … } ?? literal`, named after the path's last step
    Path(PathValue),
    /// `...on X { … }`
    On { variant: Word, select: Selection },
    /// `...path { … }`
    Spread {
        path: Path,
        select: Option<Selection>,
        place: Place,
    },
    /// `*`
    All(Place),
    /// `-name`
    Except(Word),
}

/// What stands where a value is expected.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Literal(Literal),
    List(Vec<Value>, Place),
    /// A group, in the current scope.
    Group(Selection),
    Path(PathValue),
}

impl Value {
    pub(crate) fn place(&self) -> Place {
        match self {
            Value::Literal(literal) => literal.place,
            Value::List(_, place) => *place,
            Value::Group(select) => select.place,
            Value::Path(path) => path.place(),
        }
    }
}

/// A path, what is selected of it, and what stands in for it.
#[derive(Debug, Clone)]
pub(crate) struct PathValue {
    pub(crate) path: Path,
    pub(crate) select: Option<Selection>,
    pub(crate) default: Option<Literal>,
}

impl PathValue {
    pub(crate) fn place(&self) -> Place {
        let mut place = self.path.place;
        if let Some(select) = &self.select {
            place = place.to(select.place);
        }
        if let Some(default) = &self.default {
            place = place.to(default.place);
        }
        place
    }
}

/// `{ block }`
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) block: Block,
    pub(crate) place: Place,
}

/// A path.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) start: Start,
    pub(crate) steps: Vec<Step>,
    pub(crate) place: Place,
    /// As it is written.
    pub(crate) text: String,
}

/// Where a path starts.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    /// `word`: from the roots outside of selections, from the current value within.
    Plain(Word),
    /// `$word`
    Root(Word),
    /// `.word`
    Field(Word),
    /// `.`
    Current,
}

/// A step and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    pub(crate) place: Place,
}

/// A step of a path.
#[derive(Debug, Clone)]
pub(crate) enum StepKind {
    /// `.word`
    Field(Word),
    /// `.*`
    Values,
    /// `!`
    Promise,
    /// `@word`
    Header(Word),
    /// `[3]`
    Index(i32),
    /// `[1:3]`
    Slice(Option<i32>, Option<i32>),
    /// `[on X]`
    On(Word),
    /// `[key = .path]`, `[]` after it
    Join { keys: Vec<Key>, every: bool },
}

/// One key of a join.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) field: Vec<Word>,
    pub(crate) equals: Operand,
    pub(crate) place: Place,
}

/// A side of an equality.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Path(Path),
    Literal(Literal),
}

/// `upstream.operation(argument = value)`
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Its closing parenthesis.
    pub(crate) close: Place,
    pub(crate) upstream: Word,
    pub(crate) operation: Word,
    pub(crate) arguments: Vec<Argument>,
}

/// One argument.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    /// `path` in `path.id = …`
    pub(crate) location: Option<Word>,
    pub(crate) name: Word,
    /// `each`
    pub(crate) each: Option<Place>,
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// `operand [= operand]`
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) left: Operand,
    pub(crate) right: Option<Operand>,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) place: Place,
}
