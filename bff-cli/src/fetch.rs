//! Documents fetched by URL, for `bff lock` and `bff new`.
//!
//! `https`, or `http` on loopback: what others could change on its way isn't worth a hash. Bounded in time, size and
//! redirects, each of which is held to the same rule. Nothing of this machine goes along but the request itself.

use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Client, Url, redirect};

/// How long one document may take, redirects and all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How large one may be.
const MAX_BYTES: usize = 16 << 20;

/// How often one request may be sent elsewhere.
const MAX_REDIRECTS: usize = 5;

/// What a URL holds.
///
/// # Errors
/// Says in words why it can't be had.
pub(crate) async fn fetch(url: &str) -> Result<String, String> {
    match tokio::time::timeout(TIMEOUT, followed(url)).await {
        Ok(fetched) => fetched,
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

async fn followed(url: &str) -> Result<String, String> {
    let mut at = parsed(url)?;
    let local = is_loopback(&at);
    let client = client(local)?;
    for _ in 0..=MAX_REDIRECTS {
        let answer = client.get(at.clone()).send().await;
        let mut answer = answer.map_err(|error| words(&error))?;
        let status = answer.status();
        if status.is_redirection() {
            let to = answer
                .headers()
                .get(LOCATION)
                .and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| at.join(to).ok());
            let to =
                to.ok_or_else(|| format!("it answers {} and says not where to", status.as_u16()))?;
            at = parsed(to.as_str())?;
            if is_loopback(&at) != local {
                return Err(format!("it leads to {at}, where nobody said to go"));
            }
            continue;
        }
        if status.as_u16() != 200 {
            return Err(format!("it answers {}", status.as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| words(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BYTES {
                return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
            }
        }
        return String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned());
    }
    Err(format!("it leads on more than {MAX_REDIRECTS} times"))
}

/// The URL, if it is one that is fetched.
fn parsed(url: &str) -> Result<Url, String> {
    let url = Url::parse(url).map_err(|error| format!("it is no URL: {error}"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(format!(
            "{url} could be changed on its way: only https is fetched"
        )),
        _ => Err(format!(
            "{url} is neither https nor a file of the workspace"
        )),
    }
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

fn client(local: bool) -> Result<Client, String> {
    let builder = Client::builder().redirect(redirect::Policy::none());
    // Elsewhere, what the environment says of proxies holds.
    let builder = if local { builder.no_proxy() } else { builder };
    builder
        .connect_timeout(Duration::from_secs(10))
        .build()
        .map_err(|error| words(&error))
}

fn words(error: &reqwest::Error) -> String {
    if error.is_connect() {
        return "no connection can be made".to_owned();
    }
    let mut source: &dyn std::error::Error = error;
    while let Some(next) = source.source() {
        source = next;
    }
    source.to_string()
}
