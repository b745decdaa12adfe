//! What the upstreams of one case were asked, in the order the requests arrived, whichever upstream they went to.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::patiently;

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) upstream: &'static str,
    pub(crate) method: String,
    /// Path and query, as they were sent.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether a script had an answer to it.
    pub(crate) scripted: bool,
}

impl Seen {
    /// `orders GET /orders/o-5001`
    pub(crate) fn line(&self) -> String {
        format!("{} {} {}", self.upstream, self.method, self.target)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The requests of one case. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    seen: Arc<Mutex<Vec<Seen>>>,
    count: Arc<watch::Sender<usize>>,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            seen: Arc::default(),
            count: Arc::new(watch::Sender::new(0)),
        }
    }
}

impl Log {
    pub(crate) fn add(&self, seen: Seen) {
        self.seen.lock().unwrap().push(seen);
        self.count.send_modify(|count| *count += 1);
    }

    /// Everything from the `first`th request on.
    pub(crate) fn since(&self, first: usize) -> Vec<Seen> {
        self.seen.lock().unwrap()[first..].to_vec()
    }

    pub(crate) fn len(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Waits until a request was seen whose [`Seen::line`] starts so.
    pub(crate) async fn asked(&self, line: &str) {
        let mut count = self.count.subscribe();
        let seen = || {
            self.seen
                .lock()
                .unwrap()
                .iter()
                .any(|seen| seen.line().starts_with(line))
        };
        patiently(line, async {
            while !seen() {
                count.changed().await.unwrap();
            }
        })
        .await;
    }
}
