//! Frontends that only cargo can make: built, started and ready, beside everything else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use bff_spec::model::Model;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::notice::Notice;
use crate::cargo::{self, Profile};
use crate::console::Console;
use crate::failure::{Failure, Result, plain};
use crate::ports;
use crate::system::Gateway;
use crate::upstreams::LOOPBACK;
use crate::workspace::Workspace;

/// Builds that go on.
#[derive(Debug, Default)]
pub(super) struct Builds(JoinSet<Option<Built>>);

/// What came of a build.
#[derive(Debug)]
pub(super) struct Built {
    /// The spec's path.
    pub(super) spec: String,
    /// Which of the frontend's builds it was.
    pub(super) number: u64,
    /// A gateway that is ready, or what to say.
    pub(super) outcome: std::result::Result<Gateway, Notice>,
}

/// What to build.
#[derive(Debug)]
pub(super) struct Order {
    /// The workspace.
    pub(super) workspace: Workspace,
    /// The frontend.
    pub(super) model: Arc<Model>,
    /// The gateway's variables besides those that are set.
    pub(super) environment: BTreeMap<String, String>,
    /// Which of the frontend's builds it is.
    pub(super) number: u64,
    /// Where it says what it does.
    pub(super) console: Console,
}

impl Builds {
    /// Builds a frontend, until what this gives is dropped: then cargo and the gateway end.
    pub(super) fn start(&mut self, order: Order) -> oneshot::Sender<()> {
        let (wanted, unwanted) = oneshot::channel();
        self.0.spawn(async move {
            let mut at = At::default();
            let outcome = tokio::select! {
                outcome = order.make(&mut at) => Some(outcome),
                _ = unwanted => None,
            };
            let Some(outcome) = outcome else {
                at.end().await;
                return None;
            };
            Some(Built {
                spec: order.model.file.clone(),
                number: order.number,
                outcome: outcome.and_then(|()| at.gateway.ok_or_else(|| Notice::of("no gateway"))),
            })
        });
        wanted
    }

    /// The next one that is done; never, if there is none.
    pub(super) async fn next(&mut self) -> Built {
        loop {
            match self.0.join_next().await {
                Some(Ok(Some(built))) => return built,
                // Another one has taken its place.
                Some(_) => {}
                None => return std::future::pending().await,
            }
        }
    }

    /// Returns once all have ended; none is wanted any more.
    pub(super) async fn ended(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// What runs for a build.
#[derive(Default)]
struct At {
    cargo: Option<Group>,
    gateway: Option<Gateway>,
}

impl At {
    async fn end(self) {
        if let Some(mut cargo) = self.cargo {
            cargo.end();
            // An error says that it has ended already.
            let _ = cargo.0.wait().await;
        }
        if let Some(mut gateway) = self.gateway {
            gateway.end().await;
        }
    }
}

impl Order {
    async fn make(&self, at: &mut At) -> std::result::Result<(), Notice> {
        let mut said = Vec::new();
        let made = match self.build(at, &mut said).await {
            Ok(binary) => {
                said.clear();
                self.start(at, &binary).await
            }
            Err(failure) => Err(failure),
        };
        made.map_err(|failure| {
            self.console.failure(&failure);
            Notice::failed(&failure).with(said.join("\n"))
        })
    }

    async fn build(&self, at: &mut At, said: &mut Vec<String>) -> Result<PathBuf> {
        let mut command =
            cargo::building(&self.workspace, &self.model, Profile::Release, self.console)?;
        let color = if self.console.color() {
            "always"
        } else {
            "never"
        };
        command
            .env("CARGO_TERM_COLOR", color)
            .stderr(Stdio::piped());
        let cargo = at.cargo.insert(Group::spawn(command)?);
        let package = cargo::package(&self.model);
        let mut binary = None;
        let messages = lines(cargo.0.stdout.take(), |line| {
            binary = cargo::executable(&line, &package).or(binary.take());
        });
        let words = lines(cargo.0.stderr.take(), |line| {
            self.console.show(&line);
            said.push(plain_text(&line));
        });
        tokio::join!(messages, words);
        let status = cargo.0.wait().await;
        at.cargo = None;
        let status = status
            .map_err(|error| Failure::new(format!("cannot wait for cargo: {}", plain(&error))))?;
        cargo::ended(status, binary, &package)
    }

    async fn start(&self, at: &mut At, binary: &Path) -> Result<()> {
        let name = &self.model.name;
        let address = ports::any(LOOPBACK, name)?;
        let admin = ports::any(LOOPBACK, name)?;
        // How it is asked, whoever stands in front of it says.
        let gateway = Gateway::start(name, binary, &self.environment, address, admin, false)?;
        let gateway = at.gateway.insert(gateway);
        gateway.wait_until_ready(self.console).await
    }
}

/// A process and those it starts. Dropped, they end.
struct Group(Child);

impl Group {
    fn spawn(command: std::process::Command) -> Result<Group> {
        let mut command = Command::from(command);
        command.kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        command
            .spawn()
            .map(Group)
            .map_err(|error| cargo::not_run(&error))
    }

    #[cfg(unix)]
    fn end(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // An error says that nobody is left.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    #[cfg(not(unix))]
    fn end(&mut self) {
        let _ = self.0.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

async fn lines(from: Option<impl AsyncRead + Unpin>, mut each: impl FnMut(String)) {
    let Some(from) = from else {
        return;
    };
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        each(line);
    }
}

/// A line without what colours it.
fn plain_text(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out() {
        for (line, expected) in [
            ("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: no", "error: no"),
            ("plain", "plain"),
            ("cut\u{1b}[1", "cut"),
        ] {
            assert_eq!(plain_text(line), expected);
        }
    }
}
