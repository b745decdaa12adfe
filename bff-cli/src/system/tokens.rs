//! Development tokens of a frontend: one for each of its schemes that the development issuer can serve.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bff_spec::model::{Jwt, Model, SchemeKind};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::stand_in::{Held, Use, key_source};
use super::{Mocks, claims};
use crate::commands::keys::hash as key_hash;
use crate::environment;
use crate::failure::{Failure, Result};
use crate::generated;
use crate::issuer::Issuer;
use crate::workspace::Workspace;

/// What HMAC schemes share with the issuer. Long enough for every HMAC algorithm, and plainly no secret.
const SECRET: &str = "for development alone: for development alone: for development alone: ";

/// The API key of development, plainly no secret.
const API_KEY: &str = "for-development-alone";

/// Development tokens of a frontend.
#[derive(Debug)]
pub(super) struct Tokens {
    /// By scheme.
    tokens: Vec<Option<Token>>,
}

/// A development token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// The token, or the API key.
    pub(super) text: String,
    /// The header that carries it, and what stands before it there.
    pub(super) header: (String, &'static str),
    /// Its claims.
    pub(super) claims: Map<String, Value>,
    /// The file with the header that carries it.
    pub(super) path: PathBuf,
}

impl Tokens {
    /// Tokens for every scheme of this model that the issuer can serve.
    pub(super) fn new(
        model: &Model,
        workspace: &Workspace,
        mocks: &Mocks,
        issuer: Option<&Issuer>,
        values: &BTreeMap<String, String>,
    ) -> Result<Tokens> {
        let mut tokens = Vec::new();
        for (at, scheme) in model.schemes.iter().enumerate() {
            let file = if model.schemes.len() == 1 {
                format!("target/bff-up/{}.auth", model.name)
            } else {
                format!("target/bff-up/{}-{}.auth", model.name, scheme.name)
            };
            let jwt = match &scheme.kind {
                SchemeKind::Jwt(jwt) => jwt,
                SchemeKind::ApiKey(api_key) => {
                    tokens.push(
                        Held::of(&api_key.keys, &environment::process).map(|_| Token {
                            text: API_KEY.to_owned(),
                            header: match api_key.header.as_str() {
                                "authorization" => ("authorization".to_owned(), "Bearer "),
                                header => (header.to_owned(), ""),
                            },
                            claims: claims::claims(model, at, mocks),
                            path: workspace.path(&file),
                        }),
                    );
                    continue;
                }
            };
            let (Some(issuer), Some((_, use_))) =
                (issuer, key_source(&jwt.keys, &environment::process))
            else {
                tokens.push(None);
                continue;
            };
            let mut claims = claims::claims(model, at, mocks);
            let set = |name: &str| environment::process(name).or_else(|| values.get(name).cloned());
            let audience: Vec<String> = jwt
                .audience
                .iter()
                .filter_map(|text| environment::resolve(text, &set))
                .take(1)
                .collect();
            if let Some(audience) = audience.first() {
                claims.insert("aud".to_owned(), json!(audience));
            }
            for name in &jwt.required {
                claims
                    .entry(name.clone())
                    .or_insert_with(|| json!(format!("dev-{name}")));
            }
            for registered in ["iat", "exp", "nbf", "iss"] {
                if claims.get(registered).is_some_and(Value::is_string) {
                    claims.remove(registered);
                }
            }
            let text = match hmac(jwt) {
                Some(algorithm) if use_ == Use::Key => {
                    signed_by_secret(issuer, algorithm, &claims)?
                }
                _ => issuer.token(claims.clone())?,
            };
            tokens.push(Some(Token {
                text,
                header: ("authorization".to_owned(), "Bearer "),
                claims,
                path: workspace.path(&file),
            }));
        }
        Ok(Tokens { tokens })
    }

    /// The first token that an endpoint of these schemes takes.
    pub(super) fn one_of(&self, schemes: &[usize]) -> Option<&Token> {
        schemes
            .iter()
            .find_map(|scheme| self.tokens.get(*scheme)?.as_ref())
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().flatten()
    }

    /// Writes each as a header that curl reads, so that requests stay short.
    pub(super) fn write(&self) -> Result<()> {
        for token in self.iter() {
            let (header, before) = &token.header;
            generated::write(&token.path, &format!("{header}: {before}{}\n", token.text))?;
        }
        Ok(())
    }
}

/// The issuer's key, for the schemes that take one by a variable or a file.
pub(super) fn keys(model: &Model, issuer: Option<&Issuer>, held: &mut BTreeMap<Held, String>) {
    let Some(issuer) = issuer else {
        return;
    };
    for scheme in &model.schemes {
        if let Some(jwt) = scheme.kind.jwt()
            && let Some((from, Use::Key)) = key_source(&jwt.keys, &environment::process)
        {
            held.insert(from, key_value(jwt, issuer));
        }
    }
}

/// The development key, for the schemes that take keys by a variable or a file.
pub(super) fn api_keys(model: &Model, mocks: &Mocks, held: &mut BTreeMap<Held, String>) {
    for (at, scheme) in model.schemes.iter().enumerate() {
        if let SchemeKind::ApiKey(api_key) = &scheme.kind
            && let Some(from) = Held::of(&api_key.keys, &environment::process)
        {
            let mut line = claims::claims(model, at, mocks);
            line.insert("key".to_owned(), json!(key_hash(API_KEY)));
            held.insert(from, Value::Object(line).to_string());
        }
    }
}

/// The value of a `key`.
pub(super) fn key_value(jwt: &Jwt, issuer: &Issuer) -> String {
    match hmac(jwt) {
        Some(_) => SECRET.to_owned(),
        None => issuer.public_pem(),
    }
}

/// The HMAC algorithm of a scheme that takes no other.
fn hmac(jwt: &Jwt) -> Option<Algorithm> {
    let first = jwt.algorithms.first()?;
    let all = jwt.algorithms.iter().all(|name| name.starts_with("HS"));
    if all { first.parse().ok() } else { None }
}

fn signed_by_secret(
    issuer: &Issuer,
    algorithm: Algorithm,
    claims: &Map<String, Value>,
) -> Result<String> {
    let all = issuer.completed(claims.clone());
    jsonwebtoken::encode(
        &Header::new(algorithm),
        &all,
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .map_err(|error| Failure::new(format!("cannot sign a development token: {error}")))
}
