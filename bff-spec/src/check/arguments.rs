//! Arguments: each bound to one parameter, with a value it takes; lists, `each` and splitting.

use indexmap::IndexMap;

use super::assign::assignable;
use super::fan::ListArgument;
use super::scope::{At, Scene};
use super::value::Want;
use crate::contract::{Kind, Operation, Parameter, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Argument, Fan, Root, Value};
use crate::spec::CallDecl;
use crate::syntax::ast;

/// What arguments make of a call.
pub(crate) struct Bound {
    pub(crate) arguments: Vec<Argument>,
    pub(crate) fan: Fan,
    /// `body = …`
    pub(crate) body: Option<ast::Value>,
}

impl Scene<'_, '_> {
    /// The arguments of a call; none if something was wrong with them, which was said.
    pub(crate) fn arguments(
        &mut self,
        decl: &CallDecl,
        call: &ast::Call,
        operation: &Operation,
    ) -> Option<Bound> {
        let mut bound: IndexMap<usize, Place> = IndexMap::new();
        let mut arguments = Vec::new();
        let mut body = None;
        let mut ok = true;
        let mut each: Option<(usize, Place)> = None;
        let mut lists: Vec<ListArgument> = Vec::new();
        for argument in &call.arguments {
            let is_body = argument.location.is_none() && argument.name.text == "body";
            if is_body && operation.body.is_some() {
                body = Some(argument.value.clone());
                if let Some(place) = argument.each {
                    self.error(Code::Fan, place, "`each` binds a parameter, not a body");
                    ok = false;
                }
                continue;
            }
            let Some(index) = self.which(argument, operation, call) else {
                ok = false;
                continue;
            };
            if let Some(first) = bound.insert(index, argument.place) {
                self.error(
                    Code::AmbiguousArgument,
                    argument.place,
                    format!("`{}` is bound twice", argument.name.text),
                )
                .help("take one of the two out")
                .related(first, "it is bound first here");
                ok = false;
                continue;
            }
            let Some(parameter) = operation.parameters.get(index) else {
                continue;
            };
            let Some(value) = self.argument(decl, argument, parameter) else {
                ok = false;
                continue;
            };
            let at = arguments.len();
            if let Some(place) = argument.each {
                if let Some((_, first)) = each {
                    self.error(Code::Fan, place, "one argument of a call may be `each`")
                        .related(first, "the first is here");
                    ok = false;
                }
                each = Some((at, place));
            } else if let Value::Path { path, .. } = &value
                && matches!(self.kind(parameter.ty), Kind::List(_))
            {
                // A list that is an input's own is bounded as the parameter is.
                let bounded = !path.many && matches!(path.root, Root::Input(_) | Root::Body);
                lists.push(ListArgument {
                    argument: at,
                    most: self.ty(parameter.ty).bounds.max_items.filter(|_| !bounded),
                    of_calls: matches!(path.root, Root::Call(_)),
                });
            } else if let Value::List(values) = &value {
                let most = self.ty(parameter.ty).bounds.max_items;
                lists.push(ListArgument {
                    argument: at,
                    most: most.filter(|most| (values.len() as u64) > *most),
                    of_calls: false,
                });
            }
            arguments.push(Argument {
                parameter: index,
                value,
                place: argument.place,
            });
        }
        ok &= self.all_required(call, operation, &bound);
        let fan = self.fan(decl, operation, each, &lists)?;
        ok.then_some(Bound {
            arguments,
            fan,
            body,
        })
    }

    pub(crate) fn argument(
        &mut self,
        decl: &CallDecl,
        argument: &ast::Argument,
        parameter: &Parameter,
    ) -> Option<Value> {
        let want = Want {
            ty: parameter.ty,
            parameter: true,
            what: format!("parameter `{}`", parameter.name),
            place: Some(parameter.place),
        };
        if let Some(each) = argument.each {
            return self.each(argument, each, &want);
        }
        let value = match &argument.value {
            ast::Value::Path(path) if path.select.is_none() => {
                self.one_or_list(argument, path, &want)?;
                self.path_value(path, At::ROOTS, None)?
            }
            ast::Value::Path(ast::PathValue {
                select: Some(select),
                ..
            }) => {
                self.error(
                    Code::Mismatch,
                    select.place,
                    "an argument is a scalar or a list of scalars: nothing can be selected for it",
                );
                return None;
            }
            ast::Value::Group(select) => {
                self.error(
                    Code::Mismatch,
                    select.place,
                    "an argument is a scalar or a list of scalars, not an object",
                )
                .help(format!(
                    "a path has no braces: `{} = path.id`",
                    argument.name.text
                ))
                .related(parameter.place, format!("{} is here", want.what));
                return None;
            }
            value => self.value(value, At::ROOTS, Some(&want))?,
        };
        // A list with nothing in it means that the call isn't made, or that the parameter is left out.
        let list_of_calls = matches!(&value.value, Value::Path { path, .. } if matches!(path.root, Root::Call(_)))
            && matches!(self.kind(parameter.ty), Kind::List(_));
        if value.nullable && parameter.required && !decl.optional && !list_of_calls {
            self.null_argument(&value, &want, decl);
            return None;
        }
        Some(value.value)
    }

