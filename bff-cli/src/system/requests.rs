//! Requests that work: one for every endpoint, with values that the contracts' examples know.

use bff_spec::contract::{Kind, Location};
use bff_spec::model::{
    Call, Calls, Condition, Endpoint, Input, Model, Operand, Path, Proxy, Root, Segment, Value,
    Work,
};
use percent_encoding::{AsciiSet, CONTROLS};
use serde_json::Value as Json;

use super::Mocks;
use super::expect::Response;
use super::tokens::{Token, Tokens};
use crate::mock::{From, made, made_as, overlay, segment};

/// A request, and what its answer must be.
#[derive(Debug)]
pub(super) struct Ready {
    /// The frontend.
    pub(super) frontend: String,
    /// The endpoint, as the spec writes it.
    pub(super) key: String,
    /// Why it isn't made, where it can't be.
    pub(super) skipped: Option<&'static str>,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) token: Option<Token>,
    pub(super) body: Option<Json>,
    pub(super) expected: Expected,
}

/// What an answer must be.
#[derive(Debug)]
pub(super) enum Expected {
    /// This status, and a body of this shape.
    Made(u16, Option<Response>),
    /// What an upstream answers: a success.
    Passed,
}

/// Requests for the endpoints of a model, in the spec's order.
pub(super) fn of(model: &Model, mocks: &Mocks, tokens: &Tokens, url: &str) -> Vec<Ready> {
    model
        .endpoints
        .iter()
        .map(|endpoint| {
            Maker {
                model,
                mocks,
                endpoint,
            }
            .request(tokens, url)
        })
        .collect()
}

/// Names and values.
type Pairs = Vec<(String, String)>;

struct Maker<'a> {
    model: &'a Model,
    mocks: &'a Mocks,
    endpoint: &'a Endpoint,
}

