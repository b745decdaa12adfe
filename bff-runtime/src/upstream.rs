//! Upstreams while the gateway runs: where they are, what each request to them carries, and one request at a time.
//!
//! In: a request below the upstream's URL. Out: its answer, gathered or as it comes, or how it failed. No redirect is
//! followed, no proxy variable read, no content coding asked for. Time is the caller's: whoever waits sets the bound.

mod budget;
mod early;
mod gather;
mod h1;
mod headers;
mod transport;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

pub(crate) use budget::Budget;
pub(crate) use gather::gather;
pub(crate) use h1::Download;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use h1::fuzz;
pub(crate) use headers::Headers;
pub(crate) use transport::{Broken, BrokenKind, Sending, Transport, chain};

use crate::body::Body;
use crate::metrics::{Metrics, Outcome};
use crate::plan::{Part, Text, Upstream};
use crate::text::{Env, Resolved};

/// An upstream while the gateway runs.
pub(crate) struct Live {
    pub(crate) plan: &'static Upstream,
    pub(crate) metrics: Arc<Metrics>,
    index: usize,
    transport: Box<dyn Transport>,
    instances: Vec<Instance>,
    next: AtomicUsize,
    /// Of attempts that follow another.
    pub(crate) budget: Budget,
    /// What every request carries, values from files aside.
    headers: HeaderMap,
    /// Headers whose values can change.
    changing: Vec<(HeaderName, Resolved)>,
}

/// One instance: where it is, and the path all its paths start with.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// Without a trailing slash; perhaps empty.
    pub(crate) prefix: String,
}

/// What an upstream answered, gathered.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
}

impl Live {
    /// Resolves what the spec says of an upstream; `None` once a fault is noted.
    pub(crate) fn start(
        plan: &'static Upstream,
        index: usize,
        cores: usize,
        metrics: &Arc<Metrics>,
        env: &mut Env,
    ) -> Option<Live> {
        let name = plan.name;
        let url = env
            .resolve(&plan.url, &format!("upstream `{name}`: `url`"))
            .get();
        let instances: Option<Vec<Instance>> = url
            .split(',')
            .map(|url| Instance::parse(url.trim()))
            .collect();
        // A missing variable is told once, as what it is.
        if instances.is_none() && !env.is_missing(&plan.url) {
            let source = source(&plan.url);
            env.fault(format!(
                "upstream `{name}`: `url`{source} must be an http:// or https:// URL without user, query or fragment"
            ));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let mut changing = Vec::new();
        for (header, text) in plan.headers {
            let resolved = env.resolve(text, &format!("upstream `{name}`: header `{header}`"));
            match (
                HeaderName::from_bytes(header.as_bytes()),
                secret(&resolved.get()),
            ) {
                (Ok(header), Ok(_)) if resolved.is_live() => changing.push((header, resolved)),
                (Ok(header), Ok(value)) => {
                    headers.insert(header, value);
                }
                _ => env.fault(format!(
                    "upstream `{name}`: header `{header}`{} is no header value",
                    source(text)
                )),
            }
        }
        let instances = instances?;
        let transport = match transport::start(&instances, plan.connect_timeout, cores) {
            Ok(transport) => transport,
            Err(error) => {
                env.fault(format!(
                    "upstream `{name}`: the system's certificates can't be read: {error}"
                ));
                return None;
            }
        };
        let metrics = Arc::clone(metrics);
        Some(Live {
            plan,
            metrics,
            index,
            transport,
            instances,
            next: AtomicUsize::new(0),
            budget: Budget::new(plan.retry_budget),
            headers,
            changing,
        })
    }

    /// An upstream over a transport of a test's own.
    #[cfg(test)]
    pub(crate) fn over(
        plan: &'static Upstream,
        urls: &[&str],
        transport: Box<dyn Transport>,
        metrics: Arc<Metrics>,
    ) -> Live {
        let instances = urls.iter().filter_map(|url| Instance::parse(url));
        Live {
            plan,
            metrics,
            index: 0,
            transport,
            instances: instances.collect(),
            next: AtomicUsize::new(0),
            budget: Budget::new(plan.retry_budget),
            headers: HeaderMap::new(),
            changing: Vec::new(),
        }
    }

    /// The instance whose turn it is.
    pub(crate) fn pick(&self) -> Option<&Instance> {
        match &self.instances[..] {
            [one] => Some(one),
            many => many.get(self.next.fetch_add(1, Ordering::Relaxed) % many.len().max(1)),
        }
    }

    /// The same target at another instance, if there is one.
    pub(crate) fn elsewhere(&self, uri: &Uri) -> Option<Uri> {
        let below = |instance: &Instance| Some(instance.below(uri)?.to_owned());
        let (tried, target) = self
            .instances
            .iter()
            .enumerate()
            .find_map(|(at, instance)| Some((at, below(instance)?)))?;
        let tried = self.instances.get(tried)?;
        let mut turns = (0..self.instances.len()).filter_map(|_| self.pick());
        let other = turns.find(|other| !std::ptr::eq(*other, tried))?;
        other.uri(format!("{}{target}", other.prefix))
    }

    /// All instances.
    pub(crate) fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The headers of a request of ours; the bearer's own token goes along if the upstream asks for it.
    pub(crate) fn headers(&self, token: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = self.headers.clone();
        self.identify(&mut headers, token);
        headers
    }

    /// Puts what the spec says of this upstream on a request that is passed on.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap, token: Option<&HeaderValue>) {
        for (name, value) in self
            .headers
            .iter()
            .filter(|(name, _)| **name != ACCEPT && **name != ACCEPT_ENCODING)
        {
            headers.insert(name, value.clone());
        }
        self.identify(headers, token);
    }

