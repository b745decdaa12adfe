//! What is said of an endpoint that is to go: since when, until when, and what takes its place.

use super::scope::Scene;
use crate::diagnostic::Code;
use crate::model::Deprecation;

const DAY: u64 = 86_400;

impl Scene<'_, '_> {
    /// `deprecated`, its dates in seconds and its successor found.
    ///
    /// # Errors
    /// If something is wrong with it, which was said.
    pub(crate) fn deprecated(&mut self) -> Result<Option<Deprecation>, ()> {
        let Some(decl) = &self.decl.deprecated else {
            return Ok(None);
        };
        let spec = self.checker.spec;
        let mut successor = None;
        if let Some((method, path, place)) = &decl.successor {
            let named = |route: &crate::spec::Route| {
                route.path == *path && route.method.as_ref().is_none_or(|own| own == method)
            };
            if named(&self.decl.route) && self.decl.route.choice.is_none() {
                self.error(
                    Code::Contradiction,
                    *place,
                    "what takes its place is the endpoint itself",
                );
                return Err(());
            }
            // Any other is another version's, and not known here.
            let own = spec.endpoints.iter().any(|other| named(&other.route));
            let base = if own { spec.base.as_str() } else { "" };
            successor = Some((method.clone(), format!("{base}{path}")));
        }
        let seconds = |days: u32| u64::from(days) * DAY;
        Ok(Some(Deprecation {
            told: decl.told,
            since: decl.since.map(seconds),
            sunset: decl.sunset.map(seconds),
            successor,
        }))
    }
}
