//! Regular expressions that inputs must match.
//!
//! The tables hold the function that compiles them, so a gateway without patterns links no engine.

use std::collections::HashMap;
use std::fmt;

use crate::plan::{BodyRule, Pattern, Route, Rules};
use crate::text::Env;

/// A compiled regular expression.
pub struct Matcher(Box<dyn Fn(&str) -> bool + Send + Sync>);

impl Matcher {
    /// Whatever decides.
    pub fn new(decide: impl Fn(&str) -> bool + Send + Sync + 'static) -> Matcher {
        Matcher(Box::new(decide))
    }

    /// Whether a text matches, anywhere in it.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        (self.0)(text)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Matcher(…)")
    }
}

/// Compiles a regular expression for an engine whose time is linear in the text; `None` if it can't be.
#[must_use]
pub fn regex(source: &str) -> Option<Matcher> {
    let regex = regex::Regex::new(source).ok()?;
    Some(Matcher::new(move |text| regex.is_match(text)))
}

impl Pattern {
    /// A pattern for [`regex`].
    #[must_use]
    pub const fn new(source: &'static str) -> Pattern {
        Pattern {
            source,
            compile: regex,
        }
    }
}

/// All patterns of a gateway, compiled.
#[derive(Debug, Default)]
pub(crate) struct Patterns(HashMap<&'static str, Matcher>);

impl Patterns {
    /// Compiles every pattern of the tables; one that can't be is a fault.
    pub(crate) fn compile(routes: &'static [Route], env: &mut Env) -> Patterns {
        let mut patterns = Patterns::default();
        for route in routes {
            for input in route.inputs.items {
                patterns.add(&input.rules, route.pattern, env);
            }
            if let Some(body) = route.body {
                patterns.add_body(&body.root, route.pattern, env);
            }
        }
        patterns
    }

    /// Whether a text matches a pattern.
    pub(crate) fn is_match(&self, pattern: &Pattern, text: &str) -> bool {
        self.0
            .get(pattern.source)
            .is_some_and(|matcher| matcher.is_match(text))
    }

    fn add(&mut self, rules: &Rules, route: &str, env: &mut Env) {
        let Some(pattern) = &rules.pattern else {
            return;
        };
        if self.0.contains_key(pattern.source) {
            return;
        }
        match (pattern.compile)(pattern.source) {
            Some(matcher) => {
                self.0.insert(pattern.source, matcher);
            }
            None => env.fault(format!(
                "{route}: the pattern `{}` can't be compiled",
                pattern.source
            )),
        }
    }

    fn add_body(&mut self, rule: &'static BodyRule, route: &str, env: &mut Env) {
        match rule {
            BodyRule::Any => {}
            BodyRule::Scalar { rules, .. } => self.add(rules, route, env),
            BodyRule::Object { fields, .. } => {
                for field in *fields {
                    self.add_body(&field.rule, route, env);
                }
            }
            BodyRule::Map {
                fields, element, ..
            } => {
                for field in *fields {
                    self.add_body(&field.rule, route, env);
                }
                self.add_body(element, route, env);
            }
            BodyRule::List { element, .. } => self.add_body(element, route, env),
        }
    }
}
