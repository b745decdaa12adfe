//! `types.rs`: a struct per object a selection makes, for tests and hooks: what is answered, and what the body holds.
//!
//! Values taken whole are JSON values unless they are scalars or lists and maps of them; so a contract's types don't become
//! the team's.

use bff_spec::contract::{Kind, TypeId, Types};
use bff_spec::model::{Model, Work};
use proc_macro2::TokenStream;
use quote::quote;

use super::Item;
use super::module::Module;
use super::names::{Names, identifier, snake};
use crate::view::{self, Field, Form, Object, View};

/// The module; none if nothing is answered and no body read.
pub(crate) fn module(model: &Model, items: &[Item], runtime: &TokenStream) -> Option<Module> {
    let serde = quote! { #runtime::serde }.to_string().replace(' ', "");
    let mut writer = Writer {
        types: &model.types,
        serde,
        names: Names::default(),
        items: TokenStream::new(),
    };
    for (endpoint, item) in model.endpoints.iter().zip(items) {
        if let Some(body) = &endpoint.body {
            let doc = format!(" The body of `{}`.", endpoint.key);
            writer.documented_object(
                &format!("{}_body", item.name),
                body.ty,
                &doc,
                &mut Vec::new(),
            );
        }
        if let Work::Calls(calls) = &endpoint.work
            && let Some(view) = view::answer(model, endpoint, calls)
        {
            let doc = format!(" What `{}` answers.", endpoint.key);
            writer.answer(&item.name, &view, &doc);
        }
    }
    let doc = "What the frontend sends and gets, as types: for tests and hooks.".to_owned();
    (!writer.items.is_empty()).then_some(Module {
        name: "types",
        doc,
        items: writer.items,
    })
}

struct Writer<'m> {
    types: &'m Types,
    /// The path of serde, for its derives.
    serde: String,
    names: Names,
    items: TokenStream,
}

/// A field to be written.
struct Member {
    name: String,
    ty: TokenStream,
    /// Whether it is always there, if only as null.
    required: bool,
    description: Option<String>,
}

impl Writer<'_> {
    /// An answer that is an object has its struct; one that is a list, its elements'.
    fn answer(&mut self, name: &str, view: &View, doc: &str) {
        match &view.form {
            Form::Object(object) => {
                self.object(name, object, doc);
            }
            Form::List(element) | Form::Map(element) => {
                self.answer(&format!("{name}_item"), element, doc)
            }
            Form::Documented(_) | Form::Literal(_) => {}
        }
    }

    fn object(&mut self, name: &str, object: &Object, doc: &str) -> TokenStream {
        let ident = self.names.ty(name);
        let members = object
            .fields
            .iter()
            .map(|field| Member {
                name: field.name.clone(),
                ty: self.view(&format!("{name}_{}", snake(&field.name)), field, doc),
                required: field.required,
                description: field.description.clone(),
            })
            .collect();
        let rest = object
            .rest
            .as_ref()
            .map(|rest| self.value(&format!("{name}_rest"), rest, doc));
        self.structure(&ident, members, rest, doc);
        quote! { #ident }
    }

    fn view(&mut self, name: &str, field: &Field, doc: &str) -> TokenStream {
        let ty = self.value(name, &field.view, doc);
        if field.required || field.view.nullable {
            ty
        } else {
            quote! { Option<#ty> }
        }
    }

    fn value(&mut self, name: &str, view: &View, doc: &str) -> TokenStream {
        let ty = match &view.form {
            Form::Documented(ty) => self.documented(*ty),
            Form::Literal(_) => quote! { Json },
            Form::Object(object) => self.object(name, object, &part(doc)),
            Form::List(element) => {
                let element = self.value(name, element, doc);
                quote! { Vec<#element> }
            }
            Form::Map(value) => {
                let value = self.value(name, value, doc);
                quote! { BTreeMap<String, #value> }
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
            Kind::Integer => quote! { i64 },
            Kind::Number => quote! { f64 },
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

    /// A body's type, whose nested objects have structs of their own.
    fn documented_object(
        &mut self,
        name: &str,
        ty: TypeId,
        doc: &str,
        above: &mut Vec<TypeId>,
    ) -> TokenStream {
        let object = match &self.types.get(ty).kind {
            Kind::Object(object)
                if !above.contains(&ty) && !object.fields.is_empty() && object.rest.is_none() =>
            {
                object
            }
            Kind::List(element) => {
                let element = self.documented_object(name, *element, doc, above);
                return quote! { Vec<#element> };
            }
            _ => return self.documented(ty),
        };
        above.push(ty);
        let ident = self.names.ty(name);
        let mut members = Vec::new();
        for (field_name, field) in object.fields.iter().filter(|(_, field)| !field.read_only) {
            let inner = format!("{name}_{}", snake(field_name));
            let ty = self.documented_object(&inner, field.ty, &part(doc), above);
            let there = field.required && !self.types.get(field.ty).nullable;
            let ty = if there {
                ty
            } else {
                quote! { Option<#ty> }
            };
            let (required, description) = (field.required, field.description.clone());
            members.push(Member {
                name: field_name.clone(),
                ty,
                required,
                description,
            });
        }
        above.pop();
        self.structure(&ident, members, None, doc);
        quote! { #ident }
    }

    fn structure(
        &mut self,
        ident: &proc_macro2::Ident,
        members: Vec<Member>,
        rest: Option<TokenStream>,
        doc: &str,
    ) {
        let mut names = Names::default();
        let fields: Vec<TokenStream> = members
            .iter()
            .map(|member| {
                let field = identifier(&names.function(&member.name).to_string());
                let doc = match &member.description {
                    Some(text) => format!(" {}", super::one_line(text)),
                    None => format!(" `{}`", member.name),
                };
                let rename =
                    (field.to_string().trim_start_matches("r#") != member.name).then(|| {
                        let name = &member.name;
                        quote! { #[serde(rename = #name)] }
                    });
                let absent = (!member.required)
                    .then(|| quote! { #[serde(skip_serializing_if = "Option::is_none")] });
                let ty = &member.ty;
                quote! { #[doc = #doc] #rename #absent pub #field: #ty, }
            })
            .collect();
        let rest = rest.map(|ty| {
            let field = names.function("rest");
            quote! { #[doc = " Under further keys."] #[serde(flatten)] pub #field: BTreeMap<String, #ty>, }
        });
        let serde = &self.serde;
        self.items.extend(quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[serde(crate = #serde)]
            pub struct #ident { #(#fields)* #rest }
        });
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
