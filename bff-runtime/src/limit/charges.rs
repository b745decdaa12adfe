//! The limits of one route, and what one request takes of them.

use std::sync::Arc;
use std::time::Duration;

use bff_json::{Scope, Tape};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::headers::{Left, Policies, whole};
use super::key::{Seen, key};
use super::{Allowance, Charge, Hold, Key, Limit, Limiter, Refusal, Taking};
use crate::failure::{Failure, Kind};

/// The limits of one route.
#[derive(Default)]
pub(crate) struct Charges {
    all: Vec<Running>,
    policies: Option<Policies>,
}

struct Running {
    charge: &'static Charge,
    rules: &'static Allowance,
    limiter: Arc<dyn Limiter>,
}

/// Limits that were started, each once for all the routes it is of.
pub(crate) type Started = Vec<(&'static dyn Limit, Arc<dyn Limiter>)>;

impl Charges {
    /// Starts what isn't started yet.
    pub(crate) fn new(charges: &'static [Charge], started: &mut Started) -> Charges {
        let all: Vec<Running> = charges
            .iter()
            .map(|charge| {
                let rules = charge.limit.rules();
                let known = started
                    .iter()
                    .find(|(limit, _)| std::ptr::eq(limit.rules(), rules));
                let limiter = match known {
                    Some((_, limiter)) => Arc::clone(limiter),
                    None => {
                        let limiter = charge.limit.start();
                        started.push((charge.limit, Arc::clone(&limiter)));
                        limiter
                    }
                };
                Running {
                    charge,
                    rules,
                    limiter,
                }
            })
            .collect();
        let policies = Policies::new(all.iter().map(|running| running.rules));
        Charges { all, policies }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes what a request counts of each limit; of those that ask for somebody's identity if `claims` is there, of the
    /// others if not.
    ///
    /// # Errors
    /// 429 with `retry-after`. Then what others had given is given back.
    pub(crate) async fn take(
        &self,
        seen: &Seen<'_>,
        claims: Option<&[Tape]>,
        deadline: Instant,
        taken: &mut Taken,
    ) -> Result<(), Failure> {
        for (place, running) in self.all.iter().enumerate() {
            let Running {
                charge,
                rules,
                limiter,
            } = running;
            if rules.per.is_identity() != claims.is_some() {
                continue;
            }
            let key = {
                let scope = claims.map(Scope::new);
                key(rules.per, charge.by.as_ref(), seen, scope.as_ref())
            };
            let answer = match limiter.take(key, charge.cost) {
                Taking::Now(answer) => answer,
                Taking::Later(answer) => tokio::time::timeout_at(deadline, answer)
                    .await
                    .map_err(|_| Failure::new(Kind::Unavailable, "The limits can't be had."))?,
            };
            match answer {
                Ok(grant) => {
                    taken.left.note(rules.name, &grant.room);
                    taken.paid.push((place, key));
                    taken.holds.extend(grant.hold);
                }
                Err(refusal) => {
                    self.give_back(taken);
                    return Err(refused(rules, &refusal, taken));
                }
            }
        }
        Ok(())
    }

    fn give_back(&self, taken: &mut Taken) {
        for (place, key) in taken.paid.drain(..) {
            if let Some(running) = self.all.get(place) {
                running.limiter.give_back(key, running.charge.cost);
            }
        }
        taken.holds.clear();
        taken.left = Left::default();
    }

    /// Says what is left.
    pub(crate) fn tell(&self, taken: &Taken, headers: &mut HeaderMap) {
        if let Some(policies) = &self.policies {
            taken.left.write(policies, headers);
        }
    }
}

fn refused(rules: &Allowance, refusal: &Refusal, taken: &mut Taken) -> Failure {
    taken.left.note(rules.name, &refusal.room);
    // Retry-After counts whole seconds, and none would be an invitation.
    let seconds = whole(refusal.retry_after.max(Duration::from_nanos(1)));
    Failure::new(
        Kind::Limited,
        "This is more than may be asked in the time; `retry-after` says when to ask again.",
    )
    .because(format!("limit `{}`", rules.name))
    .with_header(RETRY_AFTER, HeaderValue::from(seconds))
}

/// What a request took.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    left: Left,
    paid: Vec<(usize, Key)>,
    pub(crate) holds: Vec<Hold>,
}
