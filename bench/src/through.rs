//! The gateway that things pass through, as a process of its own (bench/gateway/specs/through.yaml).

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::build;
use crate::process::Process;

/// How the gateway is had.
#[derive(Args)]
pub(crate) struct Source {
    /// The cargo profile it is built with
    #[arg(long, default_value = "release")]
    profile: String,
    /// Its program, which then isn't built
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// A gateway that was built.
pub(crate) struct Gateway {
    program: PathBuf,
    logs: PathBuf,
}

impl Gateway {
    /// Builds it, or takes the one the settings name.
    pub(crate) fn ready(root: &Path, settings: &Source) -> anyhow::Result<Gateway> {
        let program = match &settings.program {
            Some(program) => program.clone(),
            None => build::generated(root, "through-bff", &settings.profile)?,
        };
        let logs = root.join("target/bench");
        fs::create_dir_all(&logs)?;
        Ok(Gateway { program, logs })
    }

    /// Starts it and waits until it says that it is ready. Its log is `target/bench/NAME.log`.
    pub(crate) async fn start(
        &self,
        name: &str,
        listen: SocketAddr,
        admin: SocketAddr,
        origin: SocketAddr,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Process> {
        let log = self.logs.join(name).with_extension("log");
        let child = Command::new(&self.program)
            .env_clear()
            .env("BFF_LISTEN", listen.to_string())
            .env("BFF_ADMIN_LISTEN", admin.to_string())
            .env("ORIGIN_URL", format!("http://{origin}"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} didn't start", self.program.display()))?;
        let mut process = Process::of(child);
        let patience = Instant::now() + Duration::from_secs(30);
        while !is_ready(admin).await {
            if let Some(status) = process.ended()? {
                bail!("it ended before it was ready ({status}): {}", log.display());
            }
            ensure!(
                Instant::now() < patience,
                "it wasn't ready within thirty seconds"
            );
            sleep(Duration::from_millis(5)).await;
        }
        Ok(process)
    }
}

async fn is_ready(admin: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(admin).await.ok()?;
        let request = b"GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("HTTP/1.1 200 "))
    };
    ask.await.unwrap_or(false)
}
