//! Keys that verify signatures: read from a JWK (RFC 7517), a PEM text or a shared secret; weak ones never get in.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use super::token::decode;

/// A key, and what it is good for.
#[derive(Clone)]
pub(crate) struct Key {
    /// `None`: a token may name it as it likes (a key from the settings) or must not name one at all (from a set).
    kid: Kid,
    algorithms: &'static [Algorithm],
    pub(crate) decoding: DecodingKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kid {
    /// The one key of the settings: whatever a token calls it.
    Only,
    Named(String),
    Nameless,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

const RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
const P256: &[Algorithm] = &[Algorithm::ES256];
const P384: &[Algorithm] = &[Algorithm::ES384];
const ED25519: &[Algorithm] = &[Algorithm::EdDSA];

/// What is accepted unless the settings say otherwise: signatures by keys that only the issuer has.
pub(crate) const ASYMMETRIC: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Bits of the smallest and largest RSA modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// Reads a public key of a set.
    ///
    /// # Errors
    /// In words, why the key must not be used.
    pub(crate) fn from_jwk(jwk: &serde_json::Value) -> Result<Key, &'static str> {
        let jwk = Some(jwk)
            .filter(|jwk| jwk.is_object())
            .and_then(|jwk| Jwk::deserialize(jwk).ok())
            .ok_or("it is no JWK")?;
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("its `use` is not `sig`");
        }
        if jwk
            .key_ops
            .as_ref()
            .is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return Err("its `key_ops` don't include `verify`");
        }
        let part = |part: &Option<String>| {
            part.as_deref()
                .and_then(decode)
                .ok_or("a part of it is missing or malformed")
        };
        let (algorithms, decoding) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (part(&jwk.n)?, part(&jwk.e)?);
                check_rsa(&n, &e)?;
                (RSA, DecodingKey::from_rsa_raw_components(&n, &e))
            }
            ("EC", Some("P-256")) => (P256, point(&part(&jwk.x)?, &part(&jwk.y)?, 32)?),
            ("EC", Some("P-384")) => (P384, point(&part(&jwk.x)?, &part(&jwk.y)?, 48)?),
            ("OKP", Some("Ed25519")) => {
                let x = part(&jwk.x)?;
                if x.len() != 32 {
                    return Err("it has the wrong length");
                }
                (ED25519, DecodingKey::from_ed_der(&x))
            }
            ("oct", _) => return Err("it is a shared secret"),
            _ => return Err("its type is not supported"),
        };
        let algorithms = match jwk.alg.as_deref() {
            None => algorithms,
            Some(alg) => only(algorithms, alg)
                .ok_or("its `alg` doesn't fit its type, or is not supported")?,
        };
        let kid = jwk.kid.map_or(Kid::Nameless, Kid::Named);
        Ok(Key {
            kid,
            algorithms,
            decoding,
        })
    }

    /// Reads the one key of the settings: a public key as PEM, or, if only HS algorithms are named, a secret.
    ///
    /// # Errors
    /// In words that hold nothing of the key.
    pub(crate) fn from_text(text: &str, named: &[Algorithm]) -> Result<Vec<Key>, &'static str> {
        let symmetric =
            |alg: &Algorithm| matches!(alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
        if named.iter().any(symmetric) {
            if !named.iter().all(symmetric) {
                return Err(
                    "a shared secret and a public key can't stand for each other: name HS algorithms or others",
                );
            }
            if text.contains("-----BEGIN") {
                return Err("a PEM key can't be a shared secret");
            }
            return Key::from_secret(text.as_bytes(), named);
        }
        let bytes = text.as_bytes();
        let (algorithms, decoding) = if let Ok(key) = DecodingKey::from_rsa_pem(bytes) {
            let (n, e) = key
                .try_get_as_bytes()
                .ok()
                .and_then(rsa_parts)
                .ok_or("it is no RSA public key")?;
            check_rsa(n, e)?;
            (RSA, key)
        } else if let Ok(key) = DecodingKey::from_ec_pem(bytes) {
            match key.try_get_as_bytes().map(<[u8]>::len) {
                Ok(65) => (P256, key),
                Ok(97) => (P384, key),
                _ => return Err("its curve is not supported"),
            }
        } else if let Ok(key) = DecodingKey::from_ed_pem(bytes) {
            (ED25519, key)
        } else {
            return Err("it is no public key in PEM (RSA, P-256, P-384 or Ed25519)");
        };
        Ok(vec![Key {
            kid: Kid::Only,
            algorithms,
            decoding,
        }])
    }

    /// A shared secret, for each of these algorithms that it is long enough for (RFC 7518, 3.2).
    pub(crate) fn from_secret(
        secret: &[u8],
        named: &[Algorithm],
    ) -> Result<Vec<Key>, &'static str> {
        let key = |algorithms: &'static [Algorithm], least: usize| {
            if secret.len() < least {
                return Err("the secret is shorter than its algorithm's hash");
            }
            Ok(Key {
                kid: Kid::Only,
                algorithms,
                decoding: DecodingKey::from_secret(secret),
            })
        };
        named
            .iter()
            .map(|alg| match alg {
                Algorithm::HS256 => key(&[Algorithm::HS256], 32),
                Algorithm::HS384 => key(&[Algorithm::HS384], 48),
                _ => key(&[Algorithm::HS512], 64),
            })
            .collect()
    }

    /// Whether the key is good for an algorithm.
    pub(crate) fn verifies(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Whether a token that names this `kid`, or none, may mean this key.
    pub(crate) fn goes_by(&self, kid: Option<&str>) -> bool {
        match (&self.kid, kid) {
            (Kid::Only, _) | (_, None) => true,
            (Kid::Named(own), Some(kid)) => own == kid,
            (Kid::Nameless, Some(_)) => false,
        }
    }

    /// Whether a token could mean either of two keys by the same name.
    pub(crate) fn is_confusable_with(&self, other: &Key) -> bool {
        matches!(self.kid, Kid::Named(_))
            && self.kid == other.kid
            && self
                .algorithms
                .iter()
                .any(|algorithm| other.verifies(*algorithm))
    }
}

