//! The frames of an HTTP/2 connection (RFC 9113, 4.1), looked at for floods alone.
//!
//! What a frame holds is hyper's business. But frames that cost us work and their sender nothing (resets, pings, settings,
//! priorities, empty data, windows opened byte by byte) come in by the thousand from nobody who means well: each
//! kind has an allowance that fills up again with time.

use std::time::Duration;

use tokio::time::Instant;

/// How long the preface is, that comes before the first frame.
const PREFACE: usize = 24;
/// A frame's head.
const HEAD: usize = 9;
/// How many frames without a purpose may come at once, and a second.
const CONTROL: (u32, u32) = (1_000, 100);
/// For so many bytes of ours a client may open a window once more, beyond its allowance.
const PER_WINDOW: u64 = 16;
/// How many bytes of ours count for that.
const MOST_WRITTEN: u64 = 1 << 20;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;

/// How far a connection's frames were read.
#[derive(Debug)]
pub(super) struct Frames {
    head: [u8; HEAD],
    filled: usize,
    /// What is left of a frame's content.
    left: usize,
    written: u64,
    control: Allowance,
    windows: Allowance,
    resets: Allowance,
}

impl Frames {
    /// `resets` is how many requests may be taken back a second; in a burst, twice as many.
    pub(super) fn new(resets: u32) -> Frames {
        Frames {
            head: [0; HEAD],
            filled: 0,
            left: PREFACE,
            written: 0,
            control: Allowance::new(CONTROL.0, CONTROL.1),
            windows: Allowance::new(CONTROL.0, CONTROL.1),
            resets: Allowance::new(resets.saturating_mul(2), resets),
        }
    }

    /// So much was written to the client.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes as u64).min(MOST_WRITTEN);
    }

    /// Reads on; false if this is a flood.
    pub(super) fn read(&mut self, mut bytes: &[u8], now: Instant) -> bool {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            let part = (HEAD - self.filled).min(bytes.len());
            let (part, rest) = bytes.split_at(part);
            let room = self.head.iter_mut().skip(self.filled);
            room.zip(part).for_each(|(room, byte)| *room = *byte);
            self.filled += part.len();
            bytes = rest;
            if self.filled == HEAD {
                self.filled = 0;
                if !self.frame(now) {
                    return false;
                }
            }
        }
        true
    }

    fn frame(&mut self, now: Instant) -> bool {
        let [high, middle, low, kind, flags, ..] = self.head;
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        match kind {
            DATA if self.left > 0 || flags & END_STREAM != 0 => true,
            HEADERS => true,
            // How many there may be, hyper counts.
            CONTINUATION if self.left > 0 => true,
            RST_STREAM => self.resets.take(now),
            WINDOW_UPDATE if self.written >= PER_WINDOW => {
                self.written -= PER_WINDOW;
                true
            }
            WINDOW_UPDATE => self.windows.take(now),
            _ => self.control.take(now),
        }
    }
}

/// So many at once, so many a second in the long run (the generic cell rate algorithm).
#[derive(Debug)]
struct Allowance {
    each: Duration,
    burst: Duration,
    /// When all would be there again.
    full: Option<Instant>,
}

impl Allowance {
    fn new(burst: u32, rate: u32) -> Allowance {
        let each = Duration::from_secs(1) / rate.max(1);
        Allowance {
            each,
            burst: each.saturating_mul(burst),
            full: None,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let from = self.full.map_or(now, |full| full.max(now));
        let full = from + self.each;
        if full.duration_since(now) > self.burst {
            return false;
        }
        self.full = Some(full);
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn frame(kind: u8, flags: u8, content: usize) -> Vec<u8> {
        let length = u32::try_from(content).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags, 0, 0, 0, 1]);
        frame.resize(frame.len() + content, 0);
        frame
    }

    /// Behind the preface.
    fn begun() -> Frames {
        let mut frames = Frames::new(100);
        assert!(frames.read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Instant::now()));
        frames
    }

    /// How many of these frames are taken.
    fn taken(frames: &mut Frames, frame: &[u8], most: usize, now: Instant) -> usize {
        (0..most).find(|_| !frames.read(frame, now)).unwrap_or(most)
    }

    #[test]
    fn floods_are_told_from_use() {
        let now = Instant::now();
        for (name, one, want) in [
            ("requests", frame(HEADERS, 4, 30), 5_000),
            ("data", frame(DATA, 0, 1), 5_000),
            ("ends", frame(DATA, END_STREAM, 0), 5_000),
            ("nothing", frame(DATA, 0, 0), 1_000),
            ("resets", frame(RST_STREAM, 0, 4), 200),
            ("pings", frame(6, 0, 8), 1_000),
            ("settings", frame(4, 0, 6), 1_000),
            ("acknowledged settings", frame(4, 1, 0), 1_000),
            ("priorities", frame(2, 0, 5), 1_000),
            ("windows", frame(WINDOW_UPDATE, 0, 4), 1_000),
            (
                "headers that go on with nothing",
                frame(CONTINUATION, 0, 0),
                1_000,
            ),
            ("what nobody knows", frame(99, 0, 100), 1_000),
        ] {
            let mut frames = begun();
            assert_eq!(taken(&mut frames, &one, 5_000, now), want, "{name}");
            let mut bytewise = begun();
            let many = one.repeat(want + 1);
            let end = many.chunks(1).position(|byte| !bytewise.read(byte, now));
            let cut = (want < 5_000).then_some(want * one.len() + HEAD - 1);
            assert_eq!(end, cut, "{name}, byte by byte");
        }
    }

    #[test]
    fn allowances_fill_up_again() {
        let mut frames = begun();
        let (start, reset) = (Instant::now(), frame(RST_STREAM, 0, 4));
        assert_eq!(taken(&mut frames, &reset, 200, start), 200);
        let later = start + Duration::from_secs(1);
        assert_eq!(taken(&mut frames, &reset, 5_000, later), 100);
    }

    #[test]
    fn windows_open_with_what_is_read() {
        let (now, window) = (Instant::now(), frame(WINDOW_UPDATE, 0, 4));
        let mut frames = begun();
        frames.wrote(160_000);
        assert_eq!(taken(&mut frames, &window, 50_000, now), 11_000);
    }
}
