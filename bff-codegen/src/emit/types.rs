//! `types.rs`: one struct per selection.

use bff_spec::model::Model;

use super::module::Module;

pub(crate) fn module(_model: &Model) -> Option<Module> {
    None
}
