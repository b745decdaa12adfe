//! `limits.rs`: one static per limit, which also names where it is counted.

use bff_spec::model::{Limit, Model, Per};
use bff_spec::source::Sources;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::module::Module;
use super::names::Names;
use super::{duration, place};

/// The module, and what the limits are called; no module without limits.
pub(crate) fn module(model: &Model, sources: &Sources) -> (Option<Module>, Vec<Ident>) {
    if model.limits.is_empty() {
        return (None, Vec::new());
    }
    let mut names = Names::default();
    let mut known = Vec::new();
    let mut items = TokenStream::new();
    for limit in &model.limits {
        let name = names.constant(&limit.name);
        let doc = format!(" `{}` ({}).", limit.name, place(sources, limit.place));
        let allowance = allowance(limit);
        items.extend(quote! { #[doc = #doc] pub static #name: InMemory = InMemory(#allowance); });
        known.push(name);
    }
    let module = Module {
        name: "limits",
        doc: "How often this gateway may be asked.".to_owned(),
        items,
    };
    (Some(module), known)
}

fn allowance(limit: &Limit) -> TokenStream {
    let name = &limit.name;
    let per = match &limit.per {
        Per::Subject | Per::Claim(_) => quote! { Per::Claim },
        Per::Key => quote! { Per::Key },
        Per::Ip => quote! { Per::Ip },
        Per::Header(name) => quote! { Per::Header(#name) },
        Per::Route => quote! { Per::Route },
        Per::Everyone => quote! { Per::Everyone },
    };
    let mut allowance = quote! { Allowance::new(#name, #per) };
    if let Some(rate) = &limit.rate {
        let (count, burst) = (number(rate.count), number(rate.burst));
        let period = duration(rate.period);
        allowance.extend(quote! { .rate(#count, #period, #burst) });
    }
    if let Some(quota) = &limit.quota {
        let (count, period) = (number(quota.count), duration(quota.period));
        allowance.extend(quote! { .quota(#count, #period) });
    }
    if let Some(most) = limit.concurrency {
        let most = number(most);
        allowance.extend(quote! { .concurrency(#most) });
    }
    allowance
}

fn number(number: u32) -> Literal {
    Literal::u32_unsuffixed(number)
}
