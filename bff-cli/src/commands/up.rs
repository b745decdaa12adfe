//! `bff up`: the whole system on this machine until Ctrl-C, or with `--smoke` until it has been asked everything.

use bff_spec::model::Model;

use crate::arguments::Up;
use crate::cargo::{self, Profile};
use crate::checking;
use crate::commands::{Outcome, block_on, generate, interrupted};
use crate::console::Console;
use crate::failure::Result;
use crate::system::{Part, StandIns, System};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Up, console: Console) -> Result<Outcome> {
    let Some(frontends) = checking::frontends(workspace, &command.name, console)? else {
        return Ok(Outcome::Found);
    };
    // First, so that whatever stands in the way is told before minutes of building.
    let models: Vec<&Model> = frontends.iter().map(|frontend| &frontend.model).collect();
    let stand_ins = StandIns::of(workspace, &models)?;
    generate::bring_up_to_date(workspace, &frontends, console)?;
    let mut parts = Vec::new();
    for frontend in frontends {
        console.step("Building", &format!("{}-bff", frontend.model.name));
        let binary = cargo::build(workspace, &frontend, Profile::Release, console)?;
        parts.push(Part {
            model: frontend.model,
            binary,
        });
    }
    block_on(serve(workspace, stand_ins, parts, command.smoke, console))?
}

async fn serve(
    workspace: &Workspace,
    stand_ins: StandIns,
    parts: Vec<Part>,
    smoke: bool,
    console: Console,
) -> Result<Outcome> {
    let starting = System::start(workspace, stand_ins, parts, console);
    let mut system = tokio::select! {
        system = starting => system?,
        () = interrupted() => return Ok(Outcome::Good),
    };
    if smoke {
        let right = tokio::select! {
            right = system.smoke(console) => right,
            () = interrupted() => Ok(false),
        };
        system.end().await;
        return Ok(if right? {
            Outcome::Good
        } else {
            Outcome::Found
        });
    }
    system.show_requests(console);
    console.say("\nCtrl-C ends everything.");
    let stopped = tokio::select! {
        failure = system.stopped() => Some(failure),
        () = interrupted() => None,
    };
    system.end().await;
    match stopped {
        Some(failure) => Err(failure),
        None => Ok(Outcome::Good),
    }
}
