//! How many requests to an upstream may be repeated ones, so that one that is down isn't asked several times as much.
//!
//! In: each call that may be repeated, and each wish to repeat. Out: whether it may be. What counts is the last ten
//! seconds: a share of what was called in them, and a few besides, so that an upstream that is seldom called has some.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time that counts, in slots.
const SLOTS: usize = 10;
/// One slot's.
const SLOT: Duration = Duration::from_secs(1);
/// Attempts that may be repeated within that time whatever was called.
const FLOOR: i64 = 10;
/// What a repeated attempt takes, in percent of a call.
const WHOLE: i64 = 100;

/// The budget of one upstream.
#[derive(Debug)]
pub(crate) struct Budget {
    percent: i64,
    started: Instant,
    state: Mutex<State>,
}

/// What was put in and taken in each slot, in percent of a call.
#[derive(Debug, Default)]
struct State {
    slots: [i64; SLOTS],
    /// The current slot, counted from the start.
    now: u64,
}

impl Budget {
    /// So many percent of what is called.
    pub(crate) fn new(percent: u8) -> Budget {
        Budget {
            percent: i64::from(percent),
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// A call that may be repeated is made.
    pub(crate) fn deposit(&self) {
        self.change(|_| Some(self.percent));
    }

    /// Takes an attempt out; false if there is none left.
    pub(crate) fn withdraw(&self) -> bool {
        self.change(|sum| (FLOOR * WHOLE + sum >= WHOLE).then_some(-WHOLE))
    }

    fn change(&self, by: impl FnOnce(i64) -> Option<i64>) -> bool {
        let elapsed = self.started.elapsed().as_secs() / SLOT.as_secs();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = usize::try_from(elapsed.saturating_sub(state.now)).unwrap_or(SLOTS);
        state.now = state.now.max(elapsed);
        let current = usize::try_from(state.now % SLOTS as u64).unwrap_or_default();
        for back in 0..passed.min(SLOTS) {
            let slot = (current + SLOTS - back) % SLOTS;
            if let Some(slot) = state.slots.get_mut(slot) {
                *slot = 0;
            }
        }
        let Some(by) = by(state.slots.iter().sum()) else {
            return false;
        };
        if let Some(slot) = state.slots.get_mut(current) {
            *slot = slot.saturating_add(by);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(budget: &Budget) -> usize {
        (0..1000).take_while(|_| budget.withdraw()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_of_the_last_seconds_and_a_few_besides() {
        let budget = Budget::new(20);
        assert_eq!(all(&budget), 10);
        for _ in 0..104 {
            budget.deposit();
        }
        assert_eq!(all(&budget), 20);
        tokio::time::advance(Duration::from_secs(9)).await;
        for _ in 0..10 {
            budget.deposit();
        }
        assert_eq!(all(&budget), 2);
        // What was put in and taken a while ago counts no more.
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(all(&budget), 10);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(all(&budget), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_but_the_few() {
        let budget = Budget::new(0);
        for _ in 0..1000 {
            budget.deposit();
        }
        assert_eq!(all(&budget), 10);
    }
}
