//! What every test here starts: an issuer, three upstreams, a generated gateway between them and a frontend.

pub(crate) mod client;
pub(crate) mod issuer;
pub(crate) mod log;
pub(crate) mod script;
pub(crate) mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use bff_runtime::plan::Bff;
use bff_runtime::{Running, Server, Settings, StartError};

use client::{Ask, Got};
use issuer::{ES256, Issuer, RS256};
use log::Log;
use script::Script;
use upstream::Upstream;

/// Waits for what must come; a test that would wait forever fails instead, long after any deadline of a spec's.
pub(crate) async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(Duration::from_secs(20), future).await;
    ended.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// The value of `CATALOG_KEY`.
pub(crate) const CATALOG_KEY: &str = "catalog-key-of-the-tests";

/// A gateway with all that is around it.
#[derive(Debug)]
pub(crate) struct World<G = Running> {
    pub(crate) gateway: G,
    pub(crate) issuer: Issuer,
    pub(crate) log: Log,
    upstreams: Vec<Upstream>,
}

/// The gateway of a frontend.
pub(crate) fn bff(name: &str) -> &'static Bff {
    match name {
        "web" => &web_bff::BFF,
        "mobile" => &mobile_bff::BFF,
        "partner" => &partner_bff::BFF,
        other => panic!("there is no frontend `{other}`"),
    }
}

impl World {
    /// Starts a frontend's gateway; upstreams named in `down` refuse connections.
    pub(crate) async fn start(frontend: &str, down: &[&str]) -> World {
        let shop = ["users", "orders", "catalog"];
        World::of(bff(frontend), &shop, down, BTreeMap::new())
            .await
            .unwrap()
    }

    /// Starts a gateway among its upstreams; what `variables` says counts before what is derived from these.
    pub(crate) async fn of(
        bff: &'static Bff,
        names: &[&'static str],
        down: &[&str],
        variables: BTreeMap<String, String>,
    ) -> Result<World, StartError> {
        let issuer = Issuer::up(&[&ES256, &RS256]).await;
        let log = Log::default();
        let mut upstreams = Vec::new();
        for name in names {
            let upstream = if down.contains(name) {
                Upstream::down(name)
            } else {
                Upstream::up(name, log.clone()).await
            };
            upstreams.push(upstream);
        }
        let urls: Vec<_> = upstreams
            .iter()
            .map(|upstream| (upstream.name, upstream.url()))
            .collect();
        let mut all = self::variables(&issuer, &urls);
        all.extend(variables);
        let gateway = Server::start(bff, Settings::local(all)).await?;
        Ok(World {
            gateway,
            issuer,
            log,
            upstreams,
        })
    }

    /// Adds a script.
    pub(crate) fn script(&self, script: Script) {
        let upstream = self
            .upstreams
            .iter()
            .find(|upstream| upstream.name == script.upstream);
        upstream
            .unwrap_or_else(|| panic!("there is no upstream `{}`", script.upstream))
            .script(script);
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, ask: &Ask) -> Got {
        ask.send(self.gateway.addr).await
    }

    /// Where the upstreams are: what no answer may tell.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = String> {
        self.upstreams
            .iter()
            .map(|upstream| upstream.addr.to_string())
    }

    /// Whether there is an upstream of this name.
    pub(crate) fn has(&self, upstream: &str) -> bool {
        self.upstreams.iter().any(|known| known.name == upstream)
    }

    /// A good token for this frontend.
    pub(crate) fn token(&self, frontend: &str, subject: &str) -> String {
        issuer::sign(&self.issuer.claims(subject, &audience(frontend)), &ES256)
    }
}

impl World {
    /// The gateway, and what is around it.
    pub(crate) fn split(self) -> (Running, World<()>) {
        let World {
            gateway,
            issuer,
            log,
            upstreams,
        } = self;
        (
            gateway,
            World {
                gateway: (),
                issuer,
                log,
                upstreams,
            },
        )
    }
}

/// The audience a frontend's spec asks for.
pub(crate) fn audience(frontend: &str) -> String {
    format!("shop-{frontend}")
}

/// Starts a frontend's gateway alone.
pub(crate) async fn gateway(frontend: &str, issuer: &Issuer, urls: &[(&str, String)]) -> Running {
    Server::start(bff(frontend), Settings::local(variables(issuer, urls)))
        .await
        .unwrap()
}

fn variables(issuer: &Issuer, urls: &[(&str, String)]) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from([
        ("ISSUER".to_owned(), issuer.url()),
        ("CATALOG_KEY".to_owned(), CATALOG_KEY.to_owned()),
    ]);
    for (upstream, url) in urls {
        variables.insert(format!("{}_URL", upstream.to_uppercase()), url.clone());
    }
    variables
}
