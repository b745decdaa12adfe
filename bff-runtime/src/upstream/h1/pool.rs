//! Connections to one instance that wait for their next request.
//!
//! The last one back is the first one out, so that those a quiet hour needs no more grow old and go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::connection::Connection;

/// How long an unused connection is kept: less than servers usually do.
const IDLE: Duration = Duration::from_secs(25);
/// How many are kept.
const MOST: usize = 256;

/// Idle connections to one instance.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Idle>);

#[derive(Debug, Default)]
struct Idle {
    /// With when each was put here, the oldest first.
    kept: VecDeque<(Instant, Connection)>,
    /// Whether a task watches over their age.
    watched: bool,
}

impl Pool {
    /// A connection on which nothing came since its last answer; see [`Connection::is_quiet`] for what is `sure`.
    pub(super) fn take(&self, sure: bool) -> Option<Connection> {
        loop {
            let (_, connection) = self.lock().kept.pop_back()?;
            if connection.is_quiet(sure) {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(pool: &Arc<Pool>, connection: Connection) {
        let mut idle = pool.lock();
        let surplus = match idle.kept.len() {
            MOST.. => idle.kept.pop_front(),
            _ => None,
        };
        idle.kept.push_back((Instant::now(), connection));
        let unwatched = !std::mem::replace(&mut idle.watched, true);
        drop(idle);
        drop(surplus);
        if unwatched {
            tokio::spawn(watch(Arc::downgrade(pool)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what is too old; gives when to look again, `None` if nothing is left to look at.
    fn age(&self) -> Option<Instant> {
        let mut idle = self.lock();
        let now = Instant::now();
        let old = idle.kept.partition_point(|(since, _)| *since + IDLE <= now);
        let old: Vec<_> = idle.kept.drain(..old).collect();
        let next = idle.kept.front().map(|(since, _)| *since + IDLE);
        idle.watched = next.is_some();
        drop(idle);
        drop(old);
        next
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().kept.len()
    }
}

/// Ends with the pool, or when it is empty.
async fn watch(pool: Weak<Pool>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.age()) {
        sleep_until(next).await;
    }
}
