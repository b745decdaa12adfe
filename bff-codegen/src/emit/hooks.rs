//! `hooks.rs`: what is written once, and whether what a team made of it still is what the spec names.
//!
//! The compiler has the last word: `endpoints.rs` holds every function to its type. What is said here comes before it, names
//! the spec, and is silent where a file does what can't be told from its text alone: types under other names, functions that
//! come from elsewhere.

use std::collections::BTreeSet;

use bff_spec::model::Model;
use handlebars::Handlebars;
use serde::Serialize;
use syn::{
    FnArg, GenericArgument, Item, ItemFn, PathArguments, ReturnType, Type, UseTree, Visibility,
};

use super::names::Names;
use super::types;

/// A function that a spec names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookFunction {
    /// `basket_total`
    pub name: String,
    /// The endpoint that names it: `GET /basket`.
    pub endpoint: String,
    /// The type of the endpoint's answer, in `types`: `GetBasket`.
    pub ty: String,
}

impl HookFunction {
    /// `pub fn basket_total(answer: types::GetBasket) -> Result<types::GetBasket, HookError>`
    #[must_use]
    pub fn signature(&self) -> String {
        signature(&self.name, &self.ty, "types::")
    }

    /// A first one, that gives what it gets.
    #[must_use]
    pub fn first(&self) -> String {
        let HookFunction { name, endpoint, ty } = self;
        let mut head = format!("{} {{", self.signature());
        if head.len() > LINE {
            head = format!(
                "pub fn {name}(\n    answer: types::{ty},\n) -> Result<types::{ty}, HookError> {{"
            );
        }
        format!("/// What `{endpoint}` answers.\n{head}\n    Ok(answer)\n}}")
    }
}

/// What a hooks file lacks, or has too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookFinding {
    /// It is no Rust; what is wrong with it.
    Unreadable(String),
    /// A function isn't there.
    Missing(HookFunction),
    /// A function isn't what it must be.
    Differs {
        /// What it must be.
        function: HookFunction,
        /// Where it stands, from 1.
        line: usize,
        /// What is the matter: `it is async`.
        why: String,
    },
    /// A function looks like a hook, and the spec doesn't name it.
    Unnamed {
        /// Its name.
        name: String,
        /// Where it stands, from 1.
        line: usize,
    },
}

/// rustfmt's longest line.
const LINE: usize = 100;
const FILE: &str = include_str!("../../templates/hooks.rs.hbs");

/// The functions that a spec names, in its order.
#[must_use]
pub fn functions(model: &Model) -> Vec<HookFunction> {
    let items = super::Item::all(model, &mut Names::default());
    let hooked = types::hooked(model, &items).into_iter();
    hooked
        .map(|hooked| HookFunction {
            name: hooked.hook.name.clone(),
            endpoint: hooked.endpoint.key.clone(),
            ty: hooked.ty.to_string(),
        })
        .collect()
}

#[derive(Serialize)]
struct Data<'a> {
    spec: &'a str,
    functions: Vec<String>,
}

/// The file as it is first written.
pub(crate) fn file(model: &Model, functions: &[HookFunction]) -> String {
    let data = Data {
        spec: &model.file,
        functions: functions.iter().map(HookFunction::first).collect(),
    };
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(handlebars::no_escape);
    engine
        .render_template(FILE, &data)
        .unwrap_or_else(|error| error.to_string())
}

/// The head of a function, where its types are reached by `path`.
pub(crate) fn signature(name: &str, ty: &str, path: &str) -> String {
    format!("pub fn {name}(answer: {path}{ty}) -> Result<{path}{ty}, HookError>")
}

