//! What a spec says of the public port, as the runtime's tables.

use bff_runtime::plan;
use bff_runtime::tls::{Pair, Tls};
use bff_spec::model::Listener;

use super::gateway::text_of;
use super::{leak, slice};

/// The bounds, those of the usual ones that aren't said otherwise.
pub(super) fn bounds(said: &Listener) -> plan::Listener {
    let usual = plan::Listener::USUAL;
    plan::Listener {
        head_size: said.head_size.unwrap_or(usual.head_size),
        head_count: said.head_count.unwrap_or(usual.head_count),
        handshake: said.handshake.unwrap_or(usual.handshake),
        header: said.header.unwrap_or(usual.header),
        body: said.body.unwrap_or(usual.body),
        write: said.write.unwrap_or(usual.write),
        idle: said.idle.unwrap_or(usual.idle),
        min_rate: said.min_rate.unwrap_or(usual.min_rate),
        max: said.max.unwrap_or(usual.max),
        per_address: said.per_address.unwrap_or(usual.per_address),
        streams: said.streams.unwrap_or(usual.streams),
        resets: said.resets.unwrap_or(usual.resets),
    }
}

/// The certificates, if there are any.
pub(super) fn tls(said: &Listener) -> Option<&'static dyn plan::Terminator> {
    let pairs: Vec<Pair> = said
        .tls
        .iter()
        .map(|pair| Pair {
            cert: text_of(&pair.cert),
            key: text_of(&pair.key),
        })
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let tls: &'static Tls = leak(Tls {
        pairs: slice(pairs),
    });
    Some(tls)
}
