//! `#[derive(Project)]`: a struct as a selection, lowered and written like any other.
//!
//! In comes a struct, out comes its implementation of `Project`, or an error at the field that can't be. Nested structs that
//! derive `Project` are visited in frames of their own, so that each knows nothing of the other's fields.

use std::collections::BTreeSet;

use bff_spec::contract::{Field as ContractField, Kind, Object, Type, TypeId, Types};
use bff_spec::diagnostic::{FileId, Place};
use bff_spec::model::{Block, Entry, Path, Root, Step, Value};
use indexmap::IndexMap;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, GenericArgument, LitStr, PathArguments, Result};

use crate::emit;
use crate::lower;

/// The implementation of `Project` for a struct.
#[must_use]
pub fn project(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    match Reader::default().derive(&input) {
        Ok(tokens) => tokens,
        Err(error) => {
            // A skeleton beside it, so that one mistake is one error.
            let (errors, name) = (error.into_compile_error(), &input.ident);
            let (before, types, condition) = input.generics.split_for_impl();
            let runtime = runtime(&input).unwrap_or_else(|_| quote! { ::bff_runtime });
            quote! {
                #errors
                impl #before #runtime::json::Project for #name #types #condition {
                    const FRAME: #runtime::json::Frame = #runtime::json::Frame::new(1, #runtime::json::Node::any("", 0));
                    const BLOCK: &'static #runtime::json::Block = &#runtime::json::Block::Fields(&[]);
                }
            }
        }
    }
}

/// The runtime's crate: `#[project(crate = "path")]`, or `bff_runtime`.
fn runtime(input: &DeriveInput) -> Result<TokenStream> {
    let mut runtime = quote! { ::bff_runtime };
    for attribute in input
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("project"))
    {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("unknown key: a struct takes `crate = \"path\"`"));
            }
            let path: LitStr = meta.value()?.parse()?;
            runtime = path.parse::<syn::Path>()?.into_token_stream();
            Ok(())
        })?;
    }
    Ok(runtime)
}

/// What `#[project(…)]` says of a field.
#[derive(Default)]
struct Options {
    path: Option<LitStr>,
    rename: Option<LitStr>,
}

/// The selected part of a body: what lies at each step of the fields' paths.
#[derive(Debug)]
enum Part {
    Object(IndexMap<String, Part>),
    Leaf { ty: TypeId, required: bool },
}

#[derive(Default)]
struct Reader {
    types: Types,
    nested: IndexMap<String, (TypeId, syn::Type)>,
}

