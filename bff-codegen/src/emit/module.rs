//! A module of generated code: its items, and the imports they need.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// A module.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it says of itself.
    pub(crate) doc: String,
    /// Its items.
    pub(crate) items: TokenStream,
}

/// Where generated code finds its types: names below the runtime's path.
const JSON: &[&str] = &[
    "Absent",
    "Block",
    "Condition",
    "Elements",
    "Entries",
    "Entry",
    "Fields",
    "Frame",
    "Hop",
    "Key",
    "Kinds",
    "Match",
    "Node",
    "OnList",
    "OnObject",
    "Operand",
    "Path",
    "Pick",
    "Shape",
    "Template",
    "Test",
];
const PLAN: &[&str] = &[
    "Answer",
    "Argument",
    "Bff",
    "BodyField",
    "BodyInput",
    "BodyRule",
    "BodyValue",
    "Call",
    "Charge",
    "Choice",
    "Clause",
    "ErrorAction",
    "ErrorRule",
    "Fan",
    "Format",
    "HeaderValue",
    "Identity",
    "Input",
    "Inputs",
    "ListRules",
    "Listener",
    "Operation",
    "Part",
    "PathPart",
    "Place",
    "Plan",
    "Policies",
    "Proxy",
    "Route",
    "Rules",
    "Scalar",
    "Segment",
    "Server",
    "Stream",
    "Style",
    "Text",
    "Upstream",
    "Value",
    "Variable",
];
const EXCHANGE: &[&str] = &["Exchange", "Failure", "Reply"];
const HOOK: &[&str] = &["Hook", "Json", "Map", "Number"];
const AUTH: &[&str] = &["Algorithm", "ApiKey", "ClaimRule", "Jwt", "KeySource"];
const LIMIT: &[&str] = &["Allowance", "InMemory", "Per"];
const TLS: &[&str] = &["Pair", "Tls"];
const SERDE: &[&str] = &["Deserialize", "Serialize"];

impl Module {
    /// The imports and items; `runtime` is the path of the runtime's crate.
    pub(crate) fn body(&self, runtime: &TokenStream) -> TokenStream {
        let (imports, items) = (self.imports(runtime), &self.items);
        quote! { #imports #items }
    }

    /// What the items use of the runtime and the standard library.
    pub(crate) fn imports(&self, runtime: &TokenStream) -> TokenStream {
        let mut used = BTreeSet::new();
        free_names(self.items.clone(), &mut used);
        let import = |path: TokenStream, known: &[&str]| {
            let names: Vec<Ident> = known
                .iter()
                .filter(|name| used.contains(**name))
                .map(|name| Ident::new(name, Span::call_site()))
                .collect();
            match names.as_slice() {
                [] => TokenStream::new(),
                [name] => quote! { use #path::#name; },
                names => quote! { use #path::{#(#names),*}; },
            }
        };
        let std = import(quote! { ::std::time }, &["Duration"]);
        let auth = import(quote! { #runtime::auth }, AUTH);
        let exchange = import(runtime.clone(), EXCHANGE);
        let hook = import(quote! { #runtime::hook }, HOOK);
        let json = import(quote! { #runtime::json }, JSON);
        let limit = import(quote! { #runtime::limit }, LIMIT);
        let plan = import(quote! { #runtime::plan }, PLAN);
        let serde = import(quote! { #runtime::serde }, SERDE);
        let tls = import(quote! { #runtime::tls }, TLS);
        quote! { #std #auth #exchange #hook #json #limit #plan #serde #tls }
    }

    /// As a module in place.
    pub(crate) fn inline(&self, runtime: &TokenStream) -> TokenStream {
        let name = Ident::new(self.name, Span::call_site());
        let doc = format!(" {}", self.doc);
        let body = self.body(runtime);
        quote! { #[doc = #doc] pub mod #name { #body } }
    }
}

/// The names that are not reached through another (`Pick::All` uses `Pick`).
fn free_names(tokens: TokenStream, used: &mut BTreeSet<String>) {
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                free_names(group.stream(), used);
                colons = 0;
            }
            TokenTree::Ident(ident) => {
                if colons < 2 {
                    used.insert(ident.to_string());
                }
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Punct(_) | TokenTree::Literal(_) => colons = 0,
        }
    }
}
