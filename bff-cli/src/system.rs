//! A whole system on one machine: mocks, a development identity provider, gateways, and requests that work.
//!
//! In: checked models and built binaries. Out: processes on loopback, a line for each, and requests to paste, or with
//! `--smoke` those requests made and their answers checked. Nothing but loopback is listened on; a variable that is set
//! is used as it is, and what it names is no longer ours to start.

mod claims;
mod expect;
mod gateway;
mod paste;
mod requests;
mod smoke;
mod stand_in;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bff_spec::contract::Types;
use bff_spec::model::Model;
use tokio::task::JoinSet;

use crate::console::{Console, Tone};
use crate::environment;
use crate::failure::{Failure, Result, plain};
use crate::issuer::Issuer;
use crate::mock::serve;
use crate::ports;
use crate::workspace::Workspace;

use gateway::Gateway;
use requests::Ready;
use stand_in::{Use, key_variable};
use tokens::Tokens;

pub(crate) use stand_in::{Mocks, StandIns};

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
    servers: JoinSet<std::io::Result<()>>,
    gateways: Vec<Gateway>,
    requests: Vec<Vec<Ready>>,
}

impl System {
    /// Starts everything, and waits until every gateway is ready.
    pub(crate) async fn start(
        workspace: &Workspace,
        stand_ins: StandIns,
        parts: Vec<Part>,
        console: Console,
    ) -> Result<System> {
        let models: Vec<&Model> = parts.iter().map(|part| &part.model).collect();
        let lines = Lines::new(console, &stand_ins, &models);
        let mut servers = JoinSet::new();

        let StandIns {
            environment: mut values,
            upstreams,
            mocks,
            issuer,
        } = stand_ins;
        for upstream in upstreams {
            lines.say(&upstream.name, &upstream.url, &upstream.state);
            if let Some((listener, base, mock)) = upstream.serve {
                let listener = ports::into_tokio(listener)?;
                servers.spawn(
                    async move { serve(listener, mock, &base, Arc::new(|_, _, _| {})).await },
                );
            }
        }
        let issuer = match issuer {
            Some((listener, algorithm)) => {
                let issuer =
                    Issuer::new(&format!("http://{}", ports::address(&listener)?), algorithm)?;
                lines.say(
                    IDENTITY,
                    issuer.url(),
                    "development identity provider, tokens at POST /token",
                );
                servers.spawn(issuer.clone().serve(ports::into_tokio(listener)?));
                Some(issuer)
            }
            None => None,
        };
        if let Some(issuer) = &issuer {
            set_keys(&models, issuer, &mut values);
        }

        for model in &models {
            tokens::set_api_keys(model, &mocks, &mut values);
        }

        let mut taken = Vec::new();
        let mut gateways = Vec::new();
        for part in &parts {
            gateways.push(Gateway::start(
                &part.model.name,
                &part.binary,
                &values,
                &mut taken,
            )?);
        }
        let mut requests = Vec::new();
        for (part, gateway) in parts.iter().zip(&mut gateways) {
            gateway.wait_until_ready(console).await?;
            lines.say(
                &part.model.name,
                &gateway.url(),
                &format!("ready; for operators {}", gateway.admin_url()),
            );
            let tokens = Tokens::new(&part.model, workspace, &mocks, issuer.as_ref(), &values)?;
            tokens.write()?;
            requests.push(requests::of(&part.model, &mocks, &tokens, &gateway.url()));
        }
        Ok(System {
            parts,
            servers,
            gateways,
            requests,
        })
    }

    /// Shows the requests.
    pub(crate) fn show_requests(&self, console: Console) {
        for requests in &self.requests {
            paste::show(requests, console);
        }
    }

    /// Makes the requests and checks the answers; whether all were right.
    pub(crate) async fn smoke(&self, console: Console) -> Result<bool> {
        let all: Vec<(&Ready, &Types)> = self
            .parts
            .iter()
            .zip(&self.requests)
            .flat_map(|(part, requests)| {
                requests.iter().map(|request| (request, &part.model.types))
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
        let servers = &mut self.servers;
        ends.push(Box::pin(async move {
            match servers.join_next().await {
                Some(Ok(Err(error))) => Failure::new(format!("a mock stopped: {}", plain(&error))),
                Some(_) => Failure::new("a mock stopped"),
                None => std::future::pending().await,
            }
        }));
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
        self.servers.shutdown().await;
    }
}

/// What the identity provider is called among the parts.
const IDENTITY: &str = "identity";

/// One line per part, in columns.
struct Lines {
    console: Console,
    width: usize,
}

impl Lines {
    fn new(console: Console, stand_ins: &StandIns, models: &[&Model]) -> Lines {
        let upstreams = stand_ins
            .upstreams
            .iter()
            .map(|upstream| upstream.name.len());
        let names = upstreams
            .chain(models.iter().map(|model| model.name.len()))
            .chain([IDENTITY.len()]);
        Lines {
            console,
            width: names.max().unwrap_or(0),
        }
    }

    fn say(&self, name: &str, url: &str, state: &str) {
        let name = self
            .console
            .paint_result(Tone::Name, &format!("{name:width$}", width = self.width));
        self.console.result(&format!("{name}  {url:<22}  {state}"));
    }
}

/// Gives the issuer's key to the schemes that take one by a variable.
fn set_keys(models: &[&Model], issuer: &Issuer, values: &mut BTreeMap<String, String>) {
    for scheme in models.iter().flat_map(|model| &model.schemes) {
        if let Some(jwt) = scheme.kind.jwt()
            && let Some((name, Use::Key)) = key_variable(&jwt.keys, &environment::process)
        {
            values.insert(name.to_owned(), tokens::key_value(jwt, issuer));
        }
    }
}

#[cfg(test)]
mod tests;
