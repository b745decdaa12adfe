//! Writes that were sent: they are finished even if nobody waits for them any more.
//!
//! In: a future that sends. Out: its result, to whoever still waits. A gateway that stops waits for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, oneshot};

/// The writes of a gateway that are on their way.
#[derive(Debug, Default, Clone)]
pub(crate) struct Writes(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    under_way: AtomicUsize,
    none: Notify,
}

impl Writes {
    /// Runs a future to its end, come what may.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        write: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        self.0.under_way.fetch_add(1, Ordering::AcqRel);
        let one = One(Arc::clone(&self.0));
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            let _one = one;
            let _ = sender.send(write.await);
        });
        async move { receiver.await.ok() }
    }

    /// Waits until none is under way.
    pub(crate) async fn finished(&self) {
        loop {
            let none = self.0.none.notified();
            if self.0.under_way.load(Ordering::Acquire) == 0 {
                return;
            }
            none.await;
        }
    }
}

/// One write under way.
struct One(Arc<Count>);

impl Drop for One {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none.notify_waiters();
        }
    }
}
