//! `types.rs`: the answers that go through hooks, a struct per object their selections make.
//!
//! What a struct reads it writes again: numbers keep their digits, fields their order, what was left out stays away.
//! Endpoints without a hook have no types: nothing would read them, and they were two thirds of a crate's build time.
//! Values taken whole are JSON values unless they are scalars or lists of them; so a contract's types don't become the team's.

use bff_spec::contract::{Kind, TypeId, Types};
use bff_spec::model::{Calls, Endpoint, Hook, Model, Work};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::Item;
use super::module::Module;
use super::names::{Names, identifier, snake};
use crate::view::{self, Field, Form, Object, View};

/// What goes through a hook.
#[derive(Debug)]
pub(crate) struct Hooked<'m> {
    /// Its place among the endpoints.
    pub(crate) at: usize,
    pub(crate) endpoint: &'m Endpoint,
    pub(crate) hook: &'m Hook,
    /// The type of its answer, in `types`.
    pub(crate) ty: Ident,
}

/// The endpoints with hooks.
pub(crate) fn hooked<'m>(model: &'m Model, items: &[Item]) -> Vec<Hooked<'m>> {
    named(model, items).0
}

/// The same, and the names that are taken. Answers' own names come first, so that they don't hang on what is inside others.
fn named<'m>(model: &'m Model, items: &[Item]) -> (Vec<Hooked<'m>>, Names) {
    let mut names = Names::default();
    let endpoints = model.endpoints.iter().zip(items).enumerate();
    let hooked = endpoints.filter_map(|(at, (endpoint, item))| {
        let (_, hook) = transformed(endpoint)?;
        Some(Hooked {
            at,
            endpoint,
            hook,
            ty: names.ty(&item.name),
        })
    });
    (hooked.collect(), names)
}

fn transformed(endpoint: &Endpoint) -> Option<(&Calls, &Hook)> {
    match &endpoint.work {
        Work::Calls(calls) => Some((calls, calls.transform.as_ref()?)),
        _ => None,
    }
}

/// The module; none without hooks.
pub(crate) fn module(model: &Model, items: &[Item], runtime: &TokenStream) -> Option<Module> {
    let (hooked, names) = named(model, items);
    let mut writer = Writer {
        types: &model.types,
        runtime: runtime.to_string().replace(' ', ""),
        names,
        items: TokenStream::new(),
    };
    for hooked in &hooked {
        let view = transformed(hooked.endpoint)
            .and_then(|(calls, _)| view::answer(model, hooked.endpoint, calls));
        if let (Some(view), Some(item)) = (view, items.get(hooked.at)) {
            let doc = format!(" What `{}` answers.", hooked.endpoint.key);
            writer.answer(&hooked.ty, &item.name, &view, &doc);
        }
    }
    (!hooked.is_empty()).then_some(Module {
        name: "types",
        doc: "The answers that go through hooks, as types.".to_owned(),
        items: writer.items,
    })
}

struct Writer<'m> {
    types: &'m Types,
    /// The path of the runtime, for what is derived.
    runtime: String,
    names: Names,
    items: TokenStream,
}

/// A field to be written.
struct Member<'v> {
    field: &'v Field,
    ident: Ident,
    /// Without the `Option` of one that may be left out.
    ty: TokenStream,
}

