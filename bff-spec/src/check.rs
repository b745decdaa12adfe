//! Names resolved, types checked: a spec's tables and its upstreams' contracts become the model.
//!
//! Every fault is reported once, where it was made: what depends on something broken stays silent.

mod all;
mod arguments;
mod assign;
mod bind;
mod block;
mod body;
mod calls;
mod condition;
mod deprecated;
mod describe;
mod endpoint;
mod fan;
mod fields;
mod graph;
mod header;
mod heads;
mod infer;
mod inputs;
mod join;
mod limit;
mod merge;
mod parameters;
mod path;
mod policy;
mod property;
mod retry;
mod root;
mod routes;
mod scope;
mod selectable;
mod spread;
mod stream;
mod uses;
mod value;

use indexmap::IndexMap;

use crate::contract::{self, Contract, Kind, Object, Type, TypeId, Types};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::exposure::Sensitive;
use crate::lint::{self, Survey};
use crate::model::{Identity, Model, ScalarKind, Upstream};
use crate::source::{SourceLoader, Sources};
use crate::spec::limit::LimitsDecl;
use crate::spec::{self, Loaded, Spec, UpstreamDecl};

/// Checks one spec; the model comes back only where there is no error.
pub(crate) fn check(
    loader: &dyn SourceLoader,
    path: &str,
    sources: &mut Sources,
) -> (Option<Model>, Vec<Diagnostic>, Survey) {
    let mut sink = Vec::new();
    let Loaded { spec, complete } = spec::load(loader, path, sources, &mut sink);
    let Some(spec) = spec else {
        return (None, sink, Survey::default());
    };
    let model = checked(loader, &spec, complete, sources, &mut sink);
    let survey = lint::run(&spec, sources.find(path), model.as_ref(), &mut sink);
    (model, sink, survey)
}

fn checked(
    loader: &dyn SourceLoader,
    spec: &Spec,
    complete: bool,
    sources: &mut Sources,
    sink: &mut Vec<Diagnostic>,
) -> Option<Model> {
    let mut types = Types::default();
    let contracts = contracts(loader, spec, sources, &mut types, sink);
    let mut checker = Checker {
        spec,
        contracts: &contracts,
        complete,
        types,
        sink: std::mem::take(sink),
        used_upstreams: Vec::new(),
        used_schemes: Vec::new(),
        used_limits: Vec::new(),
        claim_types: Vec::new(),
    };
    let endpoints = checker.endpoints();
    let sound = checker.sink.iter().all(|d| d.severity != Severity::Error);
    let model = endpoints
        .filter(|_| sound)
        .map(|endpoints| checker.model(endpoints, sources));
    *sink = checker.sink;
    model
}

fn contracts(
    loader: &dyn SourceLoader,
    spec: &Spec,
    sources: &mut Sources,
    types: &mut Types,
    sink: &mut Vec<Diagnostic>,
) -> IndexMap<String, Contract> {
    let used = used_upstreams(spec);
    let mut contracts = IndexMap::new();
    for (name, upstream) in &spec.upstreams {
        // One that no endpoint names isn't read: a shared file may declare many.
        if !used.contains(&name.as_str()) {
            continue;
        }
        let Some((path, place)) = &upstream.contract else {
            continue;
        };
        let (contract, diagnostics) = contract::load(sources, loader, path, *place, types);
        sink.extend(diagnostics);
        contracts.extend(contract.map(|contract| (name.clone(), contract)));
    }
    contracts
}

/// Upstreams that an endpoint names.
pub(crate) fn used_upstreams(spec: &Spec) -> Vec<&str> {
    let mut used = Vec::new();
    for endpoint in &spec.endpoints {
        for call in &endpoint.calls {
            used.extend(call.call.as_ref().map(|c| c.upstream.text.as_str()));
        }
        used.extend(endpoint.proxy.as_ref().map(|p| p.upstream.text.as_str()));
    }
    used
}

/// One spec while it is checked.
pub(crate) struct Checker<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) contracts: &'a IndexMap<String, Contract>,
    /// Whether all the files were read: only then is a name that nobody declares unknown.
    pub(crate) complete: bool,
    pub(crate) types: Types,
    pub(crate) sink: Vec<Diagnostic>,
    used_upstreams: Vec<usize>,
    used_schemes: Vec<usize>,
    used_limits: Vec<usize>,
    claim_types: Vec<((String, ScalarKind, bool), TypeId)>,
}

impl<'a> Checker<'a> {
    fn endpoints(&mut self) -> Option<Vec<crate::model::Endpoint>> {
        let spec = self.spec;
        routes::check(&spec.endpoints, &mut self.sink);
        crate::spec::hook::named_twice(&spec.endpoints, &mut self.sink);
        self.claims_agree();
        self.mark_used();
        let mut endpoints = Vec::new();
        let mut failed = None;
        for decl in &spec.endpoints {
            let scene = scope::Scene {
                checker: self,
                decl,
                heads: Vec::new(),
                inputs: Vec::new(),
                body: None,
                claims: scope::Claims::Broken,
                spreading: Vec::new(),
                spreads: 0,
            };
            match scene.endpoint() {
                Some(endpoint) => endpoints.push(endpoint),
                None => failed = failed.or(Some(decl.place)),
            }
        }
        let Some(place) = failed else {
            return Some(endpoints);
        };
        if self.sink.iter().all(|d| d.severity != Severity::Error) {
            self.sink.push(
                Diagnostic::new(
                    Code::Unexplained,
                    place,
                    "this endpoint can't be built, and no reason was found",
                )
                .help("that is a fault of the checker: please report it with this spec"),
            );
        }
        None
    }

