//! WebSockets through a gateway: a client library's frames there and back (bench/clients/websocket).

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use clap::Args;

use crate::contender::free_addresses;
use crate::process::Process;
use crate::through::{self, Gateway};

/// How the gateway is had.
#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    gateway: through::Source,
}

/// Installs the library below `target`, starts its server and a gateway, and has its client ask.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let gateway = Gateway::ready(root, &settings.gateway)?;
    let folder = root.join("target/bench/websocket");
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "run.mjs"] {
        fs::copy(
            root.join("bench/clients/websocket").join(file),
            folder.join(file),
        )?;
    }
    let installed = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .status()
        .context("there is no npm: the library can't be installed")?;
    ensure!(installed.success(), "npm could not install the library");
    let node = || {
        let mut node = Command::new("node");
        node.arg("run.mjs").current_dir(&folder);
        node
    };
    let mut server = node()
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .context("there is no node")?;
    let output = server.stdout.take().context("the server has no output")?;
    let _server = Process::of(server);
    let mut port = String::new();
    BufReader::new(output).read_line(&mut port)?;
    let origin = format!("127.0.0.1:{}", port.trim()).parse()?;
    let (address, admin) = free_addresses().await?;
    let variables = [("BFF_LOG", "warn")];
    let _gateway = gateway
        .start("websockets", address, admin, origin, &variables)
        .await?;
    let run = node()
        .args(["run", &format!("ws://{address}/through/echo")])
        .status()?;
    ensure!(run.success(), "some frames didn't come back");
    Ok(())
}
