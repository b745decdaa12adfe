//! `upstreams.rs`: one static per upstream, and one per operation used.

use std::collections::BTreeMap;

use bff_spec::contract::Operation;
use bff_spec::model::{Endpoint, Identity, Model, Text, TextPart, Upstream};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::module::Module;
use super::names::{self, Names};
use super::{duration, place};
use bff_spec::source::Sources;

/// What upstreams and operations are called.
#[derive(Debug, Default)]
pub(crate) struct UpstreamNames {
    upstreams: Vec<Ident>,
    operations: BTreeMap<(usize, String), Ident>,
}

impl UpstreamNames {
    /// The static of an upstream.
    pub(crate) fn upstream(&self, upstream: usize) -> TokenStream {
        let name = self.upstreams.get(upstream);
        quote! { super::upstreams::#name }
    }

    /// The static of an operation.
    pub(crate) fn operation(&self, upstream: usize, operation: &Operation) -> TokenStream {
        let name = self.operations.get(&(upstream, route(operation)));
        quote! { super::upstreams::#name }
    }
}

/// The module.
pub(crate) fn module(model: &Model, sources: &Sources) -> (Module, UpstreamNames) {
    let mut names = Names::default();
    let mut known = UpstreamNames::default();
    let mut items = TokenStream::new();
    known.upstreams = model
        .upstreams
        .iter()
        .map(|upstream| names.constant(&upstream.name))
        .collect();
    for (index, (upstream, name)) in model
        .upstreams
        .iter()
        .zip(known.upstreams.clone())
        .enumerate()
    {
        let doc = format!(
            " `{}`: `{}` ({}).",
            upstream.name,
            upstream.contract,
            place(sources, upstream.place)
        );
        let table = self::upstream(upstream);
        items.extend(quote! { #[doc = #doc] pub static #name: Upstream = #table; });
        for operation in operations(model, index) {
            let constant = names.constant(&names::operation(&upstream.name, operation));
            items.extend(self::operation(&name, &constant, operation));
            known.operations.insert((index, route(operation)), constant);
        }
    }
    let module = Module {
        name: "upstreams",
        doc: "The services behind this gateway, and what it asks of them.".to_owned(),
        items,
    };
    (module, known)
}

/// The operations an upstream is asked for, in order of first use.
fn operations(model: &Model, upstream: usize) -> Vec<&Operation> {
    let mut used: Vec<&Operation> = Vec::new();
    for Endpoint { work, .. } in &model.endpoints {
        for call in work.calls().iter().filter(|call| call.upstream == upstream) {
            if !used
                .iter()
                .any(|known| route(known) == route(&call.operation))
            {
                used.push(&call.operation);
            }
        }
    }
    used
}

fn route(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

fn upstream(upstream: &Upstream) -> TokenStream {
    let name = &upstream.name;
    let url = text(&upstream.url);
    let timeout = duration(upstream.timeout);
    let connect = duration(upstream.connect_timeout);
    let budget = proc_macro2::Literal::u8_unsuffixed(upstream.retry_budget);
    let headers = upstream.headers.iter().map(|(name, value)| {
        let value = text(value);
        quote! { (#name, #value) }
    });
    let identity = match upstream.identity {
        Identity::None => quote! { Identity::None },
        Identity::Forward => quote! { Identity::Forward },
    };
    let limit = proc_macro2::Literal::u64_unsuffixed(upstream.body_limit);
    let strict = upstream.strict;
    quote! {
        Upstream {
            name: #name,
            url: #url,
            timeout: #timeout,
            connect_timeout: #connect,
            retry_budget: #budget,
            headers: &[#(#headers),*],
            identity: #identity,
            body_limit: #limit,
            strict: #strict,
        }
    }
}

fn operation(upstream: &Ident, name: &Ident, operation: &Operation) -> TokenStream {
    let (method, path) = (&operation.method, &operation.path);
    let id = operation.id.clone().unwrap_or_else(|| route(operation));
    let doc = match &operation.summary {
        Some(summary) => format!(" `{method} {path}`: {}", super::one_line(summary)),
        None => format!(" `{method} {path}`"),
    };
    let parts = parts(path).into_iter().map(|part| match part {
        Part::Literal(literal) => quote! { PathPart::Literal(#literal) },
        Part::Argument(argument) => quote! { PathPart::Argument(#argument) },
    });
    quote! {
        #[doc = #doc]
        pub static #name: Operation = Operation { upstream: &#upstream, id: #id, method: #method, path: &[#(#parts),*] };
    }
}

/// A part of an operation's path.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    /// Percent-encoded.
    Literal(String),
    Argument(String),
}

/// The parts of an operation's path.
pub(crate) fn parts(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = path;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(b, a)| Some((b, a.split_once('}')?)))
    {
        if !before.is_empty() {
            parts.push(Part::Literal(encode(before)));
        }
        parts.push(Part::Argument(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(encode(rest)));
    }
    parts
}

/// What a URL's path can't hold as it is, percent-encoded; what is encoded already stays.
fn encode(literal: &str) -> String {
    let mut out = String::with_capacity(literal.len());
    for byte in literal.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `Text(&[…])`
pub(crate) fn text(text: &Text) -> TokenStream {
    let parts = text.parts.iter().map(|part| match part {
        TextPart::Literal(literal) => quote! { Part::Literal(#literal) },
        TextPart::Variable { name, default } => {
            let default = super::tables::option(default.as_ref());
            quote! { Part::Variable(#name, #default) }
        }
        TextPart::File(path) => quote! { Part::File(#path) },
    });
    quote! { Text(&[#(#parts),*]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_parts() {
        let literal = |text: &str| Part::Literal(text.to_owned());
        let argument = |text: &str| Part::Argument(text.to_owned());
        assert_eq!(
            parts("/users/{id}/x y"),
            [literal("/users/"), argument("id"), literal("/x%20y")]
        );
        assert_eq!(
            parts("/a/{b}-{c}"),
            [literal("/a/"), argument("b"), literal("-"), argument("c")]
        );
        assert_eq!(parts("/a"), [literal("/a")]);
    }
}
