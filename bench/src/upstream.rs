//! The upstreams: three ports of one process, answering with bytes made before the first request.
//!
//! They count the calls they answer, so that a contender can't win by asking for less. Never a delay, never an error
//! of their own: a gateway's work is what is measured. The first is the issuer as well, uncounted.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::io::{BufRead, BufReader, Read};
use std::iter::RepeatN;
use std::pin::Pin;
use std::process::{ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Task, Poll};

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

use crate::data::{self, PRODUCTS, USERS};
use crate::process::Process;
use crate::tokens;
use crate::workload::Question;

/// The path that says how many calls have been answered so far.
const COUNT: &str = "/-/count";
/// The path of the issuer's keys.
const KEYS: &str = "/-/keys";

/// The upstreams, running in a process of their own until this is dropped.
pub(crate) struct Upstreams {
    /// Where users are served: `127.0.0.1:40001`.
    pub(crate) users: String,
    /// Where orders are served.
    pub(crate) orders: String,
    /// Where products and recommendations are served.
    pub(crate) catalog: String,
    /// For each user, what its `authorization` is.
    tokens: Vec<HeaderValue>,
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
        let (users, orders, catalog) = (address()??, address()??, address()??);
        let tokens = lines.take(USERS).map(|token| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token?))?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        Ok(Upstreams {
            users,
            orders,
            catalog,
            tokens: tokens.collect::<Result<_, _>>()?,
            _process: process,
            _stdin: stdin,
        })
    }

    /// Where the issuer's keys are.
    pub(crate) fn keys(&self) -> String {
        format!("http://{}{KEYS}", self.users)
    }

    /// These questions, each with its user's token.
    pub(crate) fn authorize(&self, questions: Vec<Question>) -> Vec<Question> {
        let authorized = |question: Question| Question {
            authorization: self.tokens.get(question.user).cloned(),
            ..question
        };
        questions.into_iter().map(authorized).collect()
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
type Answers = HashMap<String, Answer>;

/// A body in pieces that are all the same; usually there is one.
#[derive(Clone)]
struct Answer {
    kind: &'static str,
    pieces: RepeatN<Bytes>,
}

impl Answer {
    fn json(body: Bytes) -> Answer {
        Answer {
            kind: "application/json",
            pieces: std::iter::repeat_n(body, 1),
        }
    }

    fn left(&self) -> usize {
        // A clone of the pieces is a pointer and two numbers.
        let piece = self.pieces.clone().next().map_or(0, |piece| piece.len());
        piece * self.pieces.len()
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.pieces.next().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left() as u64)
    }
}

/// Serves until standard input ends.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let (keys, tokens) = tokens::make()?;
    let [users, orders, catalog] = answers()?;
    for answers in [users, orders, catalog] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        spawn_local(accept(listener, Rc::new(answers), keys.clone()));
    }
    for token in tokens {
        println!("{token}");
    }
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ended = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(0);
    });
    pending().await
}

/// What users, orders and catalog answer.
fn answers() -> anyhow::Result<[Answers; 3]> {
    let (mut users, mut orders, mut catalog) = (Answers::new(), Answers::new(), Answers::new());
    for number in 0..USERS {
        let id = data::user_id(number);
        let document = data::document_id(number);
        users.insert(format!("/users/{id}"), json(&data::user(number))?);
        users.insert(format!("/cards/{id}"), json(&data::card(number))?);
        let target = format!("/orders?customerId={id}&limit=10");
        orders.insert(target, json(&data::orders(number))?);
        let target = format!("/carts?customerId={id}");
        orders.insert(target, json(&data::cart(number))?);
        let target = format!("/recommendations?customerId={id}");
        catalog.insert(target, json(&data::recommendations(number))?);
        let target = format!("/offers?customerId={id}");
        catalog.insert(target, json(&data::offer(number))?);
        let target = format!("/wishlists?customerId={id}");
        catalog.insert(target, json(&data::wishlist(number))?);
        let target = format!("/documents/{document}");
        catalog.insert(target, json(&data::document(number))?);
    }
    for number in 0..PRODUCTS {
        let target = format!("/products/{}", data::sku(number));
        catalog.insert(target, json(&data::product(number))?);
    }
    catalog.insert("/merchants".to_owned(), json(&data::merchants())?);
    let export = Answer {
        kind: "text/csv",
        pieces: data::export(),
    };
    catalog.insert("/exports/all".to_owned(), export);
    Ok([users, orders, catalog])
}

fn json(record: &impl Serialize) -> anyhow::Result<Answer> {
    Ok(Answer::json(serde_json::to_vec(record)?.into()))
}

async fn accept(listener: TcpListener, answers: Rc<Answers>, keys: Bytes) {
    let count = Rc::new(AtomicU64::new(0));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _without_it_all_works = stream.set_nodelay(true);
        let (answers, count, keys) = (Rc::clone(&answers), Rc::clone(&count), keys.clone());
        spawn_local(async move {
            let service = service_fn(async |request: Request<Incoming>| {
                let (head, body) = request.into_parts();
                // Of what is sent nothing is wanted, but for it to come whole.
                if !body.is_end_stream() {
                    body.collect().await?;
                }
                let answer = answer(&answers, &count, &keys, &head.uri);
                Ok::<_, hyper::Error>(answer)
            });
            // A client that goes away is no fault.
            let _ended = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(answers: &Answers, count: &AtomicU64, keys: &Bytes, uri: &Uri) -> Response<Answer> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let known = answers.get(target).cloned();
    let (status, body) = match known {
        Some(body) => {
            count.fetch_add(1, Ordering::Relaxed);
            (StatusCode::OK, body)
        }
        None if target == COUNT => {
            let count = count.load(Ordering::Relaxed).to_string();
            (StatusCode::OK, Answer::json(count.into()))
        }
        None if target == KEYS => (StatusCode::OK, Answer::json(keys.clone())),
        None => (
            StatusCode::NOT_FOUND,
            Answer::json(Bytes::from_static(b"{}")),
        ),
    };
    let kind = HeaderValue::from_static(body.kind);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