impl Writer<'_> {
    /// An answer that is an object is a struct; any other has its name all the same.
    fn answer(&mut self, ident: &Ident, name: &str, view: &View, doc: &str) {
        if let (Form::Object(object), false) = (&view.form, view.nullable) {
            self.structure(ident, name, object, doc);
            return;
        }
        let ty = self.value(&format!("{name}_item"), view, doc);
        self.items
            .extend(quote! { #[doc = #doc] pub type #ident = #ty; });
    }

    fn value(&mut self, name: &str, view: &View, doc: &str) -> TokenStream {
        let ty = match &view.form {
            Form::Documented(ty) => self.documented(*ty),
            Form::Literal(json) | Form::Like(json) => literal(json),
            Form::Any => quote! { Json },
            Form::Object(object) => {
                let ident = self.names.ty(name);
                self.structure(&ident, name, object, &part(doc));
                quote! { #ident }
            }
            Form::List(element) => {
                let element = self.value(name, element, doc);
                quote! { Vec<#element> }
            }
            Form::Map(value) => {
                let value = self.value(name, value, doc);
                quote! { Map<#value> }
            }
        };
        if view.nullable {
            quote! { Option<#ty> }
        } else {
            ty
        }
    }

    /// A contract's type.
    fn documented(&self, ty: TypeId) -> TokenStream {
        match &self.types.get(ty).kind {
            Kind::Boolean => quote! { bool },
            Kind::Integer | Kind::Number => quote! { Number },
            Kind::String => quote! { String },
            Kind::List(element) => {
                let nullable = self.types.get(*element).nullable;
                let element = self.documented(*element);
                if nullable {
                    quote! { Vec<Option<#element>> }
                } else {
                    quote! { Vec<#element> }
                }
            }
            _ => quote! { Json },
        }
    }

    /// The struct of an object, after those of what is in it.
    fn structure(&mut self, ident: &Ident, name: &str, object: &Object, doc: &str) {
        let mut names = Names::default();
        let members: Vec<Member<'_>> = object
            .fields
            .iter()
            .map(|field| Member {
                field,
                ident: identifier(&names.function(&field.name).to_string()),
                ty: self.value(&format!("{name}_{}", snake(&field.name)), &field.view, doc),
            })
            .collect();
        let rest = object.rest.as_ref().map(|rest| {
            let ty = self.value(&format!("{name}_rest"), rest, doc);
            (names.function("rest"), ty)
        });
        let tokens = match rest {
            None => self.closed(ident, &members, doc),
            Some((rest, ty)) => {
                let (before, after) = members.split_at(object.before_rest.min(members.len()));
                self.open(ident, (before, after), (&rest, &ty), doc)
            }
        };
        self.items.extend(tokens);
    }

    /// One whose fields are all known: serde's derives.
    fn closed(&self, ident: &Ident, members: &[Member<'_>], doc: &str) -> TokenStream {
        let there = format!("{}::hook::there", self.runtime);
        let serde = format!("{}::serde", self.runtime);
        let fields = members.iter().map(|member| {
            let Member { field, ident, .. } = member;
            let (doc, ty) = (member.doc(), member.ty());
            let name = &field.name;
            let rename = (ident.to_string().trim_start_matches("r#") != name)
                .then(|| quote! { #[serde(rename = #name)] });
            let absent = match (field.required, field.view.nullable) {
                (true, _) => TokenStream::new(),
                (false, false) => quote! { #[serde(skip_serializing_if = "Option::is_none")] },
                (false, true) => quote! {
                    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = #there)]
                },
            };
            quote! { #[doc = #doc] #rename #absent pub #ident: #ty, }
        });
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[serde(crate = #serde)]
            pub struct #ident { #(#fields)* }
        }
    }

    /// One that has further members, between others: read and written by hand, because what serde flattens it reads as
    /// values of its own, and those keep neither digits nor order.
    fn open(
        &self,
        ident: &Ident,
        (before, after): (&[Member<'_>], &[Member<'_>]),
        (rest, rest_ty): (&Ident, &TokenStream),
        doc: &str,
    ) -> TokenStream {
        let runtime: TokenStream = self.runtime.parse().unwrap_or_default();
        let fields = before.iter().chain(after).map(|member| {
            let (ident, doc, ty) = (&member.ident, member.doc(), member.ty());
            quote! { #[doc = #doc] pub #ident: #ty, }
        });
        let read = before.iter().chain(after).map(|member| {
            let (ident, name) = (&member.ident, &member.field.name);
            if member.field.required {
                quote! { #ident: #runtime::hook::member(&mut members, #name)?, }
            } else {
                quote! { #ident: #runtime::hook::optional_member(&mut members, #name)?, }
            }
        });
        let written = |member: &Member<'_>| {
            let (ident, name) = (&member.ident, &member.field.name);
            if member.field.required {
                quote! { to.serialize_entry(#name, &self.#ident)?; }
            } else {
                quote! { if let Some(value) = &self.#ident { to.serialize_entry(#name, value)?; } }
            }
        };
        let (first, last) = (before.iter().map(written), after.iter().map(written));
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, PartialEq)]
            pub struct #ident {
                #(#fields)*
                #[doc = " Under further keys."]
                pub #rest: Map<#rest_ty>,
            }
            impl<'de> Deserialize<'de> for #ident {
                fn deserialize<D: #runtime::serde::Deserializer<'de>>(from: D) -> Result<#ident, D::Error> {
                    let mut members = Map::<Json>::deserialize(from)?;
                    Ok(#ident { #(#read)* #rest: #runtime::hook::rest(members)? })
                }
            }
            impl Serialize for #ident {
                fn serialize<S: #runtime::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    use #runtime::serde::ser::SerializeMap;
                    let mut to = to.serialize_map(None)?;
                    #(#first)*
                    for (name, value) in &self.#rest {
                        to.serialize_entry(name, value)?;
                    }
                    #(#last)*
                    to.end()
                }
            }
        }
    }
}

impl Member<'_> {
    fn doc(&self) -> String {
        match &self.field.description {
            Some(text) => format!(" {}", super::one_line(text)),
            None => format!(" `{}`", self.field.name),
        }
    }

    fn ty(&self) -> TokenStream {
        let ty = &self.ty;
        if self.field.required {
            quote! { #ty }
        } else {
            quote! { Option<#ty> }
        }
    }
}

/// The type of what may stand for a literal.
fn literal(json: &str) -> TokenStream {
    match json.bytes().next() {
        Some(b't' | b'f') => quote! { bool },
        Some(b'"') => quote! { String },
        Some(b'-' | b'0'..=b'9') => quote! { Number },
        Some(b'[') => quote! { Vec<Json> },
        _ => quote! { Json },
    }
}

/// The words for a struct within another.
fn part(doc: &str) -> String {
    let whole = doc
        .trim()
        .trim_start_matches("Part of ")
        .trim_end_matches('.');
    let mut letters = whole.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    format!(
        " Part of {}.",
        first.into_iter().chain(letters).collect::<String>()
    )
}
