//! An upstream's OpenAPI contract in one normal form, whatever its version.
//!
//! `$ref`s are resolved, `allOf` is merged, a `oneOf`/`anyOf` of one member is unwrapped and one with a null branch is
//! nullable, both versions' ways of saying nullable are one flag. Recursion stays: types refer to each other by id.

mod flatten;
mod library;
mod load;
mod merge;
mod operation;
mod overlay;
mod reachable;
mod reference;
mod schema;
mod swagger;
mod variants;

use indexmap::IndexMap;

pub use self::library::Library;
pub(crate) use self::library::{Found, Used};
pub(crate) use self::load::RELATIVE;
pub use self::load::load;
pub(crate) use self::reference::is_url;

use crate::diagnostic::{Diagnostic, Place};

/// All types of one check, over all contracts.
#[derive(Debug, Clone, Default)]
pub struct Types {
    types: Vec<Type>,
}

/// A type among [`Types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl Types {
    /// Adds a type.
    pub fn add(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        TypeId(u32::try_from(self.types.len() - 1).unwrap_or(u32::MAX))
    }

    /// The type. An unknown id is a type without a schema.
    #[must_use]
    pub fn get(&self, id: TypeId) -> &Type {
        static ANY: std::sync::LazyLock<Type> = std::sync::LazyLock::new(|| Type::of(Kind::Any));
        self.types.get(id.0 as usize).unwrap_or(&ANY)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Type> {
        self.types.iter()
    }

    /// Replaces a type: how a recursive one is closed.
    pub fn set(&mut self, id: TypeId, ty: Type) {
        if let Some(slot) = self.types.get_mut(id.0 as usize) {
            *slot = ty;
        }
    }
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// What it is.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// The name of its component schema.
    pub name: Option<String>,
    /// What the contract says of it.
    pub description: Option<String>,
    /// `format`, as the contract writes it.
    pub format: Option<String>,
    /// `enum` or `const`, without null: JSON text of scalars. Empty: any value.
    pub one_of: Vec<String>,
    /// `default`: JSON text.
    pub default: Option<String>,
    /// `example`, or the first of `examples`: JSON text.
    pub example: Option<String>,
    /// Bounds.
    pub bounds: Bounds,
    /// `x-sensitive: true` or `format: password`.
    pub sensitive: bool,
    /// Where its schema stands; none for types made by the checker.
    pub place: Option<Place>,
}

impl Type {
    /// A type of this kind, not nullable, without bounds.
    #[must_use]
    pub fn of(kind: Kind) -> Type {
        Type {
            kind,
            nullable: false,
            name: None,
            description: None,
            format: None,
            one_of: Vec::new(),
            default: None,
            example: None,
            bounds: Bounds::default(),
            sensitive: false,
            place: None,
        }
    }
}

/// What a type is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// No schema: any value. (Also `type: object` without properties and `additionalProperties`.)
    Any,
    /// Only null.
    Null,
    /// `true`, `false`
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Text.
    String,
    /// One of several scalar kinds (OpenAPI 3.1's `type: [string, integer]`).
    Scalars(Vec<Kind>),
    /// A list.
    List(TypeId),
    /// An object.
    Object(Object),
    /// `oneOf` or `anyOf` with more than one member that isn't null.
    Variants(Variants),
}

/// An object or a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// The documented fields, in the contract's order.
    pub fields: IndexMap<String, Field>,
    /// The type of other fields, where `additionalProperties` gives one: then it is a map.
    pub rest: Option<TypeId>,
}

/// A documented field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its type.
    pub ty: TypeId,
    /// Whether the contract promises it (requests: asks for it).
    pub required: bool,
    /// `readOnly`: not in requests.
    pub read_only: bool,
    /// `writeOnly`: not in answers.
    pub write_only: bool,
    /// `x-sensitive` beside a `$ref`, or on the type.
    pub sensitive: bool,
    /// What the contract says of it.
    pub description: Option<String>,
    /// Where its key stands.
    pub place: Option<Place>,
}

/// Alternatives.
#[derive(Debug, Clone, PartialEq)]
pub struct Variants {
    /// The members, in the contract's order, without null.
    pub members: Vec<Variant>,
}

/// One alternative.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Names it goes by: its schema's, its discriminator values, its JSON kind if no other member has it.
    pub names: Vec<String>,
    /// Its type.
    pub ty: TypeId,
    /// What tells it from the others; none if nothing does.
    pub test: Option<VariantTest>,
}

/// What tells a variant from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantTest {
    /// A string property (a discriminator, or one with a single value) has one of these values.
    Property(String, Vec<String>),
    /// No other member is of its JSON kind.
    Kind,
    /// This property is required here and unknown to the others.
    Own(String),
}

/// Bounds of a scalar or list; numbers as the contract writes them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bounds {
    /// `minimum` or `exclusiveMinimum`.
    pub minimum: Option<Limit>,
    /// `maximum` or `exclusiveMaximum`.
    pub maximum: Option<Limit>,
    /// `minLength`, in characters.
    pub min_length: Option<u64>,
    /// `maxLength`, in characters.
    pub max_length: Option<u64>,
    /// `pattern`
    pub pattern: Option<String>,
    /// `minItems`
    pub min_items: Option<u64>,
    /// `maxItems`
    pub max_items: Option<u64>,
}

