//! API keys from a file of hashes.
//!
//! The file has a line for each key, a JSON object: `key` is the key's hash (`sha256:` and 64 hex digits), the other members
//! are the claims of whoever brings it: `sub` is its owner, `exp` when it ends, `scope`, `roles` and those the spec declares
//! as in a token. Empty lines and lines that start with `#` count for nothing. The file is read again when it changes; one that
//! can't be understood then leaves the keys as they were.
//!
//! Keys are long and random (`bff keys new` makes them), so a plain hash suffices, and looking one up by its hash tells
//! nothing of others by the time it takes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use bff_json::Shape;
use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::claims::{ClaimRule, Expected};
use super::{Authenticator, Claims, Principal, Rejection, Scheme, Verdict, unix_time};
use crate::plan::Text;
use crate::text::{Env, Resolved};

/// The longest key that is looked at, in bytes.
const LONGEST: usize = 512;

/// `api_key: { … }`
#[derive(Debug)]
pub struct ApiKey {
    /// The scheme's name in the spec.
    pub name: &'static str,
    /// The header that brings the key, in lower case; in `authorization` it follows `Bearer`.
    pub header: &'static str,
    /// The file of hashes.
    pub keys: Text,
    /// What to capture of the claims.
    pub claims_shape: &'static Shape,
    /// The claims the spec declares. `sub` is required unless it is among them.
    pub claims: &'static [ClaimRule],
}

impl Scheme for ApiKey {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start(&'static self, env: &mut Env) -> Option<Arc<dyn Authenticator>> {
        let what = format!("auth `{}`: `keys`", self.name);
        let text = env.resolve(&self.keys, &what);
        if env.is_missing(&self.keys) {
            return None;
        }
        let value = text.get();
        match Keys::read(&value, self) {
            Ok(keys) => {
                let challenge = format!("ApiKey header=\"{}\"", self.header);
                Some(Arc::new(Bringer {
                    scheme: self,
                    challenge: HeaderValue::from_str(&challenge)
                        .unwrap_or_else(|_| HeaderValue::from_static("ApiKey")),
                    text,
                    current: RwLock::new((value, Arc::new(keys))),
                }))
            }
            Err(reason) => {
                env.fault(format!("{what}: {reason}"));
                None
            }
        }
    }
}

/// The scheme while the gateway runs.
struct Bringer {
    scheme: &'static ApiKey,
    challenge: HeaderValue,
    text: Resolved,
    current: RwLock<(Arc<str>, Arc<Keys>)>,
}

impl Authenticator for Bringer {
    fn authenticate<'a>(&'a self, head: &'a Parts) -> Verdict<'a> {
        Verdict::Now(self.check(head, unix_time()))
    }
}

impl Bringer {
    fn check(&self, head: &Parts, now: u64) -> Result<Principal, Rejection> {
        let mut values = head.headers.get_all(self.scheme.header).iter();
        let value = values.next().ok_or_else(|| self.missing())?;
        if values.next().is_some() {
            return Err(self.invalid("there is more than one key"));
        }
        let key = if self.scheme.header == AUTHORIZATION {
            let (scheme, key) = split(value.as_bytes()).ok_or_else(|| self.missing())?;
            if !scheme.eq_ignore_ascii_case(b"bearer") {
                return Err(self.missing());
            }
            key
        } else {
            value.as_bytes()
        };
        if key.len() > LONGEST {
            return Err(self.invalid("the key is no key"));
        }
        match self.keys().get(key) {
            None => Err(self.invalid("the key is not known")),
            Some(known) if known.until <= now => Err(self.invalid("the key has expired")),
            Some(known) => Ok(Principal {
                claims: Arc::clone(&known.claims),
                token: None,
                challenge: "ApiKey",
            }),
        }
    }

    fn missing(&self) -> Rejection {
        Rejection::Missing(self.challenge.clone())
    }

    fn invalid(&self, cause: &str) -> Rejection {
        Rejection::Invalid {
            challenge: self.challenge.clone(),
            cause: cause.to_owned(),
        }
    }

    fn keys(&self) -> Arc<Keys> {
        let now = self.text.get();
        {
            let known = self.current.read().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&known.0, &now) {
                return Arc::clone(&known.1);
            }
        }
        let mut known = self.current.write().unwrap_or_else(PoisonError::into_inner);
        match Keys::read(&now, self.scheme) {
            Ok(keys) => known.1 = Arc::new(keys),
            Err(reason) => tracing::warn!(
                scheme = self.scheme.name,
                reason,
                "the file of API keys changed to one that can't be read; the keys stay as they were"
            ),
        }
        known.0 = now;
        Arc::clone(&known.1)
    }
}

fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|byte| *byte == b' ')?;
    Some((value.get(..at)?, value.get(at..)?.trim_ascii()))
}

type Hash = [u8; SHA256_OUTPUT_LEN];

/// Keys by their hash.
struct Keys(HashMap<Hash, Known>);

struct Known {
    claims: Arc<Claims>,
    /// In seconds since 1970.
    until: u64,
}

impl Keys {
    fn get(&self, key: &[u8]) -> Option<&Known> {
        let hash = digest(&SHA256, key);
        self.0.get(hash.as_ref())
    }

    fn read(text: &str, scheme: &'static ApiKey) -> Result<Keys, String> {
        let expected = Expected {
            issuer: None,
            audience: Vec::new(),
            leeway: Duration::ZERO,
            required: &[],
            rules: scheme.claims,
            expires: false,
        };
        let mut keys = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // What the line says stays out of the fault.
            let fault = |reason: String| format!("line {}: {reason}", number + 1);
            let (hash, known) = entry(line, &expected, scheme).map_err(fault)?;
            if keys.insert(hash, known).is_some() {
                return Err(fault("this key stands twice in the file".to_owned()));
            }
        }
        Ok(Keys(keys))
    }
}

fn entry(line: &str, expected: &Expected, scheme: &ApiKey) -> Result<(Hash, Known), String> {
    #[derive(serde::Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        key: std::borrow::Cow<'a, str>,
        nbf: Option<serde::de::IgnoredAny>,
    }
    let named: Named<'_> =
        serde_json::from_str(line).map_err(|_| "no JSON object with a `key` in it".to_owned())?;
    if named.nbf.is_some() {
        return Err("`nbf` is not for keys: add the line when the key is to count".to_owned());
    }
    let hash = named
        .key
        .strip_prefix("sha256:")
        .and_then(unhex)
        .ok_or("`key` is not `sha256:` and 64 hex digits")?;
    // A key that has expired is known, so that it can be told from one that never was.
    let read = expected.check(line.as_bytes(), 0)?;
    let tape = scheme
        .claims_shape
        .capture(
            Bytes::copy_from_slice(line.as_bytes()),
            &bff_json::Options::default(),
        )
        .map_err(|error| error.to_string())?;
    let name = hash.iter().take(8).map(|byte| format!("{byte:02x}"));
    let claims = Arc::new(Claims {
        tape,
        scopes: read.scopes,
        roles: read.roles,
        key: Some(name.collect()),
    });
    let known = Known {
        claims,
        until: read.until,
    };
    Ok((hash, known))
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; SHA256_OUTPUT_LEN];
    if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use bff_json::Node;

    static SHAPE: Shape = Shape::new(1, Node::any("", 0));
    static SCHEME: ApiKey = ApiKey {
        name: "key",
        header: "x-api-key",
        keys: Text(&[]),
        claims_shape: &SHAPE,
        claims: &[],
    };

    /// Of `secret`.
    const HASH: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn files_of_keys() {
        let cases = [
            ("", Ok(0)),
            ("# none yet\n\n", Ok(0)),
            (
                &*format!("{{\"key\":\"sha256:{HASH}\",\"sub\":\"acme\"}}\n"),
                Ok(1),
            ),
            (
                &*format!("{{\"key\":\"sha256:{HASH}\"}}"),
                Err("line 1: `sub` is missing"),
            ),
            (
                &*format!("\n{{\"key\":\"{HASH}\",\"sub\":\"acme\"}}"),
                Err("line 2: `key` is not `sha256:` and 64 hex digits"),
            ),
            ("secret", Err("line 1: no JSON object with a `key` in it")),
            (
                &*format!("{{\"key\":\"sha256:{HASH}\",\"sub\":\"a\",\"nbf\":1}}"),
                Err("line 1: `nbf` is not for keys: add the line when the key is to count"),
            ),
            (
                &*format!(
                    "{{\"key\":\"sha256:{HASH}\",\"sub\":\"a\"}}\n{{\"key\":\"sha256:{HASH}\",\"sub\":\"b\"}}"
                ),
                Err("line 2: this key stands twice in the file"),
            ),
        ];
        for (text, want) in cases {
            let read = Keys::read(text, &SCHEME).map(|keys| keys.0.len());
            assert_eq!(read, want.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_key_is_known_by_its_hash() {
        let line = format!("{{\"key\":\"sha256:{HASH}\",\"sub\":\"acme\",\"exp\":5}}");
        let keys = Keys::read(&line, &SCHEME).unwrap();
        assert_eq!(keys.get(b"secret").unwrap().until, 5);
        assert!(keys.get(b"Secret").is_none());
        assert!(keys.get(HASH.as_bytes()).is_none());
    }
}
