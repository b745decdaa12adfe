//! `when` and `require`: a value that is there and not false, or an equality.

use super::assign::literal_fits;
use super::scope::{At, Scene};
use crate::contract::{Kind, TypeId};
use crate::diagnostic::{Code, Place};
use crate::model::{Condition, Operand};
use crate::syntax::ast::{self, LiteralKind};

/// A side of an equality.
struct Side {
    operand: Operand,
    /// None for a literal.
    ty: Option<TypeId>,
    list: bool,
    text: String,
    place: Place,
}

impl Scene<'_, '_> {
    /// A condition; none if something was wrong with it, which was said.
    pub(crate) fn condition(&mut self, condition: &ast::Condition) -> Option<Condition> {
        let left = self.side(&condition.left);
        let Some(right) = &condition.right else {
            let left = left?;
            if left.ty.is_none() {
                self.error(
                    Code::Incomparable,
                    left.place,
                    format!(
                        "`{}` is always the same: a condition reads something",
                        left.text
                    ),
                );
                return None;
            }
            return Some(Condition::Holds(left.operand));
        };
        let right = self.side(right);
        let (left, right) = (left?, right?);
        self.comparable(condition, &left, &right)?;
        Some(Condition::Equal(left.operand, right.operand))
    }

    fn side(&mut self, operand: &ast::Operand) -> Option<Side> {
        let path = match operand {
            ast::Operand::Literal(literal) => {
                if matches!(literal.kind, LiteralKind::Null | LiteralKind::EmptyList) {
                    self.error(
                        Code::Incomparable,
                        literal.place,
                        format!("nothing equals `{}`", literal.json),
                    )
                    .help("a path alone asks whether its value is there");
                    return None;
                }
                return Some(Side {
                    operand: Operand::Literal(literal.json.clone()),
                    ty: None,
                    list: false,
                    text: literal.json.clone(),
                    place: literal.place,
                });
            }
            ast::Operand::Path(path) => path,
        };
        let mut walk = self.walk(path, At::ROOTS)?;
        if walk.is_many() {
            self.through_lists(&mut walk);
        }
        let resolved = walk.finish(path);
        let (list, ty) = match (resolved.many, self.kind(resolved.ty)) {
            (true, _) => (true, resolved.ty),
            (false, Kind::List(inner)) => (true, *inner),
            (false, _) => (false, resolved.ty),
        };
        Some(Side {
            text: resolved.text.clone(),
            place: resolved.place,
            operand: Operand::Path(resolved),
            ty: Some(ty),
            list,
        })
    }

    fn comparable(&mut self, condition: &ast::Condition, left: &Side, right: &Side) -> Option<()> {
        for side in [left, right] {
            if let Some(ty) = side.ty
                && !self.is_scalar(ty)
            {
                let what = self.describe(ty);
                self.error(
                    Code::Incomparable,
                    side.place,
                    format!(
                        "an equality compares scalars, and `{}` is {what}",
                        side.text
                    ),
                );
                return None;
            }
        }
        if left.list && right.list {
            self.error(
                Code::Incomparable,
                condition.place,
                "both sides are lists: one side may be, and then the other is looked for in it",
            );
            return None;
        }
        match (left.ty, right.ty) {
            (None, None) => {
                self.error(
                    Code::Incomparable,
                    condition.place,
                    "both sides are literals: a condition reads something",
                );
                None
            }
            (Some(a), Some(b)) => {
                if self.joinable(a, b) {
                    return Some(());
                }
                let (what_a, what_b) = (self.describe(a), self.describe(b));
                self.error(
                    Code::Incomparable,
                    condition.place,
                    format!(
                        "`{}` is {what_a}, and `{}` is {what_b}: they are never equal",
                        left.text, right.text
                    ),
                );
                None
            }
            (Some(ty), None) => self.literal_side(ty, &left.text, &condition.right),
            (None, Some(ty)) => self.literal_side(ty, &right.text, &Some(condition.left.clone())),
        }
    }

    fn literal_side(
        &mut self,
        ty: TypeId,
        text: &str,
        operand: &Option<ast::Operand>,
    ) -> Option<()> {
        let Some(ast::Operand::Literal(literal)) = operand else {
            return Some(());
        };
        let Err(reason) = literal_fits(&self.checker.types, literal, ty, false) else {
            return Some(());
        };
        let related = self.ty(ty).place;
        self.error(
            Code::Incomparable,
            literal.place,
            format!("`{text}` is never equal to this: {reason}"),
        )
        .maybe_related(related, format!("`{text}` is here"));
        None
    }
}
