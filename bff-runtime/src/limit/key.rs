//! Who is counted, as a key.
//!
//! Keys are hashes under a seed of this process, so that nobody can choose two identities that share a counter, and no
//! identity is kept.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;

use bff_json::{Path, Scope};
use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::{Key, Per};

/// What is known of whoever asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) address: IpAddr,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) route: &'static str,
    /// The API key's own name.
    pub(crate) api_key: Option<&'a str>,
}

/// The key under which a limit counts a request. `claims` is none before it is known who asks.
pub(crate) fn key(per: Per, by: Option<&Path>, seen: &Seen<'_>, claims: Option<&Scope<'_>>) -> Key {
    let identity = match per {
        Per::Claim => claims
            .zip(by)
            .and_then(|(scope, path)| scope.value(path))
            .filter(|value| !value.is_null())
            .map(|value| hash(1, value.text().as_bytes())),
        Per::Key => seen.api_key.map(|name| hash(2, name.as_bytes())),
        Per::Header(name) => seen
            .headers
            .get(name)
            .map(|value| hash(3, value.as_bytes())),
        Per::Route => Some(hash(4, seen.route.as_bytes())),
        Per::Everyone => Some(hash(5, b"")),
        Per::Ip => None,
    };
    identity.unwrap_or_else(|| hash(0, &network(seen.address)))
}

/// One customer's: an IPv4 address, or the /64 of an IPv6 one.
pub(crate) fn network(address: IpAddr) -> [u8; 16] {
    let mut bytes = match address.to_canonical() {
        IpAddr::V4(v4) => return v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    };
    for byte in bytes.iter_mut().skip(8) {
        *byte = 0;
    }
    bytes
}

fn hash(kind: u64, bytes: &[u8]) -> Key {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| RandomState::new().hash_one(0_u8));
    xxh3_128_with_seed(bytes, seed.wrapping_add(kind))
}

/// The client's address: the peer's, or, behind `trusted` proxies of our own, the one the outermost of them saw. Each of
/// them appends to `x-forwarded-for` whom it answers; what stands further left is anybody's word.
pub(crate) fn address(peer: SocketAddr, headers: &HeaderMap, trusted: u8) -> IpAddr {
    if trusted == 0 {
        return peer.ip();
    }
    let mut way = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .collect::<Vec<_>>();
    way.reverse();
    way.get(usize::from(trusted) - 1)
        .and_then(|text| parse(text))
        .unwrap_or_else(|| peer.ip())
}

/// An address, perhaps with a port, perhaps in brackets.
fn parse(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|addr| addr.ip()))
        .or_else(|| {
            let inner = text.strip_prefix('[')?.strip_suffix(']')?;
            inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_address_that_our_own_proxies_saw() {
        let cases: [(u8, &[&str], &str); 8] = [
            (0, &["6.6.6.6"], "10.0.0.9"),
            (1, &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            (1, &["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
            (2, &["6.6.6.6, 1.2.3.4, 10.0.0.8"], "1.2.3.4"),
            (2, &["1.2.3.4"], "10.0.0.9"),
            (1, &[], "10.0.0.9"),
            (1, &["unknown"], "10.0.0.9"),
            (1, &["[2001:db8::1]:443"], "2001:db8::1"),
        ];
        let peer = "10.0.0.9:50000".parse().unwrap();
        for (trusted, lines, want) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            assert_eq!(
                address(peer, &headers, trusted),
                want.parse::<IpAddr>().unwrap(),
                "{trusted} {lines:?}"
            );
        }
    }

    #[test]
    fn one_customer_is_one_network() {
        let key = |address: &str| {
            let headers = HeaderMap::new();
            let seen = Seen {
                address: address.parse().unwrap(),
                headers: &headers,
                route: "",
                api_key: None,
            };
            super::key(Per::Ip, None, &seen, None)
        };
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
