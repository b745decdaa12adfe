//! Which endpoint a request is for.
//!
//! In: a request's method, path, headers and query. Out: the route and what its path's segments are, or why there is
//! none. Segments are decoded once each, then matched: a literal before a parameter before the rest, the path first,
//! then the method, then the endpoint's choice. Built once from the table; a lookup visits only nodes that match.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use http::{HeaderMap, Method};

use crate::percent;
use crate::plan::{Choice, Place, Route, Segment};

/// The longest path that is matched, in segments.
const MOST_SEGMENTS: usize = 256;

/// All routes of a gateway.
#[derive(Debug)]
pub(crate) struct Router {
    routes: &'static [Route],
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// The keys are the spec's: nobody can choose them so that they collide.
    literals: HashMap<&'static str, usize, RandomState>,
    parameter: Option<usize>,
    /// Routes that end here.
    here: Vec<usize>,
    /// Routes that take all that is left.
    rest: Vec<usize>,
}

/// What a lookup finds.
#[derive(Debug)]
pub(crate) enum Found<'p> {
    /// A route (by its place in the table) and the path's segments.
    Route(usize, Segments<'p>),
    /// `OPTIONS` of a path that doesn't answer it itself: the methods it has.
    Options(String),
    /// A path without this method: the methods it has.
    Method(String),
    /// No such path.
    Nothing,
    /// A path that can't be read.
    Malformed,
}

/// A path's segments, decoded.
pub(crate) type Segments<'p> = Vec<Cow<'p, str>>;

impl Router {
    /// Builds the tree.
    pub(crate) fn new(routes: &'static [Route]) -> Router {
        let mut router = Router {
            routes,
            nodes: vec![Node::default()],
        };
        for (index, route) in routes.iter().enumerate() {
            router.add(index, route);
        }
        router
    }

    fn add(&mut self, index: usize, route: &'static Route) {
        let mut at = 0;
        let segments = match route.segments {
            [Segment::Literal("")] => &[],
            segments => segments,
        };
        for segment in segments {
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else {
                return;
            };
            at = match segment {
                Segment::Literal(literal) => *node.literals.entry(literal).or_insert(next),
                Segment::Parameter(_) => *node.parameter.get_or_insert(next),
                Segment::Rest => {
                    node.rest.push(index);
                    return;
                }
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.here.push(index);
        }
    }

    /// Finds the route of a request.
    pub(crate) fn find<'p>(
        &self,
        method: &Method,
        path: &'p str,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Found<'p> {
        let Some(segments) = segments(path) else {
            return Found::Malformed;
        };
        match self.walk(0, &segments) {
            Some(candidates) => self.choose(candidates, method, headers, query, segments),
            None => Found::Nothing,
        }
    }

    /// The routes of the most specific path that fits.
    fn walk(&self, at: usize, segments: &[Cow<'_, str>]) -> Option<&[usize]> {
        let node = self.nodes.get(at)?;
        let Some((first, left)) = segments.split_first() else {
            return [&node.here, &node.rest]
                .into_iter()
                .find(|ends| !ends.is_empty())
                .map(Vec::as_slice);
        };
        let literal = node
            .literals
            .get(first.as_ref())
            .and_then(|next| self.walk(*next, left));
        literal
            .or_else(|| {
                node.parameter
                    .filter(|_| !first.is_empty())
                    .and_then(|next| self.walk(next, left))
            })
            .or_else(|| Some(node.rest.as_slice()).filter(|rest| !rest.is_empty()))
    }

    fn choose<'p>(
        &self,
        candidates: &[usize],
        method: &Method,
        headers: &HeaderMap,
        query: Option<&str>,
        segments: Segments<'p>,
    ) -> Found<'p> {
        let routes = || {
            candidates
                .iter()
                .filter_map(|index| Some((*index, self.routes.get(*index)?)))
        };
        let has = |wanted: &str| routes().any(|(_, route)| route.method == Some(wanted));
        // An explicit method wins over GET for HEAD, and that over ANY.
        let answers = [
            Some(method.as_str()),
            (*method == Method::HEAD).then_some("GET"),
        ]
        .into_iter()
        .flatten()
        .find(|wanted| has(wanted));
        let matching = |route: &Route| match answers {
            Some(wanted) => route.method == Some(wanted),
            None => route.method.is_none(),
        };
        let mut of_method = false;
        let mut otherwise = None;
        for (index, route) in routes().filter(|(_, route)| matching(route)) {
            of_method = true;
            match &route.when {
                Some(choice) if chosen(choice, headers, query) => {
                    return Found::Route(index, segments);
                }
                Some(_) => {}
                None => otherwise = otherwise.or(Some(index)),
            }
        }
        match otherwise {
            Some(index) => Found::Route(index, segments),
            None if of_method => Found::Nothing,
            None if *method == Method::OPTIONS => Found::Options(self.allow(candidates)),
            None => Found::Method(self.allow(candidates)),
        }
    }

