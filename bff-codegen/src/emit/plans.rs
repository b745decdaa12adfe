//! `plans.rs`: what each endpoint calls, what it keeps of the answers, and what it makes of them.

use bff_spec::contract::{Kind, Location, Parameter, Types};
use bff_spec::model::{self, Endpoint, Fan, Model, Work};
use bff_spec::source::Sources;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::module::Module;
use super::names::Names;
use super::tables::{self, PoolNames};
use super::upstreams::UpstreamNames;
use super::{Item, duration, input, one_line, place};
use crate::ir;
pub(crate) use crate::ir::ListStyle as Style;

/// The module.
pub(crate) fn module(
    model: &Model,
    gateway: &ir::Gateway,
    items: &[Item],
    mut names: Names,
    upstreams: &UpstreamNames,
    sources: &Sources,
) -> Module {
    let mut tokens = TokenStream::new();
    for ((endpoint, tables), item) in model.endpoints.iter().zip(&gateway.endpoints).zip(items) {
        tokens.extend(body(endpoint, tables, item, &mut names));
        match &endpoint.work {
            Work::Calls(calls) => {
                let Some(plan) = &tables.plan else { continue };
                let mut writer = Writer {
                    types: &model.types,
                    item,
                    upstreams,
                    sources,
                    names: &mut names,
                    items: TokenStream::new(),
                };
                tokens.extend(writer.plan(endpoint, calls, plan, &tables.pool));
            }
            Work::Proxy(proxy) => {
                tokens.extend(self::proxy(model, endpoint, proxy, item, upstreams))
            }
            Work::Stream(call) => {
                let Some(table) = tables.plan.as_ref().and_then(|plan| plan.calls.first()) else {
                    continue;
                };
                let mut writer = Writer {
                    types: &model.types,
                    item,
                    upstreams,
                    sources,
                    names: &mut names,
                    items: TokenStream::new(),
                };
                tokens.extend(writer.stream(endpoint, call, table, &tables.pool));
            }
        }
    }
    let doc = "What each endpoint calls, what it keeps of the answers, and what it makes of them.";
    Module {
        name: "plans",
        doc: doc.to_owned(),
        items: tokens,
    }
}

/// The body of an endpoint's request.
fn body(endpoint: &Endpoint, tables: &ir::Endpoint, item: &Item, names: &mut Names) -> TokenStream {
    let (Some(body), Some(input)) = (&tables.body, &endpoint.body) else {
        return TokenStream::new();
    };
    let mut pool_names = Names::default();
    let pool = PoolNames::new(&tables.pool, &item.name, &mut pool_names);
    let shape_name = names.constant(&format!("{}_body_shape", item.name));
    let shape = pool.shape(&body.shape);
    let shape_doc = format!(" What is kept of the body of `{}`.", endpoint.key);
    let doc = format!(" The body of `{}`.", endpoint.key);
    let name = &item.body;
    let required = input.required;
    let rule = input::body_rule(&body.rule);
    quote! {
        #[doc = #shape_doc]
        static #shape_name: Shape = #shape;
        #[doc = #doc]
        pub static #name: BodyInput = BodyInput { shape: &#shape_name, required: #required, root: #rule };
    }
}

