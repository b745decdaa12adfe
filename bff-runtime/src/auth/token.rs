//! A compact JWS (RFC 7515), taken apart and its signature checked; nothing is believed before that.
//!
//! Strict: three non-empty parts of canonical base64url, an algorithm that both the settings and the key allow, no
//! critical extensions. Keys a token brings or points to (`jwk`, `jku`, `x5c`, `x5u`) are not even read.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::key::Key;

/// The longest token that is looked at.
const LONGEST: usize = 16 * 1024;
/// How many keys a token without `kid` is tried against.
const TRIES: usize = 8;

/// A token taken apart, not verified yet.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    /// Header and payload, as signed.
    message: &'t str,
    signature: &'t str,
    payload: &'t str,
    algorithm: Algorithm,
    pub(crate) kid: Option<String>,
}

#[derive(Deserialize)]
struct Header<'h> {
    #[serde(borrow)]
    alg: Cow<'h, str>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, borrow)]
    typ: Option<Cow<'h, str>>,
    #[serde(default)]
    crit: Present,
}

/// Whether a member is there, whatever it is.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Present, D::Error> {
        serde::de::IgnoredAny::deserialize(from).map(|_| Present(true))
    }
}

/// Why a token's signature layer is refused; for the log and the challenge's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Malformed,
    Algorithm,
    Type,
    Critical,
    /// No key has this `kid` and fits: newer keys may.
    UnknownKey,
    Signature,
}

impl Refused {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Refused::Malformed => "the token is malformed",
            Refused::Algorithm => "the token's algorithm is not accepted",
            Refused::Type => "the token is of another type",
            Refused::Critical => "the token asks for extensions that are not supported",
            Refused::UnknownKey => "the token's key is not known",
            Refused::Signature => "the token's signature is not valid",
        }
    }
}

impl<'t> Token<'t> {
    /// Takes a token apart; `accepted` are the algorithms of the settings.
    pub(crate) fn parse(token: &'t str, accepted: &[Algorithm]) -> Result<Token<'t>, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Refused::Malformed)?;
        if header.is_empty() || signature.is_empty() || payload.contains('.') {
            return Err(Refused::Malformed);
        }
        let header = decode(header).ok_or(Refused::Malformed)?;
        let header: Header<'_> = object(&header).ok_or(Refused::Malformed)?;
        if header.crit.0 {
            return Err(Refused::Critical);
        }
        if !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(Refused::Type);
        }
        let algorithm = header.alg.parse().map_err(|_| Refused::Algorithm)?;
        if !accepted.contains(&algorithm) {
            return Err(Refused::Algorithm);
        }
        Ok(Token {
            message,
            signature,
            payload,
            algorithm,
            kid: header.kid,
        })
    }

    /// Checks the signature against the key it names, or those that fit if it names none; gives the payload.
    pub(crate) fn verify(&self, keys: &[Key]) -> Result<Vec<u8>, Refused> {
        let fits = |key: &&Key| key.verifies(self.algorithm) && key.goes_by(self.kid.as_deref());
        let mut candidates = keys.iter().filter(fits).take(TRIES).peekable();
        if candidates.peek().is_none() {
            return Err(Refused::UnknownKey);
        }
        // The payload is decoded first, so that a broken one is told as that and never after a valid signature.
        let payload = decode(self.payload).ok_or(Refused::Malformed)?;
        decode(self.signature).ok_or(Refused::Malformed)?;
        let valid = candidates.any(|key| {
            jsonwebtoken::crypto::verify(
                self.signature,
                self.message.as_bytes(),
                &key.decoding,
                self.algorithm,
            )
            .unwrap_or(false)
        });
        if valid {
            Ok(payload)
        } else {
            Err(Refused::Signature)
        }
    }
}

/// Reads a JSON object. serde alone would take an array for a struct, too, its elements for members, and would not look at the
/// bytes of members that nobody wants, which must be UTF-8 as all others.
pub(crate) fn object<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Option<T> {
    let text = std::str::from_utf8(text).ok()?;
    let is_object = text.trim_ascii_start().starts_with('{');
    serde_json::from_str(text).ok().filter(|_| is_object)
}

/// Canonical base64url without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// RFC 7519 `JWT`, RFC 9068 `at+jwt`; media types with or without `application/`.
fn is_access_token(typ: &str) -> bool {
    let typ = match typ.get(..12) {
        Some(prefix) if prefix.eq_ignore_ascii_case("application/") => {
            typ.get(12..).unwrap_or_default()
        }
        _ => typ,
    };
    typ.eq_ignore_ascii_case("jwt") || typ.eq_ignore_ascii_case("at+jwt")
}
