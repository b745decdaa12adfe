//! What stands in for what isn't there: mocks for upstreams, a development issuer, development values for variables.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;

use bff_spec::model::{KeySource, Model, Text, TextPart};
use jsonwebtoken::Algorithm;

use crate::environment;
use crate::failure::{Failure, Result};
use crate::issuer;
use crate::mock::Mock;
use crate::ports;
use crate::upstreams::{self, LOOPBACK, Upstream, site};
use crate::workspace::Workspace;

/// Everything that stands in for something. Its sockets are bound, and nothing is served yet.
pub(crate) struct StandIns {
    /// The variables the gateways get besides those that are set.
    pub(super) environment: BTreeMap<String, String>,
    /// Each upstream, mocked or real.
    pub(super) upstreams: Vec<Placed>,
    /// A mock of each for its examples, even where the real one is used.
    pub(super) mocks: Mocks,
    /// Where the issuer listens and how it signs, if a scheme can use it.
    pub(super) issuer: Option<(TcpListener, Algorithm)>,
}

/// An upstream and where it is.
pub(super) struct Placed {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) state: String,
    /// What is to be served there, below this base.
    pub(super) serve: Option<(TcpListener, String, Arc<Mock>)>,
}

/// Mocks by their upstream's name and contract.
#[derive(Debug, Default)]
pub(crate) struct Mocks(BTreeMap<(String, String), Arc<Mock>>);

impl Mocks {
    /// The mock of a model's upstream.
    pub(crate) fn get(&self, model: &Model, upstream: usize) -> Option<&Mock> {
        let upstream = model.upstreams.get(upstream)?;
        let key = (upstream.name.clone(), upstream.contract.clone());
        self.0.get(&key).map(|mock| &**mock)
    }
}

impl StandIns {
    /// What stands in for everything that these models name and that isn't set.
    pub(crate) fn of(workspace: &Workspace, models: &[&Model]) -> Result<StandIns> {
        let set = &environment::process;
        let mut environment = BTreeMap::new();
        let mut placed = Vec::new();
        let mut mocks = Mocks::default();
        for upstream in upstreams::of(models.iter().copied()) {
            let mock = upstream.mock(workspace)?;
            placed.push(place(&upstream, Arc::clone(&mock), set, &mut environment)?);
            mocks.0.insert((upstream.name, upstream.contract), mock);
        }
        let issuer = issuer_for(models, set)?;
        if let Some((listener, _)) = &issuer {
            let url = format!("http://{}", ports::address(listener)?);
            for (variable, use_) in issuer_variables(models, set) {
                let value = match use_ {
                    Use::Issuer => url.clone(),
                    Use::Jwks => format!("{url}{}", issuer::JWKS_PATH),
                    // Its key exists once the issuer does.
                    Use::Key => continue,
                };
                environment.insert(variable, value);
            }
        }
        for model in models {
            let held: Vec<String> = issuer_variables(&[model], set)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            for (name, variable) in environment::variables(model) {
                if variable.default.is_none() && set(&name).is_none() && !held.contains(&name) {
                    environment
                        .entry(name.clone())
                        .or_insert_with(|| development_value(&name));
                }
            }
        }
        Ok(StandIns {
            environment,
            upstreams: placed,
            mocks,
            issuer,
        })
    }
}

/// `CATALOG_KEY` is `dev-catalog-key`.
fn development_value(variable: &str) -> String {
    format!("dev-{}", variable.to_lowercase().replace('_', "-"))
}

/// How an upstream's URL can be made to lead to a mock.
#[derive(Debug, PartialEq, Eq)]
enum Lead {
    /// It leads somewhere already, by this variable.
    Set(String, String),
    /// By setting this variable to the mock's address and this base; the text adds nothing (the first) or a path.
    Variable {
        name: String,
        base: String,
        rest: String,
    },
    /// It always leads to this port of loopback.
    Fixed { port: u16, base: String },
    /// It can't.
    Nowhere,
}

fn lead(url: &Text, set: &dyn Fn(&str) -> Option<String>) -> Lead {
    let variables = || {
        url.parts.iter().filter_map(|part| match part {
            TextPart::Variable { name, .. } => Some(name),
            _ => None,
        })
    };
    if let Some(name) = variables().find(|name| set(name).is_some()) {
        return match environment::resolve(url, set) {
            Some(whole) => Lead::Set(name.clone(), whole),
            None => Lead::Nowhere,
        };
    }
    match url.parts.as_slice() {
        [TextPart::Variable { name, default }, rest @ ..] => {
            let mut tail = String::new();
            for part in rest {
                match part {
                    TextPart::Literal(text)
                    | TextPart::Variable {
                        default: Some(text),
                        ..
                    } => tail.push_str(text),
                    _ => return Lead::Nowhere,
                }
            }
            if !tail.is_empty() && !tail.starts_with('/') {
                return Lead::Nowhere;
            }
            Lead::Variable {
                name: name.clone(),
                base: default
                    .as_deref()
                    .map(|url| site(url).base)
                    .unwrap_or_default(),
                rest: tail.trim_end_matches('/').to_owned(),
            }
        }
        _ => match environment::resolve(url, set).map(|url| site(&url)) {
            Some(upstreams::Site {
                port: Some(port),
                base,
            }) => Lead::Fixed { port, base },
            _ => Lead::Nowhere,
        },
    }
}

