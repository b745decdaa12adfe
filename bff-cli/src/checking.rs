//! Checks specs, and gives the commands models or findings.

use std::sync::Arc;

use bff_spec::diagnostic::Severity;
use bff_spec::model::Model;
use bff_spec::source::Sources;

use crate::console::Console;
use crate::diagnostics::{Findings, Format};
use crate::failure::Result;
use crate::workspace::{Spec, Workspace};

/// A frontend whose spec has no errors.
#[derive(Debug)]
pub(crate) struct Frontend {
    /// Its model.
    pub(crate) model: Model,
    /// The files it was read from.
    pub(crate) sources: Arc<Sources>,
}

/// What checking specs gave.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Those without errors, in the specs' order.
    pub(crate) frontends: Vec<Frontend>,
    /// What was found in all of them.
    pub(crate) findings: Findings,
}

impl Checked {
    /// Whether something is wrong, so that nothing is built.
    pub(crate) fn failed(&self) -> bool {
        self.findings.count(Severity::Error) > 0
    }
}

/// Checks specs, each by itself and all together. `all`: they are all of the workspace, so that what none of them uses
/// is unused.
pub(crate) fn check(workspace: &Workspace, specs: &[Spec], all: bool) -> Checked {
    let mut each: Vec<bff_spec::Checked> = specs
        .iter()
        .map(|spec| bff_spec::check(workspace, &spec.path))
        .collect();
    let together = bff_spec::check_together(&mut each, all);
    let mut checked = Checked::default();
    for bff_spec::Checked {
        sources,
        diagnostics,
        model,
        ..
    } in each
    {
        let sources = Arc::new(sources);
        checked.findings.add(diagnostics, &sources);
        checked
            .frontends
            .extend(model.map(|model| Frontend { model, sources }));
    }
    let sources = Arc::new(together.sources);
    checked.findings.add(together.diagnostics, &sources);
    checked
}

/// The frontends of specs, for commands that go on from there; none if there are errors, which are then drawn.
pub(crate) fn frontends(
    workspace: &Workspace,
    names: &[String],
    console: Console,
) -> Result<Option<Vec<Frontend>>> {
    let specs = workspace.specs(names)?;
    let checked = check(workspace, &specs, names.is_empty());
    if checked.failed() {
        checked.findings.draw(Format::Human, console);
        console.show(&format!(
            "nothing was built: {}",
            checked.findings.summary()
        ));
        return Ok(None);
    }
    let warnings = checked.findings.count(Severity::Warning);
    if warnings > 0 {
        console.say(&format!(
            "{}; `bff check` shows them",
            checked.findings.summary()
        ));
    }
    Ok(Some(checked.frontends))
}
