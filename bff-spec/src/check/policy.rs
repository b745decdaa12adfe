//! Who may ask: schemes, the shape of claims, `require`.

use indexmap::IndexMap;

use super::Checker;
use super::describe::names;
use super::scope::{Claims, Scene};
use super::uses::Collector;
use crate::contract::{Field, Kind, Object, Type, TypeId};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::model::{Claim, Clause, Require, ScalarKind, Scheme, SchemeKind};
use crate::nearest::nearest;
use crate::spec::{AuthDecl, HeaderDecl, RequireDecl};
use crate::syntax::ast;

/// RFC 7519's registered claims.
const REGISTERED: &[(&str, ScalarKind)] = &[
    ("iss", ScalarKind::String),
    ("sub", ScalarKind::String),
    ("aud", ScalarKind::String),
    ("exp", ScalarKind::Integer),
    ("nbf", ScalarKind::Integer),
    ("iat", ScalarKind::Integer),
    ("jti", ScalarKind::String),
];

impl Checker<'_> {
    /// The shape of `claims` for whoever any of these schemes lets in: what one of them lacks is nullable.
    pub(crate) fn claims_type(&mut self, schemes: &[&Scheme]) -> TypeId {
        let mut object = Object::default();
        for (name, kind) in REGISTERED {
            let declared = schemes
                .iter()
                .find_map(|s| s.claims.iter().find(|c| c.name == *name));
            let ty = match declared {
                Some(claim) => self.claim_type(claim),
                None => {
                    let claim = Claim {
                        name: (*name).to_owned(),
                        kind: *kind,
                        list: false,
                        required: true,
                    };
                    self.claim_type(&claim)
                }
            };
            let required = schemes.iter().all(|scheme| {
                let declared = scheme.claims.iter().find(|c| c.name == *name);
                declared.map_or(*name == "sub", |c| c.required)
                    || scheme
                        .kind
                        .jwt()
                        .is_some_and(|jwt| jwt.required.iter().any(|r| r == name))
            });
            object
                .fields
                .insert((*name).to_owned(), field(ty, required, None));
        }
        for scheme in schemes {
            for claim in &scheme.claims {
                if object.fields.contains_key(&claim.name) {
                    continue;
                }
                let ty = self.claim_type(claim);
                let everywhere = schemes
                    .iter()
                    .all(|s| s.claims.iter().any(|c| c.name == claim.name && c.required));
                object
                    .fields
                    .insert(claim.name.clone(), field(ty, everywhere, None));
            }
        }
        self.types.add(Type::of(Kind::Object(object)))
    }

    fn claim_type(&mut self, claim: &Claim) -> TypeId {
        let key = (claim.name.clone(), claim.kind, claim.list);
        if let Some((_, ty)) = self.claim_types.iter().find(|(k, _)| *k == key) {
            return *ty;
        }
        let kind = match claim.kind {
            ScalarKind::Boolean => Kind::Boolean,
            ScalarKind::Integer => Kind::Integer,
            ScalarKind::Number => Kind::Number,
            ScalarKind::String => Kind::String,
        };
        let mut ty = self.types.add(Type::of(kind));
        if claim.list {
            ty = self.types.add(Type::of(Kind::List(ty)));
        }
        self.claim_types.push((key, ty));
        ty
    }

    /// One claim has one kind, whatever the scheme.
    pub(crate) fn claims_agree(&mut self) {
        let mut first: IndexMap<String, (ScalarKind, bool, Place, String)> = IndexMap::new();
        for (name, decl) in &self.spec.schemes {
            let Some(scheme) = &decl.scheme else { continue };
            for claim in &scheme.claims {
                let place = decl.claims.get(&claim.name).copied().unwrap_or(decl.place);
                match first.get(&claim.name) {
                    Some((kind, list, before, other))
                        if (*kind, *list) != (claim.kind, claim.list) =>
                    {
                        self.sink.push(
                            Diagnostic::new(
                                Code::Contradiction,
                                place,
                                format!(
                                    "claim `{}` is of another type in scheme `{other}`",
                                    claim.name
                                ),
                            )
                            .help("`claims` has one shape, whatever the scheme")
                            .related(*before, "it is declared here first"),
                        );
                    }
                    Some(_) => {}
                    None => {
                        first.insert(
                            claim.name.clone(),
                            (claim.kind, claim.list, place, name.clone()),
                        );
                    }
                }
            }
        }
    }
}

fn field(ty: TypeId, required: bool, place: Option<Place>) -> Field {
    Field {
        ty,
        required,
        read_only: false,
        write_only: false,
        sensitive: false,
        description: None,
        place,
    }
}

