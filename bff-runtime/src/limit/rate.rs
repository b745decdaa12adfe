//! A bucket that fills evenly, kept as one number: when it will be full again.
//!
//! The generic cell rate algorithm: a request moves that moment away by its share of the period, and may pass if it stays
//! within the burst. Times are nanoseconds since the store was opened.

use std::time::Duration;

use super::Rate;

/// A rate in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// What one costs.
    each: u64,
    /// What all of the burst costs.
    full: u64,
}

/// Whether a request passes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Poured {
    /// Yes: the moment the bucket is full again.
    Passes(u64),
    /// No: how long until it would.
    Wait(Duration),
}

impl Bucket {
    pub(super) fn new(rate: &Rate) -> Bucket {
        let period = u64::try_from(rate.period.as_nanos()).unwrap_or(u64::MAX);
        let each = (period / u64::from(rate.count.max(1))).max(1);
        Bucket {
            each,
            full: each.saturating_mul(u64::from(rate.burst.max(1))),
        }
    }

    /// A request that counts `cost`, at `now`, of a bucket that is full again at `until`.
    pub(super) fn pour(self, until: u64, now: u64, cost: u32) -> Poured {
        let next = until
            .max(now)
            .saturating_add(self.each.saturating_mul(u64::from(cost)));
        match (next - now).checked_sub(self.full) {
            None | Some(0) => Poured::Passes(next),
            Some(over) => Poured::Wait(Duration::from_nanos(over)),
        }
    }

    /// The same moment before a request that counted `cost`.
    pub(super) fn unpour(self, until: u64, cost: u32) -> u64 {
        until.saturating_sub(self.each.saturating_mul(u64::from(cost)))
    }

    /// How much may come at once, and how long until all of the burst may.
    pub(super) fn room(self, until: u64, now: u64) -> (u32, Duration) {
        let used = until.saturating_sub(now);
        let left = self.full.saturating_sub(used) / self.each;
        (
            u32::try_from(left).unwrap_or(u32::MAX),
            Duration::from_nanos(used),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Ten a second, four at once.
    fn bucket() -> Bucket {
        Bucket::new(&Rate {
            count: 10,
            period: Duration::from_secs(1),
            burst: 4,
        })
    }

    #[test]
    fn bursts_then_the_rate() {
        // (at, in tenths of a second; cost; passes)
        let cases = [
            (0, 1, true),
            (0, 1, true),
            (0, 2, true),
            (0, 1, false),
            (1, 1, true),
            (1, 1, false),
            (2, 2, false),
            (3, 2, true),
            (100, 4, true),
            (100, 1, false),
        ];
        let mut until = 0;
        for (at, cost, passes) in cases {
            let now = at * SECOND / 10;
            match bucket().pour(until, now, cost) {
                Poured::Passes(next) => {
                    assert!(passes, "at {at}, {cost}");
                    until = next;
                }
                Poured::Wait(_) => assert!(!passes, "at {at}, {cost}"),
            }
        }
    }

    #[test]
    fn whoever_waits_as_told_passes() {
        let Poured::Passes(until) = bucket().pour(0, 5, 4) else {
            panic!("the burst passes");
        };
        assert_eq!(bucket().room(until, 5).0, 0);
        let Poured::Wait(wait) = bucket().pour(until, 5, 2) else {
            panic!("over the burst");
        };
        assert_eq!(wait, Duration::from_millis(200));
        let later = 5 + u64::try_from(wait.as_nanos()).unwrap_or_default();
        assert_eq!(bucket().room(until, later).0, 2);
        assert!(matches!(bucket().pour(until, later, 2), Poured::Passes(_)));
        assert!(matches!(
            bucket().pour(until, later - 1, 2),
            Poured::Wait(_)
        ));
    }

    #[test]
    fn what_is_given_back_counts_as_never_taken() {
        let Poured::Passes(until) = bucket().pour(0, 7, 3) else {
            panic!("within the burst");
        };
        assert_eq!(bucket().room(bucket().unpour(until, 3), 7).0, 4);
    }

    #[test]
    fn nothing_overflows() {
        let odd = Bucket::new(&Rate {
            count: 1,
            period: Duration::MAX,
            burst: u32::MAX,
        });
        assert!(matches!(
            odd.pour(u64::MAX, 0, u32::MAX),
            Poured::Passes(_) | Poured::Wait(_)
        ));
        assert_eq!(odd.room(u64::MAX, 0).0, 0);
    }
}
