//! Calls by data flow: one future per call inside one join, each started the moment what it needs is there.
//!
//! In: a request and its [`Plan`]. Out: [`Answers`], or the first thing that stands in their way. No call is spawned,
//! so dropping the join drops them all; but for writes, which run on their own once sent.
//!
//! What a call sends is written when it starts, from the tapes there are; so a running call borrows nothing, and the
//! join holds nothing but futures and their deadlines.

mod arguments;
mod call;
mod fan;
mod form;
mod outcome;
mod retry;

pub(crate) use arguments::Draft;

use std::pin::Pin;
use std::task::Poll;

use bff_json::{Condition, Operand, Path, Root, Scope, Tape};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::answer::Answers;
use crate::exchange::Request;
use crate::failure::{Failure, Kind};
use crate::plan::{CALLS, Call, Plan};

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Settled {
    tape: Tape,
    /// Whether entries of an optional `each` failed.
    partial: bool,
}

/// Beyond the end of a request's time, where only calls are left that watch over their own.
const UNTIMED: std::time::Duration = std::time::Duration::from_secs(1);

/// A call on its way.
type Calling = Pin<Box<dyn Future<Output = Result<Settled, Failure>> + Send>>;

/// What becomes of a call when it could start.
enum Start {
    /// It goes out.
    Calling(Calling),
    /// It goes out, and watches over its time itself.
    Timed(Calling),
    /// It isn't made, and that is as it should be.
    Unmade(Tape),
}

struct Running {
    index: usize,
    /// `None`: it watches over its time itself.
    deadline: Option<Instant>,
    calling: Calling,
}

/// The state of one join. Sets of calls are bits by order of declaration.
struct Join {
    request: Box<Request>,
    plan: &'static Plan,
    tapes: Vec<Tape>,
    running: Vec<Running>,
    started: u64,
    settled: u64,
    failed: u64,
    partial: u64,
    /// The clauses that hold, by place.
    held: Vec<bool>,
    /// Why optional calls failed, for those that have to come after them.
    reasons: Vec<(usize, Failure)>,
}

/// Runs a plan.
pub(crate) async fn run(
    mut request: Box<Request>,
    plan: &'static Plan,
) -> Result<Answers, Failure> {
    let mut tapes = std::mem::take(&mut request.tapes);
    tapes.resize_with(usize::from(CALLS) + plan.calls.len(), Tape::absent);
    let mut join = Join {
        request,
        plan,
        tapes,
        running: Vec::with_capacity(plan.calls.len()),
        started: 0,
        settled: 0,
        failed: 0,
        partial: 0,
        held: vec![false; plan.require.len()],
        reasons: Vec::new(),
    };
    join.advance()?;
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    while !join.running.is_empty() {
        let next = join
            .running
            .iter()
            .filter_map(|running| running.deadline)
            .min();
        let next = next.unwrap_or(join.request.deadline + UNTIMED);
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(next)));
        if timer.deadline() != next {
            timer.as_mut().reset(next);
        }
        for (index, result) in join.wait(timer.as_mut()).await {
            join.settle(index, result)?;
        }
        join.advance()?;
    }
    let reason = join
        .reasons
        .into_iter()
        .map(|(_, failure)| failure)
        .find(|failure| failure.cause().is_some());
    Ok(Answers {
        request: join.request,
        plan,
        tapes: join.tapes,
        partial: join.partial,
        reason,
    })
}

impl Join {
    /// Decides the clauses that can be, and starts the calls that can be, until neither leads further.
    fn advance(&mut self) -> Result<(), Failure> {
        loop {
            self.decide()?;
            let before = self.settled;
            for (index, call) in self.plan.calls.iter().enumerate() {
                if self.started & bit(index) == 0 && self.may_start(call) {
                    self.started |= bit(index);
                    self.start(index, call)?;
                }
            }
            if self.settled == before {
                return Ok(());
            }
        }
    }

    /// `require`, as early as what a clause reads is there. Refused is told as a missing thing would be.
    fn decide(&mut self) -> Result<(), Failure> {
        for (clause, held) in self.plan.require.iter().zip(&mut self.held) {
            if !*held && clause.reads & !self.settled == 0 {
                if !Scope::new(&self.tapes).holds(&clause.condition) {
                    return Err(Failure::not_found().because(clause.text));
                }
                *held = true;
            }
        }
        Ok(())
    }

    fn may_start(&self, call: &Call) -> bool {
        (call.needs | call.after) & !self.settled == 0
            && (!call.write || self.held.iter().all(|held| *held))
    }

