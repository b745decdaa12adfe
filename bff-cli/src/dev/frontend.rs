//! One frontend: its addresses, and the gateway that answers there for the spec as it is now.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bff_codegen::interpret;
use bff_runtime::{Running, Server, Settings};
use bff_spec::model::Model;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::building::{Builds, Built, Order};
use super::front::{Front, State};
use super::notice::Notice;
use crate::checking::Apart;
use crate::commands::generate;
use crate::console::Console;
use crate::environment;
use crate::failure::{Failure, Result};
use crate::system::{FILES, Gateway, StandIns, is_secured};
use crate::upstreams::fingerprint;
use crate::workspace::Workspace;

/// How long what is being answered may take when everything ends.
const END: Duration = Duration::from_secs(5);

/// One frontend.
pub(super) struct Frontend {
    name: String,
    front: Front,
    gateway: Option<Serving>,
    /// Gateways that finish what they are at.
    retired: JoinSet<()>,
    /// Dropped, the build ends.
    building: Option<oneshot::Sender<()>>,
    /// How many builds there were.
    builds: u64,
    /// Another one, and something is to do.
    now: Option<Now>,
    /// Whether it speaks TLS, by its last good spec.
    secured: bool,
}

/// What a frontend is at.
#[derive(Debug, PartialEq)]
enum Now {
    /// Serving what has this fingerprint, or on the way there.
    Serves(u64),
    /// Saying this.
    Says(Arc<Notice>),
}

/// A gateway that runs.
enum Serving {
    /// In this process.
    Here(Running),
    /// In its own.
    Child(Gateway),
}

/// What a turn may use.
pub(super) struct Turn<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) stand_ins: &'a StandIns,
    pub(super) builds: &'a mut Builds,
    pub(super) console: Console,
}

