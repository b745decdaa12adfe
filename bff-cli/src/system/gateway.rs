//! A gateway as a child process: started on free ports, ready, ended.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::console::Console;
use crate::failure::{Failure, Result, plain};
use crate::ports;
use crate::upstreams::LOOPBACK;

/// How long a gateway may take to be ready.
const READY: Duration = Duration::from_secs(30);
/// How long it may take to end what it is doing.
const END: Duration = Duration::from_secs(5);

/// Where gateways listen: the public ports in a row, the operators' ports in a row a thousand above.
#[derive(Debug)]
pub(crate) struct Places {
    /// Where the row starts, if somebody said so: then a port that is taken is an error.
    base: Option<u16>,
    given: Vec<SocketAddr>,
    /// Whose they are: who comes back finds them again.
    known: BTreeMap<String, [SocketAddr; 2]>,
}

impl Places {
    /// From this port on, or else on the first free ones from 8080 on.
    pub(crate) fn new(base: Option<u16>) -> Places {
        Places {
            base,
            given: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// The next gateway's socket, and that for its operators. A child can listen there once they are closed.
    pub(crate) fn next(&mut self, name: &str) -> Result<(TcpListener, TcpListener)> {
        if let Some([public, admin]) = self.known.get(name)
            && let (Ok(public), Ok(admin)) = (TcpListener::bind(public), TcpListener::bind(admin))
        {
            return Ok((public, admin));
        }
        let number = u16::try_from(self.given.len() / 2).unwrap_or(u16::MAX);
        let mut place = |first: u16| -> Result<TcpListener> {
            let listener = match self.base {
                None => ports::free(LOOPBACK, first, name, &self.given)?,
                Some(base) => {
                    let port = base
                        .checked_add(first - 8080)
                        .and_then(|port| port.checked_add(number));
                    let port = port.ok_or_else(|| {
                        Failure::new(format!("no port is left for {name} above {base}"))
                            .remedy("name a lower --port-base")
                    })?;
                    let remedy = "stop what listens there, or name another --port-base";
                    ports::listen(LOOPBACK, port, name, remedy)?
                }
            };
            self.given.push(ports::address(&listener)?);
            Ok(listener)
        };
        let (public, admin) = (place(8080)?, place(9080)?);
        let addresses = [ports::address(&public)?, ports::address(&admin)?];
        self.known.insert(name.to_owned(), addresses);
        Ok((public, admin))
    }
}

/// A gateway that runs. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Gateway {
    name: String,
    address: SocketAddr,
    admin: SocketAddr,
    secured: bool,
    child: Child,
}

impl Gateway {
    /// Starts a binary at these addresses; it is `secured` if it speaks TLS.
    pub(crate) fn start(
        name: &str,
        binary: &Path,
        environment: &BTreeMap<String, String>,
        address: SocketAddr,
        admin: SocketAddr,
        secured: bool,
    ) -> Result<Gateway> {
        let mut command = Command::new(binary);
        command
            .envs(environment)
            .env("BFF_LISTEN", address.to_string())
            .env("BFF_ADMIN_LISTEN", admin.to_string())
            .env("BFF_DRAIN_DELAY", "0")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if crate::environment::process("BFF_LOG").is_none() {
            command.env("BFF_LOG", "warn");
        }
        let child = command.spawn().map_err(|error| {
            Failure::new(format!(
                "cannot run {}: {}",
                binary.display(),
                plain(&error)
            ))
        })?;
        Ok(Gateway {
            name: name.to_owned(),
            address,
            admin,
            secured,
            child,
        })
    }

    /// Where it listens, and where for its operators.
    pub(crate) fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.address, self.admin)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.secured { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where its operators look.
    pub(crate) fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn wait_until_ready(&mut self, console: Console) -> Result<()> {
        let bar = if console.terminal() && !console.quiet() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(format!("waiting for {}", self.name));
        let client = client()?;
        let url = format!("{}/readyz", self.admin_url());
        let deadline = Instant::now() + READY;
        let ready = loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                break Err(self.ended(status));
            }
            if client
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                break Ok(());
            }
            if Instant::now() > deadline {
                break Err(Failure::new(format!(
                    "{} was not ready within {} s",
                    self.name,
                    READY.as_secs()
                ))
                .remedy(format!(
                    "set BFF_LOG=debug to see what it waits for; {url} says when it is"
                )));
            }
            bar.tick();
            sleep(Duration::from_millis(50)).await;
        };
        bar.finish_and_clear();
        ready
    }

    /// Returns when it ends by itself.
    pub(crate) async fn stopped(&mut self) -> Failure {
        match self.child.wait().await {
            Ok(status) => self.ended(status),
            Err(error) => Failure::new(format!("cannot watch {}: {}", self.name, plain(&error))),
        }
    }

    /// Ends it: asked to, it may finish what it is doing; if that takes too long, it is killed.
    pub(crate) async fn end(&mut self) {
        if self.ask_to_end() && timeout(END, self.child.wait()).await.is_ok() {
            return;
        }
        // An error says that it has ended by itself in between.
        let _ = self.child.kill().await;
    }

    #[cfg(unix)]
    fn ask_to_end(&self) -> bool {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok())
    }

    #[cfg(not(unix))]
    fn ask_to_end(&self) -> bool {
        false
    }

    fn ended(&self, status: std::process::ExitStatus) -> Failure {
        Failure::new(format!(
            "{}-bff stopped ({status}); what it says is above",
            self.name
        ))
    }
}

/// A client that asks loopback and nobody else.
pub(super) fn client() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        // Whatever certificate a gateway of ours shows, it is a gateway of ours.
        .tls_danger_accept_invalid_certs(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| Failure::new(format!("cannot make requests: {error}")))
}