fn proxy(
    model: &Model,
    endpoint: &Endpoint,
    proxy: &model::Proxy,
    item: &Item,
    upstreams: &UpstreamNames,
) -> TokenStream {
    let name = &item.plan;
    let doc = format!(" `{}`: passed through.", endpoint.key);
    let upstream = upstreams.upstream(proxy.upstream);
    let allow = &proxy.allow;
    let documented = model
        .upstreams
        .get(proxy.upstream)
        .filter(|_| !proxy.undocumented)
        .map(|upstream| {
            let routes = upstream.documented.iter().map(|(method, path)| {
                let segments = super::routes::contract_segments(path);
                quote! { (#method, &[#(#segments),*]) }
            });
            quote! { &[#(#routes),*] }
        });
    let documented = tables::option(documented);
    quote! {
        #[doc = #doc]
        pub static #name: Proxy = Proxy { upstream: &#upstream, allow: &[#(#allow),*], documented: #documented };
    }
}

/// The media types an operation takes, and whether it must get one.
pub(crate) fn request_media(call: &model::Call) -> (Vec<&str>, bool) {
    let body = call.operation.body.as_ref();
    let media = body.into_iter().flat_map(|body| &body.content);
    let required = body.is_some_and(|body| body.required);
    (media.map(|media| media.name.as_str()).collect(), required)
}

struct Writer<'a> {
    types: &'a Types,
    item: &'a Item,
    upstreams: &'a UpstreamNames,
    sources: &'a Sources,
    names: &'a mut Names,
    items: TokenStream,
}

impl Writer<'_> {
    fn plan(
        &mut self,
        endpoint: &Endpoint,
        calls: &model::Calls,
        plan: &ir::Plan,
        pool: &ir::Pool,
    ) -> TokenStream {
        let pool_names = PoolNames::new(pool, &self.item.name, self.names);
        let statics = pool_names.statics(pool);
        let tables: Vec<TokenStream> = calls
            .calls
            .iter()
            .zip(&plan.calls)
            .map(|(call, table)| self.call(call, table, &pool_names))
            .collect();
        let require = plan.require.iter().map(clause);
        let headers = plan.headers.iter().map(|(name, value)| match value {
            ir::HeaderValue::Literal(text) => quote! { (#name, HeaderValue::Literal(#text)) },
            ir::HeaderValue::Path(path) => {
                let path = tables::path(path);
                quote! { (#name, HeaderValue::Path(#path)) }
            }
            ir::HeaderValue::Or(path, text) => {
                let path = tables::path(path);
                quote! { (#name, HeaderValue::Or(#path, #text)) }
            }
            ir::HeaderValue::Promised(path) => {
                let path = tables::path(path);
                quote! { (#name, HeaderValue::Promised(#path)) }
            }
        });
        let headers: Vec<TokenStream> = headers.collect();
        let answer = plan.answer.as_ref().map(|template| {
            let name = self.names.constant(&format!("{}_answer", self.item.name));
            let doc = format!(" What `{}` answers.", endpoint.key);
            let template = pool_names.template(template);
            self.items
                .extend(quote! { #[doc = #doc] static #name: Template = #template; });
            quote! { &#name }
        });
        let answer = tables::option(answer);
        let status = Literal::u16_unsuffixed(calls.status);
        let name = &self.item.plan;
        let doc = format!(
            " `{}` ({}).",
            endpoint.key,
            place(self.sources, endpoint.place)
        );
        let items = std::mem::take(&mut self.items);
        quote! {
            #statics
            #items
            #[doc = #doc]
            pub static #name: Plan = Plan {
                calls: &[#(#tables),*],
                require: &[#(#require),*],
                answer: Answer { status: #status, headers: &[#(#headers),*], body: #answer },
            };
        }
    }

    fn stream(
        &mut self,
        endpoint: &Endpoint,
        call: &model::Call,
        table: &ir::Call,
        pool: &ir::Pool,
    ) -> TokenStream {
        let pool_names = PoolNames::new(pool, &self.item.name, self.names);
        let name = &self.item.plan.clone();
        let doc = format!(
            " `{}` ({}): `{}`, streamed.",
            endpoint.key,
            place(self.sources, endpoint.place),
            one_line(&call.text)
        );
        let call_table = self.call(call, table, &pool_names);
        let (media, required) = request_media(call);
        quote! {
            #[doc = #doc]
            pub static #name: Stream = Stream { call: #call_table, media: &[#(#media),*], required: #required };
        }
    }

    fn call(&mut self, call: &model::Call, table: &ir::Call, pool: &PoolNames) -> TokenStream {
        let (name, operation) = (
            &call.name,
            self.upstreams.operation(call.upstream, &call.operation),
        );
        let mut tokens = quote! { Call::new(#name, &#operation) };
        if call.optional {
            tokens.extend(quote! { .optional() });
        }
        if call.write {
            tokens.extend(quote! { .write() });
        }
        for (calls, method) in [(&call.needs, "needs"), (&call.after, "after")] {
            if !calls.is_empty() {
                let method = super::names::identifier(method);
                let bits = bits(calls);
                tokens.extend(quote! { .#method(#bits) });
            }
        }
        if !call.arguments.is_empty() {
            let arguments = call
                .arguments
                .iter()
                .zip(&table.arguments)
                .map(|(argument, value)| argument_of(self.types, call, argument, value));
            tokens.extend(quote! { .arguments(&[#(#arguments),*]) });
        }
        if let (Some(body), Some(value)) = (&call.body, &table.body) {
            let media = &body.media;
            let value = self.body(call, value, pool);
            tokens.extend(quote! { .body(#media, #value) });
        }
        tokens.extend(fan(call.fan, table.list_answer));
        if let Some(condition) = &table.when {
            let condition = tables::condition(condition);
            tokens.extend(quote! { .when(#condition) });
        }
        if let Some(timeout) = call.timeout {
            let timeout = duration(timeout);
            tokens.extend(quote! { .timeout(#timeout) });
        }
        if call.retry > 0 {
            let attempts = Literal::u8_unsuffixed(call.retry);
            tokens.extend(quote! { .retry(#attempts) });
        }
        if let Some(shape) = &table.shape {
            let shape = self.shape(
                &call.name,
                &format!("What is kept of `{}`: `{}`.", call.name, call.text),
                shape,
                pool,
            );
            tokens.extend(quote! { .shape(&#shape) });
        }
        if !table.headers.is_empty() {
            let headers = table.headers.iter().map(|(name, slot)| {
                let slot = tables::number(*slot);
                quote! { (#name, #slot) }
            });
            tokens.extend(quote! { .headers(&[#(#headers),*]) });
        }
        if !call.errors.is_empty() {
            let errors: Vec<TokenStream> = call
                .errors
                .iter()
                .zip(&table.errors)
                .map(|(rule, action)| self.error(call, rule, action))
                .collect();
            tokens.extend(quote! { .errors(&[#(#errors),*]) });
        }
        if call.client_input {
            tokens.extend(quote! { .client_input() });
        }
        if call.client_argument {
            tokens.extend(quote! { .client_argument() });
        }
        let bodiless = call.bodiless();
        if table.shape.is_some() && !bodiless.is_empty() {
            let statuses = bodiless.iter().map(|(first, last)| {
                let (first, last) = (
                    Literal::u16_unsuffixed(*first),
                    Literal::u16_unsuffixed(*last),
                );
                quote! { (#first, #last) }
            });
            tokens.extend(quote! { .bodiless(&[#(#statuses),*]) });
        }
        tokens
    }

    fn shape(&mut self, part: &str, doc: &str, shape: &ir::Shape, pool: &PoolNames) -> Ident {
        let name = self.names.constant(&format!("{}_{part}", self.item.name));
        let doc = format!(" {doc}");
        let shape = pool.shape(shape);
        self.items
            .extend(quote! { #[doc = #doc] static #name: Shape = #shape; });
        name
    }

    fn body(&mut self, call: &model::Call, value: &ir::BodyValue, pool: &PoolNames) -> TokenStream {
        let name = self
            .names
            .constant(&format!("{}_{}_body", self.item.name, call.name));
        let doc = format!(" What `{}` sends.", call.name);
        match value {
            ir::BodyValue::Json(template) => {
                let template = pool.template(template);
                self.items
                    .extend(quote! { #[doc = #doc] static #name: Template = #template; });
                quote! { BodyValue::Json(&#name) }
            }
            ir::BodyValue::Form(block, lists) => {
                let block = pool.block(block);
                self.items
                    .extend(quote! { #[doc = #doc] static #name: Block = #block; });
                if lists.is_empty() {
                    return quote! { BodyValue::Form(&#name) };
                }
                let lists = lists.iter().map(|(list, style)| match style {
                    Style::Comma => quote! { (#list, Style::Comma) },
                    Style::Space => quote! { (#list, Style::Space) },
                    Style::Pipe => quote! { (#list, Style::Pipe) },
                });
                quote! { BodyValue::FormWith(&#name, &[#(#lists),*]) }
            }
        }
    }

    fn error(
        &mut self,
        call: &model::Call,
        rule: &model::ErrorRule,
        action: &ir::ErrorAction,
    ) -> TokenStream {
        let then = match action {
            ir::ErrorAction::Absent => quote! { ErrorAction::Absent },
            ir::ErrorAction::Pass => quote! { ErrorAction::Pass },
            ir::ErrorAction::Select(selection) => {
                let ir::Selection {
                    shape,
                    template,
                    pool,
                } = &**selection;
                let part = format!("{}_{}", call.name, statuses(rule));
                let prefix = format!("{}_{part}", self.item.name);
                let pool_names = PoolNames::new(pool, &prefix, self.names);
                self.items.extend(pool_names.statics(pool));
                let doc = format!("What is kept of a {} of `{}`.", statuses(rule), call.name);
                let shape = self.shape(&part, &doc, shape, &pool_names);
                let name = self.names.constant(&format!("{prefix}_members"));
                let doc = " What of it joins the problem.";
                let template = pool_names.template(template);
                self.items
                    .extend(quote! { #[doc = #doc] static #name: Template = #template; });
                quote! { ErrorAction::Select { shape: &#shape, template: &#name } }
            }
        };
        let (first, last) = (
            Literal::u16_unsuffixed(rule.first),
            Literal::u16_unsuffixed(rule.last),
        );
        quote! { ErrorRule { first: #first, last: #last, then: #then } }
    }
}

fn statuses(rule: &model::ErrorRule) -> String {
    if rule.first == rule.last {
        rule.first.to_string()
    } else {
        format!("{}xx", rule.first / 100)
    }
}

/// A clause of `require`.
pub(crate) fn clause(clause: &ir::Clause) -> TokenStream {
    let (text, condition) = (&clause.text, tables::condition(&clause.condition));
    let reads = binary(clause.reads);
    quote! { Clause { text: #text, condition: #condition, reads: #reads } }
}

fn argument_of(
    types: &Types,
    call: &model::Call,
    argument: &model::Argument,
    value: &ir::Value,
) -> TokenStream {
    let Some(parameter) = call.operation.parameters.get(argument.parameter) else {
        return TokenStream::new();
    };
    let place = input::place(parameter.location);
    let (name, value) = (&parameter.name, argument_value(value));
    let new = if parameter.required {
        quote! { required }
    } else {
        quote! { optional }
    };
    // How a list is written only matters for one.
    let list = matches!(types.get(parameter.ty).kind, Kind::List(_));
    let style = style(parameter).filter(|_| list).map(|style| match style {
        Style::Comma => quote! { .style(Style::Comma) },
        Style::Space => quote! { .style(Style::Space) },
        Style::Pipe => quote! { .style(Style::Pipe) },
    });
    quote! { Argument::#new(#place, #name, #value) #style }
}

/// How a parameter's list is written; none for repeating it.
pub(crate) fn style(parameter: &Parameter) -> Option<Style> {
    match (
        parameter.style.as_str(),
        parameter.explode,
        parameter.location,
    ) {
        ("spaceDelimited", false, _) => Some(Style::Space),
        ("pipeDelimited", false, _) => Some(Style::Pipe),
        (_, false, _) | (_, _, Location::Path | Location::Header) => Some(Style::Comma),
        _ => None,
    }
}

fn argument_value(value: &ir::Value) -> TokenStream {
    match value {
        ir::Value::Literal(json) => quote! { Value::Literal(#json) },
        ir::Value::Path { path, default } => {
            let path = tables::path(path);
            match default {
                None => quote! { Value::path(#path) },
                Some(json) => quote! { Value::path_or(#path, #json) },
            }
        }
        ir::Value::List(values) => {
            let values = values.iter().map(argument_value);
            quote! { Value::List(&[#(#values),*]) }
        }
    }
}

fn fan(fan: Fan, list_answer: bool) -> TokenStream {
    let small = |place: usize| Literal::u8_unsuffixed(u8::try_from(place).unwrap_or(u8::MAX));
    let table = match fan {
        Fan::One {
            list_argument: None,
        } => return TokenStream::new(),
        Fan::One {
            list_argument: Some(argument),
        } => {
            let argument = small(argument);
            quote! { Fan::One { list_argument: Some(#argument), list_answer: #list_answer } }
        }
        Fan::Split {
            argument,
            items,
            parallel,
            max,
        } => {
            let (argument, items) = (
                small(argument),
                Literal::u32_unsuffixed(u32::try_from(items).unwrap_or(u32::MAX)),
            );
            let (parallel, max) = (
                Literal::u16_unsuffixed(parallel),
                Literal::u32_unsuffixed(max),
            );
            quote! {
                Fan::Split {
                    argument: #argument, items: #items, parallel: #parallel, max: #max, list_answer: #list_answer,
                }
            }
        }
        Fan::Each {
            argument,
            parallel,
            max,
        } => {
            let argument = small(argument);
            let (parallel, max) = (
                Literal::u16_unsuffixed(parallel),
                Literal::u32_unsuffixed(max),
            );
            quote! { Fan::Each { argument: #argument, parallel: #parallel, max: #max } }
        }
    };
    quote! { .fan(#table) }
}

/// Calls as bits: `0b101`.
fn bits(calls: &[usize]) -> TokenStream {
    binary(crate::lower::bits(calls))
}

fn binary(bits: u64) -> TokenStream {
    if bits == 0 {
        quote! { 0 }
    } else {
        format!("{bits:#b}").parse().unwrap_or_default()
    }
}
