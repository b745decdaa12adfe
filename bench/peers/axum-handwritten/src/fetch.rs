//! Calls to the upstreams.

use std::time::Duration;

use reqwest::Url;
use serde::de::DeserializeOwned;

use crate::App;

/// How long a call may take, to its last byte.
const DEADLINE: Duration = Duration::from_secs(2);

impl App {
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, url: Url) -> Result<T, reqwest::Error> {
        let answer = self.client.get(url).timeout(DEADLINE).send().await?;
        answer.error_for_status()?.json().await
    }
}

/// The URL of a route of an upstream, with everything that came from outside encoded.
pub(crate) fn below(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
