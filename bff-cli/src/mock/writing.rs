//! What a POST, PUT or PATCH answers, and what it leaves behind.

use bff_spec::contract::{Location, Operation, TypeId};
use serde_json::{Value, json};

use super::memory::Memory;
use super::overlay::{From, overlay};
use super::reading::One;
use super::route::Route;
use super::{Answer, Given, Mock, Request, answer_type, made, matching, success};

impl Mock {
    /// Answers a write.
    pub(super) fn write(
        &self,
        operation: &Operation,
        request: &Request,
        given: &[Given<'_>],
        body: Option<Value>,
        memory: &mut Memory,
    ) -> Answer {
        let key = request
            .headers
            .iter()
            .find(|(name, _)| name == "idempotency-key")
            .map(|(_, key)| key);
        if let Some(answer) = key.and_then(|key| memory.answered(&request.path, key)) {
            return answer.clone();
        }
        let answer = match operation.method.as_str() {
            "POST" => self.post(operation, request, given, body.as_ref(), memory),
            _ => self.put(operation, request, given, body.as_ref(), memory),
        };
        if let Some(key) = key {
            memory.keep(&request.path, key, answer.clone());
        }
        answer
    }

    /// The operation that gets one thing of what this address lists.
    pub(super) fn member_of(&self, request: &Request) -> Option<(&Route, &Operation)> {
        let (list, _) = self
            .operations
            .iter()
            .find(|(route, _)| route.find(&request.path).is_some())?;
        let found = self
            .operations
            .iter()
            .find(|(route, operation)| operation.method == "GET" && route.is_member_of(list))?;
        Some((&found.0, &found.1))
    }

    /// The operation that gets what is at this address.
    fn getter(&self, path: &str) -> Option<&Operation> {
        let is = |(route, operation): &&(Route, Operation)| {
            operation.method == "GET" && route.find(path).is_some()
        };
        self.operations
            .iter()
            .find(is)
            .map(|(_, operation)| operation)
    }

    fn post(
        &self,
        operation: &Operation,
        request: &Request,
        given: &[Given<'_>],
        body: Option<&Value>,
        memory: &mut Memory,
    ) -> Answer {
        let ty = answer_type(operation);
        let mut value = ty.map(|ty| {
            let lower = self.one(operation, ty, given).value();
            self.over(ty, &lower, body, From::Client)
        });
        let Some((route, member)) = self.member_of(request) else {
            return self.success(operation, value);
        };
        let Some(closing) = route.closed_by() else {
            return self.success(operation, value);
        };
        let address = self.settle(closing, member, request, value.as_mut().zip(ty), memory);
        let Some((address, id)) = address else {
            return self.success(operation, value);
        };
        if let Some(member_type) = answer_type(member) {
            let named = Given {
                name: closing,
                location: Location::Path,
                identity: true,
                values: vec![id],
            };
            let lower = self.one(member, member_type, &[named]).value();
            let with_body = self.over(member_type, &lower, body, From::Client);
            memory.put(
                &address,
                self.over(member_type, &with_body, value.as_ref(), From::Upstream),
            );
        }
        let mut answer = self.success(operation, value);
        if success(operation).is_some_and(|response| response.first == 201) {
            answer.headers.push(("location".to_owned(), address));
        }
        answer
    }

    /// Gives what a POST makes an identity of its own, and an address by it.
    fn settle(
        &self,
        closing: &str,
        member: &Operation,
        request: &Request,
        mut value: Option<(&mut Value, TypeId)>,
        memory: &Memory,
    ) -> Option<(String, String)> {
        let named = Given {
            name: closing,
            location: Location::Path,
            identity: true,
            values: Vec::new(),
        };
        let identity = answer_type(member).and_then(|ty| self.world.identity(&self.types, ty));
        let key = value
            .as_ref()
            .and_then(|(value, _)| matching::key(value, &named, identity).map(str::to_owned));
        let shown = match (&value, &key) {
            (Some((value, _)), Some(key)) => value.get(key).cloned(),
            // Nothing in the answer names it: the next after what there is.
            _ => {
                let ty = answer_type(member)?;
                let one = self.one(member, ty, &[]).value();
                matching::field(&one, &named, identity).cloned()
            }
        }?;
        let listed = self.listed(request, &named, identity);
        let mut id = matching::text(&shown)?;
        let address = |id: &str| format!("{}/{}", request.path, super::segment(id));
        while listed.contains(&id)
            || memory.get(&address(&id)).is_some()
            || key.is_none() && matching::text(&shown).as_ref() == Some(&id)
        {
            id = next(&id);
        }
        if let (Some((value, ty)), Some(key)) = (value.as_mut(), key) {
            **value = self.over(*ty, value, Some(&json!({ key: id })), From::Upstream);
        }
        Some((address(&id), id))
    }

    /// The identities that the list at this address shows in its own examples.
    fn listed(&self, request: &Request, named: &Given<'_>, identity: Option<&str>) -> Vec<String> {
        let Some(list) = self.getter(&request.path) else {
            return Vec::new();
        };
        let mut things: Vec<Value> = Vec::new();
        for example in self.own(list) {
            match example {
                Value::Array(items) => things.extend(items),
                Value::Object(fields) => {
                    let lists = fields.into_iter().filter_map(|(_, value)| match value {
                        Value::Array(items) => Some(items),
                        _ => None,
                    });
                    things.extend(lists.flatten());
                }
                _ => {}
            }
        }
        let ids = things
            .iter()
            .filter_map(|thing| matching::field(thing, named, identity));
        ids.filter_map(matching::text).collect()
    }

    fn put(
        &self,
        operation: &Operation,
        request: &Request,
        given: &[Given<'_>],
        body: Option<&Value>,
        memory: &mut Memory,
    ) -> Answer {
        let getter = self.getter(&request.path);
        let found = getter.and_then(|getter| Some((getter, answer_type(getter)?)));
        let current = found.and_then(|(getter, ty)| {
            match (memory.get(&request.path), self.one(getter, ty, given)) {
                (Some(None), _) => None,
                (Some(Some(written)), one) => {
                    Some(self.over(ty, &one.value(), Some(written), From::Upstream))
                }
                (None, One::Found(value)) => Some(value),
                (None, One::Unfound(value, others)) => (!others).then_some(value),
            }
        });
        let documented = operation
            .responses
            .iter()
            .any(|response| response.first == 404);
        if operation.method == "PATCH" && found.is_some() && current.is_none() && documented {
            return self.absent(operation);
        }
        let value = answer_type(operation).map(|ty| {
            let lower = self.one(operation, ty, given).value();
            let with_current = self.over(ty, &lower, current.as_ref(), From::Upstream);
            self.over(ty, &with_current, body, From::Client)
        });
        if let Some((getter, ty)) = found {
            let lower = current.unwrap_or_else(|| self.one(getter, ty, given).value());
            let with_body = self.over(ty, &lower, body, From::Client);
            memory.put(
                &request.path,
                self.over(ty, &with_body, value.as_ref(), From::Upstream),
            );
        } else if let Some(ty) = answer_type(operation) {
            let lower = made(&self.types, ty);
            memory.put(
                &request.path,
                self.over(ty, &lower, value.as_ref(), From::Upstream),
            );
        }
        self.success(operation, value)
    }

    fn over(&self, ty: TypeId, lower: &Value, upper: Option<&Value>, from: From) -> Value {
        match upper {
            Some(upper) => overlay(&self.types, Some(ty), lower, upper, from),
            None => lower.clone(),
        }
    }
}

/// The identity after this one: its last digits count on (a UUID's last twelve, which are hexadecimal).
fn next(id: &str) -> String {
    let uuid = id.len() == 36 && id.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    if let (true, Some((head, tail))) = (uuid, id.rsplit_once('-'))
        && let Ok(number) = u64::from_str_radix(tail, 16)
    {
        return format!("{head}-{:012x}", (number + 1) & 0xffff_ffff_ffff);
    }
    let head = id.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = id.get(head.len()..).unwrap_or_default();
    match digits.parse::<u64>() {
        Ok(number) => format!(
            "{head}{:0width$}",
            number.saturating_add(1),
            width = digits.len()
        ),
        Err(_) => format!("{id}-2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_count_on() {
        for (id, expected) in [
            ("o-5007", "o-5008"),
            ("o-099", "o-100"),
            ("9", "10"),
            ("abc", "abc-2"),
            (
                "00000000-0000-4000-8000-00000000000f",
                "00000000-0000-4000-8000-000000000010",
            ),
        ] {
            assert_eq!(next(id), expected);
        }
    }
}
