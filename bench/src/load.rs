//! The load: so many connections, each asking its next question when the last is answered, and comparing every answer.
//!
//! An answer is compared as JSON once; after that, the same bytes to the same question are right without parsing.
//! Any other status, any other value, a connection that ends: the whole run ends with what was wrong.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_local};

use crate::workload::Question;

/// How often it is looked for what is due, where a rate is given.
const TICK: Duration = Duration::from_millis(1);

/// Open connections to one gateway.
pub(crate) struct Load {
    connections: Vec<Connection>,
    asking: Rc<Asking>,
}

type Connection = SendRequest<Empty<Bytes>>;

/// What all connections share.
struct Asking {
    /// The `host` that is sent.
    host: String,
    questions: Rc<[Question]>,
    /// For each question, an answer that was found right.
    right: RefCell<Vec<Option<Bytes>>>,
    /// Questions still to be asked.
    left: Cell<u64>,
}

impl Load {
    /// Connects.
    pub(crate) async fn connect(
        address: SocketAddr,
        questions: &Rc<[Question]>,
        connections: usize,
    ) -> anyhow::Result<Load> {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            spawn_local(connection);
            open.push(sender);
        }
        Ok(Load {
            connections: open,
            asking: Rc::new(Asking {
                host: address.to_string(),
                right: RefCell::new(vec![None; questions.len()]),
                questions: Rc::clone(questions),
                left: Cell::new(0),
            }),
        })
    }

    /// Asks so many questions, over all connections at once, and gives how long that took.
    pub(crate) async fn drive(&mut self, requests: u64) -> anyhow::Result<Duration> {
        self.asking.left.set(requests);
        let started = Instant::now();
        let mut asking = JoinSet::new();
        for connection in self.connections.drain(..) {
            asking.spawn_local(Rc::clone(&self.asking).ask(connection));
        }
        while let Some(connection) = asking.join_next().await {
            self.connections.push(connection??);
        }
        Ok(started.elapsed())
    }

    /// Asks so many questions a second for so long, and gives how long each answer took, from when its question was due.
    pub(crate) async fn at_rate(
        &mut self,
        rate: u32,
        span: Duration,
    ) -> anyhow::Result<Vec<Duration>> {
        let started = Instant::now();
        let due_at = |elapsed: Duration| (elapsed.as_secs_f64() * f64::from(rate)) as usize;
        let all = due_at(span);
        let mut times = Vec::with_capacity(all);
        let (mut due, mut waiting) = (0, VecDeque::new());
        let mut asking = JoinSet::new();
        let mut tick = tokio::time::interval(TICK);
        while times.len() < all {
            tokio::select! {
                now = tick.tick() => {
                    let now = now.into_std().max(started);
                    let until = due_at(now - started).min(all);
                    waiting.extend((due..until).map(|number| (number, now)));
                    due = until;
                }
                Some(answered) = asking.join_next() => {
                    let (connection, took) = answered??;
                    self.connections.push(connection);
                    times.push(took);
                }
            }
            while let Some((number, since)) = waiting.pop_front() {
                let Some(mut connection) = self.connections.pop() else {
                    waiting.push_front((number, since));
                    break;
                };
                let all = Rc::clone(&self.asking);
                asking.spawn_local(async move {
                    let number = number % all.questions.len().max(1);
                    let question = all
                        .questions
                        .get(number)
                        .context("there is nothing to ask")?;
                    all.ask_one(&mut connection, number, question).await?;
                    anyhow::Ok((connection, since.elapsed()))
                });
            }
        }
        Ok(times)
    }

    /// Bytes of one answer, the average over all questions that were asked.
    pub(crate) fn bytes_out(&self) -> usize {
        let right = self.asking.right.borrow();
        let sizes = right.iter().flatten().map(Bytes::len);
        sizes.clone().sum::<usize>() / sizes.count().max(1)
    }
}

impl Asking {
    async fn ask(self: Rc<Self>, mut connection: Connection) -> anyhow::Result<Connection> {
        while let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            let number = left as usize % self.questions.len().max(1);
            let question = self
                .questions
                .get(number)
                .context("there is nothing to ask")?;
            self.ask_one(&mut connection, number, question)
                .await
                .with_context(|| format!("GET {}", question.path))?;
        }
        Ok(connection)
    }

    async fn ask_one(
        &self,
        connection: &mut Connection,
        number: usize,
        question: &Question,
    ) -> anyhow::Result<()> {
        let request = Request::get(&question.path)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "bff-bench")
            .body(Empty::new())?;
        connection.ready().await?;
        let response = connection.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            bail!("{status}: {}", String::from_utf8_lossy(&body));
        }
        let mut right = self.right.borrow_mut();
        let known = right.get_mut(number).context("no such question")?;
        if known.as_ref() != Some(&body) {
            let answer: Value = serde_json::from_slice(&body).context("the answer is no JSON")?;
            if let Some(difference) = difference("answer", &answer, &question.right) {
                bail!("{difference}");
            }
            *known = Some(body);
        }
        Ok(())
    }
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
