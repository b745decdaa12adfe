//! The upstreams: three ports of one process, answering with bytes made before the first request.
//!
//! They count the calls they answer, so that a contender can't win by asking for less. Never a delay, never an error
//! of their own: a gateway's work is what is measured.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

use crate::data::{self, PRODUCTS, USERS};
use crate::process::Process;

/// The path that says how many calls have been answered so far.
const COUNT: &str = "/-/count";

/// The upstreams, running in a process of their own until this is dropped.
pub(crate) struct Upstreams {
    /// Where users are served: `127.0.0.1:40001`.
    pub(crate) users: String,
    /// Where orders are served.
    pub(crate) orders: String,
    /// Where products and recommendations are served.
    pub(crate) catalog: String,
    _process: Process,
    _stdin: Option<ChildStdin>,
}

impl Upstreams {
    /// Starts them and waits until they listen.
    pub(crate) fn start() -> anyhow::Result<Upstreams> {
        let program = std::env::current_exe().context("the harness doesn't know its own path")?;
        let mut child = Command::new(program)
            .arg("upstream")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the upstreams didn't start")?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let process = Process::of(child);
        let mut lines = BufReader::new(stdout.context("the upstreams have no output")?).lines();
        let mut address = || {
            lines
                .next()
                .context("the upstreams ended before they listened")
        };
        Ok(Upstreams {
            users: address()??,
            orders: address()??,
            catalog: address()??,
            _process: process,
            _stdin: stdin,
        })
    }

    /// How many calls they have answered so far.
    pub(crate) async fn answered(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for address in [&self.users, &self.orders, &self.catalog] {
            sum += answered(address).await?;
        }
        Ok(sum)
    }
}

/// How many calls one of them has answered.
async fn answered(address: &str) -> anyhow::Result<u64> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await?;
    spawn_local(connection);
    let request = Request::get(COUNT)
        .header(header::HOST, address)
        .body(Empty::<Bytes>::new())?;
    let body = sender.send_request(request).await?.into_body();
    let body = body.collect().await?.to_bytes();
    Ok(std::str::from_utf8(&body)?.parse()?)
}

/// What is answered, by path and query.
type Answers = HashMap<String, Bytes>;

/// Serves until standard input ends.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let (mut users, mut orders, mut catalog) = (Answers::new(), Answers::new(), Answers::new());
    for number in 0..USERS {
        let id = data::user_id(number);
        users.insert(format!("/users/{id}"), json(&data::user(number))?);
        orders.insert(
            format!("/orders?customerId={id}&limit=10"),
            json(&data::orders(number))?,
        );
        catalog.insert(
            format!("/recommendations?customerId={id}"),
            json(&data::recommendations(number))?,
        );
    }
    for number in 0..PRODUCTS {
        catalog.insert(
            format!("/products/{}", data::sku(number)),
            json(&data::product(number))?,
        );
    }
    for answers in [users, orders, catalog] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        spawn_local(accept(listener, Rc::new(answers)));
    }
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ended = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(0);
    });
    pending().await
}

fn json(record: &impl Serialize) -> anyhow::Result<Bytes> {
    Ok(serde_json::to_vec(record)?.into())
}

async fn accept(listener: TcpListener, answers: Rc<Answers>) {
    let count = Rc::new(AtomicU64::new(0));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _without_it_all_works = stream.set_nodelay(true);
        let (answers, count) = (Rc::clone(&answers), Rc::clone(&count));
        spawn_local(async move {
            let service =
                service_fn(async |request| Ok::<_, Infallible>(answer(&answers, &count, &request)));
            // A client that goes away is no fault.
            let _ended = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(
    answers: &Answers,
    count: &AtomicU64,
    request: &Request<Incoming>,
) -> Response<Full<Bytes>> {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let known = answers.get(target).cloned();
    let (status, body) = match known {
        Some(body) => {
            count.fetch_add(1, Ordering::Relaxed);
            (StatusCode::OK, body)
        }
        None if target == COUNT => (
            StatusCode::OK,
            count.load(Ordering::Relaxed).to_string().into(),
        ),
        None => (StatusCode::NOT_FOUND, Bytes::from_static(b"{}")),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
