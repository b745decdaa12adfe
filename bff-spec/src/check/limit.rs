//! How often: the limits of an endpoint, and who is counted.

use super::describe::names;
use super::scope::{Claims, Scene};
use crate::contract::Kind;
use crate::diagnostic::{Code, Place};
use crate::model::{Charge, Limit, Path, Per, Root, Step};
use crate::nearest::nearest;
use crate::spec::limit::LimitsDecl;
use crate::syntax::ast;

impl Scene<'_, '_> {
    /// The endpoint's limits, and what a request counts; none if something was wrong, which was said.
    pub(crate) fn charges(&mut self) -> Option<Vec<Charge>> {
        let spec = self.checker.spec;
        let own = self.decl.limit.as_ref();
        let words = match own.or(spec.defaults.limit.as_ref()) {
            None | Some(LimitsDecl::None) => {
                if let Some((_, place)) = self.decl.cost {
                    self.error(
                        Code::Contradiction,
                        place,
                        "`cost` is what a request counts, and nothing counts it",
                    )
                    .help("name a limit beside it: `limit: NAME`");
                }
                return Some(Vec::new());
            }
            Some(LimitsDecl::Names(words)) => words.clone(),
        };
        let mut charges: Option<Vec<Charge>> = Some(Vec::new());
        for word in &words {
            let Some(decl) = spec.limits.get(&word.text) else {
                self.unknown_limit(word);
                charges = None;
                continue;
            };
            let charge = decl
                .limit
                .as_ref()
                .and_then(|limit| self.charge(limit, word));
            match (&mut charges, charge) {
                (Some(charges), Some(charge)) => charges.push(charge),
                _ => charges = None,
            }
        }
        charges
    }

    fn charge(&mut self, limit: &Limit, word: &ast::Word) -> Option<Charge> {
        let cost = self.decl.cost.map_or(1, |(cost, _)| cost);
        let most = [
            limit.rate.map(|rate| ("burst", rate.burst)),
            limit.quota.map(|quota| ("quota", quota.count)),
        ];
        for (what, most) in most.into_iter().flatten() {
            if cost > most {
                let place = self.decl.cost.map_or(word.place, |(_, place)| place);
                self.error(
                    Code::Contradiction,
                    place,
                    format!(
                        "a request counts {cost}, and the {what} of limit `{}` is {most}: none would ever pass",
                        limit.name
                    ),
                )
                .help("a smaller `cost`, or a larger limit")
                .related(limit.place, "the limit is here");
                return None;
            }
        }
        let by = match &limit.per {
            Per::Subject => self.counted_by("sub", None)?,
            Per::Claim(name) => self.counted_by(name, Some((word.place, limit.place)))?,
            Per::Key | Per::Ip | Per::Header(_) | Per::Route | Per::Everyone => None,
        };
        Some(Charge {
            limit: self.checker.use_limit(&limit.name)?,
            by,
            cost,
        })
    }

    /// The path to a claim; with `auth: none` there is none, and who asks is counted by address.
    #[allow(clippy::option_option)] // the outer is whether all is well
    fn counted_by(&mut self, name: &str, named: Option<(Place, Place)>) -> Option<Option<Path>> {
        let claims = match self.claims {
            Claims::Nobody => return Some(None),
            Claims::Broken => return None,
            Claims::Known(claims) => claims,
        };
        let Kind::Object(object) = &self.checker.types.get(claims).kind else {
            return None;
        };
        let field = object.fields.get(name).map(|f| (f.ty, f.required));
        let known: Vec<String> = object.fields.keys().cloned().collect();
        let Some((ty, required)) = field else {
            let (place, limit) = named?;
            self.error(
                Code::UnknownClaim,
                place,
                format!(
                    "this limit counts by claim `{name}`, which no scheme of this endpoint gives"
                ),
            )
            .help(format!(
                "declare it beside the scheme: `claims: {{ {name}: string }}`; claims are {}",
                names(known.iter().map(String::as_str))
            ))
            .related(limit, "the limit is here");
            return None;
        };
        if matches!(
            self.checker.types.get(ty).kind,
            Kind::List(_) | Kind::Object(_)
        ) {
            let (place, limit) = named?;
            self.error(
                Code::Mismatch,
                place,
                format!("this limit counts by claim `{name}`, which is no single value"),
            )
            .help("count by a claim that is one text or number")
            .related(limit, "the limit is here");
            return None;
        }
        Some(Some(Path {
            root: Root::Claims,
            steps: vec![Step::Field {
                name: name.to_owned(),
                ty,
            }],
            place: self.decl.place,
            text: format!("claims.{name}"),
            ty,
            nullable: !required,
            many: false,
            item_nullable: false,
            promised: false,
        }))
    }

    fn unknown_limit(&mut self, word: &ast::Word) {
        if !self.checker.complete {
            return;
        }
        let spec = self.checker.spec;
        let all = || spec.limits.keys().map(String::as_str);
        let near = nearest(&word.text, all()).map(str::to_owned);
        let report = self
            .error(
                Code::UnknownLimit,
                word.place,
                format!("there is no limit `{}`", word.text),
            )
            .help(match &near {
                Some(near) => format!("did you mean `{near}`?"),
                None if spec.limits.is_empty() => format!(
                    "declare it: `limits: {{ {}: {{ rate: 120/min, per: subject }} }}`",
                    word.text
                ),
                None => format!("limits are {}", names(all())),
            });
        if let Some(near) = near {
            report.fix(word.place, near);
        }
    }
}
