//! Further attempts of a request, where that does no harm and may help.
//!
//! In: a request and the time there is. Out: the answer of the last attempt, or how it broke; those before are counted.
//! What is sent again is what was sent, byte for byte. What never happens here: a write without its idempotency key is
//! repeated, an attempt starts that the time or the upstream's budget is too short for.

use std::sync::Arc;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderName, StatusCode};
use tokio::time::{Instant, sleep_until};

use super::call::{self, Ready};
use super::outcome;
use crate::plan::{Call, ErrorAction};
use crate::upstream::{Broken, BrokenKind, Fetched, Headers};

/// What makes a write harmless to repeat.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest wait before the first further attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(25);
/// The longest wait before any.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// Sends a request, and again while it fails in passing.
pub(super) async fn fetch(
    call: &'static Call,
    mut ready: Ready,
    deadline: Instant,
) -> Result<Fetched, Broken> {
    let harmless = !call.write || ready.headers.contains_key(KEY);
    let live = Arc::clone(&ready.live);
    let attempts = if harmless { call.retry } else { 0 };
    if attempts > 0 {
        live.budget.deposit();
    }
    for attempt in 0..attempts {
        let fetched = call::attempt(call, ready.clone(), attempt, deadline).await;
        let Some(asked) = passes(call, &fetched) else {
            return fetched;
        };
        let next = Instant::now() + wait(attempt).max(asked);
        if next >= deadline {
            return fetched;
        }
        if !live.budget.withdraw() {
            live.count_retry(false);
            return fetched;
        }
        live.count(outcome::passing(&fetched));
        live.count_retry(true);
        sleep_until(next).await;
        if let Some(other) = live.elsewhere(&ready.uri) {
            ready.uri = other;
        }
    }
    call::attempt(call, ready, attempts, deadline).await
}

/// Whether what came of an attempt may be otherwise next time: how long the upstream asks to wait until then.
fn passes(call: &'static Call, fetched: &Result<Fetched, Broken>) -> Option<Duration> {
    let fetched = match fetched {
        Ok(fetched) => fetched,
        Err(broken) => {
            return match broken.kind {
                BrokenKind::Connect | BrokenKind::Wire => Some(Duration::ZERO),
                BrokenKind::TooLarge | BrokenKind::Client | BrokenKind::Slow => None,
            };
        }
    };
    if matches!(
        outcome::rule(call, fetched.status.as_u16()),
        Some(ErrorAction::Absent)
    ) {
        return None;
    }
    match (fetched.status, asked(&fetched.headers)) {
        (
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS,
            Asked::Wait(wait),
        ) => Some(wait),
        (
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT,
            Asked::Nothing,
        ) => Some(Duration::ZERO),
        _ => None,
    }
}

/// What `retry-after` says.
#[derive(Debug, PartialEq)]
enum Asked {
    /// It isn't there.
    Nothing,
    /// To wait so long.
    Wait(Duration),
    /// To wait until a date, which is longer than a call waits.
    Long,
}

fn asked(headers: &Headers) -> Asked {
    let Some(value) = headers.get(RETRY_AFTER.as_str()) else {
        return Asked::Nothing;
    };
    let seconds = std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok());
    seconds.map_or(Asked::Long, |seconds| {
        Asked::Wait(Duration::from_secs(seconds.into()))
    })
}