    /// The methods a path has, as `allow` lists them.
    fn allow(&self, candidates: &[usize]) -> String {
        let mut methods: Vec<&str> = Vec::new();
        for route in candidates
            .iter()
            .filter_map(|index| self.routes.get(*index))
        {
            let Some(method) = route.method else { continue };
            for method in [Some(method), (method == "GET").then_some("HEAD")]
                .into_iter()
                .flatten()
            {
                if !methods.contains(&method) {
                    methods.push(method);
                }
            }
        }
        if !methods.contains(&"OPTIONS") {
            methods.push("OPTIONS");
        }
        methods.join(", ")
    }
}

fn chosen(choice: &Choice, headers: &HeaderMap, query: Option<&str>) -> bool {
    match choice.place {
        Place::Header => headers
            .get(choice.name)
            .is_some_and(|value| value.as_bytes() == choice.equals.as_bytes()),
        Place::Query => crate::input::query::pairs(query.unwrap_or_default()).any(|pair| {
            pair.is_ok_and(|(name, value)| name == choice.name && value == choice.equals)
        }),
        Place::Path | Place::Cookie => false,
    }
}

/// A path's segments, decoded; `None` if one can't be, or would lead elsewhere.
pub(crate) fn segments(path: &str) -> Option<Segments<'_>> {
    let path = path.strip_prefix('/')?;
    if path.is_empty() {
        return Some(Vec::new());
    }
    let mut segments = Vec::with_capacity(8);
    for raw in path.split('/') {
        let segment = percent::decode(raw).ok()?;
        if is_dots(&segment)
            || segment.chars().any(char::is_control)
            || segments.len() == MOST_SEGMENTS
        {
            return None;
        }
        segments.push(segment);
    }
    Some(segments)
}

