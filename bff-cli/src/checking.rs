//! Checks specs, and gives the commands models or findings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bff_spec::contract::Library;
use bff_spec::diagnostic::{Diagnostic, Severity};
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

/// One spec, checked beside the others.
#[derive(Debug)]
pub(crate) struct Apart {
    /// The frontend, if nothing that concerns it is an error.
    pub(crate) frontend: Option<Frontend>,
    /// The files that were read for it.
    pub(crate) sources: Arc<Sources>,
    /// What concerns it.
    pub(crate) findings: Findings,
}

/// Checks specs, each by itself and all together. `all`: they are all of the workspace, so that what none of them uses
/// is unused.
pub(crate) fn check(workspace: &Workspace, specs: &[Spec], all: bool) -> Checked {
    let (apart, findings) = check_apart(workspace, specs, all);
    Checked {
        frontends: apart.into_iter().filter_map(|one| one.frontend).collect(),
        findings,
    }
}

/// The same, with what concerns each of them, in their order.
pub(crate) fn check_apart(
    workspace: &Workspace,
    specs: &[Spec],
    all: bool,
) -> (Vec<Apart>, Findings) {
    let mut each = each(workspace, specs);
    let together = bff_spec::check_together(&mut each, all);
    let shared = Arc::new(together.sources);
    let mut findings = Findings::default();
    let mut apart = Vec::new();
    for bff_spec::Checked {
        sources,
        diagnostics,
        model,
        ..
    } in each
    {
        let sources = Arc::new(sources);
        findings.add(diagnostics.clone(), &sources);
        let mut own = Findings::default();
        own.add(diagnostics, &sources);
        let concerns = |found: &&Diagnostic| {
            let path = shared.get(found.place.file).map(|file| &file.path);
            path.is_some_and(|path| sources.find(path).is_some())
        };
        let of_all = together.diagnostics.iter().filter(concerns);
        own.add(of_all.cloned().collect(), &shared);
        let sound = own.count(Severity::Error) == 0;
        apart.push(Apart {
            frontend: model.filter(|_| sound).map(|model| Frontend {
                model,
                sources: Arc::clone(&sources),
            }),
            sources,
            findings: own,
        });
    }
    findings.add(together.diagnostics, &shared);
    (apart, findings)
}

/// Checks each spec by itself, over contracts that are read once, on as many threads as there are cores; in the specs' order.
fn each(workspace: &Workspace, specs: &[Spec]) -> Vec<bff_spec::Checked> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let library = Library::default();
    let take = || {
        let mut done = Vec::new();
        while let Some((at, spec)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            specs.get(at).map(|spec| (at, spec))
        } {
            done.push((at, bff_spec::check_among(&library, workspace, &spec.path)));
        }
        done
    };
    let mut done: Vec<(usize, bff_spec::Checked)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores.min(specs.len()))
            .map(|_| scope.spawn(take))
            .collect();
        let mut done = take();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, checked)| checked).collect()
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
