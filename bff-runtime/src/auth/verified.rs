//! Tokens that were verified, so that the same one costs a look-up and no signature the next time.
//!
//! An entry counts until the token expires and as long as the keys are those that verified it: a set of keys that
//! changed in any way makes every entry void.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use super::Claims;

const SHARDS: usize = 16;
/// Entries of one shard.
const MOST: usize = 1024;

/// Verified tokens.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    hasher: RandomState,
    shards: [Mutex<HashMap<Box<str>, Entry>>; SHARDS],
}

#[derive(Debug, Clone)]
struct Entry {
    claims: Arc<Claims>,
    until: u64,
    keys: u64,
}

impl Verified {
    /// What a token claims, if it was verified by this generation of keys and still holds at `now`.
    pub(crate) fn get(&self, token: &str, keys: u64, now: u64) -> Option<Arc<Claims>> {
        let shard = self
            .shard(token)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = shard.get(token)?;
        (entry.keys == keys && now < entry.until).then(|| Arc::clone(&entry.claims))
    }

    /// Keeps what a token claims.
    pub(crate) fn put(&self, token: &str, keys: u64, until: u64, claims: Arc<Claims>, now: u64) {
        let Some(shard) = self.shard(token) else {
            return;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST {
            shard.retain(|_, entry| entry.keys == keys && now < entry.until);
        }
        if shard.len() >= MOST {
            shard.clear();
        }
        shard.insert(
            token.into(),
            Entry {
                claims,
                until,
                keys,
            },
        );
    }

    fn shard(&self, token: &str) -> Option<&Mutex<HashMap<Box<str>, Entry>>> {
        // A token's end is its signature: enough to spread by.
        let end = token.as_bytes().last_chunk::<16>()?;
        let place = usize::try_from(self.hasher.hash_one(end) % SHARDS as u64).ok()?;
        self.shards.get(place)
    }
}
