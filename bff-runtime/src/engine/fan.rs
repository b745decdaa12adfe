//! Several requests of one call: lists split into batches, and `each`.

use std::collections::VecDeque;
use std::task::Poll;

use bff_json::{EachBuilder, Tape};
use tokio::time::{Instant, timeout_at};

use super::call::{Ready, ask};
use super::{Settled, Start, outcome};
use crate::failure::Failure;
use crate::plan::Call;

/// One request on its way, and its place.
type One = (
    usize,
    std::pin::Pin<Box<dyn Future<Output = Result<Tape, Failure>> + Send>>,
);

/// Requests that run so many at a time, in order.
struct Batch {
    call: &'static Call,
    waiting: VecDeque<(usize, Ready)>,
    running: Vec<One>,
    parallel: usize,
    deadline: Instant,
}

impl Batch {
    fn new(
        call: &'static Call,
        all: impl IntoIterator<Item = (usize, Ready)>,
        parallel: u16,
        deadline: Instant,
    ) -> Batch {
        let waiting = all.into_iter().collect();
        Batch {
            call,
            waiting,
            running: Vec::new(),
            parallel: usize::from(parallel.max(1)),
            deadline,
        }
    }

    /// The next that is done: the first in order, if several are. `None` when all are.
    async fn next(&mut self) -> Option<(usize, Result<Tape, Failure>)> {
        while self.running.len() < self.parallel
            && let Some((at, ready)) = self.waiting.pop_front()
        {
            self.running
                .push((at, Box::pin(ask(self.call, ready, self.deadline))));
        }
        if self.running.is_empty() {
            return None;
        }
        let running = &mut self.running;
        let (place, result) = std::future::poll_fn(|cx| {
            let mut all = running.iter_mut().enumerate();
            all.find_map(|(place, (_, one))| match one.as_mut().poll(cx) {
                Poll::Ready(result) => Some(Poll::Ready((place, result))),
                Poll::Pending => None,
            })
            .unwrap_or(Poll::Pending)
        })
        .await;
        let (at, _) = self.running.remove(place);
        Some((at, result))
    }
}

/// A list split into batches: their answers are one list, in order.
pub(super) fn split(
    call: &'static Call,
    all: Vec<Ready>,
    parallel: u16,
    deadline: Instant,
) -> Start {
    let mut tapes: Vec<Option<Tape>> = all.iter().map(|_| None).collect();
    let mut batch = Batch::new(call, all.into_iter().enumerate(), parallel, deadline);
    Start::Calling(Box::pin(async move {
        while let Some((at, result)) = batch.next().await {
            let tape = result?;
            if let Some(place) = tapes.get_mut(at) {
                *place = Some(tape);
            }
        }
        let mut tapes = tapes.into_iter().flatten();
        let mut all = tapes.next().unwrap_or_default();
        for tape in tapes {
            if !all.push_list(&tape) {
                return Err(outcome::no_list(call));
            }
        }
        Ok(Settled {
            tape: all,
            partial: false,
        })
    }))
}

/// One request per value. Of an optional call failed entries are null, also those the time was too short for.
pub(super) fn each(
    call: &'static Call,
    all: Vec<(String, Result<Ready, Failure>)>,
    parallel: u16,
    deadline: Instant,
) -> Result<Start, Failure> {
    let mut entries: Vec<(String, Option<Tape>)> = Vec::with_capacity(all.len());
    let mut sent = Vec::with_capacity(all.len());
    for (at, (value, ready)) in all.into_iter().enumerate() {
        match ready {
            Ok(ready) => sent.push((at, ready)),
            Err(failure) if !call.optional => return Err(failure),
            Err(_) => {}
        }
        entries.push((value, None));
    }
    let mut batch = Batch::new(call, sent, parallel, deadline);
    let calling = async move {
        loop {
            // Out of time, what is there by then counts; of a required call the caller's timer decides.
            let next = match call.optional {
                true => timeout_at(deadline, batch.next()).await.unwrap_or(None),
                false => batch.next().await,
            };
            let Some(next) = next else { break };
            match next {
                (at, Ok(tape)) => {
                    if let Some((_, place)) = entries.get_mut(at) {
                        *place = Some(tape);
                    }
                }
                (_, Err(failure)) if !call.optional => return Err(failure),
                (_, Err(_)) => {}
            }
        }
        let partial = entries.iter().any(|(_, tape)| tape.is_none());
        let mut builder = EachBuilder::new();
        for (value, tape) in &entries {
            builder.push(value, tape.as_ref());
        }
        Ok(Settled {
            tape: builder.build(),
            partial,
        })
    };
    Ok(if call.optional {
        Start::Timed(Box::pin(calling))
    } else {
        Start::Calling(Box::pin(calling))
    })
}
