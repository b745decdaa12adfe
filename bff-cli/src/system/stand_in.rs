//! What stands in for what isn't there: mocks for upstreams, a development issuer, development values for variables.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bff_spec::model::{KeySource, Model, Text, TextPart};

use super::certificate::set_certificates;
use super::stage::{Port, Stage};
use super::{files, tokens};
use crate::environment;
use crate::failure::{Failure, Result};
use crate::issuer::{self, Issuer};
use crate::mock::Mock;
use crate::upstreams::{self, LOOPBACK, Upstream, site};
use crate::workspace::Workspace;

/// Everything that stands in for something.
pub(crate) struct StandIns {
    /// The variables the gateways get besides those that are set.
    pub(crate) environment: BTreeMap<String, String>,
    /// What stands in for files that aren't there, by the path that a spec names.
    pub(crate) files: BTreeMap<String, String>,
    /// Each upstream, mocked or real.
    pub(crate) upstreams: Vec<Placed>,
    /// A mock of each for its examples, even where the real one is used.
    pub(crate) mocks: Mocks,
    /// The identity provider, if a scheme can use it.
    pub(crate) issuer: Option<Issuer>,
}

/// An upstream and where it is.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) state: String,
}

/// What to do about upstreams that a set variable or a fixed URL leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Real {
    /// They are there.
    Trusted,
    /// Each is tried, and one that doesn't answer has a stand-in.
    Tried,
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
    /// What stands in for everything that these models name and that isn't set, on this stage.
    pub(crate) fn of(
        workspace: &Workspace,
        models: &[&Model],
        real: Real,
        stage: &mut Stage,
    ) -> Result<StandIns> {
        let set = &environment::process;
        let mut environment = BTreeMap::new();
        let mut placed = Vec::new();
        let mut mocks = Mocks::default();
        for upstream in upstreams::of(models.iter().copied()) {
            let (mut mock, contract) = upstream.mock(workspace)?;
            if let Some(known) = stage.known(&upstream.name, contract) {
                mock = known;
            }
            let mut placing = Placing {
                upstream: &upstream,
                mock: &mock,
                contract,
                environment: &mut environment,
                stage,
            };
            placed.push(placing.place(lead(&upstream.url, set), real)?);
            mocks.0.insert((upstream.name, upstream.contract), mock);
        }
        let issuer = issuer_for(models, set, stage)?;
        let mut held = BTreeMap::new();
        if let Some(issuer) = &issuer {
            for (from, use_) in issuer_sources(models, set) {
                let value = match use_ {
                    Use::Issuer => issuer.url().to_owned(),
                    Use::Jwks => issuer.jwks_url(),
                    Use::Key => continue,
                };
                held.insert(from, value);
            }
        }
        for model in models {
            set_certificates(&model.server.listener.tls, set, &mut environment)?;
            let keys: Vec<Held> = issuer_sources(&[model], set)
                .into_iter()
                .map(|(from, _)| from)
                .collect();
            for (name, variable) in environment::variables(model) {
                let is_key = keys.contains(&Held::Variable(name.clone()));
                if variable.default.is_none() && set(&name).is_none() && !is_key {
                    environment
                        .entry(name.clone())
                        .or_insert_with(|| development_value(&name));
                }
            }
        }
        let mut gone = BTreeMap::new();
        for model in models {
            tokens::keys(model, issuer.as_ref(), &mut held);
            tokens::api_keys(model, &mocks, &mut held);
            for path in environment::files(model) {
                if files::is_gone(path) {
                    gone.insert(path.to_owned(), files::development_content(path));
                }
            }
        }
        for (from, value) in held {
            match from {
                Held::Variable(name) => environment.insert(name, value),
                Held::File(path) => gone.insert(path, value),
            };
        }
        files::write(workspace, &gone, &mut environment)?;
        Ok(StandIns {
            environment,
            files: gone,
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

/// An upstream that is to be put somewhere.
struct Placing<'a> {
    upstream: &'a Upstream,
    mock: &'a Arc<Mock>,
    contract: u64,
    environment: &'a mut BTreeMap<String, String>,
    stage: &'a mut Stage,
}

impl Placing<'_> {
    /// Puts the upstream where its URL leads, or leads its URL to where it is put.
    fn place(&mut self, lead: Lead, real: Real) -> Result<Placed> {
        match lead {
            Lead::Set(variable, url) => self.set(&variable, url, real),
            Lead::Variable { name, base, rest } => {
                let base = self.by_variable(name, &base, &rest)?;
                Ok(self.mocked(base, String::new()))
            }
            Lead::Fixed { port, .. } if real == Real::Tried && answers(&local(port)) => {
                Ok(self.real(local(port), "its fixed url, and something answers there"))
            }
            Lead::Fixed { port, base } => {
                let at = self.mount(Port::Fixed(port, FIXED), &base)?;
                Ok(self.mocked(format!("http://{at}{base}"), String::new()))
            }
            Lead::Nowhere if real == Real::Tried => {
                let url = environment::resolve(&self.upstream.url, &environment::process);
                let url = url.unwrap_or_default();
                let state = if answers(&url) {
                    "its fixed url, and something answers there"
                } else {
                    "nobody answers there, and its url is fixed; let it be `${NAME_URL:-…}`, and a mock can stand in"
                };
                Ok(self.real(url, state))
            }
            Lead::Nowhere => {
                let name = &self.upstream.name;
                Err(Failure::new(format!(
                    "upstream `{name}` has a fixed url, so no mock can stand in for it"
                ))
                .remedy("let the url be a variable with the fixed one as its default: `url: \"${NAME_URL:-https://…}\"`"))
            }
        }
    }

    /// Where a set variable leads, or a mock in its place if nobody answers there.
    fn set(&mut self, variable: &str, url: String, real: Real) -> Result<Placed> {
        if real == Real::Trusted || answers(&url) {
            return Ok(self.real(url, &format!("as {variable} says")));
        }
        let silent = format!("nobody answers at {url}, where {variable} leads");
        match lead(&self.upstream.url, &|_| None) {
            Lead::Variable { name, base, rest } if name == variable => {
                // The value may have a path of its own.
                let said = environment::process(variable).map(|url| site(&url).base);
                let base = self.by_variable(name, &said.unwrap_or(base), &rest)?;
                Ok(self.mocked(base, format!("; {silent}")))
            }
            _ => Ok(self.real(url, &format!("{silent}, and no mock can stand in"))),
        }
    }

    /// Mounts the mock and sets the variable so that it leads there; gives the mock's URL.
    fn by_variable(&mut self, name: String, base: &str, rest: &str) -> Result<String> {
        // Two upstreams that share a variable would share an address.
        if self.environment.contains_key(&name) {
            return Err(Failure::new(format!(
                "upstream `{}` shares the variable {name} with another upstream",
                self.upstream.name
            ))
            .remedy("give each a variable of its own"));
        }
        let port = Port::Near(self.upstream.site().port);
        let whole = format!("{base}{rest}");
        let at = self.mount(port, &whole)?;
        self.environment.insert(name, format!("http://{at}{base}"));
        Ok(format!("http://{at}{whole}"))
    }

    fn mount(&mut self, port: Port, base: &str) -> Result<SocketAddr> {
        self.stage
            .mount(&self.upstream.name, port, base, self.mock, self.contract)
    }

    fn mocked(&self, url: String, why: String) -> Placed {
        Placed {
            name: self.upstream.name.clone(),
            url,
            state: format!("mock of {}{why}", self.upstream.contract),
        }
    }

    fn real(&self, url: String, state: &str) -> Placed {
        Placed {
            name: self.upstream.name.clone(),
            url,
            state: state.to_owned(),
        }
    }
}

const FIXED: &str =
    "stop what listens there, or let the url be a variable: `url: \"${NAME_URL:-…}\"`";

fn local(port: u16) -> String {
    format!("http://{LOOPBACK}:{port}")
}

/// Whether something accepts connections where a URL (the first, of several instances) leads.
fn answers(url: &str) -> bool {
    let first = url.split(',').next().unwrap_or_default().trim();
    let Ok(url) = reqwest::Url::parse(first) else {
        return false;
    };
    url.socket_addrs(|| None).is_ok_and(|addresses| {
        let open = |address| TcpStream::connect_timeout(address, TRY).is_ok();
        addresses.iter().any(open)
    })
}

/// How long an upstream may take to accept a connection that only tries whether it is there.
const TRY: Duration = Duration::from_millis(500);

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

/// What a value can be given by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    /// A variable that nobody has set.
    Variable(String),
    /// A file that isn't there.
    File(String),
}

