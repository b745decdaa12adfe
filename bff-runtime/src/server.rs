//! A gateway's life: from its tables and an environment to open ports, and an orderly end.
//!
//! In: a [`Bff`] and [`Settings`]. Out: a [`Running`] gateway, or every reason it can't start at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::{Authenticator, Scheme};
use crate::cores::{Cores, PerCore, Pulse};
use crate::input::Patterns;
use crate::limit::Charges;
use crate::listener::Port;
use crate::metrics::Metrics;
use crate::plan::{Bff, Upstream};
use crate::proxy::Tunnels;
use crate::router::Router;
use crate::text::{Env, StartError, Variables};
use crate::trace::Tracer;
use crate::upstream::Live;
use crate::writes::Writes;
use crate::{admin, listener};

/// How long requests in flight may take to finish once the gateway is told to stop, unless it is told that, too.
pub(crate) const DRAIN: Duration = Duration::from_secs(30);

/// Where a gateway listens and where its variables come from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The public address; port 0 picks a free one.
    pub listen: String,
    /// The operators' address; port 0 picks a free one.
    pub admin: String,
    /// The values of its spec's variables.
    pub variables: Variables,
}

impl Settings {
    /// Free ports on loopback, and these variables alone: for tests, and for running several in one process.
    #[must_use]
    pub fn local(variables: BTreeMap<String, String>) -> Settings {
        Settings {
            listen: "127.0.0.1:0".to_owned(),
            admin: "127.0.0.1:0".to_owned(),
            variables: Variables::Map(variables),
        }
    }
}

/// Starts gateways.
#[derive(Debug, Clone, Copy)]
pub struct Server;

impl Server {
    /// Checks the environment without opening a port.
    ///
    /// # Errors
    /// Every variable that is missing and every value that can't be used.
    pub fn check(bff: &'static Bff, variables: Variables) -> Result<(), StartError> {
        App::new(bff, variables, 1).map(drop)
    }

    /// Opens both ports and serves, on the current tokio runtime, until [`Running::shutdown`].
    ///
    /// # Errors
    /// Every variable that is missing, every value that can't be used, a port that can't be opened.
    pub async fn start(bff: &'static Bff, settings: Settings) -> Result<Running, StartError> {
        Server::start_on(Arc::new(Cores::here()), bff, settings).await
    }

    /// The same, on these cores.
    pub(crate) async fn start_on(
        cores: Arc<Cores>,
        bff: &'static Bff,
        settings: Settings,
    ) -> Result<Running, StartError> {
        let (app, schemes) = App::new(bff, settings.variables, cores.count())?;
        let public = bind("BFF_LISTEN", &settings.listen).await;
        let admin = bind("BFF_ADMIN_LISTEN", &settings.admin).await;
        let ((public, addr), (admin, admin_addr)) = match (public, admin) {
            (Ok(public), Ok(admin)) => (public, admin),
            (public, admin) => {
                return Err(StartError {
                    faults: [public.err(), admin.err()].into_iter().flatten().collect(),
                });
            }
        };
        schemes.into_iter().for_each(Authenticator::warm_up);
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(listener::serve(
            public,
            Arc::clone(&app),
            Arc::clone(&cores),
            stopped,
        ));
        let admin_app = Arc::clone(&app);
        let admin = tokio::spawn(async move {
            if let Err(error) = axum::serve(admin, admin::router(admin_app)).await {
                tracing::error!(%error, "the admin port is closed");
            }
        });
        app.ready.store(true, Ordering::Release);
        Ok(Running {
            addr,
            admin_addr,
            app,
            stop,
            server,
            admin,
            _cores: cores,
        })
    }
}

async fn bind(setting: &str, address: &str) -> Result<(TcpListener, SocketAddr), String> {
    let say = |error: std::io::Error| format!("{setting}: cannot listen on `{address}`: {error}");
    let listener = TcpListener::bind(address).await.map_err(say)?;
    let addr = listener.local_addr().map_err(say)?;
    Ok((listener, addr))
}

/// A gateway that serves.
#[derive(Debug)]
pub struct Running {
    /// The public address.
    pub addr: SocketAddr,
    /// The operators' address.
    pub admin_addr: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    admin: JoinHandle<()>,
    /// Writes go on there when the last connection is closed.
    _cores: Arc<Cores>,
}

impl Running {
    /// Turns `/readyz` to 503 and ends connections with their next answer; all else goes on. Whoever balances the load
    /// has time to notice until [`Running::shutdown`].
    pub fn announce(&self) {
        self.app.ready.store(false, Ordering::Release);
    }

