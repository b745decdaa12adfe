//! The end of a connection whose client still sends (RFC 9112, 9.6).
//!
//! In: what comes after the last answer was written and the end was said. Out: nothing; it is dropped. A system that
//! closes a connection with bytes unread resets it, and a reset takes from the client what it hasn't read yet: the answer.
//! So the connection is closed once its client has, within bounds of time and bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Sleep;

use crate::patience::Patience;

/// How long a client may keep silent, how slow it may be, and how long it may go on in any case.
const STALL: Duration = Duration::from_secs(5);
const RATE: u32 = 1024;
const LONGEST: Duration = Duration::from_secs(30);
/// How many bytes it may send.
const MOST: usize = 64 << 20;
/// How many are read at once.
const PIECE: usize = 16 * 1024;

/// Reads on for a while.
#[derive(Debug)]
pub(super) struct Linger {
    patience: Patience,
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl Linger {
    pub(super) fn new() -> Linger {
        Linger {
            patience: Patience::new(STALL, RATE),
            until: Box::pin(tokio::time::sleep(LONGEST)),
            left: MOST,
        }
    }

    /// Ready when the client is done, or has had its time.
    pub(super) fn poll<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<()> {
        while self.until.as_mut().poll(cx).is_pending() {
            match read(cx, stream) {
                Poll::Ready(Ok(read)) if read > 0 && read < self.left => {
                    self.left -= read;
                    self.patience.moved(read);
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.patience.poll_waiting(cx),
            }
        }
        Poll::Ready(())
    }
}

/// Reads a piece and drops it; gives how long it was.
fn read<S: AsyncRead + Unpin>(cx: &mut Context<'_>, stream: &mut S) -> Poll<io::Result<usize>> {
    let mut piece = [std::mem::MaybeUninit::uninit(); PIECE];
    let mut piece = ReadBuf::uninit(&mut piece);
    let read = Pin::new(stream).poll_read(cx, &mut piece);
    read.map_ok(|()| piece.filled().len())
}
