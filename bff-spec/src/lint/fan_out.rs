//! One request of the frontend's that may become more requests than its budget.
//!
//! Counted from `max`, and from what bounds the lists: `maxItems` of inputs and answers, slices. Attempts that follow a
//! failed one aren't counted.

use super::Finding;
use super::levels::Levels;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Fan, Model};
use crate::worst;

/// Requests to upstreams for one request, where `lints` sets no other budget: room for one call that may make as many as
/// it may without `max` (100), and for some others beside it.
const BUDGET: u32 = 120;

pub(crate) fn check(model: &Model, levels: &Levels) -> Vec<Finding> {
    let mut found = Vec::new();
    for endpoint in &model.endpoints {
        let calls = endpoint.work.calls();
        let counts: Vec<u32> = calls
            .iter()
            .map(|call| worst::requests(model, endpoint, call))
            .collect();
        let all = counts.iter().fold(0u32, |sum, n| sum.saturating_add(*n));
        let budget = levels.budget(endpoint.place).unwrap_or(BUDGET);
        if all <= budget {
            continue;
        }
        let fans = || {
            let counted = calls.iter().zip(&counts);
            counted.filter(|(call, _)| !matches!(call.fan, Fan::One { .. }))
        };
        let most = fans().max_by_key(|(_, count)| **count);
        let place = most.map_or(endpoint.place, |(call, _)| call.place);
        let mut diagnostic = Diagnostic::new(
            Code::FanOut,
            place,
            format!(
                "one `{}` may become {all} requests to upstreams, and its budget is {budget}",
                endpoint.key
            ),
        );
        if let Some((call, count)) = most {
            let rest = all.saturating_sub(*count);
            let help = match budget.saturating_sub(rest) {
                0 => "`max` on these calls says how many each may make; more is then an error of the frontend's".into(),
                left => format!(
                    "`{}` may make {count} of them: `max: {left}` keeps to the budget, fewer for fewer; or ask for many at once",
                    call.name
                ),
            };
            diagnostic.help = Some(help);
            for (other, count) in fans().filter(|(other, _)| other.place != call.place) {
                diagnostic =
                    diagnostic.related(other.place, format!("`{}` may make {count}", other.name));
            }
        }
        found.push(Finding {
            owner: endpoint.place,
            diagnostic,
        });
    }
    found
}
