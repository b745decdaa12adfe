//! The frames of an HTTP/2 connection (RFC 9113, 4.1), looked at for floods alone.
//!
//! What a frame holds is hyper's business. But frames that cost us work and their sender nothing (resets, pings, settings,
//! priorities, empty data, windows opened byte by byte) come in by the thousand from nobody who means well: each
//! kind has an allowance that fills up again with time.

use std::time::Duration;

use tokio::time::Instant;

/// How long the preface is, that comes before the first frame.
const PREFACE: usize = 24;
/// A frame's head, which starts with the length of its content.
const HEAD: usize = 9;
const LENGTH: usize = 3;
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
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;

/// A frame without a stream, that says how far was read (as far as may be) and why no further.
pub(super) type Goodbye = [u8; HEAD + 8];
const ENHANCE_YOUR_CALM: u8 = 11;

/// How far a connection's frames were read.
#[derive(Debug)]
pub(super) struct Frames {
    head: [u8; HEAD],
    filled: usize,
    /// What is left of a frame's content.
    left: usize,
    /// Ours.
    out: Outgoing,
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
            out: Outgoing::default(),
            written: 0,
            control: Allowance::new(CONTROL.0, CONTROL.1),
            windows: Allowance::new(CONTROL.0, CONTROL.1),
            resets: Allowance::new(resets.saturating_mul(2), resets),
        }
    }

    /// This was written to the client.
    pub(super) fn wrote(&mut self, bytes: &[u8]) {
        let count = bytes.len() as u64;
        self.written = self.written.saturating_add(count).min(MOST_WRITTEN);
        self.out.read(bytes);
    }

    /// What a client that is cut off is told, if it can be: none while a frame of ours is half written.
    pub(super) fn goodbye(&self) -> Option<Goodbye> {
        self.out.is_between().then_some([
            0,
            0,
            8,
            GOAWAY,
            0,
            0,
            0,
            0,
            0,
            0x7f,
            0xff,
            0xff,
            0xff,
            0,
            0,
            0,
            ENHANCE_YOUR_CALM,
        ])
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

/// Where our own frames end.
#[derive(Debug, Default)]
struct Outgoing {
    /// The length of a frame's content, as far as it was written, and how many bytes of the head were.
    length: usize,
    filled: usize,
    left: usize,
}

impl Outgoing {
    fn read(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            if self.filled < LENGTH {
                self.length = self.length << 8 | usize::from(*first);
            }
            self.filled += 1;
            bytes = rest;
            if self.filled == HEAD {
                self.left = self.length;
                (self.length, self.filled) = (0, 0);
            }
        }
    }

    fn is_between(&self) -> bool {
        self.filled == 0 && self.left == 0
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
        frames.wrote(&frame(DATA, 0, 160_000 - HEAD));
        assert_eq!(taken(&mut frames, &window, 50_000, now), 11_000);
    }

    #[test]
    fn goodbyes_stand_between_frames() {
        let mut frames = begun();
        for (at, byte) in frame(DATA, 0, 3).repeat(2).iter().enumerate() {
            assert_eq!(frames.goodbye().is_some(), at % 12 == 0, "{at}");
            frames.wrote(&[*byte]);
        }
        frames.wrote(&[frame(4, 0, 0), frame(DATA, 0, 70_000)].concat());
        assert!(frames.goodbye().is_some());
        frames.wrote(&frame(DATA, 0, 70_000)[..60_000]);
        assert_eq!(frames.goodbye(), None);
    }
}
