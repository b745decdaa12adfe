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

use crate::contract::{Kind, Library, Object, Type, TypeId, Types, Used};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::lint::{self, Survey};
use crate::model::{Identity, Model, ScalarKind, Upstream};
use crate::source::{SourceLoader, Sources};
use crate::spec::limit::LimitsDecl;
use crate::spec::{self, Loaded, Spec, UpstreamDecl};

/// Checks one spec; the model comes back only where there is no error.
pub(crate) fn check(
    library: &Library,
    loader: &dyn SourceLoader,
    path: &str,
    sources: &mut Sources,
) -> (Option<Model>, Vec<Diagnostic>, Survey) {
    let mut sink = Vec::new();
    let Loaded { spec, complete } = spec::load(loader, path, sources, &mut sink);
    let Some(spec) = spec else {
        return (None, sink, Survey::default());
    };
    let model = checked(library, loader, &spec, complete, sources, &mut sink);
    let survey = lint::run(&spec, sources.find(path), model.as_ref(), &mut sink);
    (model, sink, survey)
}

fn checked(
    library: &Library,
    loader: &dyn SourceLoader,
    spec: &Spec,
    complete: bool,
    sources: &mut Sources,
    sink: &mut Vec<Diagnostic>,
) -> Option<Model> {
    let mut types = Types::default();
    let contracts = contracts(library, loader, spec, sources, &mut types, sink);
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

/// The contracts of the upstreams that an endpoint names, each with the operations that are called.
fn contracts(
    library: &Library,
    loader: &dyn SourceLoader,
    spec: &Spec,
    sources: &mut Sources,
    types: &mut Types,
    sink: &mut Vec<Diagnostic>,
) -> IndexMap<String, Used> {
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
        let (overlays, mut named): (Vec<String>, Vec<Place>) =
            upstream.overlays.iter().cloned().unzip();
        named.insert(0, *place);
        let (contract, diagnostics) = library.contract(loader, path, &overlays, &named, sources);
        sink.extend(diagnostics);
        let Some(mut contract) = contract else {
            continue;
        };
        let calls = spec.endpoints.iter().flat_map(called);
        for call in calls.filter(|call| call.upstream.text == *name) {
            contract.take(&call.operation.text, types);
        }
        contracts.insert(name.clone(), contract);
    }
    contracts
}

/// Upstreams that an endpoint names.
pub(crate) fn used_upstreams(spec: &Spec) -> Vec<&str> {
    let mut used = Vec::new();
    for endpoint in &spec.endpoints {
        used.extend(called(endpoint).map(|call| call.upstream.text.as_str()));
        used.extend(endpoint.proxy.as_ref().map(|p| p.upstream.text.as_str()));
    }
    used
}

/// The operations an endpoint names.
fn called(endpoint: &spec::EndpointDecl) -> impl Iterator<Item = &crate::syntax::ast::Call> {
    endpoint.calls.iter().filter_map(|decl| decl.call.as_ref())
}

/// One spec while it is checked.
pub(crate) struct Checker<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) contracts: &'a IndexMap<String, Used>,
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
        let upstreams = self
            .used_upstreams
            .iter()
            .filter_map(|i| spec.upstreams.get_index(*i))
            .map(|(name, decl)| self.upstream(name, decl))
            .collect();
        Model {
            name: spec.name.clone(),
            file: spec.path.clone(),
            files: sources.iter().map(|f| f.path.clone()).collect(),
            types: std::mem::take(&mut self.types),
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

    fn upstream(&self, name: &str, decl: &UpstreamDecl) -> Upstream {
        const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
        const CONNECT: std::time::Duration = std::time::Duration::from_secs(1);
        const BODY: u64 = 10 << 20;
        const RETRY_BUDGET: u8 = 20;
        let contract = self.contracts.get(name);
        let operations = contract.map(Used::all).unwrap_or_default();
        let documented = operations
            .iter()
            .map(|o| (o.method.clone(), o.path.clone()))
            .collect();
        let sensitive = contract.map(Used::sensitive).unwrap_or_default().to_vec();
        Upstream {
            name: name.to_owned(),
            place: decl.place,
            contract: decl
                .contract
                .as_ref()
                .map(|(path, _)| path.clone())
                .unwrap_or_default(),
            overlays: decl.overlays.iter().map(|(path, _)| path.clone()).collect(),
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
