//! Inputs and their rules as Rust.

use bff_spec::contract::{Location, Types};
use bff_spec::model::Endpoint;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::tables::{number, option};
use crate::ir::{BodyField, BodyRule, Format, ListRules, Rules, Scalar};
use crate::lower;

/// `Place::…`
pub(crate) fn place(location: Location) -> TokenStream {
    match location {
        Location::Path => quote! { Place::Path },
        Location::Query => quote! { Place::Query },
        Location::Header => quote! { Place::Header },
        Location::Cookie => quote! { Place::Cookie },
    }
}

/// `Inputs { … }`
pub(crate) fn inputs(types: &Types, endpoint: &Endpoint) -> TokenStream {
    let width = number(u16::try_from(endpoint.inputs.len()).unwrap_or(u16::MAX));
    let items = endpoint.inputs.iter().enumerate().map(|(slot, input)| {
        let (place, name) = (place(input.location), &input.name);
        let slot = number(u16::try_from(slot).unwrap_or(u16::MAX));
        let (item, list) = lower::parameter(types, input.ty);
        let rules = rules(&item);
        let required = input.required.then(|| quote! { .required() });
        let list = list.map(list_rules).map(|list| quote! { .list(#list) });
        let default = input
            .default
            .as_ref()
            .map(|json| quote! { .default(#json) });
        quote! { Input::new(#place, #name, #slot, #rules) #required #list #default }
    });
    quote! { Inputs { width: #width, items: &[#(#items),*] } }
}

/// `BodyRule::…`
pub(crate) fn body_rule(rule: &BodyRule) -> TokenStream {
    match rule {
        BodyRule::Any => quote! { BodyRule::Any },
        BodyRule::Scalar {
            slot,
            rules,
            nullable,
        } => {
            let (slot, rules) = (number(*slot), self::rules(rules));
            quote! { BodyRule::Scalar { slot: #slot, rules: #rules, nullable: #nullable } }
        }
        BodyRule::Object {
            slot,
            fields,
            nullable,
        } => {
            let (slot, fields) = (option(slot.map(number)), body_fields(fields));
            quote! { BodyRule::Object { slot: #slot, fields: #fields, nullable: #nullable } }
        }
        BodyRule::Map {
            slot,
            fields,
            entries,
            element,
            nullable,
        } => {
            let (slot, entries) = (option(slot.map(number)), option(entries.map(number)));
            let (fields, element) = (body_fields(fields), body_rule(element));
            quote! {
                BodyRule::Map {
                    slot: #slot, fields: #fields, entries: #entries, element: &#element, nullable: #nullable
                }
            }
        }
        BodyRule::List {
            slot,
            rules,
            element,
            nullable,
        } => {
            let (slot, rules, element) = (number(*slot), list_rules(*rules), body_rule(element));
            quote! { BodyRule::List { slot: #slot, rules: #rules, element: &#element, nullable: #nullable } }
        }
    }
}

fn body_fields(fields: &[BodyField]) -> TokenStream {
    let fields = fields.iter().map(|field| {
        let (name, required, rule) = (&field.name, field.required, body_rule(&field.rule));
        quote! { BodyField { name: #name, required: #required, rule: #rule } }
    });
    quote! { &[#(#fields),*] }
}

fn list_rules(rules: ListRules) -> TokenStream {
    let min = rules
        .min
        .map(Literal::u32_unsuffixed)
        .map(|count| quote! { .min(#count) });
    let max = rules
        .max
        .map(Literal::u32_unsuffixed)
        .map(|count| quote! { .max(#count) });
    quote! { ListRules::ANY #min #max }
}

fn rules(rules: &Rules) -> TokenStream {
    let kind = match rules.kind {
        Scalar::Boolean => quote! { Scalar::Boolean },
        Scalar::Integer => quote! { Scalar::Integer },
        Scalar::Number => quote! { Scalar::Number },
        Scalar::String => quote! { Scalar::String },
        Scalar::Any => quote! { Scalar::Any },
    };
    let mut tokens = quote! { Rules::of(#kind) };
    if !rules.one_of.is_empty() {
        let texts = &rules.one_of;
        tokens.extend(quote! { .one_of(&[#(#texts),*]) });
    }
    for (bound, within, beyond) in [
        (rules.minimum, quote! { min }, quote! { above }),
        (rules.maximum, quote! { max }, quote! { below }),
    ] {
        let Some(bound) = bound else { continue };
        let value = Literal::f64_unsuffixed(bound.value);
        let method = if bound.exclusive { beyond } else { within };
        tokens.extend(quote! { .#method(#value) });
    }
    if let Some(count) = rules.min_length.map(Literal::u32_unsuffixed) {
        tokens.extend(quote! { .min_length(#count) });
    }
    if let Some(count) = rules.max_length.map(Literal::u32_unsuffixed) {
        tokens.extend(quote! { .max_length(#count) });
    }
    if let Some(pattern) = &rules.pattern {
        tokens.extend(quote! { .pattern(#pattern) });
    }
    let format = rules.format.map(|format| match format {
        Format::Uuid => quote! { Format::Uuid },
        Format::Date => quote! { Format::Date },
        Format::DateTime => quote! { Format::DateTime },
        Format::Int32 => quote! { Format::Int32 },
        Format::Int64 => quote! { Format::Int64 },
    });
    if let Some(format) = format {
        tokens.extend(quote! { .format(#format) });
    }
    tokens
}
