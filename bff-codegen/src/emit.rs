//! Tables in, the files of a crate (or the items of a macro) out. Same model, same bytes.

mod auth;
mod endpoints;
mod files;
mod hooks;
mod input;
mod layout;
mod limits;
mod listener;
mod module;
mod names;
mod plans;
mod routes;
mod tables;
mod types;
mod upstreams;

use std::time::Duration;

use bff_spec::diagnostic::Place;
use bff_spec::model::Model;
use bff_spec::source::Sources;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

pub use files::{GeneratedFile, Write};
pub use hooks::{HookFinding, HookFunction, functions as hook_functions, review as review_hooks};
use module::Module;
use names::Names;
pub(crate) use names::camel;
#[cfg(feature = "interpret")]
pub(crate) use plans::{Style, request_media, style};
pub(crate) use routes::variables;
#[cfg(feature = "interpret")]
pub(crate) use routes::{BODY_LIMIT, segments};
pub(crate) use tables::PoolNames;
#[cfg(feature = "interpret")]
pub(crate) use upstreams::{Part, parts};

use crate::{ir, lower};

/// The version of the runtime's tables that generated code is written for.
pub const TABLES: u32 = 3;

/// The files of the gateway's crate, relative to its folder.
#[must_use]
pub fn generate(model: &Model, sources: &Sources) -> Vec<GeneratedFile> {
    let openapi = crate::openapi::yaml(model);
    let embedded = quote! { include_str!("../openapi.yaml") };
    let modules = modules(
        model,
        sources,
        &embedded,
        &quote! { ::bff_runtime },
        &quote! { super::hooks },
    );
    files::all(model, &modules, openapi)
}

/// The gateway in place: modules, and `BFF`. `runtime` is the path of the runtime's crate, `hooks` that of the team's
/// functions, where the gateway stands.
pub(crate) fn in_place(
    model: &Model,
    sources: &Sources,
    runtime: &TokenStream,
    hooks: Option<&syn::Path>,
) -> TokenStream {
    let openapi = crate::openapi::yaml(model);
    let hooks = hooks.filter(|_| !hooks::functions(model).is_empty());
    let (import, path) = match hooks {
        None => (TokenStream::new(), quote! { super::hooks }),
        Some(hooks) => {
            let span = hooks.span();
            (
                quote! { use #hooks as hooks_of_this_gateway; },
                quote_spanned! { span=> super::hooks_of_this_gateway },
            )
        }
    };
    let modules = modules(model, sources, &quote! { #openapi }, runtime, &path);
    let inline = modules.iter().map(|module| module.inline(runtime));
    quote! { #import #(#inline)* pub use self::routes::BFF; }
}

fn modules(
    model: &Model,
    sources: &Sources,
    openapi: &TokenStream,
    runtime: &TokenStream,
    hooks: &TokenStream,
) -> Vec<Module> {
    let gateway = lower::lower(model);
    let mut names = Names::default();
    let items = Item::all(model, &mut names);
    let (upstreams, upstream_names) = upstreams::module(model, sources);
    let (auth, schemes) = auth::module(model, &gateway.claims, sources);
    let (limits, limit_names) = limits::module(model, sources);
    let plans = plans::module(model, &gateway, &items, names, &upstream_names, sources);
    let endpoints = endpoints::module(model, &items, sources, hooks);
    let mut routes = routes::module(model, &gateway, &items, &schemes, &limit_names, sources);
    routes
        .items
        .extend(routes::gateway(model, &upstream_names, &schemes, openapi));
    let types = types::module(model, &items, runtime);
    [
        Some(routes),
        Some(endpoints),
        Some(plans),
        Some(upstreams),
        auth,
        limits,
        types,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The name of each endpoint's function.
pub(crate) fn functions(model: &Model) -> Vec<String> {
    Item::all(model, &mut Names::default())
        .into_iter()
        .map(|item| item.name)
        .collect()
}

/// What the items of one endpoint are called.
#[derive(Debug)]
pub(crate) struct Item {
    /// In words: `get_home`.
    name: String,
    function: Ident,
    plan: Ident,
    body: Ident,
    route: Ident,
}

impl Item {
    /// Of every endpoint; `plans` are the names of the module with their tables.
    fn all(model: &Model, plans: &mut Names) -> Vec<Item> {
        let mut functions = Names::default();
        let mut routes = Names::default();
        for taken in ["routes", "bff"] {
            routes.constant(taken);
        }
        let mut items: Vec<Item> = model
            .endpoints
            .iter()
            .map(|endpoint| {
                let function = functions.function(&names::endpoint(endpoint));
                let name = function.to_string();
                let plan = plans.constant(&name);
                let route = routes.constant(&name);
                Item {
                    body: plan.clone(),
                    name,
                    function,
                    plan,
                    route,
                }
            })
            .collect();
        for item in &mut items {
            item.body = plans.constant(&format!("{}_body", item.name));
        }
        items
    }
}

/// `Duration::from_millis(800)`
fn duration(duration: Duration) -> TokenStream {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis.is_multiple_of(1000) {
        let seconds = Literal::u64_unsuffixed(millis / 1000);
        quote! { Duration::from_secs(#seconds) }
    } else {
        let millis = Literal::u64_unsuffixed(millis);
        quote! { Duration::from_millis(#millis) }
    }
}

/// `specs/web.yaml:21`
fn place(sources: &Sources, place: Place) -> String {
    match sources.get(place.file) {
        Some(file) => format!("`{}:{}`", file.path, sources.lines(place).0.line),
        None => "no file".to_owned(),
    }
}

/// A text in one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A selection's imports, frame and block: what `#[derive(Project)]` expands to. `nested` are the types that have their own,
/// by the name the tables know them by.
pub(crate) fn selection(
    ir::Selection {
        shape,
        template,
        pool,
    }: &ir::Selection,
    nested: &[(String, TokenStream)],
    runtime: &TokenStream,
) -> (TokenStream, TokenStream, TokenStream) {
    let names = PoolNames::of_projects(pool, nested, runtime);
    let frame = names.frame(&shape.root);
    let block = match template {
        ir::Template::Block(block) => names.block(block),
        template => {
            let template = names.template(template);
            quote! { Block::Value(#template) }
        }
    };
    let module = Module {
        name: "tables",
        doc: String::new(),
        items: quote! { #frame #block },
    };
    (module.imports(runtime), frame, block)
}