    /// Turns `/readyz` to 503, stops accepting, lets requests in flight and writes already sent finish (30 s at most).
    pub async fn shutdown(self) {
        self.shutdown_within(DRAIN).await;
    }

    /// The same, with so much time for what is in flight.
    pub async fn shutdown_within(self, patience: Duration) {
        self.announce();
        let _ = self.stop.send(true);
        let drained = async {
            let _ = self.server.await;
            self.app.writes.finished().await;
            self.app.tunnels.finished().await;
        };
        if tokio::time::timeout(patience, drained).await.is_err() {
            tracing::warn!("stopped with requests still in flight");
        }
        self.app.tunnels.cut();
        self.app.tracer.finish().await;
        self.admin.abort();
    }
}

/// What all requests of a gateway share.
pub(crate) struct App {
    pub(crate) bff: &'static Bff,
    pub(crate) router: Router,
    /// By place in the table of routes: who may ask, any of these.
    pub(crate) auth: Vec<Vec<Arc<dyn Authenticator>>>,
    /// By place in the table of routes: how often.
    pub(crate) limits: Vec<Charges>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    pub(crate) writes: Writes,
    pub(crate) tunnels: Tunnels,
    pub(crate) patterns: Patterns,
    pub(crate) port: Port,
    pub(crate) pulse: PerCore<Arc<Pulse>>,
    upstreams: Vec<Arc<Live>>,
    ready: AtomicBool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("bff", &self.bff.name)
            .finish_non_exhaustive()
    }
}

/// The schemes of a gateway, started.
type Schemes = Vec<Arc<dyn Authenticator>>;

impl App {
    fn new(
        bff: &'static Bff,
        variables: Variables,
        cores: usize,
    ) -> Result<(Arc<App>, Schemes), StartError> {
        // Whoever embeds the gateway may have chosen a provider; then that one serves.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut env = Env::new(variables);
        for variable in bff.variables {
            if variable.default.is_none() && env.variable(variable.name).is_none() {
                env.miss(variable.name);
            }
        }
        let metrics = Arc::new(Metrics::new(bff));
        let upstreams = bff
            .upstreams
            .iter()
            .enumerate()
            .filter_map(|(index, upstream)| Live::start(upstream, index, cores, &metrics, &mut env))
            .map(Arc::new)
            .collect();
        let schemes: Vec<(&'static str, Arc<dyn Authenticator>)> = bff
            .schemes
            .iter()
            .filter_map(|scheme| Some((scheme.name(), scheme.start(&mut env)?)))
            .collect();
        let of_route = |auth: &'static [&'static dyn Scheme]| {
            auth.iter()
                .filter_map(|wanted| schemes.iter().find(|(name, _)| *name == wanted.name()))
                .map(|(_, scheme)| Arc::clone(scheme))
                .collect()
        };
        let auth: Vec<Vec<Arc<dyn Authenticator>>> = bff
            .routes
            .iter()
            .map(|route| of_route(route.policies.auth))
            .collect();
        for (route, started) in bff.routes.iter().zip(&auth) {
            for scheme in route
                .policies
                .auth
                .iter()
                .filter(|_| started.len() < route.policies.auth.len())
            {
                if !bff
                    .schemes
                    .iter()
                    .any(|known| known.name() == scheme.name())
                {
                    env.fault(format!(
                        "{}: the scheme `{}` is in no table",
                        route.pattern,
                        scheme.name()
                    ));
                }
            }
        }
        let patterns = Patterns::compile(bff.routes, &mut env);
        let tracer = Tracer::new(bff.name, &mut env);
        let port = Port::new(&bff.server, &mut env);
        let faults = env.into_faults();
        if !faults.is_empty() {
            return Err(StartError { faults });
        }
        let mut started = Vec::new();
        let limits = bff
            .routes
            .iter()
            .map(|route| Charges::new(route.policies.limits, &mut started))
            .collect();
        let ready = AtomicBool::new(false);
        let router = Router::new(bff.routes);
        let app = Arc::new(App {
            bff,
            router,
            auth,
            limits,
            metrics,
            tracer,
            writes: Writes::default(),
            tunnels: Tunnels::default(),
            patterns,
            port,
            pulse: PerCore::new(cores, Arc::default),
            upstreams,
            ready,
        });
        Ok((app, schemes.into_iter().map(|(_, scheme)| scheme).collect()))
    }

    /// Whether new requests are welcome.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// The running side of an upstream of the tables.
    pub(crate) fn upstream(&self, wanted: &'static Upstream) -> Option<&Arc<Live>> {
        self.upstreams
            .iter()
            .find(|live| std::ptr::eq(live.plan, wanted) || live.plan.name == wanted.name)
    }
}
