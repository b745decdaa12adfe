//! What an answer's identifiers lead to: `order.customerId` to the operation that answers with a customer.

use bff_spec::contract::{Kind, Location, Parameter, TypeId, Types};

use super::names::{call, folded, identified, singular, word};
use super::operation::{Answer, Reading};
use super::selection::{self, Shape, Shown};

/// How many are proposed for one endpoint.
const MAX: usize = 2;

/// An identifier, and the call it leads to.
#[derive(Debug)]
pub(super) struct Join {
    /// What the thing is called: `customer`.
    pub(super) name: String,
    /// The field of the answer: `customerId`.
    pub(super) field: String,
    /// `users.getUser`
    pub(super) operation: String,
    /// The argument's name, as a call writes it.
    pub(super) argument: String,
    /// How it takes identifiers.
    pub(super) takes: Takes,
    /// What to show of it.
    pub(super) shown: Vec<Shown>,
}

/// How an operation takes identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Takes {
    /// One.
    One,
    /// Several; each element of its answer has the identifier under this name, as a spec writes it. If the elements lie in a
    /// field of the answer, that comes first.
    Many(Option<String>, String),
}

/// What the identifiers of an answer lead to.
pub(super) fn of(reading: &Reading<'_>, all: &[&Reading<'_>], types: &Types) -> Vec<Join> {
    let Some(ty) = subject(reading, types) else {
        return Vec::new();
    };
    let list =
        !matches!(reading.answer, Answer::Json(_, Shape::Object)) || page(reading, types).is_some();
    let fields = selection::fields(types, ty);
    let known: Vec<String> = reading
        .required()
        .filter_map(|p| identified(&p.name))
        .collect();
    let mut joins: Vec<Join> = Vec::new();
    for (name, field) in &fields {
        let kind = &types.get(field.ty).kind;
        let Some(what) = identified(name).filter(|_| kind.is_scalar()) else {
            continue;
        };
        // What the client asked by it knows already, and what is there is not fetched again.
        let embedded = fields.iter().any(|(other, _)| folded(other) == what);
        if known.contains(&what) || embedded || joins.len() == MAX {
            continue;
        }
        let one = || {
            all.iter()
                .find_map(|to| item(to, reading, &what, kind, types))
        };
        let many = || all.iter().find_map(|to| batch(to, reading, &what, types));
        let found = if list { many().or_else(one) } else { one() };
        let Some((to, takes, parameter, of)) = found else {
            continue;
        };
        let shown = selection::gist(types, of);
        if shown.is_empty() || joins.iter().any(|join| join.name == call(&what)) {
            continue;
        }
        joins.push(Join {
            name: call(&what),
            field: word(name),
            operation: format!("{}.{}", to.upstream, to.name),
            argument: to.argument(parameter, ""),
            takes,
            shown,
        });
    }
    joins
}

type Found<'r, 'c> = (&'r Reading<'c>, Takes, &'r Parameter, TypeId);

/// `GET /customers/{id}`: one required parameter, the last of its path.
fn item<'r, 'c>(
    to: &&'r Reading<'c>,
    from: &Reading<'_>,
    what: &str,
    kind: &Kind,
    types: &Types,
) -> Option<Found<'r, 'c>> {
    let Answer::Json(ty, Shape::Object) = to.answer else {
        return None;
    };
    let mut required = to.required();
    let parameter = required.next().filter(|p| p.location == Location::Path)?;
    let about = to.subjects.first().map(|s| folded(&singular(s)));
    let fits = fits(kind, &types.get(parameter.ty).kind);
    let good = required.next().is_none()
        && to.operation.method == "GET"
        && to.is_item()
        && about.as_deref() == Some(what)
        && fits
        && !is_same(to, from);
    good.then_some((*to, Takes::One, parameter, ty))
}

/// `GET /customers?ids=…`: a list of identifiers, and a list of things that have one.
fn batch<'r, 'c>(
    to: &&'r Reading<'c>,
    from: &Reading<'_>,
    what: &str,
    types: &Types,
) -> Option<Found<'r, 'c>> {
    let about = to.subjects.first().map(|s| folded(&singular(s)));
    if about.as_deref() != Some(what) || to.is_item() || is_same(to, from) {
        return None;
    }
    let (of, inside) = match to.answer {
        Answer::Json(_, Shape::Objects(element)) => (element, None),
        Answer::Json(..) => page(to, types).map(|(field, element)| (element, Some(field)))?,
        _ => return None,
    };
    let of_list = |p: &&Parameter| {
        let name = folded(&p.name);
        let named =
            ["id", "ids", &format!("{what}id"), &format!("{what}ids")].contains(&name.as_str());
        named && matches!(types.get(p.ty).kind, Kind::List(_))
    };
    let parameter = to.operation.parameters.iter().find(of_list)?;
    if to.required().any(|p| !std::ptr::eq(p, parameter)) || to.operation.method != "GET" {
        return None;
    }
    let fields = selection::fields(types, of);
    let key = fields
        .iter()
        .map(|(name, _)| *name)
        .find(|name| folded(name) == "id" || folded(name) == format!("{what}id"))?;
    let takes = Takes::Many(inside.map(|field| word(&field)), word(key));
    Some((*to, takes, parameter, of))
}

fn is_same(to: &Reading<'_>, from: &Reading<'_>) -> bool {
    std::ptr::eq(to.operation, from.operation)
}

/// Whether one scalar's kind may go where the other is taken.
fn fits(value: &Kind, place: &Kind) -> bool {
    value == place || *place == Kind::String || (*value == Kind::Integer && *place == Kind::Number)
}

/// The type of what an answer is about: itself, or its elements.
pub(super) fn subject(reading: &Reading<'_>, types: &Types) -> Option<TypeId> {
    match reading.answer {
        Answer::Json(_, Shape::Objects(element)) => Some(element),
        Answer::Json(ty, Shape::Object) => Some(page(reading, types).map_or(ty, |(_, of)| of)),
        _ => None,
    }
}

/// The one field of a page that holds its elements, and their type.
pub(super) fn page(reading: &Reading<'_>, types: &Types) -> Option<(String, TypeId)> {
    let Answer::Json(ty, Shape::Object) = reading.answer else {
        return None;
    };
    if reading.is_item() {
        return None;
    }
    let fields = selection::fields(types, ty);
    let mut lists =
        fields
            .iter()
            .filter_map(|(name, field)| match selection::shape(types, field.ty) {
                Shape::Objects(element) => Some(((*name).to_owned(), element)),
                _ => None,
            });
    lists.next().filter(|_| lists.next().is_none())
}
