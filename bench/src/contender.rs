//! A gateway that is compared with others: what it does, and how it is started.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::build::Source;
use crate::process::Process;
use crate::run::Settings;
use crate::upstream::Upstreams;
use crate::workload::{Question, Workload};

/// Where free ports are looked for: below those the kernel chooses from.
const LOWEST_PORT: u16 = 18_000;

/// A gateway.
pub(crate) struct Contender {
    /// Its name in results, and on the command line.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) about: &'static str,
    /// Where it comes from.
    pub(crate) source: Source,
    /// The workloads it is set up for.
    pub(crate) does: &'static [Does],
    /// What its environment holds, and its configuration names.
    pub(crate) environment: fn(&Places) -> Vec<(&'static str, String)>,
}

/// A workload that a contender is set up for.
pub(crate) enum Does {
    /// All of it.
    All(&'static str),
    /// As much as it can express.
    Part {
        /// The workload's name.
        workload: &'static str,
        /// What is asked, and what is right then.
        questions: fn() -> Vec<Question>,
        /// What it does otherwise, or leaves out.
        otherwise: &'static str,
    },
}

impl Does {
    fn name(&self) -> &'static str {
        match self {
            Does::All(name) | Does::Part { workload: name, .. } => name,
        }
    }
}

/// What a contender is told when it starts.
pub(crate) struct Places<'a> {
    /// Where to serve.
    pub(crate) listen: SocketAddr,
    /// Where to serve operators, for one that does so apart.
    pub(crate) admin: SocketAddr,
    /// Whom to call.
    pub(crate) upstreams: &'a Upstreams,
    /// Whether tokens are to be verified.
    pub(crate) guarded: bool,
}

/// A contender that has been built.
pub(crate) struct Ready {
    /// Which one.
    pub(crate) contender: &'static Contender,
    /// What it is asked, without tokens.
    questions: fn() -> Vec<Question>,
    guarded: bool,
    program: PathBuf,
    root: PathBuf,
    /// What it writes to standard error; the last start's.
    log: PathBuf,
}

/// A contender at work, until this is dropped.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) process: Process,
}

impl Contender {
    /// How much of a workload it does.
    pub(crate) fn does(&self, workload: &Workload) -> Option<&'static Does> {
        self.does.iter().find(|does| does.name() == workload.name)
    }

    /// What it does otherwise than the others, in words.
    pub(crate) fn otherwise(&self, workload: &Workload) -> Option<&'static str> {
        match self.does(workload)? {
            Does::All(_) => None,
            Does::Part { otherwise, .. } => Some(otherwise),
        }
    }

    /// Builds it for a workload, or takes the program the settings name, or one that was built from the same source.
    pub(crate) fn ready(
        &'static self,
        root: &Path,
        workload: &Workload,
        settings: &Settings,
        built: &[Ready],
    ) -> anyhow::Result<Ready> {
        let same = |ready: &&Ready| ready.contender.source == self.source;
        let program = match settings.program.iter().find(|(name, _)| name == self.name) {
            Some((_, path)) => path.clone(),
            None => match built.iter().find(same) {
                Some(ready) => ready.program.clone(),
                None => {
                    let Settings {
                        profile, install, ..
                    } = settings;
                    self.source
                        .build(root, workload.guarded, profile, *install)?
                }
            },
        };
        let logs = root.join("target/bench");
        fs::create_dir_all(&logs)?;
        Ok(Ready {
            contender: self,
            questions: match self.does(workload) {
                Some(Does::Part { questions, .. }) => *questions,
                Some(Does::All(_)) | None => workload.questions,
            },
            guarded: workload.guarded,
            program,
            root: root.to_owned(),
            log: logs.join(self.name).with_extension("log"),
        })
    }
}

impl Ready {
    /// Its program.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// What it is asked.
    pub(crate) fn questions(&self, upstreams: &Upstreams) -> Rc<[Question]> {
        let questions = (self.questions)();
        if self.guarded {
            upstreams.authorize(questions).into()
        } else {
            questions.into()
        }
    }

    /// Starts it, and waits until it takes connections.
    pub(crate) async fn start(&self, upstreams: &Upstreams) -> anyhow::Result<Running> {
        self.start_under(&[], upstreams).await
    }

    /// Starts it under a program that watches it.
    pub(crate) async fn start_under(
        &self,
        under: &[&str],
        upstreams: &Upstreams,
    ) -> anyhow::Result<Running> {
        let (listen, admin) = free_addresses().await?;
        let places = Places {
            listen,
            admin,
            upstreams,
            guarded: self.guarded,
        };
        let mut command = match under {
            [] => Command::new(&self.program),
            [watcher, arguments @ ..] => {
                let mut command = Command::new(watcher);
                command.args(arguments).arg(&self.program);
                command
            }
        };
        let values = (self.contender.environment)(&places);
        if let Source::Installed(installed) = self.contender.source {
            let name = self.contender.name;
            command.args(installed.configure(&self.root, name, &values)?);
        }
        command.env_clear().envs(values);
        launch(command, listen, &self.log).await
    }
}

/// Starts a gateway that will listen here, with what it complains of in a log, and waits until it takes connections.
pub(crate) async fn launch(
    mut command: Command,
    listen: SocketAddr,
    log: &Path,
) -> anyhow::Result<Running> {
    let child = command
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log)?)
        .spawn()
        .with_context(|| format!("{} didn't start", command.get_program().display()))?;
    let mut process = Process::of(child);
    let patience = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(listen).await.is_err() {
        if let Some(status) = process.ended()? {
            let complaint = fs::read_to_string(log).unwrap_or_default();
            let complaint = complaint.trim().lines().last().unwrap_or_default().trim();
            bail!("it ended before it listened ({status}): {complaint}");
        }
        if Instant::now() > patience {
            bail!("it didn't listen on {listen} within thirty seconds");
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(Running {
        address: listen,
        process,
    })
}

/// Two ports nobody listens on.
pub(crate) async fn free_addresses() -> anyhow::Result<(SocketAddr, SocketAddr)> {
    match free(2).await?[..] {
        [listen, admin] => Ok((listen, admin)),
        _ => bail!("no port is free"),
    }
}

/// Ports nobody listens on, and that the kernel doesn't hand out meanwhile to whoever asks for any.
pub(crate) async fn free(count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    let (mut free, mut port) = (Vec::new(), LOWEST_PORT);
    while free.len() < count {
        port = port.checked_add(1).context("no port is free")?;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            free.push(listener.local_addr()?);
        }
    }
    Ok(free)
}
