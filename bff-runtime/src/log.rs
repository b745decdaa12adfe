//! Records on stderr: one line per request, and what else there is to say.
//!
//! Lines are formatted where they arise and written by a thread of their own, many at once; if it can't keep up, lines
//! are dropped and counted rather than requests held up. On a terminal they are text, elsewhere JSON.

use std::io::{IsTerminal as _, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use http::{HeaderValue, Method, StatusCode};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::failure::Fault;

/// How many lines may wait to be written.
const WAITING: usize = 8192;

/// Installs the records' way to stderr; `filter` is what `BFF_LOG` says (`info` if nothing).
///
/// # Errors
/// In words, if the filter can't be understood.
pub(crate) fn install(filter: Option<&str>) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter.unwrap_or("info"))
        .map_err(|error| format!("BFF_LOG: {error}"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Lines::start());
    // Someone embedding the gateway may have installed their own: then theirs stays.
    let _ = if std::io::stderr().is_terminal() {
        subscriber.try_init()
    } else {
        subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init()
    };
    Ok(())
}

/// The way to the writing thread.
#[derive(Clone)]
struct Lines {
    sender: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
}

static WRITER: OnceLock<Lines> = OnceLock::new();

impl Lines {
    fn start() -> Lines {
        let lines = WRITER.get_or_init(|| {
            let (sender, receiver) = sync_channel(WAITING);
            let dropped = Arc::new(AtomicU64::new(0));
            let counter = Arc::clone(&dropped);
            let thread = std::thread::Builder::new()
                .name("log".to_owned())
                .spawn(move || write_all(&receiver, &counter));
            if let Err(error) = thread {
                eprintln!("no thread for the log: {error}");
            }
            Lines { sender, dropped }
        });
        lines.clone()
    }
}

fn write_all(receiver: &Receiver<Vec<u8>>, dropped: &AtomicU64) {
    let mut batch = Vec::with_capacity(64 * 1024);
    while let Ok(line) = receiver.recv() {
        batch.clear();
        batch.extend(line);
        while batch.len() < 60 * 1024
            && let Ok(line) = receiver.try_recv()
        {
            batch.extend(line);
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(batch, "{lost} log lines dropped");
        }
        let _ = std::io::stderr().write_all(&batch);
        if batch.is_empty() {
            return;
        }
    }
}

/// Waits until what was logged so far is written, or a moment has passed.
pub(crate) fn flush() {
    if let Some(lines) = WRITER.get() {
        // An empty line is the mark that ends the thread once all before it is written.
        let _ = lines.sender.try_send(Vec::new());
        for _ in 0..20 {
            if matches!(
                lines.sender.try_send(Vec::new()),
                Err(TrySendError::Disconnected(_))
            ) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;
    fn make_writer(&'a self) -> &'a Lines {
        self
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(line.to_vec()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A request's record, written once its answer is known in full.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) started: Instant,
    pub(crate) method: Method,
    /// The route's pattern; what the client wrote stays out of the log.
    pub(crate) route: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) id: HeaderValue,
    pub(crate) partial: Option<HeaderValue>,
    pub(crate) fault: Option<Fault>,
    pub(crate) upstream: Option<&'static str>,
    pub(crate) cause: Option<String>,
}

impl Pending {
    /// Writes the record; `bytes` is how long the answer's body was.
    pub(crate) fn write(self, bytes: Option<u64>) {
        tracing::info!(
            target: "access",
            method = self.method.as_str(),
            route = self.route,
            status = self.status.as_u16(),
            bytes,
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id = self.id.to_str().unwrap_or_default(),
            partial = self.partial.as_ref().and_then(|names| names.to_str().ok()),
            fault = self.fault.map(Fault::as_str),
            upstream = self.upstream,
            cause = self.cause.as_deref(),
        );
    }
}
