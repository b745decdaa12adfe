//! `Expect: 100-continue` (RFC 9110, 10.1.1): the client's body is asked for once the upstream asks for it.
//!
//! hyper asks the client for its body when that is first read. So the body stays unread until the upstream said 100, or
//! for a moment if it says nothing: one that doesn't know `Expect` waits for the body instead.

use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderValue, Request, Version};
use tokio::sync::oneshot;

use crate::body::Body;

/// How long the upstream may keep silent before it gets the body anyhow.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ends when a body may be read, or with `false` when nobody wants it any more.
pub(crate) type Gate = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Held by who waits for the answer: once that is dropped, nobody wants the body any more.
pub(crate) type Wanted = oneshot::Sender<()>;

/// Lets a body pass that was held back.
#[derive(Debug)]
pub(super) struct Opener(Mutex<Option<oneshot::Sender<()>>>);

impl Opener {
    /// The upstream said 100.
    pub(super) fn open(&self) {
        if let Ok(mut open) = self.0.lock()
            && let Some(open) = open.take()
        {
            // The body may be gone already.
            let _ = open.send(());
        }
    }
}

/// What a request says it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    /// Nothing.
    Nothing,
    /// 100, before it sends its body.
    Continue,
    /// Something that nobody here knows.
    Unknown,
}

/// What a request says it waits for.
pub(super) fn of(head: &Parts) -> Expects {
    let mut values = head.headers.get_all(EXPECT).iter();
    match (values.next(), values.next()) {
        (None, _) => Expects::Nothing,
        _ if head.version < Version::HTTP_11 => Expects::Nothing,
        (Some(value), None) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Expects::Continue
        }
        _ => Expects::Unknown,
    }
}

/// Tells the upstream to say when it wants the body, and holds the body back until then: until [`Opener::open`].
#[must_use]
pub(super) fn wait(request: &mut Request<Body>) -> (Wanted, Opener) {
    let (wanted, unwanted) = oneshot::channel();
    let (open, opened) = oneshot::channel();
    request
        .headers_mut()
        .insert(EXPECT, HeaderValue::from_static("100-continue"));
    let gate = async move {
        match tokio::time::timeout(PATIENCE, opened).await {
            Ok(Ok(())) | Err(_) => true,
            // Who would open it is forgotten the answer is there: it came without a wish for the body.
            Ok(Err(_)) => {
                let _ = unwanted.await;
                false
            }
        }
    };
    request.body_mut().hold_back(Box::pin(gate));
    (wanted, Opener(Mutex::new(Some(open))))
}