impl Reader {
    fn derive(mut self, input: &DeriveInput) -> Result<TokenStream> {
        let runtime = runtime(input)?;
        let Data::Struct(data) = &input.data else {
            return Err(Error::new(
                input.ident.span(),
                "only a struct says which part of a body to keep",
            ));
        };
        let Fields::Named(fields) = &data.fields else {
            return Err(Error::new(
                input.ident.span(),
                "the fields need names: they are those of the JSON object",
            ));
        };
        let mut parts = IndexMap::new();
        let mut entries = Vec::new();
        let mut errors: Option<Error> = None;
        for field in &fields.named {
            match self.field(field, &mut parts) {
                Ok(entry) => entries.push(entry),
                Err(error) => match &mut errors {
                    Some(errors) => errors.combine(error),
                    None => errors = Some(error),
                },
            }
        }
        if let Some(errors) = errors {
            return Err(errors);
        }
        let root = self.object(parts, false);
        let framed: BTreeSet<TypeId> = self.nested.values().map(|(ty, _)| *ty).collect();
        let lowered = lower::selection_within(
            &self.types,
            &framed,
            root,
            &Block::Fields(entries),
            bff_json::Root::Current,
        );
        let nested: Vec<(String, TokenStream)> = self
            .nested
            .iter()
            .map(|(name, (_, ty))| (name.clone(), ty.to_token_stream()))
            .collect();
        let name = &input.ident;
        let (before, types, condition) = input.generics.split_for_impl();
        let (imports, frame, block) = emit::selection(&lowered, &nested, &runtime);
        Ok(quote! {
            const _: () = {
                #imports
                impl #before #runtime::json::Project for #name #types #condition {
                    const FRAME: #runtime::json::Frame = #frame;
                    const BLOCK: &'static #runtime::json::Block = &#block;
                }
            };
        })
    }

    fn field(&mut self, field: &syn::Field, parts: &mut IndexMap<String, Part>) -> Result<Entry> {
        let mut options = Options::default();
        for attribute in field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("project"))
        {
            attribute.parse_nested_meta(|meta| {
                let place = if meta.path.is_ident("path") {
                    &mut options.path
                } else if meta.path.is_ident("rename") {
                    &mut options.rename
                } else {
                    return Err(meta.error(
                        "unknown key: a field takes `path = \"a.b\"` and `rename = \"name\"`",
                    ));
                };
                *place = Some(meta.value()?.parse()?);
                Ok(())
            })?;
        }
        let ident = field
            .ident
            .as_ref()
            .map(|ident| ident.to_string())
            .unwrap_or_default();
        let name = options
            .rename
            .as_ref()
            .map_or_else(|| ident.trim_start_matches("r#").to_owned(), LitStr::value);
        let path = options
            .path
            .as_ref()
            .map_or_else(|| name.clone(), LitStr::value);
        let steps: Vec<&str> = path.split('.').collect();
        let span = options
            .path
            .as_ref()
            .map_or_else(|| field.span(), LitStr::span);
        if steps.iter().any(|step| step.is_empty()) {
            return Err(Error::new(
                span,
                format!("`{path}` is no path: write field names with single dots between"),
            ));
        }
        let (ty, required) = self.ty(&field.ty)?;
        insert(parts, &steps, Part::Leaf { ty, required }, span)?;
        let steps = steps.iter().map(|step| Step::Field {
            name: (*step).to_owned(),
            ty,
        });
        let place = Place {
            file: FileId(0),
            start: 0,
            end: 0,
        };
        let path = Path {
            root: Root::Current,
            steps: steps.collect(),
            place,
            text: path,
            ty,
            nullable: !required,
            many: false,
            item_nullable: false,
            promised: false,
        };
        let value = Value::Path {
            path,
            select: None,
            default: None,
        };
        Ok(Entry::Field {
            name,
            value,
            copied: false,
            place,
        })
    }

    /// A Rust type as a contract's, and whether it is promised.
    fn ty(&mut self, ty: &syn::Type) -> Result<(TypeId, bool)> {
        let unknown = || {
            Error::new(
                ty.span(),
                "a field is a bool, a number, a String, a struct that derives Project, or an Option or Vec of one",
            )
        };
        let path = match ty {
            syn::Type::Path(path) if path.qself.is_none() => &path.path,
            _ => return Err(unknown()),
        };
        let last = path.segments.last().ok_or_else(unknown)?;
        let argument = match &last.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                Some(GenericArgument::Type(ty)) => Some(ty),
                _ => None,
            },
            _ => None,
        };
        let kind = match (last.ident.to_string().as_str(), argument) {
            ("Option", Some(inner)) => {
                let (inner, _) = self.ty(inner)?;
                let mut ty = self.types.get(inner).clone();
                ty.nullable = true;
                // A nested struct keeps its type: that is what it is known by.
                if self.nested.values().any(|(known, _)| *known == inner) {
                    return Ok((inner, false));
                }
                return Ok((self.types.add(ty), false));
            }
            ("Vec", Some(inner)) => Kind::List(self.ty(inner)?.0),
            ("bool", None) => Kind::Boolean,
            ("String", None) => Kind::String,
            ("f32" | "f64", None) => Kind::Number,
            (
                "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64"
                | "u128" | "usize",
                None,
            ) => Kind::Integer,
            _ => return Ok((self.nested(ty), true)),
        };
        Ok((self.types.add(Type::of(kind)), true))
    }

    fn nested(&mut self, ty: &syn::Type) -> TypeId {
        let name = ty.to_token_stream().to_string();
        if let Some((known, _)) = self.nested.get(&name) {
            return *known;
        }
        // Whether it is null is for whoever holds it; its frame is the other struct's.
        let object = Type {
            name: Some(name.clone()),
            nullable: true,
            ..Type::of(Kind::Object(Object::default()))
        };
        let id = self.types.add(object);
        self.nested.insert(name, (id, ty.clone()));
        id
    }

    fn object(&mut self, parts: IndexMap<String, Part>, nullable: bool) -> TypeId {
        let mut object = Object::default();
        for (name, part) in parts {
            let (ty, required) = match part {
                Part::Leaf { ty, required } => (ty, required),
                Part::Object(parts) => (self.object(parts, true), false),
            };
            let field = ContractField {
                ty,
                required,
                read_only: false,
                write_only: false,
                sensitive: false,
                description: None,
                place: None,
            };
            object.fields.insert(name, field);
        }
        self.types.add(Type {
            nullable,
            ..Type::of(Kind::Object(object))
        })
    }
}

fn insert(
    parts: &mut IndexMap<String, Part>,
    steps: &[&str],
    leaf: Part,
    span: proc_macro2::Span,
) -> Result<()> {
    let Some((first, rest)) = steps.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        return match parts.get(*first) {
            Some(Part::Object(_)) => Err(Error::new(
                span,
                format!("`{first}` is an object of which another field takes a part"),
            )),
            Some(Part::Leaf { .. }) => Ok(()),
            None => {
                parts.insert((*first).to_owned(), leaf);
                Ok(())
            }
        };
    }
    match parts
        .entry((*first).to_owned())
        .or_insert_with(|| Part::Object(IndexMap::new()))
    {
        Part::Object(inner) => insert(inner, rest, leaf, span),
        Part::Leaf { .. } => Err(Error::new(
            span,
            format!("`{first}` is taken whole by another field"),
        )),
    }
}
