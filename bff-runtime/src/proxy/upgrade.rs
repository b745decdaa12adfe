//! Another protocol on both connections: WebSocket, and whatever else an upstream agrees to (RFC 9110, 7.8).
//!
//! What a request asks for passes only here, after everything else of it was found good. Once the upstream switched, the
//! bytes go by unread, under each side's back-pressure, until one side ends it or the gateway stops.

use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use super::headers::has_token;
use crate::writes::Writes;

/// How much of each direction is on its way at most.
const ROOM: usize = 16 * 1024;

/// The protocols a request asks to switch to, if it may.
pub(super) fn wanted(head: &Parts) -> Option<HeaderValue> {
    let asks = head.version == Version::HTTP_11
        && has_token(&head.headers, &CONNECTION, "upgrade")
        && head.extensions.get::<OnUpgrade>().is_some();
    if !asks {
        return None;
    }
    let given = head.headers.get_all(UPGRADE).iter();
    let protocols: Vec<&str> = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty() && !is_http(protocol))
        .collect();
    let protocols = HeaderValue::from_str(&protocols.join(", ")).ok()?;
    (!protocols.is_empty()).then_some(protocols)
}

/// Requests in a tunnel would pass unseen: HTTP and TLS stay on our own connections.
fn is_http(protocol: &str) -> bool {
    let name = protocol.split('/').next().unwrap_or(protocol);
    ["h2c", "h2", "h3", "http", "tls"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Says on a message that its connection switches to a protocol.
pub(super) fn say(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
}

/// The tunnels of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct Tunnels {
    open: Writes,
    cut: Arc<watch::Sender<bool>>,
}

impl Default for Tunnels {
    fn default() -> Tunnels {
        Tunnels {
            open: Writes::default(),
            cut: Arc::new(watch::channel(false).0),
        }
    }
}

impl Tunnels {
    /// Joins two connections as soon as both have switched.
    pub(super) fn open(&self, client: OnUpgrade, upstream: OnUpgrade) {
        let mut cut = self.cut.subscribe();
        let tunnel = async move {
            let (client, upstream) = tokio::try_join!(client, upstream).ok()?;
            let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
            tokio::io::copy_bidirectional_with_sizes(&mut client, &mut upstream, ROOM, ROOM)
                .await
                .ok()
        };
        let run = self.open.run(async move {
            tokio::select! {
                _ = tunnel => {}
                _ = cut.wait_for(|cut| *cut) => {}
            }
        });
        // It runs by itself; nobody waits for it but the gateway when it stops.
        drop(run);
    }

    /// Waits until none is open.
    pub(crate) async fn finished(&self) {
        self.open.finished().await;
    }

    /// Ends all of them.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_not_tunnelled() {
        for (protocol, is) in [
            ("websocket", false),
            ("h2c", true),
            ("HTTP/2.0", true),
            ("TLS/1.0", true),
            ("h2x", false),
        ] {
            assert_eq!(is_http(protocol), is, "{protocol}");
        }
    }
}