/// What the text of a team's `hooks.rs` lacks of what the spec names, in the spec's order, then what it has too much.
#[must_use]
pub fn review(model: &Model, text: &str) -> Vec<HookFinding> {
    let wanted = functions(model);
    let file = match syn::parse_file(text) {
        Ok(file) => file,
        Err(error) => return vec![HookFinding::Unreadable(error.to_string())],
    };
    let known = Known::of(&file.items);
    let there: Vec<&ItemFn> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Fn(function) => Some(function),
            _ => None,
        })
        .collect();
    let mut findings = Vec::new();
    for function in &wanted {
        let named = there.iter().filter(|item| item.sig.ident == function.name);
        let faults: Vec<Option<String>> =
            named.map(|item| known.fault(item, &function.ty)).collect();
        if faults.is_empty() && !known.open && !known.imported.contains(&function.name) {
            findings.push(HookFinding::Missing(function.clone()));
        }
        // Of several, under `cfg`, one will do.
        if let Some(Some(why)) = faults.iter().min() {
            findings.push(HookFinding::Differs {
                function: function.clone(),
                line: line(text, &function.name),
                why: why.clone(),
            });
        }
    }
    let unnamed = there.iter().filter(|item| {
        wanted
            .iter()
            .all(|function| item.sig.ident != function.name)
            && looks_like_a_hook(item)
    });
    findings.extend(unnamed.map(|item| {
        let name = item.sig.ident.to_string();
        let line = line(text, &name);
        HookFinding::Unnamed { name, line }
    }));
    findings
}

/// The names a file brings in, behind which anything may be.
#[derive(Debug, Default)]
struct Known {
    imported: BTreeSet<String>,
    /// Names that stand for something that may be called otherwise.
    aliases: BTreeSet<String>,
    /// There are globs or macros: it may have any name.
    open: bool,
}

impl Known {
    fn of(items: &[Item]) -> Known {
        let mut known = Known::default();
        for item in items {
            match item {
                Item::Use(item) => known.import(&item.tree),
                Item::Type(item) => {
                    known.aliases.insert(item.ident.to_string());
                }
                Item::Macro(_) => known.open = true,
                _ => {}
            }
        }
        known
    }

    fn import(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.import(&path.tree),
            UseTree::Name(name) => {
                self.imported.insert(name.ident.to_string());
            }
            UseTree::Rename(rename) => {
                self.imported.insert(rename.rename.to_string());
                self.aliases.insert(rename.rename.to_string());
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree)),
            UseTree::Glob(_) => self.open = true,
        }
    }

    /// What is the matter with a function that must be from and to `ty`.
    fn fault(&self, item: &ItemFn, ty: &str) -> Option<String> {
        let signature = &item.sig;
        if matches!(item.vis, Visibility::Inherited) {
            return Some("it is not `pub`".to_owned());
        }
        if signature.asyncness.is_some() {
            return Some("it is `async`, and a hook has nothing to wait for".to_owned());
        }
        let inputs: Vec<&FnArg> = signature.inputs.iter().collect();
        let [FnArg::Typed(input)] = inputs.as_slice() else {
            return Some(format!("it takes {} arguments, not one", inputs.len()));
        };
        if !self.is(&input.ty, ty) {
            return Some(format!("what it takes is no `{ty}`"));
        }
        let ReturnType::Type(_, output) = &signature.output else {
            return Some("it returns nothing".to_owned());
        };
        let Some((name, inner)) = last(output) else {
            return Some("it returns no `Result`".to_owned());
        };
        match inner.as_slice() {
            [Some(made), error] if name == "Result" => {
                if !self.is(made, ty) {
                    return Some(format!("what it makes is no `{ty}`"));
                }
                let fits = error.is_some_and(|error| self.is(error, "HookError"));
                (!fits).then(|| "its error is no `HookError`".to_owned())
            }
            // A `Result` of somebody's own.
            _ if self.aliases.contains(&name) || self.imported.contains(&name) => None,
            _ => Some("it returns no `Result` with a `HookError`".to_owned()),
        }
    }

    /// Whether a type is called so, as far as can be told.
    fn is(&self, ty: &Type, name: &str) -> bool {
        last(ty).is_some_and(|(last, _)| last == name || self.aliases.contains(&last))
    }
}

