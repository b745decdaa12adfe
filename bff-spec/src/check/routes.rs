//! All endpoints together: two that answer the same requests, one that hides part of another.

use crate::contract::Location;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Segment;
use crate::spec::{EndpointDecl, Route};

/// Says which endpoints stand in each other's way.
pub(crate) fn check(endpoints: &[EndpointDecl], sink: &mut Vec<Diagnostic>) {
    for (i, second) in endpoints.iter().enumerate() {
        for first in endpoints.iter().take(i) {
            pair(first, second, sink);
        }
    }
    for special in endpoints {
        for general in endpoints {
            shadow(special, general, endpoints, sink);
        }
    }
}

fn pair(first: &EndpointDecl, second: &EndpointDecl, sink: &mut Vec<Diagnostic>) {
    let (a, b) = (&first.route, &second.route);
    if a.method != b.method || !same_path(a, b) {
        return;
    }
    match (&a.choice, &b.choice) {
        (None, None) => {}
        (Some(x), Some(y)) if x == y => {}
        (Some(x), Some(y)) if (x.location, &x.name) != (y.location, &y.name) => {
            let of = |location: Location| match location {
                Location::Header => "header",
                _ => "query",
            };
            sink.push(
                Diagnostic::new(
                    Code::DuplicateRoute,
                    second.place,
                    format!(
                        "a request may have both `{}.{}` and `{}.{}`: nothing says which endpoint takes it",
                        of(x.location),
                        x.name,
                        of(y.location),
                        y.name
                    ),
                )
                .help("endpoints of one method and path are chosen by one value")
                .related(first.place, "the other is here"),
            );
            return;
        }
        _ => return,
    }
    sink.push(
        Diagnostic::new(
            Code::DuplicateRoute,
            second.place,
            format!("`{}` is declared twice", second.key),
        )
        .help("take one out, or choose between them: `… when header.x-app = \"2\"`")
        .related(first.place, "the first is here"),
    );
}

fn same_path(a: &Route, b: &Route) -> bool {
    a.segments.len() == b.segments.len()
        && a.segments
            .iter()
            .zip(&b.segments)
            .all(|(x, y)| match (x, y) {
                (Segment::Parameter(_), Segment::Parameter(_)) => true,
                (x, y) => x == y,
            })
}

/// Paths are matched before methods: `POST /a/b` takes `/a/b` away from `GET /a/{x}`.
fn shadow(
    special: &EndpointDecl,
    general: &EndpointDecl,
    all: &[EndpointDecl],
    sink: &mut Vec<Diagnostic>,
) {
    let (a, b) = (&special.route, &general.route);
    let covered = a.segments.len() == b.segments.len()
        && !same_path(a, b)
        && a.segments.iter().zip(&b.segments).all(|(x, y)| {
            x == y
                || matches!((x, y), (Segment::Literal(_), Segment::Parameter(_)))
                || matches!((x, y), (Segment::Parameter(_), Segment::Parameter(_)))
        });
    if !covered || a.method.is_none() || a.segments.contains(&Segment::Rest) {
        return;
    }
    let Some(method) = &b.method else {
        return;
    };
    // Another endpoint with the special path takes that method.
    let taken = all.iter().any(|e| {
        same_path(&e.route, a)
            && (e.route.method.is_none()
                || e.route.method.as_ref() == Some(method)
                || (method == "HEAD" && e.route.method.as_deref() == Some("GET")))
    });
    if taken {
        return;
    }
    sink.push(
        Diagnostic::new(
            Code::ShadowedRoute,
            special.place,
            format!(
                "`{method} {}` is answered with 405: this path comes before `{}`",
                a.path, b.path
            ),
        )
        .help(format!(
            "paths are matched before methods; declare `{method} {}` too if it is to be answered",
            a.path
        ))
        .related(general.place, "the endpoint it hides this path from"),
    );
}
