//! The gateways that are compared: what each is, and how it is started.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

use crate::build::Source;
use crate::installed::Installed;
use crate::process::Process;
use crate::run::Settings;
use crate::upstream::Upstreams;

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
    /// The workloads it is set up for; none named is all.
    pub(crate) workloads: &'static [&'static str],
    environment: fn(&Places) -> Vec<(&'static str, String)>,
}

/// What a contender is told when it starts.
struct Places<'a> {
    listen: SocketAddr,
    admin: SocketAddr,
    upstreams: &'a Upstreams,
}

/// Every contender.
pub(crate) const ALL: [Contender; 6] = [
    Contender {
        name: "bff",
        about: "generated from bench/gateway/specs/screen.yaml; it writes no access log, as the other doesn't",
        source: Source::Generated,
        workloads: &[],
        environment: |places| bff(places, "info,access=off"),
    },
    Contender {
        name: "bff-log",
        about: "the same as it is when nothing is set: it logs every request",
        source: Source::Generated,
        workloads: &[],
        environment: |places| bff(places, "info"),
    },
    Contender {
        name: "axum",
        about: "written by hand: axum, reqwest, serde (bench/peers/axum-handwritten)",
        source: Source::Peer("axum-handwritten"),
        workloads: &[],
        environment: |places| {
            let mut variables = upstream_urls(places.upstreams);
            variables.push(("LISTEN", places.listen.to_string()));
            variables
        },
    },
    Contender {
        name: "nginx",
        about: "passes through (bench/peers/nginx/pass.conf)",
        source: Source::Installed(Installed {
            program: "nginx",
            needs: &[],
            packages: &["nginx-light"],
            configuration: "nginx/pass.conf",
            arguments: &["-e", "stderr", "-c"],
        }),
        workloads: &["pass"],
        environment: addresses,
    },
    Contender {
        name: "nginx-lua",
        about: "three subrequests at once, put together in Lua with lua-cjson (bench/peers/nginx/screen.lua)",
        source: Source::Installed(Installed {
            program: "nginx",
            needs: &["/usr/lib/nginx/modules/ngx_http_lua_module.so"],
            packages: &["nginx-light", "libnginx-mod-http-lua", "lua-cjson"],
            configuration: "nginx/screen.conf",
            arguments: &["-e", "stderr", "-c"],
        }),
        workloads: &["screen"],
        environment: addresses,
    },
    Contender {
        name: "haproxy",
        about: "passes through (bench/peers/haproxy/pass.cfg)",
        source: Source::Installed(Installed {
            program: "haproxy",
            needs: &[],
            packages: &["haproxy"],
            configuration: "haproxy/pass.cfg",
            arguments: &["-db", "-f"],
        }),
        workloads: &["pass"],
        environment: addresses,
    },
];

/// What the configuration of an installed contender names.
fn addresses(places: &Places) -> Vec<(&'static str, String)> {
    vec![
        ("LISTEN", places.listen.to_string()),
        ("USERS", places.upstreams.users.clone()),
        ("ORDERS", places.upstreams.orders.clone()),
        ("CATALOG", places.upstreams.catalog.clone()),
        ("MODULES", "/usr/lib/nginx/modules".to_owned()),
    ]
}

fn bff(places: &Places, log: &str) -> Vec<(&'static str, String)> {
    let mut variables = upstream_urls(places.upstreams);
    variables.push(("BFF_LISTEN", places.listen.to_string()));
    variables.push(("BFF_ADMIN_LISTEN", places.admin.to_string()));
    variables.push(("BFF_LOG", log.to_owned()));
    variables
}

fn upstream_urls(upstreams: &Upstreams) -> Vec<(&'static str, String)> {
    vec![
        ("USERS_URL", format!("http://{}", upstreams.users)),
        ("ORDERS_URL", format!("http://{}", upstreams.orders)),
        ("CATALOG_URL", format!("http://{}", upstreams.catalog)),
    ]
}

/// A contender that has been built.
pub(crate) struct Ready {
    /// Which one.
    pub(crate) contender: &'static Contender,
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
    /// Builds it, or takes the program the settings name, or one that was built from the same source.
    pub(crate) fn ready(
        &'static self,
        root: &Path,
        settings: &Settings,
        built: &[Ready],
    ) -> anyhow::Result<Ready> {
        let same = |ready: &&Ready| ready.contender.source == self.source;
        let program = match settings.program.iter().find(|(name, _)| name == self.name) {
            Some((_, path)) => path.clone(),
            None => match built.iter().find(same) {
                Some(ready) => ready.program.clone(),
                None => self
                    .source
                    .build(root, &settings.profile, settings.install)?,
            },
        };
        let logs = root.join("target/bench");
        fs::create_dir_all(&logs)?;
        Ok(Ready {
            contender: self,
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
        let child = command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(values)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&self.log)?)
            .spawn()
            .with_context(|| format!("{} didn't start", command.get_program().display()))?;
        let mut process = Process::of(child);
        let patience = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(listen).await.is_err() {
            if let Some(status) = process.ended()? {
                bail!(
                    "it ended before it listened ({status}): {}",
                    self.log.display()
                );
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
}

/// Two ports nobody listens on, and that the kernel doesn't hand out meanwhile to whoever asks for any.
async fn free_addresses() -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let (mut free, mut port) = (Vec::new(), LOWEST_PORT);
    while let [] | [_] = free[..] {
        port = port.checked_add(1).context("no port is free")?;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            free.push(listener.local_addr()?);
        }
    }
    match free[..] {
        [listen, admin] => Ok((listen, admin)),
        _ => bail!("no port is free"),
    }
}