/// Puts an upstream where its URL leads, or leads its URL to where it is put.
fn place(
    upstream: &Upstream,
    mock: Arc<Mock>,
    set: &dyn Fn(&str) -> Option<String>,
    environment: &mut BTreeMap<String, String>,
) -> Result<Placed> {
    let what = format!("upstream `{}`", upstream.name);
    let (listener, base) = match lead(&upstream.url, set) {
        Lead::Set(variable, url) => {
            return Ok(Placed {
                name: upstream.name.clone(),
                url,
                state: format!("as {variable} says"),
                serve: None,
            });
        }
        Lead::Variable { name, base, rest } => {
            let listener = match environment.get(&name) {
                // Two upstreams that share a variable would share an address.
                Some(_) => {
                    return Err(Failure::new(format!(
                        "{what} shares the variable {name} with another upstream"
                    ))
                    .remedy("give each a variable of its own"));
                }
                None => ports::listen_near(LOOPBACK, upstream.site().port, &what)?,
            };
            environment.insert(name, format!("http://{}{base}", ports::address(&listener)?));
            (listener, format!("{base}{rest}"))
        }
        Lead::Fixed { port, base } => {
            let remedy =
                "stop what listens there, or let the url be a variable: `url: \"${NAME_URL:-…}\"`";
            (ports::listen(LOOPBACK, port, &what, remedy)?, base)
        }
        Lead::Nowhere => {
            return Err(Failure::new(format!("{what} has a fixed url, so no mock can stand in for it"))
                .remedy("let the url be a variable with the fixed one as its default: `url: \"${NAME_URL:-https://…}\"`"));
        }
    };
    Ok(Placed {
        name: upstream.name.clone(),
        url: format!("http://{}{base}", ports::address(&listener)?),
        state: format!("mock of {}", upstream.contract),
        serve: Some((listener, base, mock)),
    })
}

/// What a scheme takes from the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Its URL, for discovery.
    Issuer,
    /// Its key set's URL.
    Jwks,
    /// Its key.
    Key,
}

/// What a scheme's keys come from, and the variable by which the development issuer can be it.
pub(super) fn key_variable<'a>(
    keys: &'a KeySource,
    set: &dyn Fn(&str) -> Option<String>,
) -> Option<(&'a str, Use)> {
    let (text, use_) = match keys {
        KeySource::Issuer(text) => (text, Use::Issuer),
        KeySource::Jwks(text) => (text, Use::Jwks),
        KeySource::Key(text) => (text, Use::Key),
    };
    match text.parts.as_slice() {
        [TextPart::Variable { name, .. }] if set(name).is_none() => Some((name, use_)),
        _ => None,
    }
}

fn issuer_variables(models: &[&Model], set: &dyn Fn(&str) -> Option<String>) -> Vec<(String, Use)> {
    let schemes = models.iter().flat_map(|model| &model.schemes);
    let found = schemes.filter_map(|scheme| {
        let jwt = scheme.kind.jwt()?;
        key_variable(&jwt.keys, set).map(|(name, use_)| (name.to_owned(), use_))
    });
    found.collect()
}

/// Where the issuer listens and how it signs, if a scheme can use it.
fn issuer_for(
    models: &[&Model],
    set: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(TcpListener, Algorithm)>> {
    if issuer_variables(models, set).is_empty() {
        return Ok(None);
    }
    let asked = models
        .iter()
        .flat_map(|model| &model.schemes)
        .filter_map(|scheme| Some(scheme.kind.jwt()?.algorithms.as_slice()));
    let algorithm = issuer::algorithm(asked);
    Ok(Some((
        ports::listen_near(LOOPBACK, Some(9100), "the development identity provider")?,
        algorithm,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, default: Option<&str>) -> TextPart {
        TextPart::Variable {
            name: name.to_owned(),
            default: default.map(str::to_owned),
        }
    }

    #[test]
    fn urls_lead_to_mocks_by_their_variables() {
        let literal = |text: &str| TextPart::Literal(text.to_owned());
        let set = |name: &str| (name == "SET").then(|| "https://real.example.com".to_owned());
        let by = |base: &str, rest: &str| Lead::Variable {
            name: "U".to_owned(),
            base: base.to_owned(),
            rest: rest.to_owned(),
        };
        for (parts, expected) in [
            (vec![variable("U", None)], by("", "")),
            (
                vec![variable("U", Some("http://127.0.0.1:9001/v1/"))],
                by("/v1", ""),
            ),
            (vec![variable("U", None), literal("/v2/")], by("", "/v2")),
            (vec![variable("U", None), literal(":9001")], Lead::Nowhere),
            (
                vec![variable("SET", None), literal("/v2")],
                Lead::Set("SET".to_owned(), "https://real.example.com/v2".to_owned()),
            ),
            (
                vec![literal("http://localhost:9001/a")],
                Lead::Fixed {
                    port: 9001,
                    base: "/a".to_owned(),
                },
            ),
            (vec![literal("https://api.example.com")], Lead::Nowhere),
            (
                vec![literal("http://"), variable("HOST", Some("localhost:9005"))],
                Lead::Fixed {
                    port: 9005,
                    base: String::new(),
                },
            ),
        ] {
            let url = Text {
                parts,
                secret: false,
            };
            assert_eq!(lead(&url, &set), expected, "{url:?}");
        }
    }

    #[test]
    fn development_values_say_what_they_are() {
        assert_eq!(development_value("CATALOG_KEY"), "dev-catalog-key");
    }
}
