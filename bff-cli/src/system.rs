//! A whole system on one machine: mocks, a development identity provider, gateways, and requests that work.
//!
//! In: checked models and built binaries. Out: processes on loopback, a line for each, and requests to paste, or with
//! `--smoke` those requests made and their answers checked. Nothing but loopback is listened on; a variable that is set
//! is used as it is, and what it names is no longer ours to start.

mod certificate;
mod claims;
mod expect;
mod files;
mod gateway;
mod paste;
mod requests;
mod smoke;
mod stage;
mod stand_in;
mod tokens;

use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;

use bff_spec::contract::Types;
use bff_spec::model::Model;

use crate::console::{Console, Tone};
use crate::failure::{Failure, Result};
use crate::ports;
use crate::workspace::Workspace;

use requests::Ready;
use tokens::Tokens;

pub(crate) use certificate::is_secured;
pub(crate) use files::VARIABLE as FILES;
pub(crate) use gateway::{Gateway, Places};
pub(crate) use stage::Stage;
pub(crate) use stand_in::{Mocks, Real, StandIns};

/// A frontend and its binary.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its model.
    pub(crate) model: Model,
    /// Its binary.
    pub(crate) binary: PathBuf,
}

/// A system that runs. Dropped, its gateways are killed.
pub(crate) struct System {
    parts: Vec<Part>,
    stage: Stage,
    stand_ins: StandIns,
    gateways: Vec<Gateway>,
    requests: Vec<Requests>,
}

impl System {
    /// A system of which nothing runs yet.
    pub(crate) fn new(stage: Stage, stand_ins: StandIns, parts: Vec<Part>) -> System {
        System {
            parts,
            stage,
            stand_ins,
            gateways: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// Starts everything, and waits until every gateway is ready.
    pub(crate) async fn start(
        &mut self,
        workspace: &Workspace,
        mut places: Places,
        console: Console,
    ) -> Result<()> {
        let System {
            parts,
            stage,
            stand_ins,
            gateways,
            requests,
        } = self;
        stage.open()?;
        let names = stand_ins.lines().map(|(name, ..)| name.len());
        let names = names.chain(parts.iter().map(|part| part.model.name.len()));
        let lines = Lines::new(console, names.max().unwrap_or(0));
        for (name, url, state) in stand_ins.lines() {
            lines.say(name, url, &state);
        }
        for part in parts.iter() {
            let (address, admin) = places.next(&part.model.name)?;
            let (address, admin) = (ports::address(&address)?, ports::address(&admin)?);
            gateways.push(Gateway::start(
                &part.model.name,
                &part.binary,
                &stand_ins.environment,
                address,
                admin,
                is_secured(&part.model),
            )?);
        }
        for (part, gateway) in parts.iter().zip(gateways) {
            gateway.wait_until_ready(console).await?;
            lines.say(
                &part.model.name,
                &gateway.url(),
                &format!("ready; for operators {}", gateway.admin_url()),
            );
            requests.push(stand_ins.requests(&part.model, workspace, &gateway.url())?);
        }
        Ok(())
    }

    /// Shows the requests.
    pub(crate) fn show_requests(&self, console: Console) {
        for requests in &self.requests {
            requests.show(console);
        }
    }

    /// Makes the requests and checks the answers; whether all were right.
    pub(crate) async fn smoke(&self, console: Console) -> Result<bool> {
        let all: Vec<(&Ready, &Types)> = self
            .parts
            .iter()
            .zip(&self.requests)
            .flat_map(|(part, requests)| {
                let all = requests.0.iter();
                all.map(|request| (request, &part.model.types))
            })
            .collect();
        smoke::run(&all, console).await
    }

    /// Returns when a part stops that shouldn't.
    pub(crate) async fn stopped(&mut self) -> Failure {
        let mut ends: Vec<Pin<Box<dyn Future<Output = Failure> + '_>>> = Vec::new();
        for gateway in &mut self.gateways {
            ends.push(Box::pin(gateway.stopped()));
        }
        ends.push(Box::pin(self.stage.stopped()));
        std::future::poll_fn(|context| {
            for end in &mut ends {
                if let Poll::Ready(failure) = end.as_mut().poll(context) {
                    return Poll::Ready(failure);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Ends everything: gateways first, so that none misses its upstreams.
    pub(crate) async fn end(mut self) {
        for gateway in &mut self.gateways {
            gateway.end().await;
        }
        self.stage.close().await;
    }
}

/// Requests of a frontend that work.
#[derive(Debug)]
pub(crate) struct Requests(Vec<Ready>);

impl Requests {
    /// Shows them, for people to paste.
    pub(crate) fn show(&self, console: Console) {
        paste::show(&self.0, console);
    }
}

impl StandIns {
    /// What is there for all gateways: name, address and state of each.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, &str, String)> {
        let upstreams = self.upstreams.iter();
        let upstreams =
            upstreams.map(|one| (one.name.as_str(), one.url.as_str(), one.state.clone()));
        let files = self.environment.get(FILES).map(|folder| {
            let paths: Vec<&str> = self.files.keys().map(String::as_str).collect();
            let state = format!("development values for {}", paths.join(", "));
            ("files", folder.as_str(), state)
        });
        let identity = self.issuer.iter().map(|issuer| {
            let state = "development identity provider, tokens at POST /token";
            (IDENTITY, issuer.url(), state.to_owned())
        });
        upstreams.chain(identity).chain(files)
    }

    /// Requests of a frontend that work at this URL. Its tokens are written where the requests find them.
    pub(crate) fn requests(
        &self,
        model: &Model,
        workspace: &Workspace,
        url: &str,
    ) -> Result<Requests> {
        let issuer = self.issuer.as_ref();
        let tokens = Tokens::new(model, workspace, &self.mocks, issuer, &self.environment)?;
        tokens.write()?;
        Ok(Requests(requests::of(model, &self.mocks, &tokens, url)))
    }
}

/// What the identity provider is called among the parts.
const IDENTITY: &str = "identity";

/// One line per part, in columns.
pub(crate) struct Lines {
    console: Console,
    width: usize,
}

impl Lines {
    /// Names are this wide at most.
    pub(crate) fn new(console: Console, width: usize) -> Lines {
        Lines { console, width }
    }

    /// The line of a part.
    pub(crate) fn say(&self, name: &str, url: &str, state: &str) {
        let name = self
            .console
            .paint_result(Tone::Name, &format!("{name:width$}", width = self.width));
        self.console.result(&format!("{name}  {url:<22}  {state}"));
    }
}

#[cfg(test)]
mod tests;