/// Any time up to a bound that doubles with each attempt, so that clients who failed together don't come together again.
fn wait(attempt: u8) -> Duration {
    let bound = FIRST_WAIT
        .saturating_mul(1 << attempt.min(8))
        .min(LONGEST_WAIT);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::collections::VecDeque;
    use std::sync::Mutex;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method, Request, Response};

    use super::*;
    use crate::body::Body;
    use crate::metrics::Metrics;
    use crate::plan::{Bff, ErrorRule, Identity, Operation, Text, Upstream};
    use crate::trace::Tracer;
    use crate::upstream::{Live, Sending, Transport};

    const GET: Call = Call::new("it", &OPERATION).retry(2);
    const WRITE: Call = Call::new("it", &OPERATION).retry(2).write();
    static OPERATION: Operation = Operation {
        upstream: &UPSTREAM,
        id: "it",
        method: "GET",
        path: &[],
    };
    static UPSTREAM: Upstream = Upstream {
        name: "shop",
        url: Text(&[]),
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(1),
        retry_budget: 20,
        headers: &[],
        identity: Identity::None,
        body_limit: 100,
        strict: false,
    };
    static BFF: Bff = Bff {
        upstreams: &[&UPSTREAM],
        ..Bff::NONE
    };

    /// What an attempt comes to, after so many milliseconds.
    #[derive(Clone, Copy)]
    enum Come {
        Answer(u64, u16, Option<&'static str>),
        Broken(BrokenKind),
    }
    use BrokenKind::{Connect, TooLarge, Wire};
    use Come::{Answer, Broken as Breaks};

    /// What was asked, and when.
    type Seen = Arc<Mutex<Vec<(Request<Bytes>, Instant)>>>;
    /// A name, a call, whether it has a key, what comes, the status, how many attempts.
    type Case = (&'static str, Call, bool, Vec<Come>, Option<u16>, usize);

    /// Answers in order; notes what it was asked, and when.
    struct Scripted {
        script: Mutex<VecDeque<Come>>,
        seen: Seen,
    }

    impl Transport for Scripted {
        fn send(&self, _: Request<Body>, _: u64) -> Sending<'_> {
            Box::pin(async { Ok(Response::new(Body::Empty)) })
        }

        fn fetch(
            &self,
            request: Request<Bytes>,
            _: u64,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<Fetched, Broken>> + Send + '_>> {
            self.seen.lock().unwrap().push((request, Instant::now()));
            let come = self.script.lock().unwrap().pop_front().unwrap();
            Box::pin(async move {
                match come {
                    Answer(takes, status, wait) => {
                        tokio::time::sleep(Duration::from_millis(takes)).await;
                        let mut headers = HeaderMap::new();
                        if let Some(wait) = wait {
                            headers.insert(RETRY_AFTER, HeaderValue::from_static(wait));
                        }
                        Ok(Fetched {
                            status: StatusCode::from_u16(status).unwrap(),
                            headers: Headers::Map(headers),
                            body: Bytes::new(),
                        })
                    }
                    Breaks(kind) => Err(Broken {
                        kind,
                        cause: "broken".to_owned(),
                    }),
                }
            })
        }
    }

    struct Run {
        /// The status, or nothing where it broke.
        status: Option<u16>,
        seen: Vec<(Request<Bytes>, Instant)>,
        started: Instant,
        metrics: Arc<Metrics>,
    }

    impl Run {
        fn waits(&self) -> Vec<Duration> {
            let times = self.seen.iter().map(|(_, at)| *at);
            let before = std::iter::once(self.started).chain(times.clone());
            times.zip(before).map(|(at, before)| at - before).collect()
        }
    }

    async fn run(call: Call, headers: HeaderMap, script: &[Come], times: usize) -> Run {
        let seen = Arc::default();
        let transport = Box::new(Scripted {
            script: Mutex::new(script.iter().copied().cycle().take(100).collect()),
            seen: Arc::clone(&seen),
        });
        let metrics = Arc::new(Metrics::new(&BFF));
        let urls = ["http://a/x", "http://b"];
        let live = Arc::new(Live::over(
            &UPSTREAM,
            &urls,
            transport,
            Arc::clone(&metrics),
        ));
        let call: &'static Call = Box::leak(Box::new(call));
        let started = Instant::now();
        let mut fetched = Ok(0);
        for _ in 0..times {
            let ready = Ready {
                live: Arc::clone(&live),
                method: Method::POST,
                uri: "http://a/x/things?q=1".parse().unwrap(),
                headers: headers.clone(),
                body: Bytes::from_static(b"{}"),
                trace: Tracer::default().trace(&HeaderMap::new()),
            };
            let deadline = Instant::now() + Duration::from_secs(2);
            fetched = fetch(call, ready, deadline)
                .await
                .map(|fetched| fetched.status.as_u16());
        }
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        Run {
            status: fetched.ok(),
            seen,
            started,
            metrics,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_tried_again() {
        const DATE: &str = "Fri, 31 Dec 1999 23:59:59 GMT";
        let mut keyed = HeaderMap::new();
        keyed.insert(KEY, HeaderValue::from_static("k"));
        let absent = GET.errors(&[ErrorRule {
            first: 503,
            last: 503,
            then: ErrorAction::Absent,
        }]);
        let ok = Answer(0, 200, None);
        let cases: Vec<Case> = vec![
            ("good at once", GET, false, vec![ok], Some(200), 1),
            (
                "refused",
                GET,
                false,
                vec![Breaks(Connect), ok],
                Some(200),
                2,
            ),
            (
                "reset",
                GET,
                false,
                vec![Breaks(Wire), Breaks(Wire), ok],
                Some(200),
                3,
            ),
            ("too large", GET, false, vec![Breaks(TooLarge), ok], None, 1),
            (
                "502",
                GET,
                false,
                vec![Answer(0, 502, None), ok],
                Some(200),
                2,
            ),
            (
                "503",
                GET,
                false,
                vec![Answer(0, 503, Some("1")), ok],
                Some(200),
                2,
            ),
            (
                "503 for long",
                GET,
                false,
                vec![Answer(0, 503, Some("2")), ok],
                Some(503),
                1,
            ),
            (
                "503 until a date",
                GET,
                false,
                vec![Answer(0, 503, Some(DATE)), ok],
                Some(503),
                1,
            ),
            (
                "504",
                GET,
                false,
                vec![Answer(0, 504, None), ok],
                Some(200),
                2,
            ),
            (
                "500",
                GET,
                false,
                vec![Answer(0, 500, None), ok],
                Some(500),
                1,
            ),
            (
                "404",
                GET,
                false,
                vec![Answer(0, 404, None), ok],
                Some(404),
                1,
            ),
            (
                "429",
                GET,
                false,
                vec![Answer(0, 429, None), ok],
                Some(429),
                1,
            ),
            (
                "429 for a while",
                GET,
                false,
                vec![Answer(0, 429, Some(" 1 ")), ok],
                Some(200),
                2,
            ),
            (
                "what the spec calls absent",
                absent,
                false,
                vec![Answer(0, 503, None), ok],
                Some(503),
                1,
            ),
            (
                "no more than allowed",
                GET,
                false,
                vec![Answer(0, 503, None)],
                Some(503),
                3,
            ),
            (
                "never",
                GET.retry(0),
                false,
                vec![Answer(0, 503, None)],
                Some(503),
                1,
            ),
            (
                "too late",
                GET,
                false,
                vec![Answer(2000, 503, None), ok],
                Some(503),
                1,
            ),
            ("a write", WRITE, false, vec![Breaks(Wire), ok], None, 1),
            (
                "a write with its key",
                WRITE,
                true,
                vec![Breaks(Wire), ok],
                Some(200),
                2,
            ),
        ];
        for (name, call, key, script, status, attempts) in cases {
            let headers = if key { keyed.clone() } else { HeaderMap::new() };
            let run = run(call, headers, &script, 1).await;
            assert_eq!((run.status, run.seen.len()), (status, attempts), "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_bytes_at_another_instance() {
        let mut headers = HeaderMap::new();
        headers.insert("x-one", HeaderValue::from_static("1"));
        let run = run(GET, headers.clone(), &[Answer(0, 503, None)], 1).await;
        let uris: Vec<String> = run
            .seen
            .iter()
            .map(|(request, _)| request.uri().to_string())
            .collect();
        let (a, b) = ("http://a/x/things?q=1", "http://b/things?q=1");
        assert_eq!(uris, [a, b, a]);
        // Where nothing is recorded, attempts are told of one span.
        let trace = run.seen[0].0.headers()["traceparent"].clone();
        headers.insert("traceparent", trace);
        for (request, _) in &run.seen {
            assert_eq!(
                (request.method(), request.headers(), &request.body()[..]),
                (&Method::POST, &headers, &b"{}"[..])
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_short_and_longer_where_asked() {
        let own = run(GET.retry(8), HeaderMap::new(), &[Answer(0, 503, None)], 1).await;
        let bounds = [0, 25, 50, 100, 200, 250, 250, 250, 250];
        assert_eq!(own.seen.len(), bounds.len());
        for (wait, bound) in own.waits().into_iter().zip(bounds) {
            // The clock of tests counts whole milliseconds.
            assert!(wait <= Duration::from_millis(bound + 1), "{wait:?} {bound}");
        }
        let script = [Answer(0, 503, Some("1")), Answer(0, 200, None)];
        let asked = run(GET, HeaderMap::new(), &script, 1).await;
        assert!(asked.waits()[1] >= Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_upstream_that_is_down_is_spared() {
        let run = run(GET.retry(1), HeaderMap::new(), &[Breaks(Connect)], 50).await;
        // Each of fifty once, twenty percent of them again, and ten besides.
        assert_eq!(run.seen.len(), 50 + 10 + 10);
        let text = run.metrics.text();
        for line in [
            "bff_upstream_retries_total{upstream=\"shop\",outcome=\"made\"} 20",
            "bff_upstream_retries_total{upstream=\"shop\",outcome=\"over_budget\"} 30",
            // Those that nothing followed are the caller's to count.
            "bff_upstream_calls_total{upstream=\"shop\",outcome=\"connect\"} 20",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
