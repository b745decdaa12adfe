//! One call, from the tapes to its answer's tape.

use std::sync::Arc;
use std::time::Duration;

use bff_json::{EachBuilder, Options, Scope, Tape};
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use tokio::time::Instant;

use super::arguments::{Bound, Draft};
use super::{Calling, Settled, Start, fan, outcome, retry};
use crate::exchange::Request;
use crate::failure::{Failure, Kind};
use crate::plan::{Call, Fan, Plan};
use crate::trace::{self, Called, Trace};
use crate::upstream::{Broken, Fetched, Live};

/// How long a write may go on after nobody waits for it any more.
const WRITE_LIMIT: Duration = Duration::from_secs(300);

/// A request ready to be sent.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) live: Arc<Live>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trace: Trace,
}

/// Writes what a call sends and gets it on its way.
pub(super) fn start(
    call: &'static Call,
    plan: &'static Plan,
    scope: &Scope<'_>,
    request: &Request,
    deadline: Instant,
) -> Result<Start, Failure> {
    let upstream = call.operation.upstream;
    let Some(live) = request.app.upstream(upstream) else {
        return Err(Failure::upstream(
            Kind::Gateway,
            upstream.name,
            "the upstream is in no table",
        ));
    };
    let Some(draft) = Draft::new(call, plan.calls, scope)? else {
        return Ok(Start::Unmade(Tape::absent()));
    };
    let sender = Sender {
        call,
        live,
        request,
        deadline,
    };
    Ok(match call.fan {
        Fan::One {
            list_argument,
            list_answer,
        } => {
            if list_argument.is_some_and(|at| draft.is_empty(at)) {
                return Ok(Start::Unmade(nothing(call, list_answer)));
            }
            Start::Calling(sender.send(sender.ready(&draft, None)?))
        }
        Fan::Split {
            argument,
            items,
            parallel,
            max,
            list_answer,
        } => {
            let Some(values) = draft.values(argument).filter(|values| !values.is_empty()) else {
                return Ok(Start::Unmade(nothing(call, list_answer)));
            };
            let chunks: Vec<&[Bound<'_>]> = values
                .chunks(usize::try_from(items.max(1)).unwrap_or(1))
                .collect();
            if chunks.len() > usize::try_from(max).unwrap_or(usize::MAX)
                || (chunks.len() > 1 && !list_answer)
            {
                return Err(outcome::too_many(call, values.len()));
            }
            if let [only] = chunks[..] {
                return Ok(Start::Calling(
                    sender.send(sender.ready(&draft, Some((argument, only)))?),
                ));
            }
            let all = chunks
                .into_iter()
                .map(|chunk| sender.ready(&draft, Some((argument, chunk))));
            fan::split(call, all.collect::<Result<_, _>>()?, parallel, deadline)
        }
        Fan::Each {
            argument,
            parallel,
            max,
        } => {
            let Some(values) = draft.values(argument).filter(|values| !values.is_empty()) else {
                return Ok(Start::Unmade(EachBuilder::new().build()));
            };
            if values.len() > usize::try_from(max).unwrap_or(usize::MAX) {
                return Err(outcome::too_many(call, values.len()));
            }
            let one = |value: &Bound<'_>| {
                let ready = sender.ready(&draft, Some((argument, std::slice::from_ref(value))));
                (value.json().to_owned(), ready)
            };
            fan::each(call, values.iter().map(one).collect(), parallel, deadline)?
        }
    })
}

/// The value of a call that isn't made because its list has nothing in it: `[]`, or null if the answer is no list.
fn nothing(call: &Call, list_answer: bool) -> Tape {
    let empty = || {
        call.shape?
            .capture(Bytes::from_static(b"[]"), &Options::default())
            .ok()
    };
    if list_answer {
        empty().unwrap_or_default()
    } else {
        Tape::absent()
    }
}

struct Sender<'r> {
    call: &'static Call,
    live: &'r Arc<Live>,
    request: &'r Request,
    deadline: Instant,
}

impl Sender<'_> {
    /// The request of a draft, perhaps with one argument's values narrowed to some of them.
    fn ready(
        &self,
        draft: &Draft<'_>,
        narrowed: Option<(u8, &[Bound<'_>])>,
    ) -> Result<Ready, Failure> {
        let broken = |words: &str| Failure::upstream(Kind::Gateway, self.live.plan.name, words);
        let instance = self
            .live
            .pick()
            .ok_or_else(|| broken("the upstream has no instance"))?;
        let mut headers = self.live.headers(self.request.token());
        headers.insert(trace::REQUEST_ID, self.request.id.clone());
        let mut target = String::with_capacity(instance.prefix.len() + 96);
        target.push_str(&instance.prefix);
        let body = draft.write(narrowed, &mut target, &mut headers)?;
        let uri = instance
            .uri(target)
            .ok_or_else(|| broken("the path of the operation is no path"))?;
        let method = Method::from_bytes(self.call.operation.method.as_bytes())
            .map_err(|_| broken("the method of the operation is no method"))?;
        Ok(Ready {
            live: Arc::clone(self.live),
            method,
            uri,
            headers,
            body,
            trace: self.request.trace.clone(),
        })
    }

    fn send(&self, ready: Ready) -> Calling {
        let (call, deadline) = (self.call, self.deadline);
        if !call.write {
            return Box::pin(async move { ask(call, ready, deadline).await.map(whole) });
        }
        let write = tokio::time::timeout(WRITE_LIMIT, ask(call, ready, deadline));
        let write = self.request.app.writes.run(async move { write.await.ok() });
        Box::pin(async move {
            let lost = || {
                Failure::upstream(
                    Kind::Gateway,
                    call.operation.upstream.name,
                    "the write was given up",
                )
            };
            write
                .await
                .flatten()
                .unwrap_or_else(|| Err(lost()))
                .map(whole)
        })
    }
}

fn whole(tape: Tape) -> Settled {
    Settled {
        tape,
        partial: false,
    }
}

/// Sends one request, perhaps several times until `deadline`, and reads the answer.
pub(super) async fn ask(
    call: &'static Call,
    ready: Ready,
    deadline: Instant,
) -> Result<Tape, Failure> {
    let live = Arc::clone(&ready.live);
    let fetched = if call.retry == 0 {
        attempt(call, ready, 0, deadline).await
    } else {
        // Boxed, so that calls that are made once don't carry its state.
        Box::pin(retry::fetch(call, ready, deadline)).await
    };
    outcome::read(call, &live, fetched)
}

/// Sends one request once, as a part of its trace; `before` is how often it was sent already.
pub(super) async fn attempt(
    call: &'static Call,
    ready: Ready,
    before: u8,
    deadline: Instant,
) -> Result<Fetched, Broken> {
    let Ready {
        live,
        method,
        uri,
        mut headers,
        body,
        trace,
    } = ready;
    let called = || Called {
        upstream: live.plan.name,
        call: Some(call.name),
        operation: Some(call.operation),
        method: method.clone(),
        uri: uri.clone(),
        resent: before,
        deadline,
    };
    let span = trace.call(&mut headers, called);
    let fetched = live.fetch(method, uri, headers, body).await;
    match &fetched {
        Ok(fetched) => span.answered(fetched.status),
        Err(broken) => span.broke(broken.kind),
    }
    fetched
}
