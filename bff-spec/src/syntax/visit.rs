//! Every selection and spread in a block, outer ones first.

use super::ast::{Block, Field, Path, PathValue, Selection, Start, StepKind, Value, Word};

/// What was come across.
pub(crate) enum Seen<'a> {
    /// A selection, and the name of what it is applied to.
    Selection(&'a Selection, Option<&'a Word>),
    /// `...word` without a selection: perhaps a fragment.
    Spread(&'a Word),
}

pub(crate) fn block<'a>(block: &'a Block, see: &mut impl FnMut(Seen<'a>)) {
    match block {
        Block::Value(one) => value(one, None, see),
        Block::Fields(fields) => {
            for field in fields {
                match field {
                    Field::Named { name, value: one } => value(one, Some(name), see),
                    Field::Path(one) => path_value(one, None, see),
                    Field::On { variant, select } => selection(select, Some(variant), see),
                    Field::Spread {
                        path,
                        select: Some(select),
                        ..
                    } => selection(select, last(path), see),
                    Field::Spread {
                        path, select: None, ..
                    } => {
                        if let (Start::Plain(word), []) = (&path.start, path.steps.as_slice()) {
                            see(Seen::Spread(word));
                        }
                    }
                    Field::All(_) | Field::Except(_) => {}
                }
            }
        }
    }
}

pub(crate) fn value<'a>(one: &'a Value, name: Option<&'a Word>, see: &mut impl FnMut(Seen<'a>)) {
    match one {
        Value::Literal(_) => {}
        Value::List(values, _) => values.iter().for_each(|one| value(one, name, see)),
        Value::Group(select) => selection(select, name, see),
        Value::Path(one) => path_value(one, name, see),
    }
}

fn path_value<'a>(one: &'a PathValue, name: Option<&'a Word>, see: &mut impl FnMut(Seen<'a>)) {
    if let Some(select) = &one.select {
        selection(select, last(&one.path).or(name), see);
    }
}

fn selection<'a>(select: &'a Selection, name: Option<&'a Word>, see: &mut impl FnMut(Seen<'a>)) {
    see(Seen::Selection(select, name));
    block(&select.block, see);
}

fn last(path: &Path) -> Option<&Word> {
    let steps = path.steps.iter().rev().find_map(|step| match &step.kind {
        StepKind::Field(word) => Some(word),
        _ => None,
    });
    steps.or(match &path.start {
        Start::Plain(word) | Start::Root(word) | Start::Field(word) => Some(word),
        Start::Current => None,
    })
}
