//! What a generated `main` runs: arguments and environment in, an exit code out.

use std::process::ExitCode;

use crate::log;
use crate::plan::Bff;
use crate::server::{Running, Server, Settings};
use crate::text::{StartError, Variables};

/// Runs a gateway until it is told to stop.
///
/// `--check` validates the environment and exits; `--help` and `--version` say what they say. The environment's
/// `BFF_LISTEN` (`127.0.0.1:8080`), `BFF_ADMIN_LISTEN` (`127.0.0.1:9080`) and `BFF_LOG` (`info`) hold for every gateway.
#[must_use]
pub fn main(bff: &'static Bff) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => run(bff),
        (Some("--check"), None) => match Server::check(bff, Variables::Process) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refuse(bff, &error),
        },
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

fn refuse(bff: &Bff, error: &StartError) -> ExitCode {
    for fault in &error.faults {
        eprintln!("{}-bff: {fault}", bff.name);
    }
    ExitCode::FAILURE
}

fn run(bff: &'static Bff) -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Err(words) = log::install(variable("BFF_LOG").as_deref()) {
        return refuse(
            bff,
            &StartError {
                faults: vec![words],
            },
        );
    }
    let settings = Settings {
        listen: variable("BFF_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
        admin: variable("BFF_ADMIN_LISTEN").unwrap_or_else(|| "127.0.0.1:9080".to_owned()),
        variables: Variables::Process,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return refuse(
                bff,
                &StartError {
                    faults: vec![format!("no runtime: {error}")],
                },
            );
        }
    };
    let code = runtime.block_on(async {
        match Server::start(bff, settings).await {
            Ok(running) => serve(bff, running).await,
            Err(error) => refuse(bff, &error),
        }
    });
    // What no request waits for any more (a slow look-up of a name) must not hold up the end.
    runtime.shutdown_background();
    log::flush();
    code
}

async fn serve(bff: &Bff, running: Running) -> ExitCode {
    eprintln!(
        "{}-bff: listening on http://{}, admin on http://{}",
        bff.name, running.addr, running.admin_addr
    );
    stop_signal().await;
    eprintln!("{}-bff: stopping", bff.name);
    running.shutdown().await;
    ExitCode::SUCCESS
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
