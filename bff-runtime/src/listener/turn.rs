//! Whose turn it is: ours to give more of an answer, or the client's to take it.
//!
//! Over HTTP/1.1 a client that doesn't read fills the connection, where [`crate::wire`] notices. Over HTTP/2 it need only
//! open no window for a stream: the connection goes on, and the stream's answer stays in memory. So each stream of
//! an HTTP/2 connection runs as a [`Stream`] that watches how long the client lets it wait, and gives it up.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::rt::Executor;

use super::counts::{Counts, Cut};
use crate::body::{Body, BodyError};
use crate::patience::Patience;
use crate::plan::Listener;
use crate::wire::AtWork;

/// How much of an answer is given at once over HTTP/2: as much as one frame holds.
const PIECE: usize = 16 * 1024;

tokio::task_local! {
    static TURN: Arc<Turn>;
}

/// Of one HTTP/2 stream.
#[derive(Debug)]
struct Turn(Mutex<State>);

#[derive(Debug)]
struct State {
    patience: Patience,
    clients: bool,
    /// What was given last.
    given: usize,
}

impl Turn {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client took what was given.
    fn ours(&self) {
        let state = &mut *self.state();
        if state.clients {
            state.patience.moved(state.given);
            state.clients = false;
        }
    }

    fn clients(&self, given: usize) {
        let mut state = self.state();
        state.clients = true;
        state.given = given;
    }

    fn poll_stalled(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        match state.clients {
            true => state.patience.poll_waiting(cx),
            false => Poll::Pending,
        }
    }
}

/// Runs the streams of HTTP/2 connections.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) bounds: &'static Listener,
    pub(super) counts: Arc<Counts>,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let patience = Patience::new(self.bounds.write, self.bounds.min_rate);
        let turn = Arc::new(Turn(Mutex::new(State {
            patience,
            clients: false,
            given: 0,
        })));
        let counts = Arc::clone(&self.counts);
        tokio::spawn(async move {
            let mut stream = std::pin::pin!(TURN.scope(Arc::clone(&turn), stream));
            std::future::poll_fn(|cx| {
                if stream.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                turn.poll_stalled(cx).map(|()| counts.cut(Cut::Write))
            })
            .await;
        });
    }
}

/// An answer's body, for as long as hyper is at it.
#[derive(Debug)]
pub(super) struct Answered {
    body: Body,
    /// What was not given yet of a part of it.
    rest: Bytes,
    turn: Option<Arc<Turn>>,
    _at_work: AtWork,
}

impl Answered {
    /// Inside of the task of the request it answers.
    pub(super) fn new(body: Body, at_work: AtWork) -> Answered {
        Answered {
            body,
            rest: Bytes::new(),
            turn: TURN.try_with(Arc::clone).ok(),
            _at_work: at_work,
        }
    }
}

impl http_body::Body for Answered {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(turn) = &this.turn else {
            return Pin::new(&mut this.body).poll_frame(cx);
        };
        turn.ours();
        if this.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                other => return Poll::Ready(other),
            }
        }
        let piece = this.rest.split_to(PIECE.min(this.rest.len()));
        turn.clients(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
