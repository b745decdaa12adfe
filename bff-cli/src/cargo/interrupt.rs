//! Ctrl-C while cargo builds: cargo is asked to end, and whoever waits for it can say how to go on.
//!
//! A terminal sends the signal to both; a process manager to us alone. Either way cargo ends, and what it built stays.

use std::future::ready;
use std::pin::pin;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::commands::interrupted;

/// Watches for an interruption, from before a child is started until it has ended.
pub(super) struct Watch {
    state: Arc<Mutex<State>>,
    over: oneshot::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    interrupted: bool,
    child: Option<u32>,
}

impl Watch {
    /// Starts to watch. Once this is back no interruption is missed.
    pub(super) fn start() -> Watch {
        let state = Arc::new(Mutex::new(State::default()));
        let (over, ended) = oneshot::channel::<()>();
        let (ready_now, installed) = mpsc::channel::<()>();
        let told = Arc::clone(&state);
        // A runtime of its own: whoever builds may be in one already.
        let watch = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            // Without one the signal itself ends both.
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let mut waiting = pin!(interrupted());
                let seen = tokio::select! {
                    biased;
                    () = waiting.as_mut() => true,
                    () = ready(()) => false,
                };
                let _ = ready_now.send(());
                let seen = seen
                    || tokio::select! {
                        () = waiting => true,
                        _ = ended => false,
                    };
                if seen {
                    change(&told, |state| state.interrupted = true);
                }
            });
        };
        let thread = std::thread::Builder::new().spawn(watch).ok();
        let _ = installed.recv();
        Watch {
            state,
            over,
            thread,
        }
    }

    /// What to end when somebody interrupts.
    pub(super) fn over(&self, child: &Child) {
        change(&self.state, |state| state.child = Some(child.id()));
    }

    /// Ends the watch. Whether there was an interruption.
    pub(super) fn end(self) -> bool {
        let Watch {
            state,
            over,
            thread,
        } = self;
        // The child has ended: its number may be another's soon.
        change(&state, |state| state.child = None);
        drop(over);
        if let Some(thread) = thread {
            // It has nothing that could fail.
            let _ = thread.join();
        }
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.interrupted
    }
}

/// Changes the state; ends the child as soon as there is one and an interruption.
fn change(state: &Mutex<State>, change: impl FnOnce(&mut State)) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut state);
    if let (true, Some(child)) = (state.interrupted, state.child) {
        terminate(child);
    }
}

#[cfg(unix)]
fn terminate(child: u32) {
    let pid = i32::try_from(child)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

/// The console's own signal reaches cargo as well.
#[cfg(not(unix))]
fn terminate(_: u32) {}
