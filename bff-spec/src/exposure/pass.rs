//! Pass-through: what the contract documents reaches the frontend as it comes.

use super::{Row, Sensitive, Source, Via};
use crate::model::{Call, Endpoint, Model, Proxy};

/// A row for each documented route that passes, and one for the others if they do.
pub(super) fn upstream(model: &Model, at: usize, endpoint: &Endpoint, proxy: &Proxy) -> Vec<Row> {
    let Some(upstream) = model.upstreams.get(proxy.upstream) else {
        return Vec::new();
    };
    let passes = |method: &str| {
        let allowed = proxy.allow.is_empty() || proxy.allow.iter().any(|m| m == method);
        allowed && endpoint.method.as_deref().is_none_or(|m| m == method)
    };
    let row = |route: Option<String>, sensitive: bool| Row {
        endpoint: at,
        source: Source::Passed {
            upstream: proxy.upstream,
            route,
        },
        field: "**".into(),
        output: "**".into(),
        via: Via::PassThrough,
        sensitive,
        marked: None,
        place: endpoint.place,
    };
    let mut rows: Vec<Row> = upstream
        .documented
        .iter()
        .enumerate()
        .filter(|(_, (method, _))| passes(method))
        .map(|(i, (method, path))| {
            let sensitive = upstream.sensitive.contains(&i);
            row(Some(format!("{method} {path}")), sensitive)
        })
        .collect();
    if proxy.undocumented {
        rows.push(row(None, false));
    }
    rows
}

/// One operation, streamed.
pub(super) fn operation(
    at: usize,
    endpoint: &Endpoint,
    call: &Call,
    sensitive: &Sensitive,
) -> Vec<Row> {
    let content = call.operation.responses.iter().flat_map(|r| &r.content);
    let sensitive = content.into_iter().any(|media| sensitive.holds(media.ty));
    vec![Row {
        endpoint: at,
        source: Source::Call(0),
        field: "**".into(),
        output: "**".into(),
        via: Via::PassThrough,
        sensitive,
        marked: None,
        place: endpoint.place,
    }]
}
