//! `bff up`: the whole system on this machine until Ctrl-C, or with `--smoke` until it has been asked everything.

use bff_spec::model::Model;

use crate::arguments::Up;
use crate::cargo::{self, Profile};
use crate::checking;
use crate::commands::{Outcome, block_on, generate, interrupted};
use crate::console::Console;
use crate::failure::Result;
use crate::system::{Part, Places, Real, Stage, StandIns, System};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Up, console: Console) -> Result<Outcome> {
    let Some(frontends) = checking::frontends(workspace, &command.name, console)? else {
        return Ok(Outcome::Found);
    };
    // First, so that whatever stands in the way is told before minutes of building.
    let models: Vec<&Model> = frontends.iter().map(|frontend| &frontend.model).collect();
    let mut stage = Stage::new(command.manner.latency.clone(), command.manner.fail);
    let stand_ins = StandIns::of(workspace, &models, Real::Trusted, &mut stage)?;
    let places = Places::new(command.port_base);
    generate::bring_up_to_date(workspace, &frontends, console)?;
    let mut parts = Vec::new();
    for frontend in frontends {
        console.step("Building", &format!("{}-bff", frontend.model.name));
        let binary = cargo::build(workspace, &frontend.model, Profile::Release, console)?;
        parts.push(Part {
            model: frontend.model,
            binary,
        });
    }
    let mut system = System::new(stage, stand_ins, parts);
    block_on(async {
        let stopped = if command.smoke {
            Outcome::Found
        } else {
            Outcome::Good
        };
        let outcome = tokio::select! {
            // First, so that it is listened for before there is anything to end.
            biased;
            () = interrupted() => Ok(stopped),
            outcome = serve(&mut system, workspace, places, command.smoke, console) => outcome,
        };
        system.end().await;
        outcome
    })?
}

/// Runs the system until a part stops, or the requests are made.
async fn serve(
    system: &mut System,
    workspace: &Workspace,
    places: Places,
    smoke: bool,
    console: Console,
) -> Result<Outcome> {
    system.start(workspace, places, console).await?;
    if smoke {
        let right = system.smoke(console).await?;
        return Ok(if right { Outcome::Good } else { Outcome::Found });
    }
    system.show_requests(console);
    console.say("\nCtrl-C ends everything.");
    Err(system.stopped().await)
}