impl Held {
    /// What a text is that is nothing else, and that nobody has given.
    pub(super) fn of(text: &Text, set: &dyn Fn(&str) -> Option<String>) -> Option<Held> {
        match text.parts.as_slice() {
            [TextPart::Variable { name, .. }] if set(name).is_none() => {
                Some(Held::Variable(name.clone()))
            }
            [TextPart::File(path)] if files::is_gone(path) => Some(Held::File(path.clone())),
            _ => None,
        }
    }
}

/// What a scheme's keys come from, and the variable or file by which the development issuer can be it.
pub(super) fn key_source(
    keys: &KeySource,
    set: &dyn Fn(&str) -> Option<String>,
) -> Option<(Held, Use)> {
    let (text, use_) = match keys {
        KeySource::Issuer(text) => (text, Use::Issuer),
        KeySource::Jwks(text) => (text, Use::Jwks),
        KeySource::Key(text) => (text, Use::Key),
    };
    Some((Held::of(text, set)?, use_))
}

fn issuer_sources(models: &[&Model], set: &dyn Fn(&str) -> Option<String>) -> Vec<(Held, Use)> {
    let schemes = models.iter().flat_map(|model| &model.schemes);
    let found = schemes.filter_map(|scheme| key_source(&scheme.kind.jwt()?.keys, set));
    found.collect()
}

/// The issuer, if a scheme can use it.
fn issuer_for(
    models: &[&Model],
    set: &dyn Fn(&str) -> Option<String>,
    stage: &mut Stage,
) -> Result<Option<Issuer>> {
    if issuer_sources(models, set).is_empty() {
        return Ok(None);
    }
    let asked = models
        .iter()
        .flat_map(|model| &model.schemes)
        .filter_map(|scheme| Some(scheme.kind.jwt()?.algorithms.as_slice()));
    stage.issuer(issuer::algorithm(asked)).map(Some)
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