impl Frontend {
    /// Listens on these sockets, and says that it starts.
    pub(super) fn open(name: &str, public: TcpListener, admin: TcpListener) -> Result<Frontend> {
        Ok(Frontend {
            name: name.to_owned(),
            front: Front::open(name, public, admin)?,
            gateway: None,
            retired: JoinSet::new(),
            building: None,
            builds: 0,
            now: None,
            secured: false,
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        let url = self.front.url();
        match self.secured {
            true => url.replacen("http:", "https:", 1),
            false => url,
        }
    }

    /// Where its operators look.
    pub(super) fn admin_url(&self) -> String {
        self.front.admin_url()
    }

    /// Answers from now on as the spec says. What is new, if anything is.
    pub(super) async fn turn(&mut self, apart: &Apart, turn: Turn<'_>) -> Option<String> {
        let Some(frontend) = &apart.frontend else {
            let notice = Notice::findings(&self.name, apart);
            let news = format!("503 to everybody: {}", apart.findings.summary());
            return self.say(notice).then_some(news);
        };
        let model = &frontend.model;
        self.secured = is_secured(model);
        let hook = bff_codegen::hook_functions(model).into_iter().next();
        if hook.is_some() {
            let frontends = std::slice::from_ref(frontend);
            let written = generate::bring_up_to_date(turn.workspace, frontends, turn.console);
            if let Err(failure) = written {
                turn.console.failure(&failure);
                let news = format!("503 to everybody: {}", failure.what);
                return self.say(Notice::failed(&failure)).then_some(news);
            }
        }
        let values = values(model, turn.stand_ins);
        let mut hasher = DefaultHasher::new();
        (fingerprint(&apart.sources), &values).hash(&mut hasher);
        if hook.is_some() {
            let hooks = turn.workspace.path(&hooks(&self.name));
            std::fs::read(hooks).ok().hash(&mut hasher);
        }
        let now = Now::Serves(hasher.finish());
        if self.now.as_ref() == Some(&now) {
            return None;
        }
        self.building = None;
        let news = match hook {
            None => match here(model, values).await {
                Ok(running) => {
                    self.front.set(State::Up(running.addr, running.admin_addr));
                    self.retire();
                    self.gateway = Some(Serving::Here(running));
                    "answers".to_owned()
                }
                Err(notice) => {
                    let news = format!("503 to everybody: {}", notice.detail());
                    return self.say(notice).then_some(news);
                }
            },
            Some(hook) => {
                let why = format!("`{}` goes through a function of hooks.rs", hook.endpoint);
                let notice = Notice::of(format!("{} is being built: {why}", self.name));
                self.front.set(State::Starting(Arc::new(notice)));
                self.retire();
                self.builds += 1;
                self.building = Some(turn.builds.start(Order {
                    workspace: turn.workspace.clone(),
                    model: Arc::new(model.clone()),
                    environment: turn.stand_ins.environment.clone(),
                    number: self.builds,
                    console: turn.console,
                }));
                format!("is being built, since {why}; requests wait")
            }
        };
        self.now = Some(now);
        Some(news)
    }

    /// Takes what came of a build, if it is the last one. What is new, if anything is.
    pub(super) fn built(&mut self, built: Built) -> Option<String> {
        if built.number != self.builds || self.building.take().is_none() {
            return None;
        }
        match built.outcome {
            Ok(gateway) => {
                let (address, admin) = gateway.addresses();
                self.front.set(State::Up(address, admin));
                self.gateway = Some(Serving::Child(gateway));
                Some("answers".to_owned())
            }
            Err(notice) => {
                let news = format!("503 to everybody: {}", notice.detail());
                self.say(notice).then_some(news)
            }
        }
    }

    /// Says this instead of answering. Whether that is new.
    pub(super) fn say(&mut self, notice: Notice) -> bool {
        let notice = Arc::new(notice);
        self.building = None;
        self.retire();
        self.front.set(State::Broken(Arc::clone(&notice)));
        let now = Some(Now::Says(notice));
        let new = self.now != now;
        self.now = now;
        new
    }

    /// Lets the gateway finish what it is at; nobody is sent there any more.
    fn retire(&mut self) {
        while self.retired.try_join_next().is_some() {}
        match self.gateway.take() {
            Some(Serving::Here(running)) => {
                self.retired.spawn(running.shutdown());
            }
            Some(Serving::Child(mut gateway)) => {
                self.retired.spawn(async move { gateway.end().await });
            }
            None => {}
        }
    }

    /// Listens no more, and ends.
    pub(super) async fn close(&mut self) {
        self.front.close().await;
        self.end().await;
    }

    /// Ends it; what is being answered may finish.
    pub(super) async fn end(&mut self) {
        self.building = None;
        self.retire();
        let finished = async { while self.retired.join_next().await.is_some() {} };
        // Then what is left is dropped.
        let _ = timeout(END, finished).await;
    }
}

/// Returns when a frontend's process ends by itself: the spec's path, and how it ended. Nobody is sent there any more.
pub(super) async fn stopped(frontends: &mut BTreeMap<String, Frontend>) -> (String, Failure) {
    let (spec, failure) = {
        let children =
            frontends
                .iter_mut()
                .filter_map(|(spec, frontend)| match &mut frontend.gateway {
                    Some(Serving::Child(gateway)) => Some((spec, gateway)),
                    _ => None,
                });
        let mut ends: Vec<(&String, Pin<Box<_>>)> = children
            .map(|(spec, gateway)| (spec, Box::pin(gateway.stopped())))
            .collect();
        std::future::poll_fn(|context| {
            for (spec, end) in &mut ends {
                if let Poll::Ready(failure) = end.as_mut().poll(context) {
                    return Poll::Ready(((*spec).clone(), failure));
                }
            }
            Poll::Pending
        })
        .await
    };
    if let Some(frontend) = frontends.get_mut(&spec) {
        frontend.gateway = None;
        frontend.say(Notice::failed(&failure));
    }
    (spec, failure)
}

/// A gateway in this process, on ports that only its front knows.
async fn here(
    model: &Model,
    values: BTreeMap<String, String>,
) -> std::result::Result<Running, Notice> {
    let gateway = interpret::interpret(model);
    Server::start(gateway, Settings::local(values))
        .await
        .map_err(|error| Notice::of("the gateway can't start").with(error.to_string()))
}

/// A gateway's variables: those that stand in for something, and those that are set.
fn values(model: &Model, stand_ins: &StandIns) -> BTreeMap<String, String> {
    let names = environment::variables(model).into_keys();
    names
        .chain([FILES.to_owned()])
        .filter_map(|name| {
            let value = stand_ins.environment.get(&name).cloned();
            let value = value.or_else(|| environment::process(&name))?;
            Some((name, value))
        })
        .collect()
}

/// A frontend's own functions.
pub(super) fn hooks(name: &str) -> String {
    format!("bffs/{name}/src/hooks.rs")
}
