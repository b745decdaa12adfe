//! The threads that serve: one for each core, each with a runtime and upstream connections of its own, so that one
//! thread takes a request from its first byte to its last and wakes no other.
//!
//! In: connections, as they are accepted. Out: each on the core that has the fewest, where it stays. The first core is
//! the runtime that accepts. Whoever starts a gateway inside a runtime of their own (a test, say) has that core alone.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// The most cores that are used.
pub(crate) const MOST: usize = 256;
/// How often a core is woken while requests come: less than any of them waits for anything.
const PULSE: Duration = Duration::from_millis(50);
/// How long to wait for a core's thread to end what it is at.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// The place of this thread's core; 0 on threads that are none's.
pub(crate) fn number() -> usize {
    NUMBER.get()
}

/// A runtime for one core.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The cores that serve, until this is dropped.
#[derive(Debug)]
pub(crate) struct Cores {
    cores: Vec<Core>,
    /// Closed when all threads have ended.
    ended: Mutex<Receiver<()>>,
}

#[derive(Debug)]
struct Core {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
    /// Its thread ends when this is dropped; the first core has none of its own.
    _end: Option<oneshot::Sender<()>>,
}

impl Cores {
    /// The current runtime alone.
    pub(crate) fn here() -> Cores {
        let (_, ended) = channel();
        Cores {
            cores: vec![Core::of(Handle::current(), None)],
            ended: Mutex::new(ended),
        }
    }

    /// The current runtime and threads beside it, so that there are `count` in all; fewer if the system has no more.
    pub(crate) fn start(count: usize) -> Cores {
        let mut cores = Cores::here();
        let (alive, ended) = channel();
        cores.ended = Mutex::new(ended);
        for number in 1..count.clamp(1, MOST) {
            match beside(number, alive.clone()) {
                Ok(core) => cores.cores.push(core),
                Err(error) => {
                    tracing::warn!(%error, cores = number, "no thread for another core");
                    break;
                }
            }
        }
        cores
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.cores.len()
    }

    /// Serves a connection on the core that has the fewest.
    ///
    /// # Errors
    /// If the connection can't be handed over.
    pub(crate) fn serve<F>(
        &self,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let fewest = self.cores.iter().enumerate();
        let fewest = fewest.min_by_key(|(_, core)| core.connections.load(Ordering::Relaxed));
        let Some((number, core)) = fewest else {
            return Ok(());
        };
        let open = Open::on(core);
        if number == self::number() {
            tokio::spawn(async move {
                let _open = open;
                serve(stream).await;
            });
            return Ok(());
        }
        // What the runtime knows of a socket stays with it.
        let stream = stream.into_std()?;
        core.runtime.spawn(async move {
            let _open = open;
            match TcpStream::from_std(stream) {
                Ok(stream) => serve(stream).await,
                Err(error) => tracing::warn!(%error, "a connection could not be handed over"),
            }
        });
        Ok(())
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        self.cores.clear();
        // Nothing is sent: the channel closes with the last thread.
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(PATIENCE);
    }
}

impl Core {
    fn of(runtime: Handle, end: Option<oneshot::Sender<()>>) -> Core {
        Core {
            runtime,
            connections: Arc::default(),
            _end: end,
        }
    }
}

/// A core with a thread of its own. `alive` is dropped when that has ended.
fn beside(number: usize, alive: Sender<()>) -> io::Result<Core> {
    let runtime = runtime()?;
    let handle = runtime.handle().clone();
    let (end, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name(format!("core-{number}"))
        .spawn(move || {
            NUMBER.set(number);
            let _ = runtime.block_on(ended);
            // What no request waits for any more (a slow look-up of a name) must not hold up the end.
            runtime.shutdown_background();
            drop(alive);
        })?;
    Ok(Core::of(handle, Some(end)))
}

/// One of a core's connections.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn on(core: &Core) -> Open {
        core.connections.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(&core.connections))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of something for each core.
#[derive(Debug)]
pub(crate) struct PerCore<T> {
    first: T,
    others: Box<[T]>,
}

impl<T> PerCore<T> {
    /// Makes one for each.
    pub(crate) fn new(cores: usize, mut make: impl FnMut() -> T) -> PerCore<T> {
        PerCore {
            first: make(),
            others: (1..cores).map(|_| make()).collect(),
        }
    }

    /// This core's.
    pub(crate) fn mine(&self) -> &T {
        let other = number().checked_sub(1);
        other
            .and_then(|at| self.others.get(at))
            .unwrap_or(&self.first)
    }
}

/// A timer that is always about to end while requests come.
///
/// A runtime that waits for events is woken, by a system call, for each timer that is to end before all it knew when it began
/// to wait, though nobody waits but the thread that sets it. Every request sets some; with one of these there is an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    asked: AtomicBool,
    beats: AtomicBool,
}

impl Pulse {
    /// A request has come.
    pub(crate) fn on(self: &Arc<Pulse>) {
        self.asked.store(true, Ordering::Relaxed);
        if self.beats.load(Ordering::Relaxed) || self.beats.swap(true, Ordering::Relaxed) {
            return;
        }
        let pulse = Arc::clone(self);
        tokio::spawn(async move {
            while pulse.asked.swap(false, Ordering::Relaxed) {
                tokio::time::sleep(PULSE).await;
            }
            pulse.beats.store(false, Ordering::Relaxed);
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Says which core it is on, and stays until the other end closes.
    async fn tell(mut stream: TcpStream) {
        let number = u8::try_from(number()).unwrap();
        stream.write_all(&[number]).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    }

    #[test]
    fn each_connection_goes_where_the_fewest_are() {
        runtime().unwrap().block_on(async {
            let cores = Cores::start(3);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut open = Vec::new();
            let mut connect = async || {
                let mut stream = TcpStream::connect(listener.local_addr().unwrap())
                    .await
                    .unwrap();
                let (accepted, _) = listener.accept().await.unwrap();
                cores.serve(accepted, tell).unwrap();
                let number = stream.read_u8().await.unwrap();
                open.push(stream);
                number
            };
            let mut told = Vec::new();
            for _ in 0..6 {
                told.push(connect().await);
            }
            assert_eq!(told, [0, 1, 2, 0, 1, 2]);
            drop(cores);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_pulse_ends_when_no_request_comes() {
        let pulse = Arc::new(Pulse::default());
        let beats = || pulse.beats.load(Ordering::Relaxed);
        for _ in 0..2 {
            for _ in 0..10 {
                pulse.on();
                tokio::time::sleep(PULSE).await;
                assert!(beats());
            }
            tokio::time::sleep(PULSE * 3).await;
            assert!(!beats());
        }
    }

    #[test]
    fn each_core_has_its_own() {
        let mut made = 0..;
        let per_core = PerCore::new(2, || made.next().unwrap());
        assert_eq!(*per_core.mine(), 0);
        for (number, own) in [(1, 1), (2, 0)] {
            NUMBER.set(number);
            assert_eq!(*per_core.mine(), own, "{number}");
        }
        NUMBER.set(0);
    }
}
