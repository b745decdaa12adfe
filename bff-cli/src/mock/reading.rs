//! What a GET finds.

use bff_spec::contract::{Kind, Location, Operation, TypeId};
use serde_json::{Value, json};

use super::made::made_as;
use super::memory::Memory;
use super::overlay::{From, overlay};
use super::world::{examples, plain};
use super::{
    Answer, Given, Mock, Request, answer_type, json as json_media, made, matching, paging, success,
};

/// Fields that hold an answer's list, where it has several lists.
const LISTS: [&str; 6] = ["items", "data", "results", "content", "entries", "values"];

/// One thing, looked for by parameters.
pub(super) enum One {
    /// It is among what there is.
    Found(Value),
    /// It isn't; this is what it would look like. Whether an example with another path value was shown.
    Unfound(Value, bool),
}

impl One {
    pub(super) fn value(self) -> Value {
        match self {
            One::Found(value) | One::Unfound(value, _) => value,
        }
    }
}

/// The list in an answer.
pub(super) struct Listing {
    /// The field that holds it; the answer itself is the list without.
    field: Option<String>,
    /// The type of its elements.
    pub(super) item: TypeId,
}

impl Mock {
    /// Answers a GET.
    pub(super) fn read(
        &self,
        operation: &Operation,
        request: &Request,
        given: &[Given<'_>],
        memory: &Memory,
    ) -> Answer {
        let remembered = memory.get(&request.path);
        let Some(ty) = answer_type(operation) else {
            return if remembered == Some(None) {
                self.absent(operation)
            } else {
                self.success(operation, None)
            };
        };
        if let Some(listing) = self.listing(operation, ty) {
            return self.success(
                operation,
                Some(self.list(operation, ty, &listing, request, given, memory)),
            );
        }
        let value = match (remembered, self.one(operation, ty, given)) {
            (Some(None), _) => None,
            (Some(Some(written)), one) => Some(overlay(
                &self.types,
                Some(ty),
                &one.value(),
                written,
                From::Upstream,
            )),
            (None, One::Found(value)) => Some(value),
            (None, One::Unfound(value, others)) => {
                let documented = operation
                    .responses
                    .iter()
                    .any(|response| response.first == 404);
                (!others || !documented).then_some(value)
            }
        };
        match value {
            Some(value) => self.success(operation, Some(value)),
            None => self.absent(operation),
        }
    }

    /// The 404 of an operation.
    pub(super) fn absent(&self, operation: &Operation) -> Answer {
        self.documented_absence(operation)
            .unwrap_or_else(|| Answer::problem(404, "Not Found", "It was deleted."))
    }

    /// One thing of this type: the first whose fields agree with the parameters.
    pub(super) fn one(&self, operation: &Operation, ty: TypeId, given: &[Given<'_>]) -> One {
        let mut candidates = self.own(operation);
        candidates.extend(self.world.things(&self.types, ty).iter().cloned());
        let identity = self.world.identity(&self.types, ty);
        let speaking: Vec<&Given<'_>> = given
            .iter()
            .filter(|given| matches!(given.location, Location::Path | Location::Query))
            .filter(|given| {
                candidates
                    .iter()
                    .any(|thing| matching::field(thing, given, identity).is_some())
            })
            .collect();
        let agrees = |thing: &Value, given: &Given<'_>| {
            matching::field(thing, given, identity)
                .is_some_and(|value| matching::agrees(value, given))
        };
        if let Some(found) = candidates
            .iter()
            .find(|thing| speaking.iter().all(|given| agrees(thing, given)))
        {
            return One::Found(found.clone());
        }
        let others = speaking.iter().any(|given| {
            given.location == Location::Path && !candidates.iter().any(|thing| agrees(thing, given))
        });
        let first = candidates
            .into_iter()
            .next()
            .unwrap_or_else(|| made(&self.types, ty));
        One::Unfound(self.laid(ty, first, given, 0), others)
    }

    /// The operation's own examples.
    pub(super) fn own(&self, operation: &Operation) -> Vec<Value> {
        let media = success(operation).and_then(|response| json_media(&response.content));
        media
            .map(|media| examples(media).collect())
            .unwrap_or_default()
    }

    /// A thing with the parameters' values in their fields; of a parameter's list, the value at this place.
    fn laid(&self, ty: TypeId, mut thing: Value, given: &[Given<'_>], at: usize) -> Value {
        let identity = self.world.identity(&self.types, ty);
        for given in given {
            let value = given.values.get(at).or_else(|| given.values.first());
            let key = matching::key(&thing, given, identity).map(str::to_owned);
            if let (Some(key), Some(value)) = (key, value) {
                let upper = json!({ key: value });
                thing = overlay(&self.types, Some(ty), &thing, &upper, From::Upstream);
            }
        }
        thing
    }

    /// The list in an operation's answer, unless its path names one thing.
    pub(super) fn listing(&self, operation: &Operation, ty: TypeId) -> Option<Listing> {
        if operation.path.ends_with('}') {
            return None;
        }
        let object = match &self.types.get(ty).kind {
            Kind::List(item) => {
                return Some(Listing {
                    field: None,
                    item: *item,
                });
            }
            Kind::Object(object) => object,
            _ => return None,
        };
        let lists: Vec<Listing> = object
            .fields
            .iter()
            .filter_map(|(name, field)| match self.types.get(field.ty).kind {
                Kind::List(item) => Some(Listing {
                    field: Some(name.clone()),
                    item,
                }),
                _ => None,
            })
            .filter(|listing| {
                matches!(
                    self.types.get(listing.item).kind,
                    Kind::Object(_) | Kind::Variants(_)
                )
            })
            .collect();
        let usual = |listing: &Listing| {
            let name = listing.field.as_deref().map(plain);
            LISTS
                .iter()
                .position(|usual| name.as_deref() == Some(usual))
        };
        match lists.len() {
            1 => lists.into_iter().next(),
            _ => lists
                .into_iter()
                .filter_map(|listing| Some((usual(&listing)?, listing)))
                .min_by_key(|(at, _)| *at)
                .map(|(_, listing)| listing),
        }
    }

    /// A list, filtered and cut as the parameters say, with what was written and without what was deleted.
    fn list(
        &self,
        operation: &Operation,
        ty: TypeId,
        listing: &Listing,
        request: &Request,
        given: &[Given<'_>],
        memory: &Memory,
    ) -> Value {
        let identity = self.world.identity(&self.types, listing.item);
        let (mut whole, mut items) = self.shown_for(operation, ty, listing, given);
        let before = items.len();
        self.remember(&mut items, listing, request, memory);
        let speaks = |given: &Given<'_>, items: &[Value]| {
            items
                .iter()
                .any(|thing| matching::field(thing, given, identity).is_some())
        };
        for given in given
            .iter()
            .filter(|given| matches!(given.location, Location::Path | Location::Query))
        {
            if speaks(given, &items) {
                items.retain(|thing| {
                    matching::field(thing, given, identity)
                        .is_some_and(|value| matching::agrees(value, given))
                });
            }
        }
        let changed = items.len() != before;
        let page = paging::page(operation, given, &self.types);
        paging::cut(&mut whole, items, page, changed, listing.field.as_deref())
    }

    /// What the examples show of a list, whatever is asked for, and the answer around it.
    pub(super) fn shown_list(
        &self,
        operation: &Operation,
        ty: TypeId,
        listing: &Listing,
    ) -> (Value, Vec<Value>) {
        self.shown_for(operation, ty, listing, &[])
    }

    /// What the examples show of a list to somebody who gives these parameters, and the answer around it.
    fn shown_for(
        &self,
        operation: &Operation,
        ty: TypeId,
        listing: &Listing,
        given: &[Given<'_>],
    ) -> (Value, Vec<Value>) {
        let own = self.own(operation);
        let list = |whole: &Value| {
            let list = match &listing.field {
                Some(field) => whole.get(field),
                None => Some(whole),
            };
            list.and_then(Value::as_array).cloned().unwrap_or_default()
        };
        // Several examples: the one whose own fields agree, or else all of them together.
        let outer = |whole: &Value, given: &Given<'_>| -> Option<bool> {
            if paging::is_paging(given.name) {
                return None;
            }
            listing.field.as_ref()?;
            matching::field(whole, given, None)
                .filter(|value| !value.is_array())
                .map(|value| matching::agrees(value, given))
        };
        let speaking: Vec<&Given<'_>> = given
            .iter()
            .filter(|given| own.iter().any(|whole| outer(whole, given).is_some()))
            .collect();
        if !speaking.is_empty() {
            let found = own.iter().find(|whole| {
                speaking
                    .iter()
                    .all(|given| outer(whole, given) == Some(true))
            });
            if let Some(whole) = found.or(own.first()) {
                let items = list(whole);
                return (self.laid(ty, whole.clone(), given, 0), items);
            }
        }
        let mut items: Vec<Value> = Vec::new();
        for item in own.iter().flat_map(list) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        if own.is_empty() {
            items = self.world.things(&self.types, listing.item).to_vec();
        }
        if own.is_empty() && items.is_empty() {
            let asked = given
                .iter()
                .map(|given| given.values.len())
                .max()
                .unwrap_or(0);
            let number = if asked > 1 { asked } else { 2 };
            items = (0..number)
                .map(|at| {
                    self.laid(
                        listing.item,
                        made_as(&self.types, listing.item, "value", at + 1),
                        given,
                        at,
                    )
                })
                .collect();
        }
        let whole = own
            .into_iter()
            .next()
            .unwrap_or_else(|| made(&self.types, ty));
        (whole, items)
    }

    /// Adds what was written below this list's address, and takes away what was deleted there.
    fn remember(
        &self,
        items: &mut Vec<Value>,
        listing: &Listing,
        request: &Request,
        memory: &Memory,
    ) {
        let Some(closing) = self
            .member_of(request)
            .and_then(|(route, _)| route.closed_by())
        else {
            return;
        };
        let identity = self.world.identity(&self.types, listing.item);
        for (name, written) in memory.below(&request.path) {
            let name = percent_encoding::percent_decode_str(name)
                .decode_utf8_lossy()
                .into_owned();
            let given = Given {
                name: closing,
                location: Location::Path,
                identity: true,
                values: vec![name],
            };
            let is = |thing: &Value| {
                matching::field(thing, &given, identity)
                    .is_some_and(|value| matching::agrees(value, &given))
            };
            let at = items.iter().position(is);
            match (written, at) {
                (None, Some(at)) => {
                    items.remove(at);
                }
                (None, None) => {}
                (Some(written), Some(at)) => {
                    if let Some(item) = items.get_mut(at) {
                        *item = overlay(
                            &self.types,
                            Some(listing.item),
                            item,
                            written,
                            From::Upstream,
                        );
                    }
                }
                (Some(written), None) => {
                    let lower = items
                        .first()
                        .cloned()
                        .unwrap_or_else(|| made(&self.types, listing.item));
                    items.push(overlay(
                        &self.types,
                        Some(listing.item),
                        &lower,
                        written,
                        From::Upstream,
                    ));
                }
            }
        }
    }
}
