//! A frontend's addresses, which stay while what answers there changes.
//!
//! Connections are spliced to the gateway of the moment, byte for byte, so that nothing about HTTP is lost on the way. Those
//! that come while it starts wait; while there is none, they get a [notice](super::notice).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::notice::{self, Notice};
use crate::failure::Result;
use crate::ports;

/// How long a connection waits for a gateway that starts.
const HOLD: Duration = Duration::from_secs(60);
/// How long to wait when the system has no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);
/// Connections that wait for a notice.
const WAITING: usize = 64;

/// What answers.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// A gateway that isn't there yet, and why not.
    Starting(Arc<Notice>),
    /// A gateway at these addresses: the public one, and the operators'.
    Up(SocketAddr, SocketAddr),
    /// None.
    Broken(Arc<Notice>),
}

impl State {
    /// What to say while there is no answer.
    pub(super) fn notice(&self) -> Arc<Notice> {
        match self {
            State::Starting(notice) | State::Broken(notice) => Arc::clone(notice),
            State::Up(..) => Arc::new(Notice::of("the gateway takes no connections; ask again")),
        }
    }
}

/// A frontend's addresses. Dropped, they are closed.
#[derive(Debug)]
pub(super) struct Front {
    address: SocketAddr,
    admin: SocketAddr,
    state: watch::Sender<State>,
    tasks: JoinSet<()>,
}

impl Front {
    /// Listens on these sockets.
    pub(super) fn open(
        name: &str,
        public: std::net::TcpListener,
        admin: std::net::TcpListener,
    ) -> Result<Front> {
        let starting = Notice::of(format!("{name} starts"));
        let (state, seen) = watch::channel(State::Starting(Arc::new(starting)));
        let (notices, handed) = mpsc::channel(WAITING);
        let addresses = (ports::address(&public)?, ports::address(&admin)?);
        let mut tasks = JoinSet::new();
        for (listener, public) in [(public, true), (admin, false)] {
            let door = Door {
                public,
                state: seen.clone(),
                notices: notices.clone(),
            };
            tasks.spawn(door.accept(ports::into_tokio(listener)?));
        }
        tasks.spawn(notice::serve(handed, seen));
        Ok(Front {
            address: addresses.0,
            admin: addresses.1,
            state,
            tasks,
        })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its operators look.
    pub(super) fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// Listens no more; connections there are cut.
    pub(super) async fn close(&mut self) {
        self.tasks.shutdown().await;
    }

    /// From now on this answers.
    pub(super) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

/// One of a frontend's two addresses.
#[derive(Clone)]
struct Door {
    public: bool,
    state: watch::Receiver<State>,
    notices: mpsc::Sender<TcpStream>,
}

impl Door {
    async fn accept(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(self.clone().serve(stream));
                    }
                    Err(_) => sleep(OUT_OF_SOCKETS).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn serve(mut self, mut stream: TcpStream) {
        let started = |state: &State| !matches!(state, State::Starting(_));
        // Whoever asks how the gateway is, is told at once that it isn't there.
        let hold = if self.public { HOLD } else { Duration::ZERO };
        // Whatever came of waiting, the state of now counts.
        let _ = timeout(hold, self.state.wait_for(started)).await;
        let state = self.state.borrow().clone();
        if let State::Up(address, admin) = state {
            let there = if self.public { address } else { admin };
            if let Ok(mut gateway) = TcpStream::connect(there).await {
                let _ = stream.set_nodelay(true);
                let _ = gateway.set_nodelay(true);
                // However it ends, both sides have seen it.
                let _ = copy_bidirectional(&mut stream, &mut gateway).await;
                return;
            }
        }
        let _ = self.notices.send(stream).await;
    }
}