impl<'a> Scene<'_, 'a> {
    /// The endpoint's schemes, as places in the model's; and what `claims` is.
    pub(crate) fn auth(&mut self) -> Option<Vec<usize>> {
        self.claims = Claims::Broken;
        let spec = self.checker.spec;
        let auth = self.decl.auth.as_ref().or(spec.defaults.auth.as_ref());
        let words = match auth {
            Some(AuthDecl::None) => {
                self.claims = Claims::Nobody;
                return Some(Vec::new());
            }
            Some(AuthDecl::Schemes(words)) => words,
            None => {
                // An `auth` that was broken has said so.
                if self.decl.broken {
                    return None;
                }
                let first = spec.schemes.keys().next().map_or("NAME", String::as_str);
                let place = self.decl.place;
                self.error(Code::NoAuth, place, "this endpoint doesn't say who may ask")
                    .help(format!(
                        "`auth: {first}` here or under `defaults`; `auth: none` lets everybody in"
                    ));
                return None;
            }
        };
        let mut schemes: Vec<&'a Scheme> = Vec::new();
        let mut ok = true;
        for word in words {
            match spec.schemes.get(&word.text) {
                Some(decl) => match &decl.scheme {
                    Some(scheme) => schemes.push(scheme),
                    None => ok = false,
                },
                None => {
                    self.unknown_scheme(word);
                    ok = false;
                }
            }
        }
        if !ok {
            return None;
        }
        self.claims = Claims::Known(self.checker.claims_type(&schemes));
        let mut all = Vec::new();
        for scheme in schemes {
            all.push(self.checker.use_scheme(&scheme.name)?);
        }
        Some(all)
    }

    fn unknown_scheme(&mut self, word: &ast::Word) {
        if !self.checker.complete {
            return;
        }
        let spec = self.checker.spec;
        let all = || spec.schemes.keys().map(String::as_str);
        let near = nearest(&word.text, all()).map(str::to_owned);
        let report = self
            .error(
                Code::UnknownScheme,
                word.place,
                format!("there is no scheme `{}`", word.text),
            )
            .help(match &near {
                Some(near) => format!("did you mean `{near}`?"),
                None if spec.schemes.is_empty() => {
                    format!("declare it: `auth: {{ {}: {{ jwt: {{ issuer: \"${{ISSUER}}\", audience: NAME }} }} }}`", word.text)
                }
                None => format!("schemes are {}", names(all())),
            });
        report.meant(word.place, &word.text, near.as_deref());
    }

    /// Whether whoever asks brings an API key, and never a token.
    pub(crate) fn only_keys(&self) -> bool {
        let spec = self.checker.spec;
        let auth = self.decl.auth.as_ref().or(spec.defaults.auth.as_ref());
        let Some(AuthDecl::Schemes(words)) = auth else {
            return false;
        };
        words.iter().all(|word| {
            let scheme = spec.schemes.get(&word.text);
            scheme
                .and_then(|decl| decl.scheme.as_ref())
                .is_some_and(|scheme| matches!(scheme.kind, SchemeKind::ApiKey(_)))
        })
    }

    fn require_decl(&self) -> Option<&'a RequireDecl> {
        let spec = self.checker.spec;
        self.decl
            .require
            .as_ref()
            .or(spec.defaults.require.as_ref())
    }

    /// Every condition of `require`.
    pub(crate) fn clauses(&self) -> Vec<ast::Condition> {
        self.require_decl()
            .map(|r| r.clauses.clone())
            .unwrap_or_default()
    }

    /// The headers of the answer: the endpoint's, and the defaults it doesn't set itself.
    pub(crate) fn all_headers(&self) -> Vec<HeaderDecl> {
        let mut all: Vec<HeaderDecl> = Vec::new();
        if !self.decl.headers.unset {
            all.extend(
                self.checker
                    .spec
                    .defaults
                    .headers
                    .iter()
                    .filter(|d| !self.decl.headers.items.iter().any(|h| h.name == d.name))
                    .cloned(),
            );
        }
        all.extend(self.decl.headers.items.iter().cloned());
        all
    }

    /// `require`; none if something was wrong with it, which was said.
    pub(crate) fn require(&mut self) -> Option<Require> {
        let Some(decl) = self.require_decl() else {
            return Some(Require::default());
        };
        let mut ok = true;
        if let Some(place) = decl.of_claims
            && self.claims == Claims::Nobody
        {
            self.error(
                Code::ClaimsWithoutAuth,
                place,
                "scopes and roles are somebody's, and with `auth: none` nobody is known",
            )
            .help("name a scheme under the endpoint's `auth`");
            ok = false;
        }
        let mut clauses = Vec::new();
        for condition in &decl.clauses {
            let Some(resolved) = self.condition(condition) else {
                ok = false;
                continue;
            };
            let mut collector = Collector::new(&self.checker.spec.fragments);
            collector.condition(condition);
            let mut reads: Vec<usize> = collector
                .roots
                .names
                .keys()
                .filter_map(|name| self.heads.iter().position(|h| h.name == *name))
                .collect();
            reads.sort_unstable();
            clauses.push(Clause {
                text: condition.text.clone(),
                place: condition.place,
                condition: resolved,
                reads,
            });
        }
        ok.then(|| Require {
            scopes: decl.scopes.clone(),
            roles: decl.roles.clone(),
            clauses,
        })
    }
}
