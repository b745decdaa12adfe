//! A mock on a socket.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;

use super::{Answer, Mock, Request};

/// Bytes of a request's body.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// What is told of each request: method, path, status.
pub(crate) type Log = Arc<dyn Fn(&str, &str, u16) + Send + Sync>;

#[derive(Clone)]
struct Served {
    mock: Arc<Mock>,
    base: Arc<str>,
    log: Log,
}

/// Serves a mock below a base path (`` or `/v1`) until the future is dropped.
///
/// # Errors
/// What accepting connections fails with.
pub(crate) async fn serve(
    listener: TcpListener,
    mock: Arc<Mock>,
    base: &str,
    log: Log,
) -> std::io::Result<()> {
    let served = Served {
        mock,
        base: base.trim_end_matches('/').into(),
        log,
    };
    axum::serve(listener, Router::new().fallback(handle).with_state(served)).await
}

async fn handle(State(served): State<Served>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let answer = match (to_bytes(body, BODY_LIMIT).await, below(&path, &served.base)) {
        (Err(_), _) => Answer::problem(413, "Content Too Large", "The body is larger than 64 MiB."),
        (_, None) => Answer::problem(
            404,
            "Not Found",
            &format!("This upstream is below {}.", served.base),
        ),
        (Ok(body), Some(below)) => {
            let headers = parts.headers.iter().map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            });
            let query = parts.uri.query().unwrap_or_default().as_bytes();
            served.mock.answer(&Request {
                method: parts.method.as_str().to_owned(),
                path: below.to_owned(),
                query: form_urlencoded::parse(query)
                    .map(|(k, v)| (k.into_owned(), v.into_owned()))
                    .collect(),
                headers: headers.collect(),
                body: body.to_vec(),
            })
        }
    };
    let shown = percent_decode_str(&path).decode_utf8_lossy();
    (served.log)(parts.method.as_str(), &shown, answer.status);
    respond(answer, &served.base, parts.method == Method::HEAD)
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
        let value = if name == "location" {
            format!("{base}{value}")
        } else {
            value
        };
        if let Ok(value) = HeaderValue::from_str(&value) {
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