    fn start(&mut self, index: usize, call: &'static Call) -> Result<(), Failure> {
        let scope = Scope::new(&self.tapes);
        // A condition that can be told from what is there decides before what has failed does.
        if call
            .when
            .as_ref()
            .is_some_and(|when| !self.reads_failed(when) && !scope.holds(when))
        {
            self.unmade(index, Tape::absent());
            return Ok(());
        }
        if call.optional && (call.needs | call.after) & self.failed != 0 {
            self.fail(index, None);
            return Ok(());
        }
        if let Some(at) = self
            .reasons
            .iter()
            .position(|(failed, _)| call.after & bit(*failed) != 0)
        {
            return Err(self.reasons.swap_remove(at).1);
        }
        if call.when.as_ref().is_some_and(|when| !scope.holds(when)) {
            self.unmade(index, Tape::absent());
            return Ok(());
        }
        let now = Instant::now();
        let bound = call.timeout.unwrap_or(call.operation.upstream.timeout);
        let deadline = (now + bound).min(self.request.deadline);
        match call::start(call, self.plan, &scope, &self.request, deadline) {
            Ok(Start::Calling(calling)) => self.running.push(Running {
                index,
                deadline: Some(deadline),
                calling,
            }),
            Ok(Start::Timed(calling)) => self.running.push(Running {
                index,
                deadline: None,
                calling,
            }),
            Ok(Start::Unmade(tape)) => self.unmade(index, tape),
            Err(failure) => return self.settle(index, Err(failure)),
        }
        Ok(())
    }

    fn reads_failed(&self, condition: &Condition) -> bool {
        let reads = |operand: &Operand| match operand {
            Operand::Path(Path {
                root: Root::Tape(tape),
                ..
            }) => tape
                .checked_sub(CALLS)
                .is_some_and(|call| self.failed & bit(usize::from(call)) != 0),
            _ => false,
        };
        match condition {
            Condition::Holds(operand) => reads(operand),
            Condition::Equal(one, other) => reads(one) || reads(other),
        }
    }

    fn unmade(&mut self, index: usize, tape: Tape) {
        self.settled |= bit(index);
        self.put(index, tape);
    }

    /// Takes in what a call came to; a required one that failed ends it all.
    fn settle(&mut self, index: usize, result: Result<Settled, Failure>) -> Result<(), Failure> {
        let optional = self.plan.calls.get(index).is_some_and(|call| call.optional);
        match result {
            Ok(Settled { tape, partial }) => {
                self.settled |= bit(index);
                if partial {
                    self.partial |= bit(index);
                }
                self.put(index, tape);
            }
            Err(failure) if optional => {
                tracing::debug!(%failure, call = self.plan.calls.get(index).map(|call| call.name), "an optional call failed");
                self.fail(index, Some(failure));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// An optional call failed, or what it depends on did.
    fn fail(&mut self, index: usize, reason: Option<Failure>) {
        self.settled |= bit(index);
        self.failed |= bit(index);
        self.partial |= bit(index);
        let reason = reason.unwrap_or_else(|| {
            Failure::new(
                Kind::Upstream,
                "A service behind this one did not answer as it should.",
            )
        });
        self.reasons.push((index, reason));
    }

    fn put(&mut self, index: usize, tape: Tape) {
        if let Some(place) = self.tapes.get_mut(usize::from(CALLS) + index) {
            *place = tape;
        }
    }

    /// Waits until at least one call is done or out of time; gives all that are, in order of declaration.
    async fn wait(&mut self, mut timer: Pin<&mut Sleep>) -> Vec<(usize, Result<Settled, Failure>)> {
        let (running, plan, app) = (&mut self.running, self.plan, &self.request.app);
        let mut done = Vec::new();
        std::future::poll_fn(|cx| {
            running.retain_mut(|call| match call.calling.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    done.push((call.index, result));
                    false
                }
                Poll::Pending => true,
            });
            if done.is_empty() && timer.as_mut().poll(cx).is_ready() {
                let now = timer.deadline();
                running.retain(|call| {
                    let late = call.deadline.is_some_and(|deadline| deadline <= now);
                    if let Some(of_plan) = plan.calls.get(call.index).filter(|_| late) {
                        done.push((call.index, Err(outcome::out_of_time(of_plan, app))));
                    }
                    !late
                });
            }
            if done.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        done.sort_by_key(|(index, _)| *index);
        done
    }
}

fn bit(index: usize) -> u64 {
    u32::try_from(index)
        .ok()
        .and_then(|index| 1_u64.checked_shl(index))
        .unwrap_or(0)
}
