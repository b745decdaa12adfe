//! A mock on a socket.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;

use super::manner::{Manner, Verdict};
use super::{Answer, Mock, Request};

/// Bytes of a request's body.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// A POST here, whatever the base, and the mock forgets what was written.
pub(crate) const RESET: &str = "/-/reset";

/// What is told of each request: method, path, status.
pub(crate) type Log = Arc<dyn Fn(&str, &str, u16) + Send + Sync>;

/// What a socket serves. It can be another mock from one request to the next.
#[derive(Debug, Clone)]
pub(crate) struct Mounted(Arc<RwLock<Mount>>);

#[derive(Debug, Clone)]
struct Mount {
    mock: Arc<Mock>,
    base: Arc<str>,
}

impl Mounted {
    /// A mock below a base path: `` or `/v1`.
    pub(crate) fn new(mock: Arc<Mock>, base: &str) -> Mounted {
        Mounted(Arc::new(RwLock::new(Mount::new(mock, base))))
    }

    /// From now on this mock, below this base.
    pub(crate) fn replace(&self, mock: Arc<Mock>, base: &str) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Mount::new(mock, base);
    }

    fn now(&self) -> Mount {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Mount {
    fn new(mock: Arc<Mock>, base: &str) -> Mount {
        let base = base.trim_end_matches('/').into();
        Mount { mock, base }
    }
}

#[derive(Clone)]
struct Served {
    mounted: Mounted,
    manner: Arc<Manner>,
    log: Log,
}

/// Serves a mock, in this manner, until the future is dropped.
///
/// # Errors
/// What accepting connections fails with.
pub(crate) async fn serve(
    listener: TcpListener,
    mounted: Mounted,
    manner: Manner,
    log: Log,
) -> std::io::Result<()> {
    let served = Served {
        mounted,
        manner: Arc::new(manner),
        log,
    };
    axum::serve(listener, Router::new().fallback(handle).with_state(served)).await
}

async fn handle(State(served): State<Served>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Mount { mock, base } = served.mounted.now();
    let body = to_bytes(body, BODY_LIMIT).await;
    let answer = if path == RESET && parts.method == Method::POST {
        mock.reset();
        Answer::empty(204)
    } else {
        let Verdict { wait, fails } = served.manner.next();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        match (body, below(&path, &base)) {
            (Err(_), _) => {
                Answer::problem(413, "Content Too Large", "The body is larger than 64 MiB.")
            }
            (_, None) => {
                Answer::problem(404, "Not Found", &format!("This upstream is below {base}."))
            }
            (Ok(body), Some(below)) => {
                let headers = parts.headers.iter().map(|(name, value)| {
                    (
                        name.as_str().to_owned(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                });
                let query = parts.uri.query().unwrap_or_default().as_bytes();
                let request = Request {
                    method: parts.method.as_str().to_owned(),
                    path: below.to_owned(),
                    query: form_urlencoded::parse(query)
                        .map(|(k, v)| (k.into_owned(), v.into_owned()))
                        .collect(),
                    headers: headers.collect(),
                    body: body.to_vec(),
                };
                if fails {
                    mock.fail(&request)
                } else {
                    mock.answer(&request)
                }
            }
        }
    };
    let shown = percent_decode_str(&path).decode_utf8_lossy();
    (served.log)(parts.method.as_str(), &shown, answer.status);
    respond(answer, &base, parts.method == Method::HEAD)
}

fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(base)?;
    match rest {
        "" => Some("/"),
        rest if rest.starts_with('/') => Some(rest),
        _ => None,
    }
}

fn respond(answer: Answer, base: &str, head: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        // An address on this mock is known below its base.
        let value = if name == "location" && value.starts_with('/') {
            format!("{base}{value}")
        } else {
            value
        };
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some((media, bytes)) = answer.body {
        if let Ok(media) = HeaderValue::from_str(&media) {
            response.headers_mut().insert(header::CONTENT_TYPE, media);
        }
        if head {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, bytes.len().into());
        } else {
            *response.body_mut() = Body::from(bytes);
        }
    }
    response
}