/// The one algorithm of a list that has this name.
fn only(of: &'static [Algorithm], name: &str) -> Option<&'static [Algorithm]> {
    let wanted: Algorithm = name.parse().ok()?;
    of.iter()
        .find(|algorithm| **algorithm == wanted)
        .map(std::slice::from_ref)
}

/// An uncompressed point (SEC 1, 2.3.3).
fn point(x: &[u8], y: &[u8], length: usize) -> Result<DecodingKey, &'static str> {
    if x.len() != length || y.len() != length {
        return Err("its coordinates have the wrong length");
    }
    let bytes = [&[4], x, y].concat();
    let curve: &'static aws_lc_rs::signature::EcdsaVerificationAlgorithm = match length {
        32 => &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
        _ => &aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED,
    };
    aws_lc_rs::signature::ParsedPublicKey::new(curve, &bytes)
        .map_err(|_| "its point is not on its curve")?;
    Ok(DecodingKey::from_ec_der(&bytes))
}

fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), &'static str> {
    let strip = |bytes: &[u8]| {
        bytes
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect::<Vec<u8>>()
    };
    let (n, e) = (strip(n), strip(e));
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err("its RSA modulus has fewer than 2048 or more than 8192 bits");
    }
    if e.len() > 4 || e.last().is_none_or(|last| last % 2 == 0) || e == [1] {
        return Err("its RSA exponent is not usable");
    }
    if n.last().is_none_or(|last| last % 2 == 0) || is_roca(&n) {
        return Err("its RSA modulus is weak");
    }
    Ok(())
}

/// Whether a modulus has the fingerprint of CVE-2017-15361 (ROCA): modulo each of these primes it is a power of 65537.
fn is_roca(n: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [
        11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
    ];
    PRIMES.iter().all(|prime| {
        let rest = n
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..*prime).any(|_| {
            power = power * (65537 % prime) % prime;
            power == rest
        })
    })
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, A.1.1) in DER.
fn rsa_parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, _) = element(der, 0x30)?;
    let (n, rest) = element(inside, 0x02)?;
    let (e, _) = element(rest, 0x02)?;
    Some((n, e))
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, short], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81 => rest
            .split_first()
            .map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    rest.split_at_checked(length)
}
