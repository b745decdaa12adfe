//! What stays while specs change: the mocks' sockets and what was written to them, the identity provider and its key.
//!
//! An upstream keeps its address for as long as the system runs, whatever contract stands behind it meanwhile. Sockets are
//! bound when they are asked for and served once the stage is opened.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use tokio::task::JoinSet;

use crate::failure::{Failure, Result, plain};
use crate::issuer::Issuer;
use crate::mock::{Latency, Manner, Mock, Mounted, Share, serve};
use crate::ports;
use crate::upstreams::LOOPBACK;

/// Where an upstream's socket is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// There, or anywhere else.
    Near(Option<u16>),
    /// There and nowhere else; the remedy says how to have another.
    Fixed(u16, &'static str),
}

/// What stays while specs change.
pub(crate) struct Stage {
    latency: Latency,
    fail: Share,
    hosts: BTreeMap<String, Host>,
    identity: Option<Identity>,
    servers: JoinSet<std::io::Result<()>>,
}

/// A mock's socket.
struct Host {
    address: SocketAddr,
    /// Until it is served.
    listener: Option<TcpListener>,
    mounted: Mounted,
    base: String,
    mock: Arc<Mock>,
    contract: u64,
}

/// The identity provider's socket.
struct Identity {
    issuer: Issuer,
    algorithm: Algorithm,
    /// Until it is served.
    listener: Option<TcpListener>,
}

impl Stage {
    /// An empty one, whose mocks behave like this.
    pub(crate) fn new(latency: Latency, fail: Share) -> Stage {
        Stage {
            latency,
            fail,
            hosts: BTreeMap::new(),
            identity: None,
            servers: JoinSet::new(),
        }
    }

    /// The mock of an upstream, if its contract is still the one with this fingerprint: it remembers what was written.
    pub(super) fn known(&self, upstream: &str, contract: u64) -> Option<Arc<Mock>> {
        let host = self.hosts.get(upstream)?;
        (host.contract == contract).then(|| Arc::clone(&host.mock))
    }

    /// A socket for an upstream's mock, below this base.
    pub(super) fn mount(
        &mut self,
        upstream: &str,
        port: Port,
        base: &str,
        mock: &Arc<Mock>,
        contract: u64,
    ) -> Result<SocketAddr> {
        let fits = |host: &Host| match port {
            Port::Near(_) => true,
            Port::Fixed(port, _) => host.address.port() == port,
        };
        if let Some(host) = self.hosts.get_mut(upstream).filter(|host| fits(host)) {
            if host.contract != contract || host.base != base {
                host.mounted.replace(Arc::clone(mock), base);
                host.mock = Arc::clone(mock);
                host.contract = contract;
                base.clone_into(&mut host.base);
            }
            return Ok(host.address);
        }
        let what = format!("upstream `{upstream}`");
        let listener = match port {
            Port::Near(port) => ports::listen_near(LOOPBACK, port, &what)?,
            Port::Fixed(port, remedy) => ports::listen(LOOPBACK, port, &what, remedy)?,
        };
        let address = ports::address(&listener)?;
        let host = Host {
            address,
            listener: Some(listener),
            mounted: Mounted::new(Arc::clone(mock), base),
            base: base.to_owned(),
            mock: Arc::clone(mock),
            contract,
        };
        self.hosts.insert(upstream.to_owned(), host);
        Ok(address)
    }

    /// The identity provider that signs with this algorithm.
    pub(super) fn issuer(&mut self, algorithm: Algorithm) -> Result<Issuer> {
        if let Some(identity) = self.identity.as_ref()
            && identity.algorithm == algorithm
        {
            return Ok(identity.issuer.clone());
        }
        let what = "the development identity provider";
        let listener = ports::listen_near(LOOPBACK, Some(9100), what)?;
        let issuer = Issuer::new(&format!("http://{}", ports::address(&listener)?), algorithm)?;
        self.identity = Some(Identity {
            issuer: issuer.clone(),
            algorithm,
            listener: Some(listener),
        });
        Ok(issuer)
    }

    /// Serves what isn't served yet.
    pub(crate) fn open(&mut self) -> Result<()> {
        for host in self.hosts.values_mut() {
            if let Some(listener) = host.listener.take() {
                let listener = ports::into_tokio(listener)?;
                let mounted = host.mounted.clone();
                let manner = Manner::new(self.latency.clone(), self.fail);
                self.servers.spawn(async move {
                    serve(listener, mounted, manner, Arc::new(|_, _, _| {})).await
                });
            }
        }
        if let Some(identity) = &mut self.identity
            && let Some(listener) = identity.listener.take()
        {
            let listener = ports::into_tokio(listener)?;
            self.servers.spawn(identity.issuer.clone().serve(listener));
        }
        Ok(())
    }

    /// Returns when a mock or the identity provider stops, which none should.
    pub(crate) async fn stopped(&mut self) -> Failure {
        match self.servers.join_next().await {
            Some(Ok(Err(error))) => Failure::new(format!("a mock stopped: {}", plain(&error))),
            Some(_) => Failure::new("a mock stopped"),
            None => std::future::pending().await,
        }
    }

    /// Closes everything.
    pub(crate) async fn close(&mut self) {
        self.servers.shutdown().await;
    }
}
