//! A whole model as the runtime's tables.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bff_runtime::auth::{Algorithm, ApiKey, ClaimRule, Jwt, KeySource, Scheme};
use bff_runtime::exchange::{Answering, Exchange};
use bff_runtime::failure::{Failure, Kind as FailureKind};
use bff_runtime::{limit, plan};
use bff_spec::contract::{Kind, Location, Types};
use bff_spec::model::{self, Endpoint, Fan, Identity, Model, SchemeKind, Segment, TextPart, Work};

use super::tables::{self, Leaker};
use super::{leak, slice, text};
use crate::emit::{self, Part};
use crate::{ir, lower};

/// What the route at an address does.
#[derive(Debug, Clone, Copy)]
enum Run {
    Plan(&'static plan::Plan),
    /// Its answer would go through this function, which is Rust's and can't be interpreted.
    Hooked(&'static plan::Plan, &'static str),
    Proxy(&'static plan::Proxy),
    Stream(&'static plan::Stream),
}

/// Handlers are plain functions, so what they run is found by their route.
static RUNS: Mutex<BTreeMap<usize, Run>> = Mutex::new(BTreeMap::new());

/// The gateway of a model.
#[must_use]
pub fn interpret(model: &Model) -> &'static plan::Bff {
    let gateway = lower::lower(model);
    let upstreams: Vec<&'static plan::Upstream> = model
        .upstreams
        .iter()
        .map(|upstream| leak(self::upstream(upstream)))
        .collect();
    let claims = Leaker::new(&ir::Pool::default()).shape(&gateway.claims);
    let schemes: Vec<&'static dyn Scheme> = model
        .schemes
        .iter()
        .map(|scheme| self::scheme(scheme, claims))
        .collect();
    let limits: Vec<&'static limit::InMemory> = model.limits.iter().map(self::limit).collect();
    let interpreter = Interpreter {
        model,
        limits: &limits,
        upstreams: &upstreams,
        schemes: &schemes,
    };
    let (routes, runs): (Vec<_>, Vec<_>) = model
        .endpoints
        .iter()
        .zip(&gateway.endpoints)
        .map(|(endpoint, tables)| interpreter.endpoint(endpoint, tables))
        .unzip();
    let routes = slice(routes);
    let mut known = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    for (route, run) in routes.iter().zip(runs) {
        known.insert(std::ptr::from_ref(route).addr(), run);
    }
    drop(known);
    let variables = emit::variables(model)
        .into_iter()
        .map(|(name, (default, secret))| plan::Variable {
            name: text(&name),
            default: default.as_deref().map(text),
            secret,
        });
    leak(plan::Bff {
        name: text(&model.name),
        spec: text(&model.file),
        variables: slice(variables.collect()),
        schemes: slice(schemes),
        routes,
        server: plan::Server {
            strict: model.server.strict,
            body_limit: model.server.body_limit.unwrap_or(emit::BODY_LIMIT),
            trusted_proxies: model.server.trusted_proxies,
            listener: super::listener::bounds(&model.server.listener),
            tls: super::listener::tls(&model.server.listener),
        },
        openapi: text(&crate::openapi::yaml(model)),
        upstreams: slice(upstreams),
    })
}

/// The plan of a route of an interpreted gateway; none for a proxy.
#[must_use]
pub fn plan_of(route: &'static plan::Route) -> Option<&'static plan::Plan> {
    let place = std::ptr::from_ref(route).addr();
    match RUNS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&place)
    {
        Some(Run::Plan(plan) | Run::Hooked(plan, _)) => Some(plan),
        Some(Run::Proxy(_) | Run::Stream(_)) | None => None,
    }
}

fn handle(exchange: Exchange) -> Answering {
    let place = std::ptr::from_ref(exchange.route()).addr();
    let run = RUNS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&place)
        .copied();
    Box::pin(async move {
        match run {
            Some(Run::Plan(plan)) => exchange.run(plan).await?.reply(),
            Some(Run::Hooked(_, name)) => Err(Failure::new(
                FailureKind::Gateway,
                format!(
                    "This answer goes through the function `{name}`, and an interpreted gateway has none."
                ),
            )),
            Some(Run::Proxy(proxy)) => exchange.proxy(proxy).await,
            Some(Run::Stream(stream)) => exchange.stream(stream).await,
            None => Err(Failure::new(
                FailureKind::Gateway,
                "The endpoint has no plan.",
            )),
        }
    })
}

pub(super) fn text_of(from: &model::Text) -> plan::Text {
    let parts = from.parts.iter().map(|part| match part {
        TextPart::Literal(literal) => plan::Part::Literal(text(literal)),
        TextPart::Variable { name, default } => {
            plan::Part::Variable(text(name), default.as_deref().map(text))
        }
        TextPart::File(path) => plan::Part::File(text(path)),
    });
    plan::Text(slice(parts.collect()))
}

fn upstream(upstream: &model::Upstream) -> plan::Upstream {
    let headers = upstream
        .headers
        .iter()
        .map(|(name, value)| (text(name), text_of(value)));
    plan::Upstream {
        name: text(&upstream.name),
        url: text_of(&upstream.url),
        timeout: upstream.timeout,
        connect_timeout: upstream.connect_timeout,
        retry_budget: upstream.retry_budget,
        headers: slice(headers.collect()),
        identity: match upstream.identity {
            Identity::None => plan::Identity::None,
            Identity::Forward => plan::Identity::Forward,
        },
        body_limit: upstream.body_limit,
        strict: upstream.strict,
    }
}

fn scheme(scheme: &model::Scheme, claims_shape: &'static bff_json::Shape) -> &'static dyn Scheme {
    let claims = scheme.claims.iter().map(|claim| ClaimRule {
        name: text(&claim.name),
        kind: match claim.kind {
            model::ScalarKind::Boolean => plan::Scalar::Boolean,
            model::ScalarKind::Integer => plan::Scalar::Integer,
            model::ScalarKind::Number => plan::Scalar::Number,
            model::ScalarKind::String => plan::Scalar::String,
        },
        list: claim.list,
        required: claim.required,
    });
    let claims = slice(claims.collect());
    let jwt = match &scheme.kind {
        SchemeKind::Jwt(jwt) => jwt,
        SchemeKind::ApiKey(api_key) => {
            return leak(ApiKey {
                name: text(&scheme.name),
                header: text(&api_key.header),
                keys: text_of(&api_key.keys),
                claims_shape,
                claims,
            });
        }
    };
    leak(Jwt {
        name: text(&scheme.name),
        source: match &jwt.keys {
            model::KeySource::Issuer(url) => KeySource::Issuer(text_of(url)),
            model::KeySource::Jwks(url) => KeySource::Jwks(text_of(url)),
            model::KeySource::Key(key) => KeySource::Key(text_of(key)),
        },
        audience: slice(jwt.audience.iter().map(text_of).collect()),
        algorithms: slice(
            jwt.algorithms
                .iter()
                .filter_map(|name| name.parse::<Algorithm>().ok())
                .collect(),
        ),
        leeway: jwt.leeway,
        required: slice(jwt.required.iter().map(|name| text(name)).collect()),
        claims_shape,
        claims,
    })
}

struct Interpreter<'a> {
    model: &'a Model,
    limits: &'a [&'static limit::InMemory],
    upstreams: &'a [&'static plan::Upstream],
    schemes: &'a [&'static dyn Scheme],
}