    /// What endpoints name, in order of declaration: only that is part of the model.
    fn mark_used(&mut self) {
        let spec = self.spec;
        let named = used_upstreams(spec);
        self.used_upstreams = (0..spec.upstreams.len())
            .filter(|i| {
                spec.upstreams
                    .get_index(*i)
                    .is_some_and(|(name, _)| named.contains(&name.as_str()))
            })
            .collect();
        let of = |auth: &Option<spec::AuthDecl>| match auth.as_ref().or(spec.defaults.auth.as_ref())
        {
            Some(spec::AuthDecl::Schemes(words)) => {
                words.iter().map(|w| w.text.clone()).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        let named: Vec<String> = spec.endpoints.iter().flat_map(|e| of(&e.auth)).collect();
        self.used_schemes = (0..spec.schemes.len())
            .filter(|i| {
                spec.schemes
                    .get_index(*i)
                    .is_some_and(|(name, _)| named.contains(name))
            })
            .collect();
        let of = |limit: &Option<LimitsDecl>| match limit.as_ref().or(spec.defaults.limit.as_ref())
        {
            Some(LimitsDecl::Names(words)) => {
                words.iter().map(|w| w.text.clone()).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        let named: Vec<String> = spec.endpoints.iter().flat_map(|e| of(&e.limit)).collect();
        self.used_limits = (0..spec.limits.len())
            .filter(|i| {
                spec.limits
                    .get_index(*i)
                    .is_some_and(|(name, _)| named.contains(name))
            })
            .collect();
    }

    /// An upstream's place in the model.
    pub(crate) fn use_upstream(&self, name: &str) -> Option<usize> {
        let at = self.spec.upstreams.get_index_of(name)?;
        self.used_upstreams.iter().position(|i| *i == at)
    }

    /// A scheme's place in the model.
    pub(crate) fn use_scheme(&self, name: &str) -> Option<usize> {
        let at = self.spec.schemes.get_index_of(name)?;
        self.used_schemes.iter().position(|i| *i == at)
    }

    /// A limit's place in the model.
    pub(crate) fn use_limit(&self, name: &str) -> Option<usize> {
        let at = self.spec.limits.get_index_of(name)?;
        self.used_limits.iter().position(|i| *i == at)
    }

    /// Says that something isn't done yet.
    pub(crate) fn unsupported(&mut self, place: Place, what: &str, meanwhile: &str) {
        self.sink.push(
            Diagnostic::new(
                Code::Unsupported,
                place,
                format!("{what} is not supported yet"),
            )
            .help(meanwhile),
        );
    }

    fn model(&mut self, endpoints: Vec<crate::model::Endpoint>, sources: &Sources) -> Model {
        let spec = self.spec;
        let schemes: Vec<crate::model::Scheme> = self
            .used_schemes
            .iter()
            .filter_map(|i| spec.schemes.get_index(*i))
            .filter_map(|(_, decl)| decl.scheme.clone())
            .collect();
        let claims = if schemes.is_empty() {
            self.types.add(Type::of(Kind::Object(Object::default())))
        } else {
            let all: Vec<&crate::model::Scheme> = schemes.iter().collect();
            self.claims_type(&all)
        };
        let sensitive = Sensitive::of(&self.types);
        let upstreams = self
            .used_upstreams
            .iter()
            .filter_map(|i| spec.upstreams.get_index(*i))
            .map(|(name, decl)| self.upstream(name, decl, &sensitive))
            .collect();
        Model {
            name: spec.name.clone(),
            file: spec.path.clone(),
            files: sources.iter().map(|f| f.path.clone()).collect(),
            types: self.types.clone(),
            upstreams,
            schemes,
            limits: self
                .used_limits
                .iter()
                .filter_map(|i| spec.limits.get_index(*i))
                .filter_map(|(_, decl)| decl.limit.clone())
                .collect(),
            claims,
            server: spec.server.clone(),
            endpoints,
        }
    }

    fn upstream(&self, name: &str, decl: &UpstreamDecl, sensitive: &Sensitive) -> Upstream {
        const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
        const CONNECT: std::time::Duration = std::time::Duration::from_secs(1);
        const BODY: u64 = 10 << 20;
        const RETRY_BUDGET: u8 = 20;
        let documented = self
            .contracts
            .get(name)
            .map(|c| {
                c.operations
                    .iter()
                    .map(|o| (o.method.clone(), o.path.clone()))
                    .collect()
            })
            .unwrap_or_default();
        let answers_sensitive = |operation: &contract::Operation| {
            let media = operation.responses.iter().flat_map(|r| &r.content);
            media.into_iter().any(|media| sensitive.holds(media.ty))
        };
        let sensitive = self
            .contracts
            .get(name)
            .map(|c| {
                let operations = c.operations.iter().enumerate();
                operations
                    .filter(|(_, operation)| answers_sensitive(operation))
                    .map(|(i, _)| i)
                    .collect()
            })
            .unwrap_or_default();
        Upstream {
            name: name.to_owned(),
            place: decl.place,
            contract: decl
                .contract
                .as_ref()
                .map(|(path, _)| path.clone())
                .unwrap_or_default(),
            url: decl.url.clone(),
            timeout: decl.timeout.unwrap_or(TIMEOUT),
            connect_timeout: decl.connect_timeout.unwrap_or(CONNECT),
            retry_budget: decl.retry_budget.unwrap_or(RETRY_BUDGET),
            headers: decl.headers.clone(),
            identity: if decl.forward.is_some() {
                Identity::Forward
            } else {
                Identity::None
            },
            body_limit: decl.body_limit.unwrap_or(BODY),
            strict: decl.strict,
            documented,
            sensitive,
        }
    }
}