    fn identify(&self, headers: &mut HeaderMap, token: Option<&HeaderValue>) {
        for (name, value) in &self.changing {
            if let Ok(value) = secret(&value.get()) {
                headers.insert(name, value);
            }
        }
        if let (crate::plan::Identity::Forward, Some(token)) = (self.plan.identity, token) {
            headers.insert(AUTHORIZATION, token.clone());
        }
    }

    /// Passes one request on; gives the answer's head, and its body as it comes however long it is.
    pub(crate) fn pass(&self, request: Request<Body>) -> Sending<'_> {
        match request.body() {
            Body::Empty if !request.headers().contains_key(UPGRADE) => {
                self.transport.ask(request.map(|_none| ()))
            }
            _ => self.transport.send(request, u64::MAX),
        }
    }

    /// Sends one request and gathers the answer.
    pub(crate) async fn fetch(
        self: Arc<Self>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, Broken> {
        let _timed = self.timed();
        let request = request(method, uri, headers, body);
        self.transport.fetch(request, self.plan.body_limit).await
    }

    /// Counts an attempt that followed another, or that the budget was too small for.
    pub(crate) fn count_retry(&self, made: bool) {
        self.metrics.retried(self.index, made);
    }

    /// Counts how long a call takes, until this is dropped.
    pub(crate) fn timed(&self) -> Timed<'_> {
        Timed(self, Instant::now())
    }

    /// Counts how a call ended.
    pub(crate) fn count(&self, outcome: Outcome) {
        self.metrics.called(self.index, outcome);
    }
}

/// A call that is timed.
pub(crate) struct Timed<'l>(&'l Live, Instant);

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let Timed(live, started) = self;
        live.metrics.took(live.index, started.elapsed());
    }
}

impl Instance {
    pub(crate) fn parse(url: &str) -> Option<Instance> {
        let uri: Uri = url.parse().ok().filter(|_| !url.contains('#'))?;
        let parts = uri.into_parts();
        let scheme = parts
            .scheme
            .filter(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS)?;
        let authority = parts.authority.filter(|authority| {
            !authority.as_str().contains('@') && !authority.host().is_empty()
        })?;
        let path = parts.path_and_query.filter(|path| path.query().is_none())?;
        Some(Instance {
            scheme,
            authority,
            prefix: path.path().trim_end_matches('/').to_owned(),
        })
    }

    /// A URI's target below this instance's prefix; `None` if it is another's.
    fn below<'u>(&self, uri: &'u Uri) -> Option<&'u str> {
        let own = uri.scheme() == Some(&self.scheme) && uri.authority() == Some(&self.authority);
        let target = uri.path_and_query().filter(|_| own)?.as_str();
        let below = target.strip_prefix(self.prefix.as_str())?;
        below.starts_with('/').then_some(below)
    }

    /// The URI of a target that starts with this instance's prefix; `None` if the target is no path and query.
    pub(crate) fn uri(&self, target: String) -> Option<Uri> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(target)).ok()?);
        Uri::from_parts(parts).ok()
    }
}

fn request<B>(method: Method, uri: Uri, headers: HeaderMap, body: B) -> Request<B> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

/// Where a text's value comes from, in words for a fault: variables by name.
fn source(text: &Text) -> String {
    let names: Vec<String> = text
        .0
        .iter()
        .filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Variable(name, _) => Some(format!("`{name}`")),
            Part::File(path) => Some(format!("the file {path}")),
        })
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" (from {})", names.join(", "))
    }
}

fn secret(text: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let parse = |url| {
            Instance::parse(url).map(|i| format!("{}|{}|{}", i.scheme, i.authority, i.prefix))
        };
        assert_eq!(parse("http://a:1").as_deref(), Some("http|a:1|"));
        assert_eq!(parse("https://a/v1/").as_deref(), Some("https|a|/v1"));
        for bad in [
            "",
            "a",
            "a:1",
            "/x",
            "ftp://a",
            "http://u:p@a",
            "http://a?x=1",
            "http://a#f",
            "http://",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
