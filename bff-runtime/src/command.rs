//! What a generated `main` runs: arguments and environment in, an exit code out.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::cores::{self, Cores};
use crate::listener::admission as listener;
use crate::log;
use crate::plan::Bff;
use crate::server::{DRAIN, Running, Server, Settings};
use crate::text::{StartError, Variables};

/// Runs a gateway until it is told to stop.
///
/// `--check` validates the environment and exits; `--ready` asks the gateway that runs in it whether it is ready; `--help` and
/// `--version` say what they say. The environment's
/// `BFF_LISTEN` (`127.0.0.1:8080`), `BFF_ADMIN_LISTEN` (`127.0.0.1:9080`), `BFF_THREADS` (one for each core) and `BFF_LOG`
/// (`info`) hold for every gateway, as do `BFF_DRAIN_DELAY` and `BFF_DRAIN_TIMEOUT`, the two parts of its end.
#[must_use]
pub fn main(bff: &'static Bff) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, None) => told(bff, run(bff)),
        (Some("--check"), None) => told(bff, Server::check(bff, Variables::Process)),
        (Some("--ready"), None) => told(bff, ready(&admin())),
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
         Usage: {name}-bff [--check | --ready | --help | --version]\n\n\
         --check  validates the environment and exits\n  \
         --ready  asks the gateway that runs in this environment whether it is ready, and exits\n\n\
         Environment:\n  \
         BFF_LISTEN        where to listen (127.0.0.1:8080)\n  \
         BFF_ADMIN_LISTEN  where operators find /healthz, /readyz, /metrics, /openapi.yaml (127.0.0.1:9080)\n  \
         BFF_THREADS       how many threads serve (one for each core)\n  \
         BFF_LOG           what to log, as in `info` or `warn,access=off` (info)\n  \
         BFF_DRAIN_DELAY   from SIGTERM, and /readyz saying no, to the closing of the port (5s)\n  \
         BFF_DRAIN_TIMEOUT how long requests in flight may take after that (30s)\n  \
         BFF_FILES         a folder in which files the spec names are looked for first\n",
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

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where operators ask.
fn admin() -> String {
    variable("BFF_ADMIN_LISTEN").unwrap_or_else(|| "127.0.0.1:9080".to_owned())
}

/// How long a gateway may take to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the gateway that has its operators' port there, on this machine, whether it is ready: for health checks in containers
/// that hold nothing else to ask with.
fn ready(admin: &str) -> Result<(), StartError> {
    let refused = |why: String| StartError {
        faults: vec![format!("not ready: {why}")],
    };
    let io = |error: std::io::Error| refused(format!("{admin}: {error}"));
    let mut addresses = admin.to_socket_addrs().map_err(io)?;
    let mut address = addresses
        .next()
        .ok_or_else(|| refused(format!("{admin} is no address")))?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(io)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(io)?;
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .map_err(io)?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).map_err(io)?;
    match &head {
        b"HTTP/1.1 200" => Ok(()),
        other => Err(refused(String::from_utf8_lossy(other).into_owned())),
    }
}

fn run(bff: &'static Bff) -> Result<(), StartError> {
    let refused = |words| StartError {
        faults: vec![words],
    };
    log::install(variable("BFF_LOG").as_deref()).map_err(refused)?;
    let threads = threads(variable("BFF_THREADS").as_deref()).map_err(refused)?;
    let drain = |name: &str, usual| match variable(name) {
        Some(said) => duration(name, &said).map_err(refused),
        None => Ok(usual),
    };
    let drain = Drain {
        delay: drain("BFF_DRAIN_DELAY", DELAY)?,
        timeout: drain("BFF_DRAIN_TIMEOUT", DRAIN)?,
    };
    listener::raise_files();
    let settings = Settings {
        listen: variable("BFF_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
        admin: admin(),
        variables: Variables::Process,
    };
    let runtime = cores::runtime().map_err(|error| refused(format!("no runtime: {error}")))?;
    let ended = runtime.block_on(async {
        let cores = Arc::new(Cores::start(threads));
        let running = Server::start_on(cores, bff, settings).await?;
        serve(bff, running, drain).await;
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

async fn serve(bff: &Bff, running: Running, drain: Drain) {
    let scheme = bff.server.tls.map_or("http", |_| "https");
    eprintln!(
        "{}-bff: listening on {scheme}://{}, admin on http://{}",
        bff.name, running.addr, running.admin_addr
    );
    let asked = stop_signal().await;
    eprintln!("{}-bff: stopping", bff.name);
    if asked == Asked::ToEnd && !drain.delay.is_zero() {
        running.announce();
        // Who asks again is in a hurry.
        let _ = tokio::time::timeout(drain.delay, stop_signal()).await;
    }
    running.shutdown_within(drain.timeout).await;
}

/// How a gateway ends.
struct Drain {
    /// From SIGTERM to the closing of the port.
    delay: Duration,
    /// For requests in flight after that.
    timeout: Duration,
}

/// Long enough for whoever balances the load to ask `/readyz` twice.
const DELAY: Duration = Duration::from_secs(5);

/// `500ms`, `5s`, `2min`, or a bare `0`.
fn duration(name: &str, said: &str) -> Result<Duration, String> {
    let digits = said.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = said.strip_prefix(digits).unwrap_or_default();
    let millis = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "min" => Some(60_000),
        "" if digits == "0" => Some(0),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    number
        .zip(millis)
        .and_then(|(number, millis)| number.checked_mul(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{name}: `{said}` is no time such as 500ms, 5s or 2min"))
}

/// What a process was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// By who runs it: SIGTERM.
    ToEnd,
    /// From the keyboard: SIGINT.
    ToEndNow,
}

/// Waits for SIGTERM or SIGINT.
async fn stop_signal() -> Asked {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => Asked::ToEndNow,
                _ = terminate.recv() => Asked::ToEnd,
            }
        }
        Err(_) => {
            drop(interrupt.await);
            Asked::ToEndNow
        }
    }
    #[cfg(not(unix))]
    {
        drop(interrupt.await);
        Asked::ToEndNow
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times() {
        for (said, millis) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("5s", 5000),
            ("2min", 120_000),
        ] {
            assert_eq!(duration("X", said), Ok(Duration::from_millis(millis)));
        }
        for wrong in [
            "",
            "5",
            "s",
            "-1s",
            "5 s",
            "1h",
            "5S",
            "99999999999999999999s",
        ] {
            let words = format!("X: `{wrong}` is no time such as 500ms, 5s or 2min");
            assert_eq!(duration("X", wrong), Err(words));
        }
    }

    #[test]
    fn readiness_is_asked_of_the_operators_port() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Ok(())),
            (
                "HTTP/1.1 503 Service Unavailable\r\n\r\n",
                Err("not ready: HTTP/1.1 503"),
            ),
        ] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let answering = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut asked = [0; 11];
                stream.read_exact(&mut asked).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                asked
            });
            let found = ready(&format!("0.0.0.0:{port}")).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned));
            assert_eq!(&answering.join().unwrap(), b"GET /readyz");
        }
        assert!(ready("nowhere").is_err());
    }

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
