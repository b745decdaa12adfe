//! Calls that wait for each other and may together take longer than their endpoint has.
//!
//! Only timeouts that somebody set count, the call's own or its upstream's: without one, a call has what is left of the
//! endpoint's time, which is no promise that could be broken.

use std::time::Duration;

use super::{Finding, duration};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Call, Model};
use crate::spec::Spec;
use crate::worst;

pub(crate) fn check(model: &Model, spec: &Spec) -> Vec<Finding> {
    let set = |call: &Call| -> Option<Duration> {
        let upstream = model.upstreams.get(call.upstream)?;
        call.timeout
            .or_else(|| spec.upstreams.get(&upstream.name)?.timeout)
    };
    let mut found = Vec::new();
    for endpoint in &model.endpoints {
        let calls = endpoint.work.calls();
        let (time, path) = worst::longest(calls, |call| set(call).unwrap_or_default());
        if time <= endpoint.timeout {
            continue;
        }
        let way: Vec<(&Call, Duration)> = path
            .iter()
            .filter_map(|call| calls.get(*call))
            .filter_map(|call| Some((call, set(call)?)))
            .collect();
        let shown: Vec<String> = way
            .iter()
            .map(|(call, time)| format!("`{}` {}", call.name, duration(*time)))
            .collect();
        let (message, help) = match way.as_slice() {
            [(call, time)] => (
                format!(
                    "`{}` may take {}, and its endpoint has {}",
                    call.name,
                    duration(*time),
                    duration(endpoint.timeout)
                ),
                "a timeout above the endpoint's never counts: give the call a shorter one, or the endpoint a longer one",
            ),
            _ => (
                format!(
                    "calls that wait for each other may take {}, and their endpoint has {}: {}",
                    duration(time),
                    duration(endpoint.timeout),
                    shown.join(" → ")
                ),
                "the last may find no time left: give one a shorter `timeout`, or the endpoint a longer one",
            ),
        };
        let mut diagnostic = Diagnostic::new(Code::TimeBudget, endpoint.place, message).help(help);
        for (call, time) in way {
            diagnostic = diagnostic.related(call.place, format!("up to {}", duration(time)));
        }
        found.push(Finding {
            owner: endpoint.place,
            diagnostic,
        });
    }
    found
}