    pub(crate) fn null_argument(
        &mut self,
        value: &super::value::Valued,
        want: &Want,
        decl: &CallDecl,
    ) {
        let (text, of_client) = match &value.value {
            Value::Path { path, .. } => (
                path.text.clone(),
                matches!(path.root, Root::Input(_) | Root::Body),
            ),
            _ => ("null".into(), false),
        };
        let help = if of_client {
            format!("`{text} ?? …` for a value in its place, or declare it required under `params`")
        } else if decl.name == crate::spec::proxy::OPERATION {
            format!("`{text}!` if it always is there, or `{text} ?? …` for a value in its place")
        } else {
            format!(
                "`{text}!` if it always is there, `{text} ?? …` for a value in its place, or `{}?:` if the endpoint lives without this call",
                decl.name
            )
        };
        let report = self.error(
            Code::NullIntoRequired,
            value.place,
            format!("`{text}` may be null, and {} is required", want.what),
        );
        let report = match &value.value {
            Value::Path { path, .. } if !of_client => report.suggest(path.place.after(), "!"),
            _ => report,
        };
        report
            .help(help)
            .maybe_related(want.place, format!("{} is here", want.what));
    }

    /// Whether a path fits a parameter: a list to a list, one value to one.
    pub(crate) fn one_or_list(
        &mut self,
        argument: &ast::Argument,
        value: &ast::PathValue,
        want: &Want,
    ) -> Option<()> {
        let mut walk = self.walk(&value.path, At::ROOTS)?;
        if walk.is_many() {
            self.through_lists(&mut walk);
        }
        let path = walk.finish(&value.path);
        let (given_list, given) = match (path.many, self.kind(path.ty)) {
            (true, _) => (true, path.ty),
            (false, Kind::List(inner)) => (true, *inner),
            (false, _) => (false, path.ty),
        };
        let wanted = match self.kind(want.ty) {
            Kind::List(inner) => Some(*inner),
            Kind::Any => return Some(()),
            _ => None,
        };
        match (given_list, wanted) {
            (true, None) => {
                let name = &argument.name.text;
                let one = self.describe(want.ty);
                self.error(
                    Code::ListToOne,
                    path.place,
                    format!("`{}` is a list, and {} is {one}", path.text, want.what),
                )
                .help(format!(
                    "one call per value is written `{name} = each {0}`; or bind it to an operation that takes a list, or pick one: `{0}[0]`",
                    path.text
                ))
                .suggest(path.place.before(), "each ")
                .maybe_related(want.place, format!("{} is here", want.what));
                None
            }
            (false, Some(_)) => {
                let one = self.describe(path.ty);
                let list = self.describe(want.ty);
                self.error(
                    Code::Mismatch,
                    path.place,
                    format!("`{}` is {one}, and {} is {list}", path.text, want.what),
                )
                .help(format!("a list of one is `[{}]`", path.text))
                .suggest(path.place, format!("[{}]", path.text))
                .maybe_related(want.place, format!("{} is here", want.what));
                None
            }
            (_, wanted) => self.fits(&path, given, wanted.unwrap_or(want.ty), want),
        }
    }

    pub(crate) fn fits(
        &mut self,
        path: &crate::model::Path,
        given: TypeId,
        wanted: TypeId,
        want: &Want,
    ) -> Option<()> {
        let Err(reason) = assignable(&self.checker.types, given, wanted, true) else {
            return Some(());
        };
        let schema = self.ty(given).place;
        self.error(
            Code::Mismatch,
            path.place,
            format!("`{}` doesn't fit {}: {reason}", path.text, want.what),
        )
        .maybe_related(schema, format!("`{}` is here", path.text))
        .maybe_related(want.place, format!("{} is here", want.what));
        None
    }
}
