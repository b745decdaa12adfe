//! The upstreams of checked specs, each once, and mocks of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bff_spec::contract::{self, Types};
use bff_spec::diagnostic::{FileId, Place, Severity};
use bff_spec::model::{Model, Text, TextPart};
use bff_spec::source::Sources;
use reqwest::Url;

use crate::failure::{Failure, Result};
use crate::mock::Mock;
use crate::workspace::Workspace;

/// An upstream that one spec or several name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Its name.
    pub(crate) name: String,
    /// Its contract's path, relative to the workspace, or URL.
    pub(crate) contract: String,
    /// The paths of what changes its contract, in this order.
    pub(crate) overlays: Vec<String>,
    /// Where it is, with variables.
    pub(crate) url: Text,
}

/// Where an upstream is when nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Site {
    /// The port, where it names a loopback address.
    pub(crate) port: Option<u16>,
    /// The path every route is below, without a slash at its end: `` or `/v1`.
    pub(crate) base: String,
}

/// Every upstream of these models, in order of declaration.
pub(crate) fn of<'a>(models: impl IntoIterator<Item = &'a Model>) -> Vec<Upstream> {
    let mut all: Vec<Upstream> = Vec::new();
    for upstream in models.into_iter().flat_map(|model| &model.upstreams) {
        let upstream = Upstream {
            name: upstream.name.clone(),
            contract: upstream.contract.clone(),
            overlays: upstream.overlays.clone(),
            url: upstream.url.clone(),
        };
        if !all.contains(&upstream) {
            all.push(upstream);
        }
    }
    all
}

impl Upstream {
    /// A mock of it, from its contract, and the contract's fingerprint: another one, another contract.
    pub(crate) fn mock(&self, workspace: &Workspace) -> Result<(Arc<Mock>, u64)> {
        let mut sources = Sources::default();
        let mut types = Types::default();
        let from = Place {
            file: FileId(u32::MAX),
            start: 0,
            end: 0,
        };
        let (contract, found) = contract::load(
            &mut sources,
            workspace,
            &self.contract,
            &self.overlays,
            from,
            &mut types,
        );
        let fault = found
            .into_iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error);
        match (contract, fault) {
            (Some(contract), _) => {
                let mock = Arc::new(Mock::new(&contract, &types));
                Ok((mock, fingerprint(&sources)))
            }
            (None, Some(fault)) => {
                Err(Failure::new(fault.message).remedy("`bff check` shows where"))
            }
            (None, None) => Err(Failure::new(format!("{} is no contract", self.contract))),
        }
    }

    /// Where it is by default.
    pub(crate) fn site(&self) -> Site {
        site(&self.default_url())
    }

    /// Its URL with every variable's default, as far as there are any.
    fn default_url(&self) -> String {
        let mut url = String::new();
        for part in &self.url.parts {
            match part {
                TextPart::Literal(text)
                | TextPart::Variable {
                    default: Some(text),
                    ..
                } => url.push_str(text),
                TextPart::Variable { default: None, .. } => url.push_str("http://upstream"),
                TextPart::File(_) => {}
            }
        }
        url
    }
}

/// A number that tells these files from others, in this process.
pub(crate) fn fingerprint(sources: &Sources) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in sources.iter() {
        (&file.path, &file.text).hash(&mut hasher);
    }
    hasher.finish()
}

/// Where a URL (the first, of several instances) says an upstream is.
pub(crate) fn site(url: &str) -> Site {
    let first = url.split(',').next().unwrap_or_default().trim();
    let Ok(url) = Url::parse(first) else {
        return Site::default();
    };
    let loopback = match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    };
    Site {
        port: url.port().filter(|_| loopback),
        base: url.path().trim_end_matches('/').to_owned(),
    }
}

/// The address everything listens on, unless told otherwise.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_bases_are_read_from_urls() {
        for (url, port, base) in [
            ("http://127.0.0.1:9001", Some(9001), ""),
            ("http://localhost:9001/v1/", Some(9001), "/v1"),
            ("http://[::1]:9001", Some(9001), ""),
            (
                "http://127.0.0.1:9001/a, http://127.0.0.1:9002/a",
                Some(9001),
                "/a",
            ),
            ("http://127.0.0.1", None, ""),
            ("https://orders.example.com:8443/v2", None, "/v2"),
            ("nonsense", None, ""),
            ("", None, ""),
        ] {
            let expected = Site {
                port,
                base: base.to_owned(),
            };
            assert_eq!(site(url), expected, "{url}");
        }
    }
}
