//! `routes.rs`: each endpoint's path, policies and inputs; and the whole gateway.

use std::collections::BTreeMap;

use bff_spec::contract::Location;
use bff_spec::model::{Endpoint, KeySource, Model, SchemeKind, Segment, Text, TextPart, Work};
use bff_spec::source::Sources;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::module::Module;
use super::upstreams::UpstreamNames;
use super::{Item, duration, input, place, plans, tables};
use crate::ir;

/// Bytes of a request's body, where the spec says nothing.
pub(crate) const BODY_LIMIT: u64 = 10 << 20;

/// The module.
pub(crate) fn module(
    model: &Model,
    gateway: &ir::Gateway,
    items: &[Item],
    schemes: &[Ident],
    limits: &[Ident],
    sources: &Sources,
) -> Module {
    let routes = model
        .endpoints
        .iter()
        .zip(&gateway.endpoints)
        .zip(items)
        .map(|((endpoint, tables), item)| {
            let policies = policies(model, endpoint, tables, schemes, limits);
            route(model, endpoint, tables, item, &policies, sources)
        });
    let routes: Vec<TokenStream> = routes.collect();
    let names = items.iter().map(|item| &item.route);
    let items = quote! {
        #[doc = " Every endpoint, in the spec's order."]
        pub static ROUTES: &[Route] = &[#(#names),*];
        #(#routes)*
    };
    Module {
        name: "routes",
        doc: "How requests get to the endpoints, and what they must bring.".to_owned(),
        items,
    }
}

/// A constant, so that the table can hold it by value.
fn route(
    model: &Model,
    endpoint: &Endpoint,
    tables: &ir::Endpoint,
    item: &Item,
    policies: &TokenStream,
    sources: &Sources,
) -> TokenStream {
    let doc = format!(" `{}` ({}).", endpoint.key, place(sources, endpoint.place));
    let name = &item.route;
    let method = tables::option(endpoint.method.as_ref());
    let pattern = &endpoint.path;
    let segments = endpoint.segments.iter().map(segment);
    let when = tables::option(endpoint.choice.as_ref().map(|choice| {
        let place = if choice.location == Location::Header {
            quote! { Place::Header }
        } else {
            quote! { Place::Query }
        };
        let (name, equals) = (&choice.name, &choice.equals);
        quote! { Choice { place: #place, name: #name, equals: #equals } }
    }));
    let inputs = input::inputs(&model.types, endpoint);
    let body = tables::option(tables.body.as_ref().map(|_| {
        let name = &item.body;
        quote! { &super::plans::#name }
    }));
    let passes = matches!(endpoint.work, Work::Proxy(_) | Work::Stream(_));
    let function = &item.function;
    quote! {
        #[doc = #doc]
        const #name: Route = Route {
            method: #method,
            pattern: #pattern,
            segments: &[#(#segments),*],
            when: #when,
            policies: #policies,
            inputs: #inputs,
            body: #body,
            passes: #passes,
            handler: |exchange| Box::pin(super::endpoints::#function(exchange)),
        };
    }
}

/// Only what isn't as usual.
fn policies(
    model: &Model,
    endpoint: &Endpoint,
    tables: &ir::Endpoint,
    schemes: &[Ident],
    limits: &[Ident],
) -> TokenStream {
    let timeout = duration(endpoint.timeout);
    let limit = Literal::u64_unsuffixed(
        endpoint
            .body_limit
            .or(model.server.body_limit)
            .unwrap_or(BODY_LIMIT),
    );
    // Fields and no calls of methods: what a method is given by reference doesn't live as long as a constant.
    let mut fields = TokenStream::new();
    let mut add = |name: &str, items: Vec<TokenStream>| {
        if !items.is_empty() {
            let name = super::names::identifier(name);
            fields.extend(quote! { #name: &[#(#items),*], });
        }
    };
    let words = |words: &[String]| words.iter().map(|word| quote! { #word }).collect();
    let auth = endpoint
        .auth
        .iter()
        .filter_map(|scheme| schemes.get(*scheme));
    add(
        "auth",
        auth.map(|name| quote! { &super::auth::#name }).collect(),
    );
    add("scopes", words(&endpoint.require.scopes));
    add("roles", words(&endpoint.require.roles));
    add(
        "require",
        tables.require.iter().map(plans::clause).collect(),
    );
    let charges = endpoint.limits.iter().zip(&tables.counted_by);
    let charges = charges.filter_map(|(charge, by)| {
        let limit = limits.get(charge.limit)?;
        let by = tables::option(by.as_ref().map(tables::path));
        let cost = Literal::u32_unsuffixed(charge.cost);
        Some(quote! { Charge { limit: &super::limits::#limit, by: #by, cost: #cost } })
    });
    add("limits", charges.collect());
    let told = crate::lower::deprecated::headers(endpoint.deprecated.as_ref());
    let told = told.iter().map(|(name, value)| quote! { (#name, #value) });
    add("headers", told.collect());
    let within = quote! { Policies::within(#timeout, #limit) };
    if fields.is_empty() {
        within
    } else {
        quote! { Policies { #fields ..#within } }
    }
}

fn segment(segment: &Segment) -> TokenStream {
    match segment {
        Segment::Literal(literal) => quote! { Segment::Literal(#literal) },
        Segment::Parameter(name) => quote! { Segment::Parameter(#name) },
        Segment::Rest => quote! { Segment::Rest },
    }
}

/// The segments of a contract's route, and whether each is a parameter. One that is only partly a parameter can't be told
/// from any other.
pub(crate) fn segments(path: &str) -> Vec<(bool, &str)> {
    let parts = path.split('/').skip(1);
    let segment = |part| match str::split_once(part, '{') {
        None => (false, part),
        Some((_, rest)) => (true, rest.split('}').next().unwrap_or(rest)),
    };
    parts.map(segment).collect()
}

/// The same as Rust.
pub(crate) fn contract_segments(path: &str) -> Vec<TokenStream> {
    let segment = |(parameter, word): (bool, &str)| match parameter {
        true => quote! { Segment::Parameter(#word) },
        false => quote! { Segment::Literal(#word) },
    };
    segments(path).into_iter().map(segment).collect()
}

/// `BFF`; `openapi` is an expression that gives the document.
pub(crate) fn gateway(
    model: &Model,
    upstreams: &UpstreamNames,
    schemes: &[Ident],
    openapi: &TokenStream,
) -> TokenStream {
    let (name, spec) = (&model.name, &model.file);
    let variables = variables(model)
        .into_iter()
        .map(|(name, (default, secret))| {
            let default = tables::option(default);
            quote! { Variable { name: #name, default: #default, secret: #secret } }
        });
    let upstreams = (0..model.upstreams.len()).map(|upstream| upstreams.upstream(upstream));
    let strict = model.server.strict;
    let limit = Literal::u64_unsuffixed(model.server.body_limit.unwrap_or(BODY_LIMIT));
    let trusted = Literal::u8_unsuffixed(model.server.trusted_proxies);
    let doc = format!(" The gateway of `{spec}`.");
    let (tls, listener) = super::listener::listener(&model.server.listener);
    quote! {
        #tls
        #[doc = #doc]
        pub static BFF: Bff = Bff {
            name: #name,
            spec: #spec,
            variables: &[#(#variables),*],
            upstreams: &[#(&#upstreams),*],
            schemes: &[#(&super::auth::#schemes),*],
            routes: ROUTES,
            server: Server { strict: #strict, body_limit: #limit, trusted_proxies: #trusted, #listener ..Server::USUAL },
            openapi: #openapi,
        };
    }
}

/// Every variable the spec names, in alphabetical order: what stands in for it, and whether it is secret.
pub(crate) fn variables(model: &Model) -> BTreeMap<String, (Option<String>, bool)> {
    let mut variables = BTreeMap::new();
    let mut add = |text: &Text| {
        for part in &text.parts {
            if let TextPart::Variable { name, default } = part {
                let known = variables
                    .entry(name.clone())
                    .or_insert((default.clone(), false));
                known.1 |= text.secret;
                // One place without a default makes it required.
                if default.is_none() {
                    known.0 = None;
                }
            }
        }
    };
    for pair in &model.server.listener.tls {
        add(&pair.cert);
        add(&pair.key);
    }
    for upstream in &model.upstreams {
        add(&upstream.url);
        upstream.headers.iter().for_each(|(_, value)| add(value));
    }
    for scheme in &model.schemes {
        let jwt = match &scheme.kind {
            SchemeKind::Jwt(jwt) => jwt,
            SchemeKind::ApiKey(api_key) => {
                add(&api_key.keys);
                continue;
            }
        };
        match &jwt.keys {
            KeySource::Issuer(text) | KeySource::Jwks(text) | KeySource::Key(text) => add(text),
        }
        jwt.audience.iter().for_each(&mut add);
    }
    variables
}
