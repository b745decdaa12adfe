//! The load: so many connections, each asking its next question when the last is answered, and comparing every answer.
//!
//! An answer is compared as JSON once; after that, the same bytes to the same question are right without parsing. One that
//! is too long to be kept is compared by its hash, as it comes.
//! Any other status, any other value, a connection that ends: the whole run ends with what was wrong.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_local};
use xxhash_rust::xxh3::Xxh3;

use crate::workload::{Question, Right};

/// How often it is looked for what is due, where a rate is given.
const TICK: Duration = Duration::from_millis(1);

/// Open connections to one gateway.
pub(crate) struct Load {
    /// The one that has rested longest first.
    connections: VecDeque<Connection>,
    asking: Rc<Asking>,
}

type Connection = SendRequest<Full<Bytes>>;

/// What all connections share.
struct Asking {
    /// The `host` that is sent.
    host: String,
    questions: Rc<[Question]>,
    /// For each question, an answer that was found right.
    right: RefCell<Vec<Option<Bytes>>>,
    /// Questions still to be asked.
    left: Cell<u64>,
    /// Bytes of answers, and how many answers.
    came: Cell<(u64, u64)>,
}

impl Load {
    /// Connects.
    pub(crate) async fn connect(
        address: SocketAddr,
        questions: &Rc<[Question]>,
        connections: usize,
    ) -> anyhow::Result<Load> {
        let mut open = VecDeque::with_capacity(connections);
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            spawn_local(connection);
            open.push_back(sender);
        }
        Ok(Load {
            connections: open,
            asking: Rc::new(Asking {
                host: address.to_string(),
                right: RefCell::new(vec![None; questions.len()]),
                questions: Rc::clone(questions),
                left: Cell::new(0),
                came: Cell::new((0, 0)),
            }),
        })
    }

    /// Asks so many questions, over all connections at once, and gives how long that took.
    pub(crate) async fn drive(&mut self, requests: u64) -> anyhow::Result<Duration> {
        self.drive_some(requests, self.connections.len()).await
    }

    /// The same with no more than so many at once, going round the connections.
    pub(crate) async fn drive_some(
        &mut self,
        requests: u64,
        at_once: usize,
    ) -> anyhow::Result<Duration> {
        self.asking.left.set(requests);
        let resting = Rc::new(RefCell::new(std::mem::take(&mut self.connections)));
        let started = Instant::now();
        let mut asking = JoinSet::new();
        for _ in 0..at_once {
            asking.spawn_local(Rc::clone(&self.asking).ask(Rc::clone(&resting)));
        }
        while let Some(done) = asking.join_next().await {
            done??;
        }
        let took = started.elapsed();
        self.connections = resting.take();
        Ok(took)
    }

    /// Asks so many questions a second for so long, and gives how long each answer took, from when its question was due, in
    /// the order they were due.
    pub(crate) async fn at_rate(
        &mut self,
        rate: u32,
        span: Duration,
    ) -> anyhow::Result<Vec<Duration>> {
        let started = Instant::now();
        let due_at = |elapsed: Duration| (elapsed.as_secs_f64() * f64::from(rate)) as usize;
        let all = due_at(span);
        let mut times = vec![Duration::ZERO; all];
        let (mut due, mut answers, mut waiting) = (0, 0, VecDeque::new());
        let mut asking = JoinSet::new();
        let mut tick = tokio::time::interval(TICK);
        while answers < all {
            tokio::select! {
                now = tick.tick() => {
                    let now = now.into_std().max(started);
                    let until = due_at(now - started).min(all);
                    waiting.extend((due..until).map(|number| (number, now)));
                    due = until;
                }
                Some(answered) = asking.join_next() => {
                    let (connection, number, took) = answered??;
                    self.connections.push_back(connection);
                    answers += 1;
                    if let Some(time) = times.get_mut(number) {
                        *time = took;
                    }
                }
            }
            while let Some((number, since)) = waiting.pop_front() {
                let Some(mut connection) = self.connections.pop_front() else {
                    waiting.push_front((number, since));
                    break;
                };
                let all = Rc::clone(&self.asking);
                asking.spawn_local(async move {
                    all.ask_one(&mut connection, number).await?;
                    anyhow::Ok((connection, number, since.elapsed()))
                });
            }
        }
        Ok(times)
    }

    /// Bytes of one answer, the average over all there were.
    pub(crate) fn bytes_out(&self) -> u64 {
        let (bytes, answers) = self.asking.came.get();
        bytes / answers.max(1)
    }
}