/// A numeric bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// As the contract writes it.
    pub value: String,
    /// Whether the value itself is out of bounds.
    pub exclusive: bool,
}

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    /// `info.title`
    pub title: String,
    /// Every operation, in the contract's order.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `operationId`
    pub id: Option<String>,
    /// In capitals.
    pub method: String,
    /// As the contract writes it: `/users/{id}`.
    pub path: String,
    /// `summary`
    pub summary: Option<String>,
    /// `deprecated`
    pub deprecated: bool,
    /// Parameters of the path item and the operation.
    pub parameters: Vec<Parameter>,
    /// The request's body.
    pub body: Option<RequestBody>,
    /// Documented answers, in the contract's order.
    pub responses: Vec<Response>,
    /// Faults of the contract that only matter if a spec uses the operation.
    pub faults: Vec<Diagnostic>,
    /// Where it stands (its method's key).
    pub place: Place,
}

/// A parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub location: Location,
    /// Whether it must be given (always, in a path).
    pub required: bool,
    /// Its type.
    pub ty: TypeId,
    /// `style`, or its default; `json` where `content` says that the value is JSON text.
    pub style: String,
    /// `explode`, or its default.
    pub explode: bool,
    /// What the contract says of it.
    pub description: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Where a parameter or input stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// A request's body.
#[derive(Debug, Clone)]
pub struct RequestBody {
    /// Whether it must be given.
    pub required: bool,
    /// Its media types.
    pub content: Vec<Media>,
    /// Where it stands.
    pub place: Place,
}

/// A media type of a body.
#[derive(Debug, Clone)]
pub struct Media {
    /// `application/json`
    pub name: String,
    /// Its type; `Any` without a schema.
    pub ty: TypeId,
    /// `example`, or the values of `examples` in the contract's order: JSON text.
    pub examples: Vec<String>,
    /// How fields of a form are written, where `encoding` says so.
    pub encoding: IndexMap<String, Encoding>,
}

/// How a field of a form is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// `style`, or its default.
    pub style: String,
    /// `explode`, or its default.
    pub explode: bool,
    /// `contentType`
    pub content_type: Option<String>,
}

/// A documented answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The statuses: `200..=200`, `400..=499`; `default` is `0..=0`.
    pub first: u16,
    /// See `first`.
    pub last: u16,
    /// What the contract says of it.
    pub description: String,
    /// Documented headers.
    pub headers: Vec<Header>,
    /// Its media types; empty: no body.
    pub content: Vec<Media>,
    /// Where it stands.
    pub place: Place,
}

/// A documented header of an answer.
#[derive(Debug, Clone)]
pub struct Header {
    /// As the contract writes it.
    pub name: String,
    /// Its type; `Any` without a schema.
    pub ty: TypeId,
    /// `example`, or the first of `examples`: JSON text.
    pub example: Option<String>,
}

/// What a name finds among a contract's operations.
#[derive(Debug, Clone)]
pub enum Lookup<'c> {
    /// One operation.
    Found(&'c Operation),
    /// Several share the id.
    Ambiguous(Vec<&'c Operation>),
    /// None, and the nearest name there is.
    Unknown(Option<String>),
}

impl Contract {
    /// The operation with an id, or with a route: `GET /users/{id}`.
    #[must_use]
    pub fn operation(&self, name: &str) -> Lookup<'_> {
        if let Some((method, path)) = name.split_once(' ')
            && let Some(found) = self
                .operations
                .iter()
                .find(|op| op.method == method && op.path == path.trim_start())
        {
            return Lookup::Found(found);
        }
        let with_id = |op: &&Operation| op.id.as_deref() == Some(name);
        let found: Vec<&Operation> = self.operations.iter().filter(with_id).collect();
        match found.as_slice() {
            [only] => Lookup::Found(only),
            [] => Lookup::Unknown(self.nearest(name)),
            _ => Lookup::Ambiguous(found),
        }
    }

    fn nearest(&self, name: &str) -> Option<String> {
        if name.contains(' ') {
            let routes: Vec<String> = self.operations.iter().map(Operation::route).collect();
            return crate::nearest::nearest(name, routes.iter().map(String::as_str))
                .map(str::to_owned);
        }
        let ids = self.operations.iter().filter_map(|op| op.id.as_deref());
        crate::nearest::nearest(name, ids).map(str::to_owned)
    }
}

impl Operation {
    /// Its route: `GET /users/{id}`.
    #[must_use]
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether its method changes nothing: GET, HEAD, OPTIONS.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

impl Response {
    /// Whether it stands for a status, `default` apart.
    #[must_use]
    pub fn covers(&self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl Kind {
    /// Whether it is a scalar: a boolean, number or text, or one of several of these.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        matches!(
            self,
            Kind::Boolean | Kind::Integer | Kind::Number | Kind::String | Kind::Scalars(_)
        )
    }
}
