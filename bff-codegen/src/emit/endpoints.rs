//! `endpoints.rs`: one short async function per endpoint, and the type each hook must have.

use bff_spec::model::{Endpoint, Model, Work};
use bff_spec::source::Sources;
use proc_macro2::TokenStream;
use quote::quote;

use super::hooks::signature;
use super::module::Module;
use super::names::{Names, identifier};
use super::types::{self, Hooked};
use super::{Item, one_line, place};

/// The module; `hooks` is the path of the team's functions.
pub(crate) fn module(
    model: &Model,
    items: &[Item],
    sources: &Sources,
    hooks: &TokenStream,
) -> Module {
    let hooked = types::hooked(model, items);
    let functions = model.endpoints.iter().zip(items).enumerate();
    let functions = functions.map(|(at, (endpoint, item))| {
        let hook = hooked.iter().find(|hooked| hooked.at == at);
        let hook = hook.map(|hooked| self::hook(hooked, sources, hooks));
        let (tokens, last) = hook.unwrap_or((TokenStream::new(), quote! { reply() }));
        let function = function(endpoint, item, sources, &last);
        quote! { #tokens #function }
    });
    let items = functions.collect();
    Module {
        name: "endpoints",
        doc: "What each endpoint does.".to_owned(),
        items,
    }
}

/// A constant that holds the team's function to its type, and how the endpoint answers with it.
fn hook(hooked: &Hooked<'_>, sources: &Sources, hooks: &TokenStream) -> (TokenStream, TokenStream) {
    let (name, ty) = (&hooked.hook.name, &hooked.ty);
    let doc = [
        format!(
            " `transform` of `{}` ({}), in `hooks.rs`:",
            hooked.endpoint.key,
            place(sources, hooked.hook.place)
        ),
        String::new(),
        format!(" `{}`", signature(name, &ty.to_string(), "types::")),
    ];
    let (constant, function) = (Names::default().constant(name), identifier(name));
    let tokens = quote! {
        #(#[doc = #doc])*
        const #constant: Hook<super::types::#ty> = #hooks::#function;
    };
    (tokens, quote! { transformed(#name, #constant) })
}

fn function(
    endpoint: &Endpoint,
    item: &Item,
    sources: &Sources,
    last: &TokenStream,
) -> TokenStream {
    let (name, plan) = (&item.function, &item.plan);
    let mut doc: Vec<String> = Vec::new();
    if let Some(summary) = &endpoint.summary {
        doc.push(format!(" {}", one_line(summary)));
        doc.push(String::new());
    }
    doc.push(format!(
        " `{}` ({})",
        endpoint.key,
        place(sources, endpoint.place)
    ));
    let run = match &endpoint.work {
        Work::Calls(calls) => {
            if !calls.calls.is_empty() {
                doc.push(String::new());
            }
            for call in &calls.calls {
                let mark = if call.optional { "?" } else { "" };
                doc.push(format!(
                    " - `{}{mark}: {}`",
                    call.name,
                    one_line(&call.text)
                ));
            }
            quote! { exchange.run(&super::plans::#plan).await?.#last }
        }
        Work::Proxy(_) => quote! { exchange.proxy(&super::plans::#plan).await },
        Work::Stream(call) => {
            doc.push(String::new());
            doc.push(format!(" - `{}`, streamed", one_line(&call.text)));
            quote! { exchange.stream(&super::plans::#plan).await }
        }
    };
    quote! {
        #(#[doc = #doc])*
        pub async fn #name(exchange: Exchange) -> Result<Reply, Failure> {
            #run
        }
    }
}
