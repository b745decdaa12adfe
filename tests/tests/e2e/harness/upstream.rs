//! An upstream on loopback, scripted at the wire: raw sockets, so that it can do what no HTTP library would.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::log::{Log, Seen};
use super::script::{Answer, Delivery, Script};

/// A scripted upstream. It is gone when dropped.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) name: &'static str,
    pub(crate) addr: SocketAddr,
    scripts: Arc<Mutex<Vec<Script>>>,
    state: State,
}

#[derive(Debug)]
enum State {
    Up(JoinHandle<()>),
    /// Holds the port without listening on it: connections are refused, and nobody else gets it.
    Down {
        _port: TcpSocket,
    },
}

impl Upstream {
    /// One that listens.
    pub(crate) async fn up(name: &'static str, log: Log) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let scripts: Arc<Mutex<Vec<Script>>> = Arc::default();
        let accepting = accept(name, listener, Arc::clone(&scripts), log);
        Upstream {
            name,
            addr,
            scripts,
            state: State::Up(tokio::spawn(accepting)),
        }
    }

    /// One that refuses every connection.
    pub(crate) fn down(name: &'static str) -> Upstream {
        let port = TcpSocket::new_v4().unwrap();
        port.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let addr = port.local_addr().unwrap();
        Upstream {
            name,
            addr,
            scripts: Arc::default(),
            state: State::Down { _port: port },
        }
    }

    /// Adds a script; of several that fit a request, one with a query wins, then the latest.
    pub(crate) fn script(&self, script: Script) {
        self.scripts.lock().unwrap().push(script);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let State::Up(accepting) = &self.state {
            accepting.abort();
        }
    }
}

async fn accept(
    name: &'static str,
    listener: TcpListener,
    scripts: Arc<Mutex<Vec<Script>>>,
    log: Log,
) {
    // Connections end with the upstream.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connection = Connection {
            name,
            stream: BufReader::new(stream),
            scripts: Arc::clone(&scripts),
            log: log.clone(),
        };
        // A gateway that hangs up in the middle is part of many cases.
        connections.spawn(async move { connection.serve().await.ok() });
    }
}

struct Connection {
    name: &'static str,
    stream: BufReader<TcpStream>,
    scripts: Arc<Mutex<Vec<Script>>>,
    log: Log,
}

impl Connection {
    async fn serve(mut self) -> io::Result<()> {
        while let Some(mut seen) = self.read().await? {
            let answer = self.find(&seen);
            seen.scripted = answer.is_some();
            let head = seen.method == "HEAD";
            self.log.add(seen);
            let answer = answer.unwrap_or_else(|| Answer::json(501, "{}"));
            if let Some(line) = &answer.after {
                self.log.asked(line).await;
            }
            if !write(self.stream.get_mut(), &answer, head).await? {
                break;
            }
        }
        Ok(())
    }

    fn find(&self, seen: &Seen) -> Option<Answer> {
        let scripts = self.scripts.lock().unwrap();
        let fitting = || {
            scripts
                .iter()
                .rev()
                .filter(|script| script.fits(&seen.method, &seen.target))
        };
        let script = fitting()
            .find(|script| script.query.is_some())
            .or_else(|| fitting().next())?;
        Some(script.answer.clone())
    }

    /// The next request; none if the connection ends before one.
    async fn read(&mut self) -> io::Result<Option<Seen>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let mut lines = head.trim_end().split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (
            first.next().unwrap_or_default().to_owned(),
            first.next().unwrap_or_default().to_owned(),
        );
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut seen = Seen {
            upstream: self.name,
            method,
            target,
            headers,
            body: Vec::new(),
            scripted: false,
        };
        if let Some(length) = seen.header("content-length") {
            seen.body = vec![0; length.parse().map_err(io::Error::other)?];
            self.stream.read_exact(&mut seen.body).await?;
        } else if seen
            .header("transfer-encoding")
            .is_some_and(|coding| coding == "chunked")
        {
            seen.body = self.chunks().await?;
        }
        Ok(Some(seen))
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut size = Vec::new();
            while !size.ends_with(b"\r\n") {
                size.push(self.stream.read_u8().await?);
            }
            let size = String::from_utf8_lossy(&size);
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            self.stream.read_exact(&mut chunk).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}

/// Sends an answer; says whether the connection can take another request.
async fn write(stream: &mut TcpStream, answer: &Answer, head_only: bool) -> io::Result<bool> {
    let Answer { body, delivery, .. } = answer;
    let empty = head_only || matches!(answer.status, 204 | 304);
    let length = match delivery {
        Delivery::Chunked | Delivery::Unframed => None,
        Delivery::Overlong => Some(body.len() / 2),
        _ => Some(body.len()),
    };
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        _ if empty && !head_only => {}
        Some(length) => head.push_str(&format!("content-length: {length}\r\n")),
        None if *delivery == Delivery::Unframed => head.push_str("connection: close\r\n"),
        None => head.push_str("transfer-encoding: chunked\r\n"),
    }
    head.push_str("\r\n");
    let all = [head.as_bytes(), if empty { &[] } else { body.as_slice() }].concat();
    let half = head.len() + body.len() / 2;
    match delivery {
        Delivery::Whole => stream.write_all(&all).await?,
        Delivery::Unframed | Delivery::Overlong => {
            stream.write_all(&all).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        Delivery::Trickled => {
            for byte in &all {
                stream.write_all(&[*byte]).await?;
                tokio::task::yield_now().await;
            }
        }
        Delivery::Chunked => {
            stream.write_all(head.as_bytes()).await?;
            for chunk in body.chunks(7).filter(|_| !empty) {
                stream
                    .write_all(format!("{:x}\r\n", chunk.len()).as_bytes())
                    .await?;
                stream.write_all(chunk).await?;
                stream.write_all(b"\r\n").await?;
                tokio::task::yield_now().await;
            }
            stream
                .write_all(if empty { b"" } else { b"0\r\n\r\n" })
                .await?;
        }
        Delivery::Truncated => {
            stream.write_all(&all[..half]).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        Delivery::Reset => {
            stream.write_all(&all[..half]).await?;
            // Closing with unsent time zero is how a socket sends a reset.
            socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO))?;
            return Ok(false);
        }
        Delivery::Stuck => {
            stream.write_all(&all[..half]).await?;
            std::future::pending().await
        }
        Delivery::Silent => std::future::pending().await,
        Delivery::Closed => return Ok(false),
        Delivery::Raw => {
            stream.write_all(body).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        Delivery::Garbage => {
            stream
                .write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
                .await?;
            return Ok(false);
        }
    }
    Ok(true)
}
