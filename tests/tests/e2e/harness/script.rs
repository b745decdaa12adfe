//! What an upstream answers: to which request, with what, and how the bytes come.

/// One answer to one kind of request.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) upstream: &'static str,
    pub(crate) method: String,
    pub(crate) path: String,
    /// If given, the request's query must be the same pairs, in any order.
    pub(crate) query: Option<Vec<String>>,
    pub(crate) answer: Answer,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
    /// Sent only once a request whose line starts so was seen by any upstream of the case.
    pub(crate) after: Option<String>,
}

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// With its length, at once.
    Whole,
    /// In chunks of a few bytes, without a length.
    Chunked,
    /// With its length, every byte in a packet of its own.
    Trickled,
    /// Until the connection closes, without a length.
    Unframed,
    /// Half of it, then an orderly end; the length is that of all of it.
    Truncated,
    /// With a length that is too short by half.
    Overlong,
    /// Half of it, then a reset.
    Reset,
    /// Half of it, then nothing more, with the connection left open.
    Stuck,
    /// Nothing at all, with the connection left open.
    Silent,
    /// The connection closes before a byte is sent.
    Closed,
    /// Bytes that are no HTTP.
    Garbage,
    /// The body alone, which is all of the answer as it goes over the wire; then an orderly end.
    Raw,
}

impl Delivery {
    const NAMES: [(&'static str, Delivery); 11] = [
        ("whole", Delivery::Whole),
        ("chunked", Delivery::Chunked),
        ("trickled", Delivery::Trickled),
        ("unframed", Delivery::Unframed),
        ("truncated", Delivery::Truncated),
        ("overlong", Delivery::Overlong),
        ("reset", Delivery::Reset),
        ("stuck", Delivery::Stuck),
        ("silent", Delivery::Silent),
        ("closed", Delivery::Closed),
        ("garbage", Delivery::Garbage),
    ];

    pub(crate) fn parse(name: &str) -> Option<Delivery> {
        Delivery::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, delivery)| *delivery)
    }
}

impl Script {
    /// An answer to `GET /path?query` and the like; without a query to any query.
    pub(crate) fn new(upstream: &'static str, route: &str, answer: Answer) -> Script {
        let (method, target) = route
            .split_once(' ')
            .unwrap_or_else(|| panic!("`{route}` is no method and path"));
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(pairs(query))),
            None => (target, None),
        };
        Script {
            upstream,
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            answer,
        }
    }

    /// Whether it answers this request.
    pub(crate) fn fits(&self, method: &str, target: &str) -> bool {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        self.method == method
            && self.path == path
            && self
                .query
                .as_ref()
                .is_none_or(|wanted| *wanted == pairs(query))
    }
}

impl Answer {
    /// JSON, whole.
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Answer {
            status,
            headers,
            body: body.into(),
            delivery: Delivery::Whole,
            after: None,
        }
    }

    pub(crate) fn delivered(mut self, delivery: Delivery) -> Answer {
        self.delivery = delivery;
        self
    }
}

fn pairs(query: &str) -> Vec<String> {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(str::to_owned)
        .collect();
    pairs.sort();
    pairs
}