impl Asking {
    async fn ask(self: Rc<Self>, resting: Rc<RefCell<VecDeque<Connection>>>) -> anyhow::Result<()> {
        while let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            let rested = resting.borrow_mut().pop_front();
            let mut connection = rested.context("there are more askers than connections")?;
            self.ask_one(&mut connection, left as usize).await?;
            resting.borrow_mut().push_back(connection);
        }
        Ok(())
    }

    /// Asks the question whose turn it is.
    async fn ask_one(&self, connection: &mut Connection, number: usize) -> anyhow::Result<()> {
        let number = number % self.questions.len().max(1);
        let question = self.questions.get(number);
        let question = question.context("there is nothing to ask")?;
        let asked = self.ask_question(connection, number, question).await;
        asked.with_context(|| question.path.clone())
    }

    async fn ask_question(
        &self,
        connection: &mut Connection,
        number: usize,
        question: &Question,
    ) -> anyhow::Result<()> {
        let mut request = Request::builder()
            .uri(&question.path)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "bff-bench");
        if let Some(token) = &question.authorization {
            request = request.header(header::AUTHORIZATION, token);
        }
        let body = match &question.posted {
            Some(body) => {
                request = request
                    .method(Method::POST)
                    .header(header::CONTENT_TYPE, "application/json");
                body.clone()
            }
            None => Bytes::new(),
        };
        connection.ready().await?;
        let response = connection
            .send_request(request.body(Full::new(body))?)
            .await?;
        let status = response.status();
        if status != StatusCode::OK {
            let body = response.into_body().collect().await?.to_bytes();
            bail!("{status}: {}", String::from_utf8_lossy(&body));
        }
        let bytes = match &question.right {
            Right::Json(right) => self.compare(number, right, response).await?,
            Right::Bytes { length, hash } => {
                let (found, same) = digest(response).await?;
                if (found, same) != (*length as u64, *hash) {
                    bail!("the answer has {found} bytes that aren't the {length} that are right");
                }
                found
            }
        };
        let (sum, answers) = self.came.get();
        self.came.set((sum + bytes, answers + 1));
        Ok(())
    }

    async fn compare(
        &self,
        number: usize,
        right: &Value,
        response: Response<Incoming>,
    ) -> anyhow::Result<u64> {
        let body = response.into_body().collect().await?.to_bytes();
        let length = body.len() as u64;
        let mut seen = self.right.borrow_mut();
        let known = seen.get_mut(number).context("no such question")?;
        if known.as_ref() != Some(&body) {
            let answer: Value = serde_json::from_slice(&body).context("the answer is no JSON")?;
            if let Some(difference) = difference("answer", &answer, right) {
                bail!("{difference}");
            }
            *known = Some(body);
        }
        Ok(length)
    }
}

/// How many bytes come, and their hash.
async fn digest(response: Response<Incoming>) -> anyhow::Result<(u64, u64)> {
    let mut body = response.into_body();
    let (mut length, mut hasher) = (0, Xxh3::new());
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            length += data.len() as u64;
            hasher.update(&data);
        }
    }
    Ok((length, hasher.digest()))
}

/// Where two values first differ, in words.
fn difference(at: &str, found: &Value, right: &Value) -> Option<String> {
    match (found, right) {
        (Value::Object(found), Value::Object(right)) => {
            let surplus = found.keys().find(|key| !right.contains_key(*key));
            let below = || {
                right.iter().find_map(|(key, right)| {
                    let at = format!("{at}.{key}");
                    match found.get(key) {
                        Some(found) => difference(&at, found, right),
                        None => Some(format!("{at} is missing")),
                    }
                })
            };
            surplus
                .map(|key| format!("{at}.{key} should not be there"))
                .or_else(below)
        }
        (Value::Array(found), Value::Array(right)) if found.len() == right.len() => found
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(place, (found, right))| {
                difference(&format!("{at}[{place}]"), found, right)
            }),
        (Value::Array(found), Value::Array(right)) => Some(format!(
            "{at} has {} elements, not {}",
            found.len(),
            right.len()
        )),
        // However a number is written, it is the same one: 4 and 4.0.
        (Value::Number(found), Value::Number(right)) if found.as_f64() == right.as_f64() => None,
        (found, right) => (found != right).then(|| format!("{at} is {found}, not {right}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_is_named() {
        let right = json!({ "a": [1, { "b": null }] });
        for (found, says) in [
            (json!({ "a": [1, { "b": null }] }), None),
            (json!({ "a": [1] }), Some("answer.a has 1 elements, not 2")),
            (
                json!({ "a": [1, { "b": 2 }] }),
                Some("answer.a[1].b is 2, not null"),
            ),
            (json!({ "a": [1, {}] }), Some("answer.a[1].b is missing")),
            (
                json!({ "a": [1, { "b": null }], "c": 0 }),
                Some("answer.c should not be there"),
            ),
            (
                json!([]),
                Some("answer is [], not {\"a\":[1,{\"b\":null}]}"),
            ),
        ] {
            assert_eq!(
                difference("answer", &found, &right).as_deref(),
                says,
                "{found}"
            );
        }
    }
}
