//! How often a call may be made anew: never a write, unless a key of its own makes that harmless.

use super::heads::shown;
use super::scope::Scene;
use crate::contract::{Location, Operation, Parameter};
use crate::diagnostic::Code;
use crate::model::Argument;
use crate::spec::CallDecl;

/// The header whose value tells an upstream that it has seen a request before.
const KEY: &str = "Idempotency-Key";

impl Scene<'_, '_> {
    /// The attempts that may follow the first: the call's own `retry`, or its upstream's where it applies.
    pub(crate) fn retry(
        &mut self,
        decl: &CallDecl,
        upstream: &str,
        operation: &Operation,
        arguments: &[Argument],
    ) -> u8 {
        let bound = arguments
            .iter()
            .filter_map(|argument| operation.parameters.get(argument.parameter))
            .any(is_key);
        let safe = operation.is_safe() || bound;
        match decl.retry {
            Some((attempts, place)) if attempts > 0 && !safe => {
                let method = &operation.method;
                let help = match operation.parameters.iter().find(|p| is_key(p)) {
                    Some(key) => {
                        format!("bind its key: `\"{}\" = header.idempotency-key`", key.name)
                    }
                    None => format!(
                        "take it out: the contract documents no header `{KEY}` that could make it harmless"
                    ),
                };
                self.error(
                    Code::UnsafeRetry,
                    place,
                    format!(
                        "`{}` is a {method}: made twice, it might do twice what it does",
                        shown(operation)
                    ),
                )
                .help(help)
                .related(operation.place, "the operation is here");
                0
            }
            Some((attempts, _)) => attempts,
            None if safe => {
                let upstream = self.checker.spec.upstreams.get(upstream);
                upstream.and_then(|decl| decl.retry).unwrap_or(0)
            }
            None => 0,
        }
    }
}

fn is_key(parameter: &Parameter) -> bool {
    parameter.location == Location::Header && parameter.name.eq_ignore_ascii_case(KEY)
}
