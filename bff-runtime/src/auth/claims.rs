//! What a verified token claims, held to the settings: time, issuer, audience, and the claims the spec declares.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::plan::Scalar;

/// A claim the spec declares.
#[derive(Debug)]
pub struct ClaimRule {
    /// Its name.
    pub name: &'static str,
    /// Its kind; of a list, its elements'.
    pub kind: Scalar,
    /// Whether it is a list.
    pub list: bool,
    /// Whether it must be there.
    pub required: bool,
}

/// What the claims of a token must be.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) issuer: Option<String>,
    /// Any of these; none asks for nothing.
    pub(crate) audience: Vec<String>,
    pub(crate) leeway: Duration,
    pub(crate) required: &'static [&'static str],
    pub(crate) rules: &'static [ClaimRule],
    /// Whether `exp` must be there.
    pub(crate) expires: bool,
}

/// What is read of the claims at once.
#[derive(Debug)]
pub(crate) struct Read {
    /// When the token must no longer be taken, in seconds since 1970.
    pub(crate) until: u64,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
}

impl Expected {
    /// Checks a payload at a time, in seconds since 1970.
    ///
    /// # Errors
    /// In words, which claim is not as it must be.
    pub(crate) fn check(&self, payload: &[u8], now: u64) -> Result<Read, String> {
        let claims: Map<String, Value> = serde_json::from_slice(payload)
            .map_err(|_| "the payload is no JSON object".to_owned())?;
        let leeway = self.leeway.as_secs();
        let until = match time(&claims, "exp")? {
            Some(exp) => exp.saturating_add(leeway),
            None if self.expires => return Err("`exp` is missing".to_owned()),
            None => u64::MAX,
        };
        if now >= until {
            return Err("the token has expired".to_owned());
        }
        if time(&claims, "nbf")?.is_some_and(|nbf| nbf > now.saturating_add(leeway)) {
            return Err("the token is not valid yet".to_owned());
        }
        if time(&claims, "iat")?.is_some_and(|iat| iat > now.saturating_add(leeway)) {
            return Err("the token was issued in the future".to_owned());
        }
        if let Some(issuer) = &self.issuer
            && claims.get("iss").and_then(Value::as_str) != Some(issuer)
        {
            return Err("the token is another issuer's".to_owned());
        }
        let meant = |claimed: &Value| {
            claimed
                .as_str()
                .is_some_and(|aud| self.audience.iter().any(|own| own == aud))
        };
        let fits = match claims.get("aud") {
            Some(Value::Array(list)) => list.iter().any(meant),
            Some(one) => meant(one),
            None => false,
        };
        if !self.audience.is_empty() && !fits {
            return Err("the token is meant for another audience".to_owned());
        }
        let sub = ClaimRule {
            name: "sub",
            kind: Scalar::String,
            list: false,
            required: true,
        };
        let own_sub = self.rules.iter().any(|rule| rule.name == "sub");
        for rule in self.rules.iter().chain((!own_sub).then_some(&sub)) {
            rule.check(claims.get(rule.name))?;
        }
        if let Some(name) = self
            .required
            .iter()
            .find(|name| claims.get(**name).is_none_or(Value::is_null))
        {
            return Err(format!("`{name}` is missing"));
        }
        let mut scopes = words(claims.get("scope"));
        scopes.extend(words(claims.get("scp")));
        Ok(Read {
            until,
            scopes,
            roles: texts(claims.get("roles")),
        })
    }
}

impl ClaimRule {
    fn check(&self, value: Option<&Value>) -> Result<(), String> {
        let name = self.name;
        let value = match value {
            None | Some(Value::Null) if self.required => {
                return Err(format!("`{name}` is missing"));
            }
            None | Some(Value::Null) => return Ok(()),
            Some(value) => value,
        };
        let fits = match value {
            Value::Array(list) if self.list => list.iter().all(|one| is(one, self.kind)),
            one => !self.list && is(one, self.kind),
        };
        if fits {
            Ok(())
        } else {
            Err(format!("`{name}` is of another kind"))
        }
    }
}

fn is(value: &Value, kind: Scalar) -> bool {
    match kind {
        Scalar::Boolean => value.is_boolean(),
        Scalar::Integer => value.is_i64() || value.is_u64(),
        Scalar::Number => value.is_number(),
        Scalar::String => value.is_string(),
        Scalar::Any => !value.is_array() && !value.is_object(),
    }
}

/// A NumericDate (RFC 7519, 2): seconds since 1970, perhaps with a fraction.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, as a time beyond both ends may
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<u64>, String> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => {
            let whole = number
                .as_u64()
                .or_else(|| number.as_f64().map(|number| number.max(0.0) as u64));
            whole
                .map(Some)
                .ok_or_else(|| format!("`{name}` is no time"))
        }
        Some(_) => Err(format!("`{name}` is no time")),
    }
}

/// A list of texts, or texts separated by spaces.
fn words(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => text
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        other => texts(other),
    }
}

/// A list of texts, or one.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}
