//! What is counted of connections, and its text for Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::admission::Refused;

/// Why a connection, or one of its requests, is ended before its client wants it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// There was no TLS handshake, or not in time.
    Handshake,
    /// A head did not come in time.
    Header,
    /// A body came too slowly.
    Body,
    /// An answer was taken too slowly.
    Write,
    /// HTTP/2 frames without a purpose.
    Flood,
}

const CUTS: [(Cut, &str); 5] = [
    (Cut::Handshake, "handshake"),
    (Cut::Header, "header"),
    (Cut::Body, "body"),
    (Cut::Write, "write"),
    (Cut::Flood, "flood"),
];
const REFUSALS: [(Refused, &str); 2] =
    [(Refused::Max, "max"), (Refused::PerAddress, "per_address")];

/// The counters of a port.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    taken: AtomicU64,
    refused: [AtomicU64; REFUSALS.len()],
    cut: [AtomicU64; CUTS.len()],
}

impl Counts {
    /// A connection was taken.
    pub(crate) fn taken(&self) {
        self.taken.fetch_add(1, Relaxed);
    }

    /// A connection was refused.
    pub(crate) fn refused(&self, why: Refused) {
        count(
            &self.refused,
            REFUSALS.iter().position(|(known, _)| *known == why),
        );
    }

    /// A connection was ended.
    pub(crate) fn cut(&self, why: Cut) {
        count(&self.cut, CUTS.iter().position(|(known, _)| *known == why));
    }

    /// The text of all of them; `open` connections are there.
    pub(crate) fn text(&self, open: usize) -> String {
        let mut out = format!(
            "# HELP bff_connections Connections of clients.\n\
             # TYPE bff_connections gauge\n\
             bff_connections {open}\n\
             # HELP bff_connections_total Connections taken.\n\
             # TYPE bff_connections_total counter\n\
             bff_connections_total {}\n\
             # HELP bff_connections_refused_total Connections beyond a bound of the spec or the system.\n\
             # TYPE bff_connections_refused_total counter\n",
            self.taken.load(Relaxed)
        );
        for ((_, reason), count) in REFUSALS.iter().zip(&self.refused) {
            let count = count.load(Relaxed);
            let _ = writeln!(
                out,
                "bff_connections_refused_total{{reason=\"{reason}\"}} {count}"
            );
        }
        out.push_str(
            "# HELP bff_connections_cut_total Connections and requests ended because their clients were slow or hostile.\n\
             # TYPE bff_connections_cut_total counter\n",
        );
        for ((_, reason), count) in CUTS.iter().zip(&self.cut) {
            let count = count.load(Relaxed);
            let _ = writeln!(
                out,
                "bff_connections_cut_total{{reason=\"{reason}\"}} {count}"
            );
        }
        out
    }
}

fn count(counters: &[AtomicU64], at: Option<usize>) {
    if let Some(counter) = at.and_then(|at| counters.get(at)) {
        counter.fetch_add(1, Relaxed);
    }
}
