//! `auth.X`, and who may ask: `auth` and `require` of endpoints and defaults.

use std::time::Duration;

use indexmap::IndexMap;

use super::keys::{ANY_KEY, DURATION, HEADERS, Keys, Takes, key, required};
use super::reader::Reader;
use super::upstream::variable_name;
use super::values::CONDITION;
use super::{AuthDecl, RequireDecl, SchemeDecl};
use crate::diagnostic::{Code, Place};
use crate::document::{Data, Key, Node};
use crate::model::{ApiKey, Claim, Jwt, KeySource, ScalarKind, Scheme, SchemeKind};
use crate::syntax::{self, ast};

/// A claim's type.
const CLAIM: &str = r"^(string|integer|number|boolean|\[(string|integer|number|boolean)\])\??$";

/// A bare condition, `none`, or a table.
pub(crate) const REQUIREMENT: Takes = Takes::Either(&[CONDITION, Takes::Table(&REQUIRE)]);

pub(crate) const SCHEME: Keys = Keys {
    of: "a scheme",
    known: &[
        key(
            "jwt",
            Takes::Table(&JWT),
            "Signed tokens, in `authorization: Bearer …`.",
        ),
        key(
            "api_key",
            Takes::Table(&API_KEY),
            "Keys, known by their hashes.",
        ),
        key(
            "claims",
            Takes::Map(ANY_KEY, &Takes::Either(&[Takes::Form(CLAIM), Takes::List])),
            "What a token says besides the registered claims, by name: `string`, `integer`, `number`, `boolean`, `[string]`; `string?` may be absent.",
        ),
    ],
    later: &[
        (
            "introspection",
            "`jwt` and `api_key` are the schemes meanwhile",
        ),
        ("mtls", "`jwt` and `api_key` are the schemes meanwhile"),
        ("oidc", "`jwt` meanwhile: the frontend brings the token"),
    ],
};

const JWT: Keys = Keys {
    of: "`jwt`",
    known: &[
        key(
            "issuer",
            Takes::Text,
            "Who signs: its keys are found by OpenID Connect discovery.",
        ),
        key("jwks", Takes::Text, "The URL of the keys."),
        key("key", Takes::Text, "A key as PEM, from a variable or file."),
        key("audience", Takes::Texts, "Whom tokens must be meant for."),
        key(
            "algorithms",
            Takes::Words(ALGORITHMS),
            "Those that signatures may have.",
        ),
        key(
            "leeway",
            DURATION,
            "By how much clocks may differ; 30s without.",
        ),
        key("required", Takes::Texts, "Claims that must be there."),
    ],
    later: &[],
};

const API_KEY: Keys = Keys {
    of: "`api_key`",
    known: &[
        key(
            "header",
            Takes::Form(HEADERS),
            "The header that brings a key: `x-api-key` without; in `authorization` it follows `Bearer`.",
        ),
        required(
            "keys",
            Takes::Text,
            "The file of hashes, `\"${file:PATH}\"`: `bff keys new` writes one.",
        ),
    ],
    later: &[],
};

const ALGORITHMS: &[&str] = &[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256",
    "HS384", "HS512",
];

const REQUIRE: Keys = Keys {
    of: "`require`",
    known: &[
        key("scopes", Takes::Texts, "Scopes that a token must all have."),
        key(
            "roles",
            Takes::Texts,
            "Roles of which a token must have one.",
        ),
        key(
            "where",
            Takes::Either(&[CONDITION, Takes::List]),
            "A condition, or a list of them that must all hold: `claims.sub = order.customerId`.",
        ),
    ],
    later: &[],
};

