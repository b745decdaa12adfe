//! How many requests a call makes: one, several for a long list, one per value with `each`.

use super::scope::{At, Scene};
use super::value::Want;
use crate::contract::{Kind, Operation};
use crate::diagnostic::{Code, Place};
use crate::model::{Fan, Value};
use crate::spec::CallDecl;
use crate::syntax::ast;

/// `parallel` without one.
const PARALLEL: u16 = 8;
/// `max` without one.
const MAX: u32 = 100;

/// An argument that is a list.
pub(crate) struct ListArgument {
    /// By place among the arguments.
    pub(crate) argument: usize,
    /// The most values one request takes, if the list may be longer.
    pub(crate) most: Option<u64>,
    /// Read from calls: with nothing in it the call isn't made.
    pub(crate) of_calls: bool,
}

impl Scene<'_, '_> {
    pub(crate) fn each(
        &mut self,
        argument: &ast::Argument,
        place: Place,
        want: &Want,
    ) -> Option<Value> {
        let ast::Value::Path(value) = &argument.value else {
            self.error(Code::Fan, place, "`each` stands before a path to a list")
                .help("`name = each orders.items.sku`: one call for each of them");
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

    pub(crate) fn fan(
        &mut self,
        decl: &CallDecl,
        operation: &Operation,
        each: Option<(usize, Place)>,
        lists: &[ListArgument],
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
            .find_map(|list| Some((list.argument, list.most?)))
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
            list_argument: lists.iter().find(|l| l.of_calls).map(|l| l.argument),
        })
    }
}
