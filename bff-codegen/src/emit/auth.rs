//! `auth.rs`: one static per scheme, and what is read of the claims.

use bff_spec::model::{ApiKey, Claim, Jwt, KeySource, Model, ScalarKind, Scheme, SchemeKind};
use bff_spec::source::Sources;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::module::Module;
use super::names::Names;
use super::tables::PoolNames;
use super::upstreams::text;
use super::{duration, place};
use crate::ir::{Pool, Shape};

/// The module, and what the schemes are called; no module without schemes.
pub(crate) fn module(
    model: &Model,
    claims: &Shape,
    sources: &Sources,
) -> (Option<Module>, Vec<Ident>) {
    if model.schemes.is_empty() {
        return (None, Vec::new());
    }
    let mut names = Names::default();
    let shape_name = names.constant("claims");
    let pool = PoolNames::new(&Pool::default(), "claims", &mut names);
    let shape = pool.shape(claims);
    let mut items = quote! {
        #[doc = " What is read of the claims."]
        static #shape_name: Shape = #shape;
    };
    let mut known = Vec::new();
    for scheme in &model.schemes {
        let name = names.constant(&scheme.name);
        let doc = format!(" `{}` ({}).", scheme.name, place(sources, scheme.place));
        let (kind, table) = match &scheme.kind {
            SchemeKind::Jwt(jwt) => (quote! { Jwt }, self::jwt(scheme, jwt, &shape_name)),
            SchemeKind::ApiKey(keys) => (quote! { ApiKey }, api_key(scheme, keys, &shape_name)),
        };
        items.extend(quote! { #[doc = #doc] pub static #name: #kind = #table; });
        known.push(name);
    }
    (
        Some(Module {
            name: "auth",
            doc: "How this gateway knows who asks.".to_owned(),
            items,
        }),
        known,
    )
}

fn jwt(scheme: &Scheme, jwt: &Jwt, claims_shape: &Ident) -> TokenStream {
    let name = &scheme.name;
    let source = match &jwt.keys {
        KeySource::Issuer(url) => {
            let url = text(url);
            quote! { KeySource::Issuer(#url) }
        }
        KeySource::Jwks(url) => {
            let url = text(url);
            quote! { KeySource::Jwks(#url) }
        }
        KeySource::Key(key) => {
            let key = text(key);
            quote! { KeySource::Key(#key) }
        }
    };
    let audience = jwt.audience.iter().map(text);
    let algorithms = jwt.algorithms.iter().map(|name| {
        let name = super::names::identifier(name);
        quote! { Algorithm::#name }
    });
    let leeway = duration(jwt.leeway);
    let required = &jwt.required;
    let claims = scheme.claims.iter().map(claim);
    quote! {
        Jwt {
            name: #name,
            source: #source,
            audience: &[#(#audience),*],
            algorithms: &[#(#algorithms),*],
            leeway: #leeway,
            required: &[#(#required),*],
            claims_shape: &#claims_shape,
            claims: &[#(#claims),*],
        }
    }
}

fn api_key(scheme: &Scheme, api_key: &ApiKey, claims_shape: &Ident) -> TokenStream {
    let (name, header) = (&scheme.name, &api_key.header);
    let keys = text(&api_key.keys);
    let claims = scheme.claims.iter().map(claim);
    quote! {
        ApiKey {
            name: #name,
            header: #header,
            keys: #keys,
            claims_shape: &#claims_shape,
            claims: &[#(#claims),*],
        }
    }
}

fn claim(claim: &Claim) -> TokenStream {
    let Claim {
        name,
        list,
        required,
        ..
    } = claim;
    let kind = match claim.kind {
        ScalarKind::Boolean => quote! { Scalar::Boolean },
        ScalarKind::Integer => quote! { Scalar::Integer },
        ScalarKind::Number => quote! { Scalar::Number },
        ScalarKind::String => quote! { Scalar::String },
    };
    quote! { ClaimRule { name: #name, kind: #kind, list: #list, required: #required } }
}