impl Reader<'_> {
    pub(crate) fn scheme(&mut self, key: &Key, node: &Node) -> Option<SchemeDecl> {
        let table = self.table(node, &SCHEME)?;
        let before = self.sink.len();
        let (claims, places) = match table.get("claims") {
            Some(node) => self.claims(node),
            None => Default::default(),
        };
        if let (Some((first, _)), Some((second, _))) = (table.entry("jwt"), table.entry("api_key"))
        {
            let first = first.place;
            let diagnostic = self.error(
                Code::Contradiction,
                second.place,
                "a scheme is one thing, and this is two",
            );
            diagnostic.help = Some(
                "declare two schemes; an endpoint may take either: `auth: [one, other]`".into(),
            );
            diagnostic.related.push(crate::diagnostic::Related {
                message: "`jwt` is here".into(),
                place: first,
            });
        }
        let kind = match (table.get("jwt"), table.get("api_key")) {
            (Some(jwt), _) => self.jwt(&key.text, jwt).map(SchemeKind::Jwt),
            (None, Some(api_key)) => self.api_key(&key.text, api_key).map(SchemeKind::ApiKey),
            (None, None) => {
                let later = table
                    .entries
                    .iter()
                    .any(|(k, _)| SCHEME.later.iter().any(|(l, _)| *l == k.text));
                if !later {
                    self.error(
                        Code::MissingKey,
                        key.place,
                        format!("scheme `{}` doesn't say what it is", key.text),
                    )
                    .help = Some("`jwt: { issuer: \"${ISSUER}\", audience: NAME }`".into());
                }
                None
            }
        };
        let whole = self.sink[before..]
            .iter()
            .all(|d| d.severity != crate::diagnostic::Severity::Error);
        Some(SchemeDecl {
            place: key.place,
            scheme: kind.filter(|_| whole).map(|kind| Scheme {
                name: key.text.clone(),
                place: key.place,
                kind,
                claims,
            }),
            claims: places,
        })
    }

    fn api_key(&mut self, scheme: &str, node: &Node) -> Option<ApiKey> {
        let table = self.table(node, &API_KEY)?;
        let header = match table.get("header") {
            None => "x-api-key".to_owned(),
            Some(node) => {
                let header = self.text(node, "`header`")?.to_ascii_lowercase();
                if !super::is_header_name(&header) || header == "cookie" {
                    self.error(
                        Code::BadValue,
                        node.place,
                        format!("`{header}` is no header that brings a key"),
                    )
                    .help = Some("`x-api-key`, or `authorization` for `Bearer KEY`".into());
                    return None;
                }
                header
            }
        };
        let Some(keys) = table.get("keys") else {
            if !API_KEY.misspelt(&table, "keys") {
                self.error(
                    Code::MissingKey,
                    node.place,
                    "`api_key` doesn't say where the keys are",
                )
                .help = Some(format!(
                    "`keys: \"${{file:/run/secrets/{}.keys}}\"`: a file of hashes; `bff keys new` writes one",
                    scheme.to_lowercase()
                ));
            }
            return None;
        };
        if keys.as_str() == Some("store") {
            self.unsupported(
                keys.place,
                "a store of keys",
                "`keys: \"${file:PATH}\"` meanwhile: a file of hashes, read again when it changes",
            );
            return None;
        }
        let keys = self.secret(keys, "`keys`", &variable_name(scheme, "KEYS"))?;
        Some(ApiKey { header, keys })
    }

    fn jwt(&mut self, scheme: &str, node: &Node) -> Option<Jwt> {
        let table = self.table(node, &JWT)?;
        let sources: Vec<_> = ["issuer", "jwks", "key"]
            .iter()
            .filter_map(|name| table.entry(name))
            .collect();
        let (source, value) = match sources.as_slice() {
            [one] => *one,
            [] => {
                self.error(
                    Code::MissingKey,
                    node.place,
                    "`jwt` doesn't say where its keys come from",
                )
                .help = Some("one of `issuer`, `jwks` and `key`".into());
                return None;
            }
            [(first, _), (second, _), ..] => {
                let (first, second) = (*first, *second);
                let diagnostic = self.error(
                    Code::Contradiction,
                    second.place,
                    format!("`{}` and `{}` exclude each other", first.text, second.text),
                );
                diagnostic.help =
                    Some("one of `issuer`, `jwks` and `key` says where keys come from".into());
                diagnostic.related.push(crate::diagnostic::Related {
                    message: format!("`{}` is here", first.text),
                    place: first.place,
                });
                return None;
            }
        };
        let keys = match source.text.as_str() {
            "issuer" => KeySource::Issuer(self.variables(value, "`issuer`")?),
            "jwks" => KeySource::Jwks(self.variables(value, "`jwks`")?),
            _ => KeySource::Key(self.secret(value, "`key`", &variable_name(scheme, "KEY"))?),
        };
        let audience = match table.get("audience") {
            Some(Node {
                data: Data::List(items),
                ..
            }) => items
                .iter()
                .filter_map(|item| self.variables(item, "`audience`"))
                .collect(),
            Some(node) => self.variables(node, "`audience`").into_iter().collect(),
            None => Vec::new(),
        };
        if audience.is_empty() && table.get("audience").is_none() {
            self.error(
                Code::NoAudience,
                source.place,
                format!("scheme `{scheme}` takes tokens meant for anybody"),
            )
            .help = Some(
                "`audience: NAME` takes those alone that were issued for this frontend".into(),
            );
        }
        let mut algorithms = Vec::new();
        if let Some(node) = table.get("algorithms") {
            let words: Vec<(&str, &str)> = ALGORITHMS.iter().map(|a| (*a, *a)).collect();
            let items = node.as_list().unwrap_or(std::slice::from_ref(node));
            for item in items {
                algorithms.extend(self.word(item, "an algorithm", &words).map(str::to_owned));
            }
        }
        Some(Jwt {
            keys,
            audience,
            algorithms,
            leeway: table
                .get("leeway")
                .and_then(|n| self.duration(n, "`leeway`", true))
                .unwrap_or(Duration::from_secs(30)),
            required: table
                .get("required")
                .map(|n| self.texts(n, "a claim's name"))
                .unwrap_or_default()
                .into_iter()
                .map(|(text, _)| text)
                .collect(),
        })
    }

    /// `claims: { tenant: string, roles: [string], region: string? }`
    fn claims(&mut self, node: &Node) -> (Vec<Claim>, IndexMap<String, Place>) {
        let mut claims = Vec::new();
        let mut places = IndexMap::new();
        for (key, value) in self.map(node, "`claims`").unwrap_or_default() {
            let (kind, list, optional) = match &value.data {
                Data::List(items) => match items.as_slice() {
                    [one] => (one.as_str().unwrap_or_default(), true, false),
                    _ => ("", true, false),
                },
                _ => {
                    let text = value.as_str().unwrap_or_default();
                    // `[string]?` is no YAML in flow style, so it comes quoted.
                    let (text, optional) = match text.strip_suffix('?') {
                        Some(text) => (text, true),
                        None => (text, false),
                    };
                    match text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
                        Some(inner) => (inner, true, optional),
                        None => (text, false, optional),
                    }
                }
            };
            let kind = match kind {
                "string" => ScalarKind::String,
                "integer" => ScalarKind::Integer,
                "number" => ScalarKind::Number,
                "boolean" => ScalarKind::Boolean,
                _ => {
                    let found = self.source(value.place).to_owned();
                    self.error(
                        Code::BadValue,
                        value.place,
                        format!("claim `{}` is declared as `{found}`, which is no type", key.text),
                    )
                    .help = Some("`string`, `integer`, `number`, `boolean`, or a list: `[string]`; `string?` may be absent, and `\"[string]?\"`".into());
                    continue;
                }
            };
            places.insert(key.text.clone(), key.place);
            claims.push(Claim {
                name: key.text.clone(),
                kind,
                list,
                required: !optional,
            });
        }
        (claims, places)
    }

    /// `auth`: a scheme, a list of them, or `none`.
    pub(crate) fn auth(&mut self, node: &Node) -> Option<AuthDecl> {
        if node.as_map().is_some() {
            self.error(
                Code::WrongKind,
                node.place,
                "`auth` of an endpoint names schemes, and this is a map",
            )
            .help = Some("declare the scheme under the file's `auth`, and name it here".into());
            return None;
        }
        let names = self.texts(node, "`auth`");
        if let ([(text, _)], None) = (names.as_slice(), node.as_list())
            && text == "none"
        {
            return Some(AuthDecl::None);
        }
        if names.is_empty() {
            if node.as_list().is_some_and(<[Node]>::is_empty) {
                self.error(Code::BadValue, node.place, "`auth` names no scheme")
                    .help = Some("`auth: none` lets everybody in".into());
            }
            return None;
        }
        if let Some((_, place)) = names.iter().find(|(text, _)| text == "none") {
            self.error(
                Code::Contradiction,
                *place,
                "`none` stands alone: with it, everybody is let in",
            )
            .help = Some("`auth: none`, or the schemes alone".into());
            return None;
        }
        Some(AuthDecl::Schemes(
            names
                .into_iter()
                .map(|(text, place)| ast::Word { text, place })
                .collect(),
        ))
    }

    /// `require`: a bare condition, or `scopes`, `roles` and `where`; none with `none`.
    pub(crate) fn require(&mut self, node: &Node) -> RequireDecl {
        let mut require = RequireDecl::default();
        match &node.data {
            Data::Scalar(_) => {
                if node.as_str() != Some("none") {
                    require.clauses.extend(self.condition(node, &[]));
                }
            }
            Data::List(_) => {
                self.error(
                    Code::WrongKind,
                    node.place,
                    "`require` is a condition, or a map with `scopes`, `roles` and `where`",
                )
                .help = Some("several conditions are a list under `where`".into());
            }
            Data::Map(_) => {
                let Some(table) = self.table(node, &REQUIRE) else {
                    return require;
                };
                if let Some((key, scopes)) = table.entry("scopes") {
                    require.scopes = self.plain_texts(scopes, "a scope");
                    require.of_claims = Some(key.place);
                }
                if let Some((key, roles)) = table.entry("roles") {
                    require.roles = self.plain_texts(roles, "a role");
                    require.of_claims = Some(key.place);
                }
                if let Some(clauses) = table.get("where") {
                    let items = clauses.as_list().unwrap_or(std::slice::from_ref(clauses));
                    for item in items {
                        require.clauses.extend(self.condition(item, table.entries));
                    }
                }
            }
        }
        require
    }

    fn plain_texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        let texts = self.texts(node, what);
        if texts.is_empty() && node.as_list().is_some_and(<[Node]>::is_empty) {
            self.error(
                Code::BadValue,
                node.place,
                format!("{what} is asked for, and none is named"),
            )
            .help = Some("take the key out, or name one".into());
        }
        texts.into_iter().map(|(text, _)| text).collect()
    }

    /// A condition.
    pub(crate) fn condition(
        &mut self,
        node: &Node,
        siblings: &[(Key, Node)],
    ) -> Option<ast::Condition> {
        if node.as_bool().is_some() {
            let what = self.source(node.place).to_owned();
            self.error(
                Code::BadValue,
                node.place,
                format!("`{what}` is no condition"),
            )
            .help =
                Some("a path, whose value is there and not false, or an equality of two".into());
            return None;
        }
        let scalar = self.scalar(node, "a condition")?;
        if self.cut(node, siblings).is_some() {
            return None;
        }
        let text = syntax::Text::new(scalar, node.place);
        let before = self.sink.len();
        let condition = syntax::condition(&text, self.sink);
        condition.filter(|_| self.sink.len() == before)
    }
}
