//! Checks specs, and gives the commands models or findings.

use std::sync::Arc;

use bff_spec::diagnostic::Severity;
use bff_spec::model::Model;

use crate::console::Console;
use crate::diagnostics::{Findings, Format};
use crate::failure::Result;
use crate::workspace::{Spec, Workspace};

/// What checking specs gave.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The models of specs without errors, in the specs' order.
    pub(crate) models: Vec<Model>,
    /// What was found in all of them.
    pub(crate) findings: Findings,
}

impl Checked {
    /// Whether something is wrong, so that nothing is built.
    pub(crate) fn failed(&self) -> bool {
        self.findings.count(Severity::Error) > 0
    }
}

/// Checks specs.
pub(crate) fn check(workspace: &Workspace, specs: &[Spec]) -> Checked {
    let mut checked = Checked::default();
    for spec in specs {
        let (model, found, sources) = one(workspace, spec);
        checked.models.extend(model);
        checked.findings.add(found, &Arc::new(sources));
    }
    checked
}

fn one(_: &Workspace, _: &Spec) -> (Option<Model>, Vec<bff_spec::diagnostic::Diagnostic>, bff_spec::source::Sources) {
    Default::default()
}

/// The models of specs, for commands that go on from there; none if there are errors, which are then drawn.
pub(crate) fn models(workspace: &Workspace, names: &[String], console: Console) -> Result<Option<Vec<Model>>> {
    let specs = workspace.specs(names)?;
    let checked = check(workspace, &specs);
    if checked.failed() {
        checked.findings.draw(Format::Human, console);
        console.show(&format!("nothing was built: {}", checked.findings.summary()));
        return Ok(None);
    }
    let warnings = checked.findings.count(Severity::Warning);
    if warnings > 0 {
        console.say(&format!("{}; `bff check` shows them", checked.findings.summary()));
    }
    Ok(Some(checked.models))
}