/// The last name of a type's path, and the types in its angle brackets.
fn last(ty: &Type) -> Option<(String, Vec<Option<&Type>>)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(inner) => inner
            .args
            .iter()
            .map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((last.ident.to_string(), inner))
}

fn looks_like_a_hook(item: &ItemFn) -> bool {
    let ReturnType::Type(_, output) = &item.sig.output else {
        return false;
    };
    let error = last(output).and_then(|(_, inner)| inner.get(1).copied().flatten().and_then(last));
    matches!(item.vis, Visibility::Public(_))
        && item.sig.inputs.len() == 1
        && error.is_some_and(|(name, _)| name == "HookError")
}

/// The line on which a function's head starts.
fn line(text: &str, name: &str) -> usize {
    let head = |line: &str| {
        let (_, after) = line.split_once("fn ")?;
        let after = after.trim_start().strip_prefix(name)?;
        after.trim_start().starts_with(['(', '<']).then_some(())
    };
    let found = text.lines().position(|line| head(line).is_some());
    found.map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_fault() {
        let known = "use crate::types::GetBasket as Basket; type Made = Result<Basket, HookError>; use ours::Result;";
        for (function, fault) in [
            (
                "pub fn f(a: GetBasket) -> Result<GetBasket, HookError> {}",
                None,
            ),
            (
                "pub(crate) fn f(mut a: types::GetBasket) -> Result<crate::types::GetBasket, bff_runtime::HookError> {}",
                None,
            ),
            (
                "pub fn f(a: Basket) -> Result<GetBasket, HookError> {}",
                None,
            ),
            ("pub fn f(a: Basket) -> Made {}", None),
            ("pub fn f(a: Basket) -> Result<GetBasket> {}", None),
            (
                "fn f(a: GetBasket) -> Result<GetBasket, HookError> {}",
                Some("it is not `pub`"),
            ),
            (
                "pub async fn f(a: GetBasket) -> Result<GetBasket, HookError> {}",
                Some("it is `async`, and a hook has nothing to wait for"),
            ),
            (
                "pub fn f() -> Result<GetBasket, HookError> {}",
                Some("it takes 0 arguments, not one"),
            ),
            (
                "pub fn f(a: GetHome) -> Result<GetBasket, HookError> {}",
                Some("what it takes is no `GetBasket`"),
            ),
            (
                "pub fn f(a: &GetBasket) -> Result<GetBasket, HookError> {}",
                Some("what it takes is no `GetBasket`"),
            ),
            (
                "pub fn f(a: GetBasket) -> Result<GetHome, HookError> {}",
                Some("what it makes is no `GetBasket`"),
            ),
            (
                "pub fn f(a: GetBasket) -> Result<GetBasket, String> {}",
                Some("its error is no `HookError`"),
            ),
            (
                "pub fn f(a: GetBasket) -> GetBasket {}",
                Some("it returns no `Result` with a `HookError`"),
            ),
            ("pub fn f(a: GetBasket) {}", Some("it returns nothing")),
        ] {
            let items = syn::parse_file(known)
                .map(|file| file.items)
                .unwrap_or_default();
            let item: Option<ItemFn> = syn::parse_str(function).ok();
            let found = item.map(|item| Known::of(&items).fault(&item, "GetBasket"));
            assert_eq!(found, Some(fault.map(str::to_owned)), "{function}");
        }
    }

    #[test]
    fn a_head_that_is_long_is_broken_as_rustfmt_does() {
        let mut function = HookFunction {
            name: "f".to_owned(),
            endpoint: "GET /a".to_owned(),
            ty: "T".repeat(21),
        };
        let head = |function: &HookFunction| {
            let first = function.first();
            first.lines().nth(1).map_or(0, str::len)
        };
        assert_eq!(head(&function), 99);
        function.ty.push('T');
        assert_eq!(head(&function), "pub fn f(".len());
    }
}
