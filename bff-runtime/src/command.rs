//! What a generated `main` runs: arguments and environment in, an exit code out.

use std::process::ExitCode;
use std::sync::Arc;

use crate::cores::{self, Cores};
use crate::log;
use crate::plan::Bff;
use crate::server::{Running, Server, Settings};
use crate::text::{StartError, Variables};

/// Runs a gateway until it is told to stop.
///
/// `--check` validates the environment and exits; `--help` and `--version` say what they say. The environment's
/// `BFF_LISTEN` (`127.0.0.1:8080`), `BFF_ADMIN_LISTEN` (`127.0.0.1:9080`), `BFF_THREADS` (one for each core) and `BFF_LOG`
/// (`info`) hold for every gateway.
#[must_use]
pub fn main(bff: &'static Bff) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => told(bff, run(bff)),
        (Some("--check"), None) => told(bff, Server::check(bff, Variables::Process)),
        (Some("--help" | "-h"), None) => {
            print!("{}", help(bff));
            ExitCode::SUCCESS
        }
        (Some("--version" | "-V"), None) => {
            println!("{}-bff {}", bff.name, env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        (Some(other), _) => {
            eprintln!(
                "{}-bff: unknown argument `{other}`\n\n{}",
                bff.name,
                help(bff)
            );
            ExitCode::from(2)
        }
        (None, Some(_)) => ExitCode::from(2),
    }
}

fn help(bff: &Bff) -> String {
    let mut text = format!(
        "{name}-bff {version}: the gateway of {spec}\n\n\
         Usage: {name}-bff [--check | --help | --version]\n\n\
         Environment:\n  \
         BFF_LISTEN        where to listen (127.0.0.1:8080)\n  \
         BFF_ADMIN_LISTEN  where operators find /healthz, /readyz, /metrics, /openapi.yaml (127.0.0.1:9080)\n  \
         BFF_THREADS       how many threads serve (one for each core)\n  \
         BFF_LOG           what to log, as in `info` or `warn,access=off` (info)\n",
        name = bff.name,
        version = env!("CARGO_PKG_VERSION"),
        spec = bff.spec,
    );
    for variable in bff.variables {
        let note = match (variable.default, variable.secret) {
            (Some(default), false) => format!(" ({default})"),
            (Some(_), true) => " (secret, has a default)".to_owned(),
            (None, true) => " (secret, required)".to_owned(),
            (None, false) => " (required)".to_owned(),
        };
        text.push_str(&format!("  {}{note}\n", variable.name));
    }
    text
}

/// Success, or every reason why not.
fn told(bff: &Bff, outcome: Result<(), StartError>) -> ExitCode {
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    for fault in &error.faults {
        eprintln!("{}-bff: {fault}", bff.name);
    }
    ExitCode::FAILURE
}

fn run(bff: &'static Bff) -> Result<(), StartError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let refused = |words| StartError {
        faults: vec![words],
    };
    log::install(variable("BFF_LOG").as_deref()).map_err(refused)?;
    let threads = threads(variable("BFF_THREADS").as_deref()).map_err(refused)?;
    let settings = Settings {
        listen: variable("BFF_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
        admin: variable("BFF_ADMIN_LISTEN").unwrap_or_else(|| "127.0.0.1:9080".to_owned()),
        variables: Variables::Process,
    };
    let runtime = cores::runtime().map_err(|error| refused(format!("no runtime: {error}")))?;
    let ended = runtime.block_on(async {
        let cores = Arc::new(Cores::start(threads));
        let running = Server::start_on(cores, bff, settings).await?;
        serve(bff, running).await;
        Ok(())
    });
    // What no request waits for any more (a slow look-up of a name) must not hold up the end.
    runtime.shutdown_background();
    log::flush();
    ended
}

/// How many threads serve.
fn threads(said: Option<&str>) -> Result<usize, String> {
    let Some(said) = said else {
        return Ok(std::thread::available_parallelism().map_or(1, usize::from));
    };
    let count = said.parse().ok();
    count
        .filter(|count| (1..=cores::MOST).contains(count))
        .ok_or_else(|| {
            format!(
                "BFF_THREADS: `{said}` is no number from 1 to {}",
                cores::MOST
            )
        })
}

async fn serve(bff: &Bff, running: Running) {
    eprintln!(
        "{}-bff: listening on http://{}, admin on http://{}",
        bff.name, running.addr, running.admin_addr
    );
    stop_signal().await;
    eprintln!("{}-bff: stopping", bff.name);
    running.shutdown().await;
}

/// Waits for SIGTERM or SIGINT.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_threads_is_taken_at_its_word() {
        for (said, count) in [("1", Some(1)), ("16", Some(16)), ("256", Some(256))] {
            assert_eq!(threads(Some(said)).ok(), count);
        }
        for wrong in ["0", "257", "-1", "two"] {
            let words = threads(Some(wrong)).err();
            assert_eq!(
                words,
                Some(format!("BFF_THREADS: `{wrong}` is no number from 1 to 256"))
            );
        }
        assert!(threads(None).is_ok_and(|count| count > 0));
    }
}