fn limit(limit: &model::Limit) -> &'static limit::InMemory {
    let per = match &limit.per {
        model::Per::Subject | model::Per::Claim(_) => limit::Per::Claim,
        model::Per::Key => limit::Per::Key,
        model::Per::Ip => limit::Per::Ip,
        model::Per::Header(name) => limit::Per::Header(text(name)),
        model::Per::Route => limit::Per::Route,
        model::Per::Everyone => limit::Per::Everyone,
    };
    leak(limit::InMemory(limit::Allowance {
        name: text(&limit.name),
        per,
        rate: limit.rate.map(|rate| limit::Rate {
            count: rate.count,
            period: rate.period,
            burst: rate.burst,
        }),
        quota: limit.quota.map(|quota| limit::Quota {
            count: quota.count,
            period: quota.period,
        }),
        concurrency: limit.concurrency,
    }))
}

impl Interpreter<'_> {
    fn charges(&self, endpoint: &Endpoint, tables: &ir::Endpoint) -> Vec<plan::Charge> {
        let charges = endpoint.limits.iter().zip(&tables.counted_by);
        let charge = |(charge, by): (&model::Charge, &Option<ir::Path>)| {
            Some(plan::Charge {
                limit: *self.limits.get(charge.limit)?,
                by: by.as_ref().map(tables::path),
                cost: charge.cost,
            })
        };
        charges.filter_map(charge).collect()
    }

    fn endpoint(&self, endpoint: &Endpoint, tables: &ir::Endpoint) -> (plan::Route, Run) {
        let run = match &endpoint.work {
            Work::Calls(calls) => {
                let plan = leak(self.plan(calls, tables));
                match &calls.transform {
                    None => Run::Plan(plan),
                    Some(hook) => Run::Hooked(plan, text(&hook.name)),
                }
            }
            Work::Proxy(proxy) => Run::Proxy(leak(self.proxy(proxy))),
            Work::Stream(call) => Run::Stream(leak(self.stream(call, tables))),
        };
        let auth = endpoint
            .auth
            .iter()
            .filter_map(|scheme| self.schemes.get(*scheme).copied());
        let words = |words: &[String]| slice(words.iter().map(|word| text(word)).collect());
        let body = tables
            .body
            .as_ref()
            .zip(endpoint.body.as_ref())
            .map(|(body, input)| {
                leak(plan::BodyInput {
                    shape: Leaker::new(&tables.pool).shape(&body.shape),
                    required: input.required,
                    root: body_rule(&body.rule),
                })
            });
        let route = plan::Route {
            method: endpoint.method.as_deref().map(text),
            pattern: text(&endpoint.path),
            segments: slice(endpoint.segments.iter().map(segment).collect()),
            when: endpoint.choice.as_ref().map(|choice| plan::Choice {
                place: place(choice.location),
                name: text(&choice.name),
                equals: text(&choice.equals),
            }),
            policies: plan::Policies {
                auth: slice(auth.collect()),
                scopes: words(&endpoint.require.scopes),
                roles: words(&endpoint.require.roles),
                require: slice(tables.require.iter().map(clause).collect()),
                limits: slice(self.charges(endpoint, tables)),
                headers: slice(
                    lower::deprecated::headers(endpoint.deprecated.as_ref())
                        .into_iter()
                        .map(|(name, value)| (name, text(&value)))
                        .collect(),
                ),
                timeout: endpoint.timeout,
                body_limit: endpoint
                    .body_limit
                    .or(self.model.server.body_limit)
                    .unwrap_or(emit::BODY_LIMIT),
            },
            inputs: inputs(&self.model.types, endpoint),
            body,
            passes: matches!(endpoint.work, Work::Proxy(_) | Work::Stream(_)),
            handler: handle,
        };
        (route, run)
    }

    fn proxy(&self, proxy: &model::Proxy) -> plan::Proxy {
        let documented = self
            .model
            .upstreams
            .get(proxy.upstream)
            .filter(|_| !proxy.undocumented)
            .map(|upstream| {
                let routes = upstream
                    .documented
                    .iter()
                    .map(|(method, path)| (text(method), contract_segments(path)));
                slice(routes.collect())
            });
        plan::Proxy {
            upstream: self.upstream(proxy.upstream),
            allow: slice(proxy.allow.iter().map(|method| text(method)).collect()),
            documented,
        }
    }

    fn stream(&self, call: &model::Call, tables: &ir::Endpoint) -> plan::Stream {
        let leaker = Leaker::new(&tables.pool);
        let nothing = ir::Call::default();
        let table = tables.plan.as_ref().and_then(|plan| plan.calls.first());
        let (media, required) = emit::request_media(call);
        plan::Stream {
            call: self.call(call, table.unwrap_or(&nothing), &leaker),
            media: slice(media.into_iter().map(text).collect()),
            required,
        }
    }

    fn upstream(&self, place: usize) -> &'static plan::Upstream {
        static NONE: plan::Upstream = plan::Upstream {
            name: "",
            url: plan::Text(&[]),
            timeout: std::time::Duration::ZERO,
            connect_timeout: std::time::Duration::ZERO,
            retry_budget: 0,
            headers: &[],
            identity: plan::Identity::None,
            body_limit: 0,
            strict: false,
        };
        self.upstreams.get(place).copied().unwrap_or(&NONE)
    }

    fn plan(&self, calls: &model::Calls, tables: &ir::Endpoint) -> plan::Plan {
        let leaker = Leaker::new(&tables.pool);
        let Some(table) = &tables.plan else {
            return plan::Plan {
                calls: &[],
                require: &[],
                answer: plan::Answer {
                    status: 204,
                    headers: &[],
                    body: None,
                },
            };
        };
        let headers = table.headers.iter().map(|(name, value)| {
            let value = match value {
                ir::HeaderValue::Literal(literal) => plan::HeaderValue::Literal(text(literal)),
                ir::HeaderValue::Path(path) => plan::HeaderValue::Path(tables::path(path)),
                ir::HeaderValue::Or(path, other) => {
                    plan::HeaderValue::Or(tables::path(path), text(other))
                }
                ir::HeaderValue::Promised(path) => plan::HeaderValue::Promised(tables::path(path)),
            };
            (text(name), value)
        });
        plan::Plan {
            calls: slice(
                calls
                    .calls
                    .iter()
                    .zip(&table.calls)
                    .map(|(call, table)| self.call(call, table, &leaker))
                    .collect(),
            ),
            require: slice(table.require.iter().map(clause).collect()),
            answer: plan::Answer {
                status: calls.status,
                headers: slice(headers.collect()),
                body: table
                    .answer
                    .as_ref()
                    .map(|template| leak(leaker.template(template))),
            },
        }
    }

    fn call(&self, call: &model::Call, table: &ir::Call, leaker: &Leaker) -> plan::Call {
        let operation = &call.operation;
        let path = emit::parts(&operation.path)
            .into_iter()
            .map(|part| match part {
                Part::Literal(literal) => plan::PathPart::Literal(text(&literal)),
                Part::Argument(name) => plan::PathPart::Argument(text(&name)),
            });
        let id = operation
            .id
            .clone()
            .unwrap_or_else(|| format!("{} {}", operation.method, operation.path));
        let table_of_operation = leak(plan::Operation {
            upstream: self.upstream(call.upstream),
            id: text(&id),
            method: text(&operation.method),
            path: slice(path.collect()),
        });
        let arguments =
            call.arguments
                .iter()
                .zip(&table.arguments)
                .filter_map(|(argument, value)| {
                    let parameter = operation.parameters.get(argument.parameter)?;
                    let list = matches!(self.model.types.get(parameter.ty).kind, Kind::List(_));
                    Some(plan::Argument {
                        place: place(parameter.location),
                        name: text(&parameter.name),
                        value: self::value(value),
                        style: style(parameter, list),
                        required: parameter.required,
                    })
                });
        let body = call
            .body
            .as_ref()
            .zip(table.body.as_ref())
            .map(|(body, value)| plan::CallBody {
                media: text(&body.media),
                value: match value {
                    ir::BodyValue::Json(template) => {
                        plan::BodyValue::Json(leak(leaker.template(template)))
                    }
                    ir::BodyValue::Form(block, lists) => form(leak(leaker.block(block)), lists),
                },
            });
        let errors = call
            .errors
            .iter()
            .zip(&table.errors)
            .map(|(rule, action)| plan::ErrorRule {
                first: rule.first,
                last: rule.last,
                then: match action {
                    ir::ErrorAction::Absent => plan::ErrorAction::Absent,
                    ir::ErrorAction::Pass => plan::ErrorAction::Pass,
                    ir::ErrorAction::Select(selection) => {
                        let ir::Selection {
                            shape,
                            template,
                            pool,
                        } = &**selection;
                        let leaker = Leaker::new(pool);
                        plan::ErrorAction::Select {
                            shape: leaker.shape(shape),
                            template: leak(leaker.template(template)),
                        }
                    }
                },
            });
        plan::Call {
            name: text(&call.name),
            operation: table_of_operation,
            optional: call.optional,
            needs: lower::bits(&call.needs),
            after: lower::bits(&call.after),
            write: call.write,
            arguments: slice(arguments.collect()),
            body,
            fan: fan(call.fan, table.list_answer),
            when: table.when.as_ref().map(tables::condition),
            timeout: call.timeout,
            retry: call.retry,
            shape: table.shape.as_ref().map(|shape| leaker.shape(shape)),
            headers: slice(
                table
                    .headers
                    .iter()
                    .map(|(name, slot)| (text(name), *slot))
                    .collect(),
            ),
            errors: slice(errors.collect()),
            client_input: call.client_input,
            client_argument: call.client_argument,
            bodiless: if table.shape.is_some() {
                slice(call.bodiless())
            } else {
                &[]
            },
        }
    }
}