/// Whether a segment would be taken for the current or the parent folder.
pub(crate) fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]
    use super::*;
    use crate::plan::{Inputs, Policies};

    pub(crate) fn route(
        method: Option<&'static str>,
        pattern: &'static str,
        when: Option<Choice>,
    ) -> Route {
        let segments: Vec<Segment> = pattern
            .split('/')
            .skip(1)
            .map(|part| match part {
                "**" => Segment::Rest,
                part if part.starts_with('{') => Segment::Parameter(part),
                part => Segment::Literal(part),
            })
            .collect();
        Route {
            method,
            pattern,
            segments: segments.leak(),
            when,
            policies: Policies::within(std::time::Duration::from_secs(1), 0),
            inputs: Inputs {
                width: 0,
                items: &[],
            },
            body: None,
            passes: false,
            handler: |_| Box::pin(async { Err(crate::failure::Failure::not_found()) }),
        }
    }

    fn find(router: &Router, method: &str, target: &str) -> String {
        let (path, query) = target
            .split_once('?')
            .map_or((target, None), |(path, query)| (path, Some(query)));
        let mut headers = HeaderMap::new();
        headers.insert("x-app", http::HeaderValue::from_static("1"));
        match router.find(&method.parse().unwrap(), path, &headers, query) {
            Found::Route(index, _) => format!("{index}"),
            Found::Options(allow) => format!("options {allow}"),
            Found::Method(allow) => format!("405 {allow}"),
            Found::Nothing => "404".to_owned(),
            Found::Malformed => "400".to_owned(),
        }
    }

    #[test]
    fn segment_by_segment() {
        let choice = |equals| {
            Some(Choice {
                place: Place::Header,
                name: "x-app",
                equals,
            })
        };
        let query = Some(Choice {
            place: Place::Query,
            name: "v",
            equals: "a b",
        });
        let routes = vec![
            route(Some("GET"), "/a/b", None),      // 0
            route(Some("POST"), "/a/{x}", None),   // 1
            route(Some("GET"), "/a/{x}/c", None),  // 2
            route(None, "/a/**", None),            // 3
            route(Some("GET"), "/w", choice("2")), // 4
            route(Some("GET"), "/w", choice("1")), // 5
            route(Some("GET"), "/w", None),        // 6
            route(Some("GET"), "/q", query),       // 7
            route(Some("GET"), "/", None),         // 8
            route(Some("GET"), "/t/", None),       // 9
            route(Some("GET"), "/p/{x}", None),    // 10
            route(Some("GET"), "/p/lit", None),    // 11
            route(Some("HEAD"), "/p/lit", None),   // 12
        ];
        let router = Router::new(routes.leak());
        let cases = [
            ("GET", "/a/b", "0"),
            ("HEAD", "/a/b", "0"),
            ("POST", "/a/b", "405 GET, HEAD, OPTIONS"),
            ("OPTIONS", "/a/b", "options GET, HEAD, OPTIONS"),
            ("POST", "/a/z", "1"),
            ("GET", "/a/b/c", "2"),
            ("DELETE", "/a/b/d", "3"),
            ("DELETE", "/a", "3"),
            ("DELETE", "/a/", "3"),
            ("OPTIONS", "/a/1/2", "3"),
            ("GET", "/w", "5"),
            ("GET", "/q?v=a+b", "7"),
            ("GET", "/q?v=a%20b", "7"),
            ("GET", "/q?v=x", "404"),
            ("GET", "/q", "404"),
            ("GET", "/", "8"),
            ("GET", "/t/", "9"),
            ("GET", "/t", "404"),
            ("GET", "/p/", "404"),
            ("GET", "/p/x%2Fy", "10"),
            ("GET", "/p/l%69t", "11"),
            ("HEAD", "/p/lit", "12"),
            ("GET", "/p/x/y", "404"),
            ("GET", "/p/..", "400"),
            ("GET", "/p/%2e%2E", "400"),
            ("GET", "/p/%2e", "400"),
            ("GET", "/p/%00", "400"),
            ("GET", "/p/%7f", "400"),
            ("GET", "/p/%ff", "400"),
            ("GET", "/p/%4", "400"),
            ("GET", "/p/...", "10"),
            ("GET", "/p//", "404"),
            ("GET", "*", "400"),
        ];
        for (method, target, want) in cases {
            assert_eq!(find(&router, method, target), want, "{method} {target}");
        }
    }

    #[test]
    fn five_thousand_routes() {
        let routes: Vec<Route> = (0..5000)
            .map(|i| {
                route(
                    Some("GET"),
                    format!("/api/r{i}/{{id}}/x{}", i % 7).leak(),
                    None,
                )
            })
            .collect();
        let router = Router::new(routes.leak());
        assert_eq!(find(&router, "GET", "/api/r4999/1/x1"), "4999");
        assert_eq!(find(&router, "GET", "/api/r4999/1/x2"), "404");
    }
}
