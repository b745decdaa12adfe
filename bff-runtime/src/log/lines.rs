//! The way of lines to stderr: gathered in memory, written by a thread of their own, many at once.
//!
//! Who logs copies its line behind the others and goes on; the thread is woken by the first line and again when there is
//! plenty, not by every one. A line is written within [`GATHERED`]. If the thread can't keep up, lines are dropped and
//! counted rather than requests held up. What never happens: a line is torn, or lost because the gateway ends or panics.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const GATHERED: Duration = Duration::from_millis(50);
/// How many bytes are written without waiting for more.
const PLENTY: usize = 64 << 10;
/// How many bytes may wait.
const MOST: usize = 4 << 20;
/// How long the end of the process waits for stderr.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines that wait, and who waits for what.
pub(super) struct Lines {
    waiting: Mutex<Waiting>,
    /// There is a first line, or plenty, or somebody who wants them written now.
    there: Condvar,
    /// All is written.
    gone: Condvar,
}

#[derive(Debug)]
struct Waiting {
    text: Vec<u8>,
    dropped: u64,
    /// Somebody wants them written now.
    urgent: bool,
    /// Some are being written.
    under_way: bool,
}

impl Lines {
    /// Nothing yet, and no thread.
    pub(super) const fn new() -> Lines {
        Lines {
            waiting: Mutex::new(Waiting {
                text: Vec::new(),
                dropped: 0,
                urgent: false,
                under_way: false,
            }),
            there: Condvar::new(),
            gone: Condvar::new(),
        }
    }

    /// Starts the thread that writes, and has what waits written when something panics.
    pub(super) fn start(&'static self) {
        let thread = std::thread::Builder::new().name("log".to_owned());
        if let Err(error) = thread.spawn(|| self.write_to(io::stderr())) {
            eprintln!("no thread for the log: {error}");
        }
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            self.flush();
            hook(panic);
        }));
    }

    /// Adds a line, which ends with a line feed.
    pub(super) fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        let before = waiting.text.len();
        if before + line.len() > MOST {
            waiting.dropped += 1;
            return;
        }
        waiting.text.extend_from_slice(line);
        let plenty = before < PLENTY && waiting.text.len() >= PLENTY;
        drop(waiting);
        if before == 0 || plenty {
            self.there.notify_one();
        }
    }

    /// Waits until what was logged so far is written, or a second has passed.
    pub(super) fn flush(&self) {
        let mut waiting = self.lock();
        waiting.urgent = true;
        self.there.notify_one();
        let left = |waiting: &mut Waiting| waiting.under_way || !waiting.text.is_empty();
        let waited = self.gone.wait_timeout_while(waiting, PATIENCE, left);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.urgent = false;
    }

    fn write_to(&self, mut out: impl Write) {
        let mut text = Vec::new();
        loop {
            let waiting = self.lock();
            let waited = self
                .there
                .wait_while(waiting, |waiting| waiting.text.is_empty());
            let waiting = waited.unwrap_or_else(PoisonError::into_inner);
            let few = |waiting: &mut Waiting| !waiting.urgent && waiting.text.len() < PLENTY;
            let waited = self.there.wait_timeout_while(waiting, GATHERED, few);
            let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut waiting.text, &mut text);
            let dropped = std::mem::take(&mut waiting.dropped);
            waiting.under_way = true;
            drop(waiting);
            if dropped > 0 {
                let _ = writeln!(text, "{dropped} log lines dropped");
            }
            // A stderr that is closed takes nothing, and nobody is left to tell.
            let _ = out.write_all(&text);
            text.clear();
            text.shrink_to(2 * PLENTY);
            let mut waiting = self.lock();
            waiting.under_way = false;
            if waiting.text.is_empty() {
                self.gone.notify_all();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a record is written to: all of it in one piece.
impl<'a> MakeWriter<'a> for &'static Lines {
    type Writer = &'static Lines;

    fn make_writer(&'a self) -> &'static Lines {
        self
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};

    /// A pipe that says how often it was written to.
    struct Pipe(Sender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.send(text.to_owned()).map_err(io::Error::other)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn started() -> (Arc<Lines>, std::sync::mpsc::Receiver<Vec<u8>>) {
        let (lines, (sender, pieces)) = (Arc::new(Lines::new()), channel());
        let writing = Arc::clone(&lines);
        std::thread::spawn(move || writing.write_to(Pipe(sender)));
        (lines, pieces)
    }

    #[test]
    fn what_was_logged_is_there_once_flushed() {
        let (lines, pieces) = started();
        let all: String = (0..1000).map(|number| format!("{number}\n")).collect();
        all.split_inclusive('\n')
            .for_each(|line| lines.push(line.as_bytes()));
        lines.flush();
        assert_eq!(
            pieces.try_iter().flatten().collect::<Vec<_>>(),
            all.as_bytes()
        );
        lines.push(b"later\n");
        lines.flush();
        assert_eq!(pieces.try_recv().unwrap(), b"later\n");
        lines.flush();
        assert!(pieces.try_recv().is_err());
    }

    #[test]
    fn lines_go_together_and_by_themselves() {
        let (lines, pieces) = started();
        lines.push(b"one\n");
        lines.push(b"two\n");
        let mut text = Vec::new();
        while text.len() < 8 {
            text.extend(pieces.recv().unwrap());
        }
        assert_eq!(text, b"one\ntwo\n");
    }

    #[test]
    fn too_much_is_dropped_and_counted() {
        let lines = Arc::new(Lines::new());
        let line = vec![b'x'; MOST / 2];
        (0..4).for_each(|_| lines.push(&line));
        let (sender, pieces) = channel();
        let writing = Arc::clone(&lines);
        std::thread::spawn(move || writing.write_to(Pipe(sender)));
        lines.flush();
        let text: Vec<u8> = pieces.try_iter().flatten().collect();
        assert!(text.starts_with(&line));
        assert!(text.ends_with(b"2 log lines dropped\n"));
        assert_eq!(text.len(), MOST + "2 log lines dropped\n".len());
    }
}