fn style(parameter: &bff_spec::contract::Parameter, list: bool) -> plan::Style {
    match emit::style(parameter) {
        Some(emit::Style::Comma) if list => plan::Style::Comma,
        Some(emit::Style::Space) if list => plan::Style::Space,
        Some(emit::Style::Pipe) if list => plan::Style::Pipe,
        _ => plan::Style::Repeat,
    }
}

fn value(value: &ir::Value) -> plan::Value {
    match value {
        ir::Value::Literal(literal) => plan::Value::Literal(text(literal)),
        ir::Value::Path { path, default } => plan::Value::Path {
            path: tables::path(path),
            default: default.as_deref().map(text),
        },
        ir::Value::List(values) => {
            plan::Value::List(slice(values.iter().map(self::value).collect()))
        }
    }
}

fn form(block: &'static bff_json::Block, lists: &[(String, ir::ListStyle)]) -> plan::BodyValue {
    if lists.is_empty() {
        return plan::BodyValue::Form(block);
    }
    let lists = lists.iter().map(|(name, style)| {
        let style = match style {
            ir::ListStyle::Comma => plan::Style::Comma,
            ir::ListStyle::Space => plan::Style::Space,
            ir::ListStyle::Pipe => plan::Style::Pipe,
        };
        (text(name), style)
    });
    plan::BodyValue::FormWith(block, slice(lists.collect()))
}