impl Maker<'_> {
    fn request(&self, tokens: &Tokens, url: &str) -> Ready {
        let endpoint = self.endpoint;
        let token = tokens.one_of(&endpoint.auth).cloned();
        let mut ready = Ready {
            frontend: self.model.name.clone(),
            key: endpoint.key.clone(),
            skipped: (!endpoint.auth.is_empty() && token.is_none())
                .then_some("it takes a token of your own issuer"),
            method: endpoint.method.clone().unwrap_or_else(|| "GET".to_owned()),
            url: String::new(),
            headers: Vec::new(),
            token,
            body: None,
            expected: Expected::Passed,
        };
        let mut query = Pairs::new();
        let mut path = String::new();
        match &endpoint.work {
            Work::Proxy(proxy) => match self.proxied(proxy) {
                Ok((below, asked)) => {
                    for part in &endpoint.segments {
                        if let Segment::Literal(literal) = part {
                            path.push('/');
                            path.push_str(&segment(literal));
                        }
                    }
                    path.push_str(&below);
                    query = asked;
                    ready.method = "GET".to_owned();
                }
                Err(why) => ready.skipped = ready.skipped.or(Some(why)),
            },
            work => {
                match work {
                    Work::Calls(work) => {
                        let response = work.response.clone().map(|block| Response {
                            block,
                            hooked: work.transform.is_some(),
                        });
                        ready.expected = Expected::Made(work.status, response);
                        ready.body = self.body(work);
                    }
                    Work::Stream(call)
                        if call
                            .operation
                            .body
                            .as_ref()
                            .is_some_and(|body| body.required) =>
                    {
                        ready.skipped = ready.skipped.or(Some("it takes a body of your own"));
                    }
                    Work::Stream(_) | Work::Proxy(_) => {}
                }
                let claims = ready.token.as_ref().map(|token| &token.claims);
                let values =
                    |input: usize, given: &Input| self.values(work.calls(), input, given, claims);
                let mut in_path = Pairs::new();
                for (at, input) in endpoint.inputs.iter().enumerate() {
                    if !input.required || input.default.is_some() {
                        continue;
                    }
                    let values = values(at, input);
                    let joined = values.join(",");
                    match input.location {
                        Location::Path => in_path.push((input.name.clone(), joined)),
                        Location::Query => query
                            .extend(values.into_iter().map(|value| (input.name.clone(), value))),
                        Location::Header => ready.headers.push((input.name.clone(), joined)),
                        Location::Cookie => ready
                            .headers
                            .push(("cookie".to_owned(), format!("{}={joined}", input.name))),
                    }
                }
                for part in &endpoint.segments {
                    path.push('/');
                    match part {
                        Segment::Literal(literal) => path.push_str(&segment(literal)),
                        Segment::Parameter(name) => {
                            let value = in_path
                                .iter()
                                .find(|(known, _)| known == name)
                                .map(|(_, value)| value.as_str());
                            path.push_str(&segment(value.unwrap_or("1")));
                        }
                        Segment::Rest => {}
                    }
                }
            }
        }
        if let Some(choice) = &endpoint.choice {
            let pair = (choice.name.clone(), choice.equals.clone());
            match choice.location {
                Location::Query => {
                    query.retain(|(name, _)| *name != choice.name);
                    query.push(pair);
                }
                _ => {
                    ready.headers.retain(|(name, _)| *name != choice.name);
                    ready.headers.push(pair);
                }
            }
        }
        ready.url = format!(
            "{url}{}{}",
            if path.is_empty() { "/" } else { &path },
            query_text(&query)
        );
        ready
    }

    /// Values for an input: those that the examples of what it is bound to know, or made from its type.
    fn values(
        &self,
        calls: &[Call],
        at: usize,
        input: &Input,
        claims: Option<&serde_json::Map<String, Json>>,
    ) -> Vec<String> {
        let types = &self.model.types;
        let ty = types.get(input.ty);
        let number = if matches!(ty.kind, Kind::List(_)) {
            2
        } else {
            1
        };
        let mut shown: Vec<(String, Json)> = Vec::new();
        for call in calls {
            for argument in &call.arguments {
                let bound = matches!(&argument.value, Value::Path { path, .. } if path.root == Root::Input(at));
                let parameter = call.operation.parameters.get(argument.parameter);
                if let (true, Some(parameter), Some(mock)) =
                    (bound, parameter, self.mocks.get(self.model, call.upstream))
                {
                    let found = mock.shown(
                        &call.operation.method,
                        &call.operation.path,
                        &parameter.name,
                    );
                    shown.extend(
                        found
                            .into_iter()
                            .filter(|(value, _)| allowed(&ty.one_of, value)),
                    );
                }
            }
        }
        // What belongs to whom the token is for, where the endpoint compares it.
        if let Some(owned) = claims.filter(|_| self.compares_claims()) {
            let mentions = |thing: &Json| owned.values().any(|claim| mentions(thing, claim));
            shown.sort_by_key(|(_, thing)| !mentions(thing));
        }
        let mut values: Vec<String> = Vec::new();
        for (value, _) in shown {
            if !values.contains(&value) && values.len() < number {
                values.push(value);
            }
        }
        if values.is_empty() {
            values = match made_as(types, input.ty, &input.name, 1) {
                Json::Array(items) => items.iter().filter_map(text).collect(),
                value => text(&value).into_iter().collect(),
            };
        }
        values
    }

    fn compares_claims(&self) -> bool {
        let is = |operand: &Operand| {
            matches!(
                operand,
                Operand::Path(Path {
                    root: Root::Claims,
                    ..
                })
            )
        };
        self.endpoint
            .require
            .clauses
            .iter()
            .any(|clause| match &clause.condition {
                Condition::Equal(a, b) => is(a) || is(b),
                Condition::Holds(_) => false,
            })
    }

    /// A body: made from its type, with what the examples of the calls' own bodies show under the same names.
    fn body(&self, work: &Calls) -> Option<Json> {
        let body = self.endpoint.body.as_ref()?;
        let types = &self.model.types;
        let mut value = made(types, body.ty);
        for call in work.calls.iter().filter(|call| call.body.is_some()) {
            let mock = self.mocks.get(self.model, call.upstream);
            if let Some(shown) =
                mock.and_then(|mock| mock.shown_body(&call.operation.method, &call.operation.path))
            {
                value = overlay(types, Some(body.ty), &value, &shown, From::Upstream);
            }
        }
        Some(value)
    }

    /// A path below the upstream's base, and a query; or why there is none.
    fn proxied(&self, proxy: &Proxy) -> Result<(String, Pairs), &'static str> {
        if !proxy.allow.is_empty() && proxy.allow.iter().all(|method| method != "GET") {
            return Err("it passes no GET");
        }
        self.mocks
            .get(self.model, proxy.upstream)
            .and_then(crate::mock::Mock::plainest_get)
            .ok_or("its contract has no GET to try it with")
    }
}

fn allowed(one_of: &[String], value: &str) -> bool {
    one_of.is_empty()
        || one_of.iter().any(|known| {
            serde_json::from_str::<Json>(known)
                .is_ok_and(|known| text(&known).as_deref() == Some(value))
        })
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether a value holds this scalar anywhere.
fn mentions(thing: &Json, scalar: &Json) -> bool {
    match thing {
        Json::Array(items) => items.iter().any(|item| mentions(item, scalar)),
        Json::Object(fields) => fields.values().any(|value| mentions(value, scalar)),
        value => value == scalar,
    }
}

/// What a query's names and values may hold as it is, and a person reads easily.
fn query_text(query: &[(String, String)]) -> String {
    const RESERVED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'&')
        .add(b'\'')
        .add(b'+')
        .add(b'<')
        .add(b'=')
        .add(b'>');
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, RESERVED).to_string();
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn queries_are_encoded() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(query_text(&[]), "");
        assert_eq!(
            query_text(&[pair("q", "a b&c"), pair("ids", "ü,1")]),
            "?q=a%20b%26c&ids=%C3%BC,1"
        );
    }

    #[test]
    fn a_thing_mentions_its_owner() {
        let thing = json!({ "id": 1, "lines": [{ "for": "u-1" }] });
        assert!(mentions(&thing, &json!("u-1")) && !mentions(&thing, &json!("u-2")));
    }
}
