//! Which traces are recorded: what OpenTelemetry's variables `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` say.
//!
//! It holds without a recorder too: then it is what the gateway tells upstreams of traces that begin here.

use super::parent::Parent;
use crate::text::Env;

/// Which traces are recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampler {
    /// Whether what the client says is followed.
    follows: bool,
    /// Of 2^63: how many of the traces for which nobody said.
    share: u64,
}

const ALL: u64 = 1 << 63;

impl Default for Sampler {
    fn default() -> Sampler {
        Sampler {
            follows: true,
            share: ALL,
        }
    }
}

impl Sampler {
    /// What the environment says; all that nobody decided against, if it says nothing.
    pub(super) fn new(env: &mut Env) -> Sampler {
        let Some(name) = env.variable("OTEL_TRACES_SAMPLER") else {
            return Sampler::default();
        };
        let (follows, rest) = match name.strip_prefix("parentbased_") {
            Some(rest) => (true, rest),
            None => (false, name.as_str()),
        };
        let share = match rest {
            "always_on" => ALL,
            "always_off" => 0,
            "traceidratio" => {
                let said = env.variable("OTEL_TRACES_SAMPLER_ARG");
                let ratio = said.as_deref().unwrap_or("1").parse::<f64>().ok();
                let Some(ratio) = ratio.filter(|ratio| (0.0..=1.0).contains(ratio)) else {
                    env.fault(
                        "OTEL_TRACES_SAMPLER_ARG: it must be a number from 0 to 1".to_owned(),
                    );
                    return Sampler::default();
                };
                // 2^63 is a float, and a share of it no larger.
                (ratio * ALL as f64) as u64
            }
            _ => {
                env.fault(
                    "OTEL_TRACES_SAMPLER: it must be `always_on`, `always_off` or `traceidratio`, perhaps behind `parentbased_`"
                        .to_owned(),
                );
                return Sampler::default();
            }
        };
        Sampler { follows, share }
    }

    /// Whether a trace is recorded that the client began, or that begins here.
    pub(super) fn samples(&self, given: Option<&Parent>, trace: u128) -> bool {
        match given {
            Some(given) if self.follows => given.is_sampled(),
            // What everybody in the trace who is asked for the same share comes to, too.
            _ => (trace as u64) >> 1 < self.share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Variables;

    fn of(name: &str, share: &str) -> Result<Sampler, Vec<String>> {
        let variables = [
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", share),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut env = Env::new(Variables::Map(variables.into()));
        let sampler = Sampler::new(&mut env);
        let faults = env.into_faults();
        if faults.is_empty() {
            Ok(sampler)
        } else {
            Err(faults)
        }
    }

    #[test]
    fn who_decides() {
        let said = |flags| Parent {
            trace: 1,
            span: 1,
            flags,
        };
        let (yes, no) = (said(1), said(0));
        // A trace's last 64 bits are what its share is told by.
        let (low, high) = (1 << 64 | 1, u128::MAX);
        for (name, share, expected) in [
            // Nobody said: a low and a high id; the client said yes, no.
            ("", "", [true, true, true, false]),
            ("always_on", "", [true, true, true, true]),
            ("always_off", "", [false, false, false, false]),
            ("traceidratio", "0.5", [true, false, false, true]),
            ("parentbased_always_on", "", [true, true, true, false]),
            ("parentbased_always_off", "", [false, false, true, false]),
            (
                "parentbased_traceidratio",
                "0.5",
                [true, false, true, false],
            ),
            ("parentbased_traceidratio", "", [true, true, true, false]),
            ("traceidratio", "0", [false, false, false, false]),
            ("traceidratio", "1", [true, true, true, true]),
        ] {
            let sampler = of(name, share).unwrap_or_default();
            let got = [
                sampler.samples(None, low),
                sampler.samples(None, high),
                sampler.samples(Some(&yes), high),
                sampler.samples(Some(&no), low),
            ];
            assert_eq!(got, expected, "{name} {share}");
        }
    }

    #[test]
    fn what_can_not_be_meant_is_told() {
        for (name, share) in [
            ("sometimes", ""),
            ("parentbased_", ""),
            ("traceidratio", "2"),
            ("traceidratio", "-1"),
            ("traceidratio", "half"),
            ("parentbased_traceidratio", "NaN"),
        ] {
            assert!(of(name, share).is_err(), "{name} {share}");
        }
    }
}