fn fan(fan: Fan, list_answer: bool) -> plan::Fan {
    let small = |place: usize| u8::try_from(place).unwrap_or(u8::MAX);
    match fan {
        Fan::One { list_argument } => plan::Fan::One {
            list_argument: list_argument.map(small),
            list_answer: list_answer && list_argument.is_some(),
        },
        Fan::Split {
            argument,
            items,
            parallel,
            max,
        } => plan::Fan::Split {
            argument: small(argument),
            items: u32::try_from(items).unwrap_or(u32::MAX),
            parallel,
            max,
            list_answer,
        },
        Fan::Each {
            argument,
            parallel,
            max,
        } => plan::Fan::Each {
            argument: small(argument),
            parallel,
            max,
        },
    }
}

fn clause(clause: &ir::Clause) -> plan::Clause {
    plan::Clause {
        text: text(&clause.text),
        condition: tables::condition(&clause.condition),
        reads: clause.reads,
    }
}

fn place(location: Location) -> plan::Place {
    match location {
        Location::Path => plan::Place::Path,
        Location::Query => plan::Place::Query,
        Location::Header => plan::Place::Header,
        Location::Cookie => plan::Place::Cookie,
    }
}

fn segment(segment: &Segment) -> plan::Segment {
    match segment {
        Segment::Literal(literal) => plan::Segment::Literal(text(literal)),
        Segment::Parameter(name) => plan::Segment::Parameter(text(name)),
        Segment::Rest => plan::Segment::Rest,
    }
}

