//! What goes wrong upstream, as the client sees it.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// An upstream call that failed.
pub(crate) struct Failure(reqwest::Error);

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Failure {
        Failure(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.0.status() {
            Some(reqwest::StatusCode::NOT_FOUND) => StatusCode::NOT_FOUND,
            _ if self.0.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        (status, status.canonical_reason().unwrap_or_default()).into_response()
    }
}
