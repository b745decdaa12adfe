//! `bff mock`: upstreams served from their contracts' examples until Ctrl-C.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::arguments::Mock;
use crate::checking;
use crate::commands::{Outcome, block_on, interrupted};
use crate::console::{Console, Tone, count};
use crate::failure::{Failure, Result, plain};
use crate::mock::{Manner, Mounted, RESET, serve};
use crate::ports;
use crate::upstreams::{self, Upstream};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, command: &Mock, console: Console) -> Result<Outcome> {
    let Some(frontends) = checking::frontends(workspace, &[], console)? else {
        return Ok(Outcome::Found);
    };
    let chosen = choose(
        upstreams::of(frontends.iter().map(|frontend| &frontend.model)),
        &command.upstream,
    )?;
    block_on(async {
        tokio::select! {
            // First, so that it is listened for before anything says that it is.
            biased;
            () = interrupted() => Ok(Outcome::Good),
            outcome = serve_all(workspace, &chosen, command, console) => outcome,
        }
    })?
}

async fn serve_all(
    workspace: &Workspace,
    chosen: &[Upstream],
    command: &Mock,
    console: Console,
) -> Result<Outcome> {
    let mut servers = JoinSet::new();
    let width = chosen
        .iter()
        .map(|upstream| upstream.name.len())
        .max()
        .unwrap_or(0);
    for (at, upstream) in (0_u16..).zip(chosen) {
        let (mock, _) = upstream.mock(workspace)?;
        let site = upstream.site();
        let port = match command.port_base {
            Some(base) => base.checked_add(at).ok_or_else(|| {
                Failure::new(format!(
                    "no port is left for upstream `{}` above {base}",
                    upstream.name
                ))
                .remedy("name a lower --port-base")
            })?,
            None => site.port.unwrap_or(0),
        };
        let what = format!("upstream `{}`", upstream.name);
        let remedy = "stop what listens there, or name other ports with --port-base PORT";
        let listener = ports::listen(command.listen, port, &what, remedy)?;
        console.result(&format!(
            "{:width$}  http://{}{}  {} ({})",
            upstream.name,
            ports::address(&listener)?,
            site.base,
            upstream.contract,
            count(mock.len(), "operation"),
        ));
        let name = console.paint(Tone::Name, &upstream.name);
        let log = Arc::new(move |method: &str, path: &str, status: u16| {
            console.say(&format!("{name} {method} {path} {status}"));
        });
        let listener = ports::into_tokio(listener)?;
        let mounted = Mounted::new(mock, &site.base);
        let manner = Manner::new(command.manner.latency.clone(), command.manner.fail);
        servers.spawn(serve(listener, mounted, manner, log));
    }
    console.say(&format!(
        "A POST to {RESET} forgets what was written. Ctrl-C ends them."
    ));
    Err(match servers.join_next().await {
        Some(Ok(Err(error))) => Failure::new(format!("a mock stopped: {}", plain(&error))),
        _ => Failure::new("a mock stopped"),
    })
}

fn choose(all: Vec<Upstream>, names: &[String]) -> Result<Vec<Upstream>> {
    let known: Vec<String> = all.iter().map(|upstream| upstream.name.clone()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(Failure::new(format!("no upstream is named `{unknown}`"))
            .remedy(format!("upstreams that an endpoint uses: {known}")));
    }
    if all.is_empty() {
        return Err(Failure::new(
            "no endpoint uses an upstream, so there is none to mock",
        ));
    }
    Ok(all
        .into_iter()
        .filter(|upstream| names.is_empty() || names.contains(&upstream.name))
        .collect())
}