fn contract_segments(path: &str) -> &'static [plan::Segment] {
    let segments = emit::segments(path).into_iter().map(|(parameter, word)| {
        if parameter {
            plan::Segment::Parameter(text(word))
        } else {
            plan::Segment::Literal(text(word))
        }
    });
    slice(segments.collect())
}

fn inputs(types: &Types, endpoint: &Endpoint) -> plan::Inputs {
    let slot = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    let items = endpoint.inputs.iter().enumerate().map(|(at, input)| {
        let (item, list) = lower::parameter(types, input.ty);
        plan::Input {
            place: place(input.location),
            name: text(&input.name),
            slot: slot(at),
            rules: rules(&item),
            list: list.map(list_rules),
            required: input.required,
            default: input.default.as_deref().map(text),
        }
    });
    plan::Inputs {
        width: slot(endpoint.inputs.len()),
        items: slice(items.collect()),
    }
}

fn body_rule(rule: &ir::BodyRule) -> plan::BodyRule {
    match rule {
        ir::BodyRule::Any => plan::BodyRule::Any,
        ir::BodyRule::Scalar {
            slot,
            rules,
            nullable,
        } => plan::BodyRule::Scalar {
            slot: *slot,
            rules: self::rules(rules),
            nullable: *nullable,
        },
        ir::BodyRule::Object {
            slot,
            fields,
            nullable,
        } => plan::BodyRule::Object {
            slot: *slot,
            fields: body_fields(fields),
            nullable: *nullable,
        },
        ir::BodyRule::Map {
            slot,
            fields,
            entries,
            element,
            nullable,
        } => plan::BodyRule::Map {
            slot: *slot,
            fields: body_fields(fields),
            entries: *entries,
            element: leak(body_rule(element)),
            nullable: *nullable,
        },
        ir::BodyRule::List {
            slot,
            rules,
            element,
            nullable,
        } => plan::BodyRule::List {
            slot: *slot,
            rules: list_rules(*rules),
            element: leak(body_rule(element)),
            nullable: *nullable,
        },
    }
}

