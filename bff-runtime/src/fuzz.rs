//! What must hold of any bytes from outside: asked by fuzz targets (`fuzz/`), and by a test of their seeds.
//!
//! In: anything. Out: nothing, or a panic. One function for each way in, most of them beside what they ask.
#![allow(clippy::panic, clippy::expect_used)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

mod body;
mod identity;
mod request;

pub use body::body;
pub use identity::identity;
pub use request::request;

pub use crate::upstream::fuzz::answer;
pub use crate::wire::fuzz::{frames, wire};

/// A connection that was all heard before, and is read in parts of this size.
#[derive(Debug)]
pub(crate) struct Parts<'b>(pub(crate) &'b [u8], pub(crate) usize);

impl AsyncRead for Parts<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Parts(left, size) = *self;
        let (part, rest) = left.split_at(left.len().min(size).min(out.remaining()));
        out.put_slice(part);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}

/// Nobody listens.
impl AsyncWrite for Parts<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn seeds() {
        type Target = (&'static str, fn(&[u8]));
        let targets: [Target; 6] = [
            ("wire", wire),
            ("frames", frames),
            ("request", request),
            ("identity", identity),
            ("body", body),
            ("answer", answer),
        ];
        for (name, target) in targets {
            let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
            let mut seeds = 0;
            for entry in std::fs::read_dir(folder).unwrap() {
                let seed = std::fs::read(entry.unwrap().path()).unwrap();
                target(&seed);
                // Whatever was cut short.
                (0..seed.len()).for_each(|end| target(seed.get(..end).unwrap()));
                seeds += 1;
            }
            assert!(seeds > 2, "{name}");
        }
    }
}
