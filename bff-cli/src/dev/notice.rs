//! What a frontend answers while its spec can't.
//!
//! 503 to every request: `application/problem+json` (RFC 9457) for programs, a page for browsers, each with all that is
//! wrong. The page asks again by itself.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::serve::Listener;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::front;
use crate::checking::Apart;
use crate::failure::Failure;

/// What there is to say instead of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Notice {
    /// One sentence.
    detail: String,
    /// Findings, as `bff check --format json` writes them.
    findings: Value,
    /// The same for people.
    text: String,
}

impl Notice {
    /// A sentence and no more.
    pub(super) fn of(detail: impl Into<String>) -> Notice {
        Notice {
            detail: detail.into(),
            findings: json!([]),
            text: String::new(),
        }
    }

    /// What is wrong with a spec.
    pub(super) fn findings(spec: &str, apart: &Apart) -> Notice {
        Notice {
            detail: format!("{spec}: {}", apart.findings.summary()),
            findings: serde_json::from_str(&apart.findings.json()).unwrap_or_default(),
            text: apart.findings.errors(),
        }
    }

    /// Why it can't be served.
    pub(super) fn failed(failure: &Failure) -> Notice {
        Notice {
            text: failure.remedy.clone().unwrap_or_default(),
            ..Notice::of(failure.what.clone())
        }
    }

    /// The same with more to read.
    pub(super) fn with(self, text: String) -> Notice {
        Notice { text, ..self }
    }

    /// The sentence.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    fn problem(&self) -> String {
        let mut problem = json!({
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": self.detail,
        });
        if let Some(problem) = problem.as_object_mut() {
            if self.findings.as_array().is_some_and(|all| !all.is_empty()) {
                problem.insert("findings".to_owned(), self.findings.clone());
            }
            if !self.text.is_empty() {
                problem.insert("text".to_owned(), json!(self.text));
            }
        }
        problem.to_string()
    }

    fn page(&self) -> String {
        format!(
            "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"1\">\
             <title>bff dev</title><h1>{}</h1><pre>{}</pre>\n",
            escaped(&self.detail),
            escaped(&self.text)
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Answers whoever is handed over with what there is to say, until nobody can be any more.
pub(super) async fn serve(
    connections: mpsc::Receiver<TcpStream>,
    state: watch::Receiver<front::State>,
) {
    let router = Router::new().fallback(handle).with_state(state);
    // Its listener never fails, so neither does it.
    let _ = axum::serve(Handed(connections), router).await;
}

/// Connections that somebody else accepted.
struct Handed(mpsc::Receiver<TcpStream>);

impl Listener for Handed {
    type Io = TcpStream;
    type Addr = ();

    async fn accept(&mut self) -> (TcpStream, ()) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn handle(
    State(state): State<watch::Receiver<front::State>>,
    headers: HeaderMap,
) -> Response {
    let notice = state.borrow().notice();
    let html = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let (media, body) = if html {
        ("text/html; charset=utf-8", notice.page())
    } else {
        ("application/problem+json", notice.problem())
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let mut set = |name, value| {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value))
    };
    set(header::CONTENT_TYPE, media);
    set(header::CACHE_CONTROL, "no-store");
    set(header::RETRY_AFTER, "1");
    // The next request is for whoever answers then.
    set(header::CONNECTION, "close");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_problems_and_pages() {
        let notice = Notice::of("specs/web.yaml: 1 error").with("no `<b>` & more".to_owned());
        let problem: Value = serde_json::from_str(&notice.problem()).unwrap();
        let expected = json!({
            "type": "about:blank", "title": "Service Unavailable", "status": 503,
            "detail": "specs/web.yaml: 1 error", "text": "no `<b>` & more",
        });
        assert_eq!(problem, expected);
        let page = notice.page();
        assert!(page.contains("<h1>specs/web.yaml: 1 error</h1>"), "{page}");
        assert!(
            page.contains("<pre>no `&lt;b&gt;` &amp; more</pre>"),
            "{page}"
        );
    }
}
