//! How long a client is waited for.
//!
//! Whoever is waited for has some time. Waiting uses it up, each byte gives a little back, and never more than there was
//! at first: so one that stalls is given up after that time, and one that trickles bytes to seem alive not much later.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// What is left of it.
#[derive(Debug)]
pub(crate) struct Patience {
    most: Duration,
    /// Bytes a second that must come in the long run; any byte gives all back where it is 0.
    rate: u32,
    left: Duration,
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(crate) fn new(most: Duration, rate: u32) -> Patience {
        Patience {
            most,
            rate,
            left: most,
            since: None,
            timer: None,
        }
    }

    /// Nothing is waited for any more, and so many bytes moved.
    pub(crate) fn moved(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        if bytes == 0 || self.left == self.most {
            return;
        }
        let back = match self.rate {
            0 => self.most,
            rate => Duration::from_secs_f64(bytes as f64 / f64::from(rate)),
        };
        self.left = self.left.saturating_add(back).min(self.most);
    }

    /// It is waited for; ready when that was long enough.
    pub(crate) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let until = since + self.left;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() != until {
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits `pause` before each of `parts`; how many came before patience ended.
    async fn taken(rate: u32, pause: Duration, parts: &[usize]) -> usize {
        let mut patience = Patience::new(Duration::from_secs(30), rate);
        for (at, part) in parts.iter().enumerate() {
            let waited = std::future::poll_fn(|cx| patience.poll_waiting(cx));
            if tokio::time::timeout(pause, waited).await.is_ok() {
                return at;
            }
            patience.moved(*part);
        }
        parts.len()
    }

    #[tokio::test(start_paused = true)]
    async fn stalling_and_trickling_end_the_same_way() {
        let second = Duration::from_secs(1);
        for (rate, pause, parts, want) in [
            // Nothing for half a minute.
            (256, second * 31, vec![1], 0),
            (0, second * 31, vec![1], 0),
            // A byte a second, against 256.
            (256, second, vec![1; 100], 30),
            // A byte a second, where no rate is asked for.
            (0, second, vec![1; 100], 100),
            // Slow, and fast enough.
            (256, second * 20, vec![256 * 20; 100], 100),
            // What came in plenty is no credit for later.
            (256, second, [vec![1_000_000], vec![0; 100]].concat(), 30),
        ] {
            assert_eq!(taken(rate, pause, &parts).await, want, "{rate} {pause:?}");
        }
    }
}
