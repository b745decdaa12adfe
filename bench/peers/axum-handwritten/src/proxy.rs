//! `GET /catalog/**`: passed through, streamed both ways.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::failure::Failure;

/// Headers that belong to one connection (RFC 9110, 7.6.1), or to the gateway.
const OWN: [HeaderName; 10] = [
    header::CONNECTION,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::AUTHORIZATION,
    header::COOKIE,
];

pub(crate) async fn catalog(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    mut headers: HeaderMap,
) -> Result<Response, Failure> {
    let mut url = app.catalog.clone();
    url.set_path(&path);
    url.set_query(query.as_deref());
    strip(&mut headers);
    let answer = app.client.get(url).headers(headers).send().await?;
    let status = answer.status();
    let mut headers = answer.headers().clone();
    strip(&mut headers);
    Ok((status, headers, Body::from_stream(answer.bytes_stream())).into_response())
}

fn strip(headers: &mut HeaderMap) {
    for name in OWN {
        headers.remove(name);
    }
    headers.remove(header::SET_COOKIE);
}