fn body_fields(fields: &[ir::BodyField]) -> &'static [plan::BodyField] {
    let fields = fields.iter().map(|field| plan::BodyField {
        name: text(&field.name),
        required: field.required,
        rule: body_rule(&field.rule),
    });
    slice(fields.collect())
}

fn list_rules(rules: ir::ListRules) -> plan::ListRules {
    plan::ListRules {
        min: rules.min,
        max: rules.max,
    }
}

fn rules(rules: &ir::Rules) -> plan::Rules {
    let bound = |bound: ir::Bound| plan::Bound {
        value: bound.value,
        exclusive: bound.exclusive,
    };
    plan::Rules {
        kind: match rules.kind {
            ir::Scalar::Boolean => plan::Scalar::Boolean,
            ir::Scalar::Integer => plan::Scalar::Integer,
            ir::Scalar::Number => plan::Scalar::Number,
            ir::Scalar::String => plan::Scalar::String,
            ir::Scalar::Any => plan::Scalar::Any,
        },
        one_of: slice(rules.one_of.iter().map(|value| text(value)).collect()),
        minimum: rules.minimum.map(bound),
        maximum: rules.maximum.map(bound),
        min_length: rules.min_length,
        max_length: rules.max_length,
        pattern: rules.pattern.as_deref().map(text).map(plan::Pattern::new),
        format: rules.format.map(|format| match format {
            ir::Format::Uuid => plan::Format::Uuid,
            ir::Format::Date => plan::Format::Date,
            ir::Format::DateTime => plan::Format::DateTime,
            ir::Format::Int32 => plan::Format::Int32,
            ir::Format::Int64 => plan::Format::Int64,
        }),
    }
}
