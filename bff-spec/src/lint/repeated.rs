//! The same selection written again and again: a fragment would say it once.
//!
//! Equal are selections that differ in blanks, commas and comments alone. Small ones don't count: a name for them says
//! no more than they do.

use super::unused::blocks;
use crate::diagnostic::Place;
use crate::spec::Spec;
use crate::syntax::canonical;
use crate::syntax::visit::{self, Seen};

/// Fields a selection names, those inside it as well, before it counts.
const FIELDS: usize = 3;

/// A selection that is large enough to have a name.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// As the language writes it, in one line.
    pub(super) text: String,
    pub(super) fields: usize,
    pub(super) place: Place,
    /// What it is applied to; a fragment's own name.
    pub(super) name: Option<String>,
    /// Whether it is a fragment's own.
    pub(super) fragment: bool,
}

pub(super) fn selections(spec: &Spec) -> Vec<Written> {
    let mut all = Vec::new();
    for (name, decl) in &spec.fragments {
        let (text, fields) = canonical::fragment(&decl.block);
        if fields >= FIELDS {
            all.push(Written {
                text,
                fields,
                place: decl.place,
                name: Some(name.clone()),
                fragment: true,
            });
        }
    }
    let fragments = spec.fragments.values().map(|decl| &decl.block);
    for block in blocks(spec).into_iter().chain(fragments) {
        visit::block(block, &mut |seen| {
            let Seen::Selection(select, name) = seen else {
                return;
            };
            let (text, fields) = canonical::selection(select);
            if fields >= FIELDS {
                all.push(Written {
                    text,
                    fields,
                    place: select.place,
                    name: name.map(|word| word.text.clone()),
                    fragment: false,
                });
            }
        });
    }
    all
}
