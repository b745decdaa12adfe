//! `endpoints.rs`: one short async function per endpoint.

use bff_spec::model::{Endpoint, Model, Work};
use bff_spec::source::Sources;
use proc_macro2::TokenStream;
use quote::quote;

use super::module::Module;
use super::{Item, one_line, place};

/// The module.
pub(crate) fn module(model: &Model, items: &[Item], sources: &Sources) -> Module {
    let functions = model
        .endpoints
        .iter()
        .zip(items)
        .map(|(endpoint, item)| function(endpoint, item, sources));
    let items = functions.collect();
    Module {
        name: "endpoints",
        doc: "What each endpoint does.".to_owned(),
        items,
    }
}

fn function(endpoint: &Endpoint, item: &Item, sources: &Sources) -> TokenStream {
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
            quote! { exchange.run(&super::plans::#plan).await?.reply() }
        }
        Work::Proxy(_) => quote! { exchange.proxy(&super::plans::#plan).await },
    };
    quote! {
        #(#[doc = #doc])*
        pub async fn #name(exchange: Exchange) -> Result<Reply, Failure> {
            #run
        }
    }
}
