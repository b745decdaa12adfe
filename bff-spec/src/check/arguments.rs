//! Arguments: each bound to one parameter, with a value it takes; lists, `each` and splitting.

use indexmap::IndexMap;

use super::assign::assignable;
use super::describe::names;
use super::heads::{candidates, location_name, shown};
use super::scope::{At, Scene};
use super::value::Want;
use crate::contract::{Kind, Operation, Parameter, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Argument, Fan, Root, Value};
use crate::nearest::nearest;
use crate::spec::CallDecl;
use crate::syntax::ast;

/// `parallel` without one.
const PARALLEL: u16 = 8;
/// `max` without one.
const MAX: u32 = 100;

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
        let mut lists: Vec<(usize, Option<u64>)> = Vec::new();
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
            let Some(index) = self.which(argument, operation, &call.upstream.text) else {
                ok = false;
                continue;
            };
            if let Some(first) = bound.insert(index, argument.place) {
                self.error(
                    Code::AmbiguousArgument,
                    argument.place,
                    format!("`{}` is bound twice", argument.name.text),
                )
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
                && matches!(path.root, Root::Call(_))
                && matches!(self.kind(parameter.ty), Kind::List(_))
            {
                lists.push((at, self.ty(parameter.ty).bounds.max_items));
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

    fn which(
        &mut self,
        argument: &ast::Argument,
        operation: &Operation,
        upstream: &str,
    ) -> Option<usize> {
        let found: Vec<&Parameter> = candidates(operation, argument).collect();
        match found.as_slice() {
            [one] => operation
                .parameters
                .iter()
                .position(|p| std::ptr::eq(p, *one)),
            [] => {
                self.unknown_parameter(argument, operation, upstream);
                None
            }
            several => {
                let ways: Vec<String> = several
                    .iter()
                    .map(|p| format!("{}.{}", location_name(p.location), argument.name.text))
                    .collect();
                let place = several.first().map(|p| p.place);
                self.error(
                    Code::AmbiguousArgument,
                    argument.name.place,
                    format!(
                        "`{}` has several parameters named `{}`",
                        shown(operation),
                        argument.name.text
                    ),
                )
                .help(format!("say which: `{} = …`", ways.join(" = …` or `")))
                .maybe_related(place, "the first is here");
                None
            }
        }
    }

    fn unknown_parameter(
        &mut self,
        argument: &ast::Argument,
        operation: &Operation,
        upstream: &str,
    ) {
        let name = &argument.name.text;
        let id = shown(operation);
        if name == "body" && argument.location.is_none() {
            self.error(
                Code::RequestBody,
                argument.name.place,
                format!("`{id}` takes no body"),
            )
            .related(operation.place, "the operation is here");
            return;
        }
        if let Some(location) = &argument.location {
            let known = ["path", "query", "header", "cookie"].contains(&location.text.as_str());
            if !known {
                self.error(
                    Code::UnknownParameter,
                    location.place,
                    format!("`{}` is no place of a parameter", location.text),
                )
                .help("`path`, `query`, `header` or `cookie`");
                return;
            }
        }
        let all = || operation.parameters.iter().map(|p| p.name.as_str());
        let near = nearest(name, all()).map(str::to_owned);
        let in_body = operation.body.as_ref().is_some_and(|body| {
            body.content
                .iter()
                .any(|m| self.field_names(m.ty).contains(name))
        });
        let help = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if in_body => {
                format!("it is a property of the body: `body: |`, and below it `{name}: …`")
            }
            None if operation.parameters.is_empty() => "it has none".into(),
            None => format!("it has {}", names(all())),
        };
        let place = argument.name.place;
        let report = self
            .error(
                Code::UnknownParameter,
                place,
                format!("`{upstream}.{id}` has no parameter `{name}`"),
            )
            .help(help)
            .related(operation.place, "the operation is here");
        if let Some(near) = near
            && crate::spec::is_name(&near)
        {
            report.fix(place, near);
        }
    }

    fn all_required(
        &mut self,
        call: &ast::Call,
        operation: &Operation,
        bound: &IndexMap<usize, Place>,
    ) -> bool {
        let mut missing = Vec::new();
        let mut place = None;
        for (i, parameter) in operation.parameters.iter().enumerate() {
            let unknown_before = call
                .arguments
                .iter()
                .any(|a| a.name.text == parameter.name && !bound.contains_key(&i));
            if parameter.required && !bound.contains_key(&i) && !unknown_before {
                missing.push(parameter.name.as_str());
                place = place.or(Some(parameter.place));
            }
        }
        // A name that was misspelt is reported as that.
        let misspelt = call.arguments.iter().any(|a| {
            candidates(operation, a).next().is_none()
                && nearest(&a.name.text, missing.iter().copied()).is_some()
        });
        if missing.is_empty() || misspelt {
            return missing.is_empty();
        }
        let what = if missing.len() == 1 {
            "parameter"
        } else {
            "parameters"
        };
        let word = |name: &&str| {
            if crate::spec::is_name(name) {
                (*name).to_owned()
            } else {
                format!("\"{name}\"")
            }
        };
        let help: Vec<String> = missing.iter().map(|n| format!("{} = …", word(n))).collect();
        self.error(
            Code::MissingArgument,
            call.operation.place,
            format!(
                "required {what} {} of `{}.{}` {} not bound",
                names(missing.iter().copied()),
                call.upstream.text,
                shown(operation),
                if missing.len() == 1 { "is" } else { "are" },
            ),
        )
        .help(format!("add `{}`", help.join(", ")))
        .maybe_related(place, "the contract asks for it here");
        false
    }

    fn argument(
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

    fn null_argument(&mut self, value: &super::value::Valued, want: &Want, decl: &CallDecl) {
        let (text, of_client) = match &value.value {
            Value::Path { path, .. } => (
                path.text.clone(),
                matches!(path.root, Root::Input(_) | Root::Body),
            ),
            _ => ("null".into(), false),
        };
        let help = if of_client {
            format!("`{text} ?? …` for a value in its place, or declare it required under `params`")
        } else {
            format!(
                "`{text}!` if it always is there, `{text} ?? …` for a value in its place, or `{}?:` if the endpoint lives without this call",
                decl.name
            )
        };
        self.error(
            Code::NullIntoRequired,
            value.place,
            format!("`{text}` may be null, and {} is required", want.what),
        )
        .help(help)
        .maybe_related(want.place, format!("{} is here", want.what));
    }

    /// Whether a path fits a parameter: a list to a list, one value to one.
    fn one_or_list(
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
                .maybe_related(want.place, format!("{} is here", want.what));
                None
            }
            (_, wanted) => self.fits(&path, given, wanted.unwrap_or(want.ty), want),
        }
    }

    fn fits(
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

    fn each(&mut self, argument: &ast::Argument, place: Place, want: &Want) -> Option<Value> {
        let ast::Value::Path(value) = &argument.value else {
            self.error(Code::Fan, place, "`each` stands before a path to a list");
            return None;
        };
        if let Some(select) = &value.select {
            self.error(
                Code::Fan,
                select.place,
                "`each` takes scalars: nothing can be selected",
            );
            return None;
        }
        if matches!(self.kind(want.ty), Kind::List(_)) {
            let plain = value.path.text.clone();
            self.error(
                Code::Fan,
                place,
                format!("{} takes a list: no `each` is needed", want.what),
            )
            .help(format!(
                "`{} = {plain}`: one call for all",
                argument.name.text
            ))
            .maybe_related(want.place, format!("{} is here", want.what));
            return None;
        }
        let mut walk = self.walk(&value.path, At::ROOTS)?;
        if matches!(self.kind(walk.ty), Kind::List(_)) && !walk.is_input() {
            self.through_lists(&mut walk);
        }
        let path = walk.finish(&value.path);
        let given = match (path.many, self.kind(path.ty)) {
            (true, _) => path.ty,
            (false, Kind::List(inner)) => *inner,
            (false, _) => {
                let what = self.describe(path.ty);
                self.error(
                    Code::Fan,
                    path.place,
                    format!("`each` takes a list, and `{}` is {what}", path.text),
                )
                .help(format!("`{} = {}`", argument.name.text, path.text));
                return None;
            }
        };
        self.fits(&path, given, want.ty, want)?;
        let default = value.default.as_ref().map(|d| d.json.clone());
        Some(Value::Path {
            path,
            select: None,
            default,
        })
    }

    fn fan(
        &mut self,
        decl: &CallDecl,
        operation: &Operation,
        each: Option<(usize, Place)>,
        lists: &[(usize, Option<u64>)],
    ) -> Option<Fan> {
        let parallel = decl.parallel.map_or(PARALLEL, |(n, _)| n);
        let max = decl.max.map_or(MAX, |(n, _)| n);
        let write = !matches!(operation.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        if let Some((argument, place)) = each {
            if write {
                self.error(
                    Code::Fan,
                    place,
                    format!(
                        "`each` would repeat a {}: only safe methods may be",
                        operation.method
                    ),
                )
                .help("an operation that takes the list does it in one call")
                .related(operation.place, "the operation is here");
                return None;
            }
            return Some(Fan::Each {
                argument,
                parallel,
                max,
            });
        }
        let split = lists
            .iter()
            .find_map(|(argument, items)| Some((*argument, (*items)?)))
            .filter(|_| !write);
        if let Some((argument, items)) = split {
            return Some(Fan::Split {
                argument,
                items: items.max(1),
                parallel,
                max,
            });
        }
        for (name, place) in [
            ("parallel", decl.parallel.map(|(_, p)| p)),
            ("max", decl.max.map(|(_, p)| p)),
        ] {
            if let Some(place) = place {
                self.error(Code::Fan, place, format!("`{name}` bounds nothing: this is one request"))
                    .help("it is for `each`, and for a list from calls that the contract bounds by `maxItems`");
                return None;
            }
        }
        Some(Fan::One {
            list_argument: lists.first().map(|(argument, _)| *argument),
        })
    }
}
