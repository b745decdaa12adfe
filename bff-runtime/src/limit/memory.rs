//! Counters in this process's memory.
//!
//! Bounded: identities that are as good as new are forgotten when room is needed; and when there is none even so, those not
//! seen before share one counter of their shard, so that neither memory nor the limit gives way.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::rate::{Bucket, Poured};
use super::{Allowance, Grant, Hold, Key, Limit, Limiter, Quota, Refusal, Release, Room, Taking};

const SHARDS: usize = 64;
/// Entries of one shard: a quarter of a million in all.
const MOST: usize = 4096;
/// How long to stay away when all places of `concurrency` are taken: nobody knows better.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A limit that this process alone counts.
#[derive(Debug)]
pub struct InMemory(pub Allowance);

impl Limit for InMemory {
    fn rules(&'static self) -> &'static Allowance {
        &self.0
    }

    fn start(&'static self) -> Arc<dyn Limiter> {
        Arc::new(Counters(Arc::new(Table::new(&self.0, MOST))))
    }
}

/// A limit's counters.
struct Counters(Arc<Table>);

impl Limiter for Counters {
    fn take(&self, key: Key, cost: u32) -> Taking<'_> {
        let taken = self.0.take(key, cost, self.0.now(), wall_clock());
        Taking::Now(taken.map(|(room, held)| Grant {
            room,
            hold: held.then(|| {
                Hold(Box::new(Place {
                    table: Arc::clone(&self.0),
                    key,
                }))
            }),
        }))
    }

    fn give_back(&self, key: Key, cost: u32) {
        self.0.give_back(key, cost);
    }
}

/// One of the places of `concurrency`.
struct Place {
    table: Arc<Table>,
    key: Key,
}

impl Release for Place {
    fn release(&mut self) {
        let mut shard = self.table.shard(self.key);
        if let Some(entry) = shard.known(self.key) {
            entry.at_work = entry.at_work.saturating_sub(1);
        }
    }
}

struct Table {
    bucket: Option<Bucket>,
    quota: Option<Quota>,
    concurrency: Option<u32>,
    opened: Instant,
    most: usize,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Key, Entry, BuildHasherDefault<Whole>>,
    /// Those there is no room for, together.
    strangers: Entry,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// When the bucket is full again, in nanoseconds.
    until: u64,
    /// The quota's window, by its number.
    window: u64,
    used: u32,
    at_work: u32,
}

impl Shard {
    /// Whoever's counter a key has by now.
    fn known(&mut self, key: Key) -> Option<&mut Entry> {
        match self.entries.get_mut(&key) {
            Some(entry) => Some(entry),
            None => Some(&mut self.strangers),
        }
    }
}

impl Table {
    fn new(rules: &Allowance, most: usize) -> Table {
        Table {
            bucket: rules.rate.as_ref().map(Bucket::new),
            quota: rules.quota,
            concurrency: rules.concurrency,
            opened: Instant::now(),
            most,
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        let place = usize::try_from(key >> 64 & (SHARDS as u128 - 1)).unwrap_or_default();
        let shard = self.shards.get(place).unwrap_or(&self.shards[0]);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left, and whether a place was taken. `now` is of the bucket's clock, `time` since 1970.
    fn take(&self, key: Key, cost: u32, now: u64, time: Duration) -> Result<(Room, bool), Refusal> {
        let (window, window_left) = self.window(time);
        let mut shard = self.shard(key);
        if !shard.entries.contains_key(&key) {
            if shard.entries.len() >= self.most {
                shard.entries.retain(|_, entry| {
                    entry.at_work > 0
                        || entry.until > now
                        || (entry.window == window && entry.used > 0)
                });
            }
            if shard.entries.len() < self.most {
                shard.entries.insert(key, Entry::default());
            }
        }
        let Shard { entries, strangers } = &mut *shard;
        let entry = entries.get_mut(&key).unwrap_or(strangers);
        if entry.window != window {
            entry.window = window;
            entry.used = 0;
        }
        let mut wait = None;
        let mut next = *entry;
        if let Some(most) = self.concurrency {
            if entry.at_work >= most {
                wait = Some(A_MOMENT);
            }
            next.at_work = entry.at_work.saturating_add(1);
        }
        if let Some(quota) = self.quota {
            next.used = entry.used.saturating_add(cost);
            if next.used > quota.count {
                wait = wait.max(Some(window_left));
            }
        }
        if let Some(bucket) = self.bucket {
            match bucket.pour(entry.until, now, cost) {
                Poured::Passes(until) => next.until = until,
                Poured::Wait(long) => wait = wait.max(Some(long)),
            }
        }
        if wait.is_none() {
            *entry = next;
        }
        let room = Room {
            rate: self.bucket.map(|bucket| bucket.room(entry.until, now)),
            quota: self
                .quota
                .map(|quota| (quota.count.saturating_sub(entry.used), window_left)),
        };
        match wait {
            None => Ok((room, self.concurrency.is_some())),
            Some(retry_after) => Err(Refusal { room, retry_after }),
        }
    }

    fn give_back(&self, key: Key, cost: u32) {
        let mut shard = self.shard(key);
        if let Some(entry) = shard.known(key) {
            entry.used = entry.used.saturating_sub(cost);
            if let Some(bucket) = self.bucket {
                entry.until = bucket.unpour(entry.until, cost);
            }
        }
    }

    /// The quota's window at a time, and what is left of it.
    fn window(&self, time: Duration) -> (u64, Duration) {
        let Some(quota) = self.quota else {
            return (0, Duration::ZERO);
        };
        let period = quota.period.as_secs().max(1);
        let seconds = time.as_secs();
        let left = Duration::from_secs(period - seconds % period);
        (
            seconds / period,
            left.saturating_sub(Duration::from_nanos(u64::from(time.subsec_nanos()))),
        )
    }
}

fn wall_clock() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
}

/// Keys are hashes already.
#[derive(Default)]
struct Whole(u64);

impl Hasher for Whole {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[allow(clippy::cast_possible_truncation)] // its lower half is a hash as good as the whole
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Per, Rate};
    use super::*;

