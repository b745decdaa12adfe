//! What a selection may stand on: objects, variants, and the elements of a list of scalars.

use super::scope::Scene;
use crate::contract::{Kind, TypeId};
use crate::diagnostic::Code;
use crate::model::{Path, Step};
use crate::syntax::ast::{self, Field, Start, Value};

impl Scene<'_, '_> {
    /// Whether a selection can be applied to what a path gives, each of the type.
    pub(crate) fn selectable(
        &mut self,
        path: &Path,
        ty: TypeId,
        select: &ast::Selection,
    ) -> Option<()> {
        match self.kind(ty) {
            Kind::Object(_) | Kind::Variants(_) => return Some(()),
            Kind::Any => {
                self.error(
                    Code::NothingToSelect,
                    select.place,
                    format!("`{}` has no schema to select from", path.text),
                )
                .help("name it whole, without `{ … }`");
                return None;
            }
            _ => {}
        }
        let header = matches!(path.steps.last(), Some(Step::Header(_)));
        let elements = path.many && !header && self.is_plain_scalar(ty);
        let reads = reads_more_than_fields(&select.block);
        if elements && reads {
            return Some(());
        }
        let help = match (elements, reads) {
            (true, _) => {
                "take the `{ … }` out, or make objects of its values: `{ value: . }`, where `.` is each of them"
            }
            (false, true) => {
                "take the `{ … }` out: `.` is the value of each element of a list, and this is no list"
            }
            (false, false) => "take the `{ … }` out",
        };
        let what = self.describe(ty);
        self.error(
            Code::NothingToSelect,
            select.place,
            format!("`{}` is {what}, and has no fields to select", path.text),
        )
        .help(help);
        None
    }

    /// A scalar and nothing else, so that `.` is a value of its own.
    pub(crate) fn is_plain_scalar(&self, ty: TypeId) -> bool {
        matches!(
            self.kind(ty),
            Kind::Boolean | Kind::Integer | Kind::Number | Kind::String | Kind::Scalars(_)
        )
    }
}

/// Whether anything in a selection is more than a field of the current value: only then does it make sense without fields.
fn reads_more_than_fields(block: &ast::Block) -> bool {
    let starts_elsewhere = |path: &ast::Path| !matches!(path.start, Start::Plain(_));
    match block {
        ast::Block::Value(value) => match value.as_ref() {
            Value::Path(value) => starts_elsewhere(&value.path),
            _ => true,
        },
        ast::Block::Fields(fields) => fields.iter().any(|field| match field {
            Field::Named { .. } | Field::Spread { .. } => true,
            Field::Path(value) => starts_elsewhere(&value.path),
            Field::On { .. } | Field::All(_) | Field::Except(_) => false,
        }),
    }
}