    const RULES: Allowance = Allowance {
        name: "test",
        per: Per::Ip,
        rate: None,
        quota: None,
        concurrency: None,
    };

    fn by_rate(count: u32, burst: u32, most: usize) -> Table {
        let rate = Some(Rate {
            count,
            period: Duration::from_secs(1),
            burst,
        });
        Table::new(&Allowance { rate, ..RULES }, most)
    }

    #[test]
    fn identities_are_counted_apart() {
        let table = by_rate(1, 2, MOST);
        for key in [7, 8] {
            assert_eq!(
                table.take(key, 1, 0, Duration::ZERO).unwrap().0.rate,
                Some((1, Duration::from_secs(1)))
            );
            assert!(table.take(key, 1, 0, Duration::ZERO).is_ok());
            let refused = table.take(key, 1, 0, Duration::ZERO).unwrap_err();
            assert_eq!(refused.retry_after, Duration::from_secs(1));
        }
    }

    #[test]
    fn a_quota_ends_with_its_window() {
        let quota = Some(Quota {
            count: 3,
            period: Duration::from_secs(86_400),
        });
        let table = Table::new(&Allowance { quota, ..RULES }, MOST);
        let noon = Duration::from_secs(10 * 86_400 + 43_200);
        assert!(table.take(1, 2, 0, noon).is_ok());
        let refused = table.take(1, 2, 0, noon).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(43_200));
        assert_eq!(refused.room.quota, Some((1, Duration::from_secs(43_200))));
        assert!(table.take(1, 1, 0, noon).is_ok());
        assert!(
            table
                .take(1, 1, 0, noon + Duration::from_secs(43_199))
                .is_err()
        );
        assert!(
            table
                .take(1, 3, 0, noon + Duration::from_secs(43_200))
                .is_ok()
        );
    }

    #[test]
    fn places_are_free_again_once_the_hold_is_dropped() {
        static ONE: InMemory = InMemory(Allowance {
            concurrency: Some(1),
            ..RULES
        });
        let limiter = ONE.start();
        let take = || match limiter.take(5, 1) {
            Taking::Now(taken) => taken,
            Taking::Later(_) => unreachable!("memory answers at once"),
        };
        let first = take().unwrap();
        assert_eq!(take().unwrap_err().retry_after, A_MOMENT);
        drop(first);
        assert!(take().is_ok());
    }

    #[test]
    fn what_one_limit_refuses_no_other_counts() {
        let table = by_rate(1, 1, MOST);
        assert!(table.take(1, 1, 0, Duration::ZERO).is_ok());
        table.give_back(1, 1);
        assert!(table.take(1, 1, 0, Duration::ZERO).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_strangers_share() {
        let table = by_rate(1, 1, 2);
        // All in one shard.
        for key in 1..=2 {
            assert!(table.take(key, 1, 0, Duration::ZERO).is_ok());
        }
        assert!(
            table.take(3, 1, 0, Duration::ZERO).is_ok(),
            "the strangers' one"
        );
        assert!(
            table.take(4, 1, 0, Duration::ZERO).is_err(),
            "they share it"
        );
        assert_eq!(table.shard(1).entries.len(), 2);
        // Once the first two are as good as new, there is room.
        let later = 1_000_000_000;
        assert!(table.take(5, 1, later, Duration::ZERO).is_ok());
        assert!(table.take(6, 1, later, Duration::ZERO).is_ok());
        assert_eq!(table.shard(1).entries.len(), 2);
    }
}
