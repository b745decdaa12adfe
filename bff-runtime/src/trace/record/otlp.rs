//! Spans on their way to a collector, by OTLP over HTTP.
//!
//! They wait in a queue of a bounded length; a thread of its own takes them out in batches and has them sent. When the
//! queue is full, spans are dropped, and no request waits. That the collector doesn't take them is said in the log when
//! it begins and when it ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};
use tokio::runtime::Handle;

use super::endpoint;
use crate::text::Env;
use crate::trace::span::{Span, Value};
use crate::upstream::chain;

/// For one batch, unless the environment says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the end of the gateway waits for the last batch.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of an answer to a batch.
const LARGEST: usize = 1 << 20;

/// Records spans.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    processor: Arc<BatchSpanProcessor>,
    scope: InstrumentationScope,
}

impl Recorder {
    /// One, if the environment names an endpoint.
    pub(crate) fn new(name: &'static str, env: &mut Env) -> Option<Recorder> {
        let (variable, endpoint) = endpoint(env)?;
        let known = endpoint
            .parse::<http::Uri>()
            .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
        if !known {
            env.fault(format!("{variable}: it must be an http:// or https:// URL"));
            return None;
        }
        let url = match variable.contains("TRACES") {
            true => endpoint,
            false => format!("{}/v1/traces", endpoint.trim_end_matches('/')),
        };
        let of_signal = |name: &str| {
            let own = env.variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"));
            own.or_else(|| env.variable(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        if let Some(protocol) = of_signal("PROTOCOL").filter(|protocol| protocol != "http/protobuf")
        {
            tracing::warn!(
                protocol,
                "spans are sent as http/protobuf, which is all this gateway speaks"
            );
        }
        let millis = of_signal("TIMEOUT").and_then(|text| text.parse().ok());
        let timeout = millis.map_or(TIMEOUT, Duration::from_millis);
        let Some(headers) = pairs(&of_signal("HEADERS").unwrap_or_default()) else {
            env.fault(
                "OTEL_EXPORTER_OTLP_HEADERS: it must be `name=value`, separated by commas"
                    .to_owned(),
            );
            return None;
        };
        let resource = resource(name, env);
        // Without a runtime nothing is served, only checked.
        let runtime = Handle::try_current().ok()?;
        let sender = match Sender::new(runtime, timeout) {
            Ok(sender) => sender,
            Err(error) => {
                env.fault(format!("{variable}: {error}"));
                return None;
            }
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_endpoint(url)
            .with_timeout(timeout)
            .with_headers(headers)
            .build();
        let exporter = match exporter {
            Ok(exporter) => exporter,
            Err(error) => {
                env.fault(format!("{variable}: {error}"));
                return None;
            }
        };
        let mut processor = BatchSpanProcessor::new(exporter, batches(env));
        processor.set_resource(&resource);
        let scope = InstrumentationScope::builder("bff-runtime")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Some(Recorder {
            processor: Arc::new(processor),
            scope,
        })
    }

    /// Puts a span into the queue.
    pub(in crate::trace) fn record(&self, span: Span) {
        let state = span.state.as_ref().and_then(|state| state.to_str().ok());
        let state: Option<TraceState> = state.and_then(|state| state.parse().ok());
        let attributes = span.attributes.into_iter();
        let attributes = attributes.map(|(name, value)| match value {
            Value::Text(text) => KeyValue::new(name, text),
            Value::Number(number) => KeyValue::new(name, number),
        });
        let kind = if span.serves {
            SpanKind::Server
        } else {
            SpanKind::Client
        };
        let status = if span.failed {
            Status::error("")
        } else {
            Status::Unset
        };
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(
                TraceId::from(span.own.trace),
                SpanId::from(span.own.span),
                TraceFlags::new(span.own.flags),
                false,
                state.unwrap_or_default(),
            ),
            parent_span_id: span.above.map_or(SpanId::INVALID, SpanId::from),
            parent_span_is_remote: span.serves && span.above.is_some(),
            span_kind: kind,
            name: span.name.into(),
            start_time: span.started,
            end_time: span.ended,
            attributes: attributes.collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        });
    }

    /// Sends what is in the queue, and takes nothing more.
    pub(crate) async fn finish(self) {
        let ending =
            tokio::task::spawn_blocking(move || self.processor.shutdown_with_timeout(PATIENCE));
        if !matches!(tokio::time::timeout(PATIENCE, ending).await, Ok(Ok(Ok(())))) {
            tracing::warn!("the last spans could not be sent");
        }
    }
}

/// Who records: `OTEL_SERVICE_NAME`, or the frontend's gateway; and what `OTEL_RESOURCE_ATTRIBUTES` adds.
fn resource(name: &'static str, env: &Env) -> Resource {
    let added = env.variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let added: Vec<(String, String)> = pairs(&added).unwrap_or_default().into_iter().collect();
    let own = added.iter().find(|(name, _)| name == "service.name");
    let service = env
        .variable("OTEL_SERVICE_NAME")
        .or_else(|| own.map(|(_, value)| value.clone()))
        .unwrap_or_else(|| format!("{name}-bff"));
    let added = added.into_iter();
    Resource::builder_empty()
        .with_attributes(added.map(|(name, value)| KeyValue::new(name, value)))
        .with_attribute(KeyValue::new("telemetry.sdk.name", "opentelemetry"))
        .with_attribute(KeyValue::new("telemetry.sdk.language", "rust"))
        .with_service_name(service)
        .build()
}

/// How many spans wait, and how long: the variables of OpenTelemetry's batch processor.
fn batches(env: &Env) -> opentelemetry_sdk::trace::BatchConfig {
    let number = |name: &str| {
        env.variable(name)?
            .parse::<usize>()
            .ok()
            .filter(|number| *number > 0)
    };
    let mut builder = BatchConfigBuilder::default();
    if let Some(most) = number("OTEL_BSP_MAX_QUEUE_SIZE") {
        builder = builder.with_max_queue_size(most);
    }
    if let Some(most) = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") {
        builder = builder.with_max_export_batch_size(most);
    }
    if let Some(millis) = number("OTEL_BSP_SCHEDULE_DELAY") {
        builder = builder.with_scheduled_delay(Duration::from_millis(millis as u64));
    }
    builder.build()
}

/// `name=value,…`, its values percent-encoded; `None` if it is something else.
fn pairs(text: &str) -> Option<HashMap<String, String>> {
    let items = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items
        .map(|item| {
            let (name, value) = item.split_once('=')?;
            let value = crate::percent::decode(value.trim()).ok()?;
            let name = name.trim();
            (!name.is_empty()).then(|| (name.to_owned(), value.into_owned()))
        })
        .collect()
}

/// Sends batches from the gateway's own runtime.
#[derive(Debug)]
struct Sender {
    runtime: Handle,
    client: reqwest::Client,
    failing: AtomicBool,
}

impl Sender {
    fn new(runtime: Handle, timeout: Duration) -> Result<Sender, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .build()?;
        Ok(Sender {
            runtime,
            client,
            failing: AtomicBool::new(false),
        })
    }

    /// Says how it went, if it goes otherwise than before.
    fn note(&self, cause: Option<String>) {
        let failed = cause.is_some();
        if self.failing.swap(failed, Ordering::Relaxed) == failed {
            return;
        }
        match cause {
            Some(cause) => {
                tracing::warn!(cause, "the collector doesn't take spans; they are dropped")
            }
            None => tracing::info!("the collector takes spans again"),
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self
            .runtime
            .spawn(async move { send(client, request).await });
        let sent = sent.await.map_err(HttpError::from).and_then(|sent| sent);
        self.note(match &sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(chain(&**error)),
        });
        sent
    }
}

async fn send(
    client: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let (head, body) = request.into_parts();
    let request = client.request(head.method, head.uri.to_string());
    let sending = request.headers(head.headers).body(body).send().await;
    let mut answer = sending.map_err(reqwest::Error::without_url)?;
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.extend(
            answer
                .headers()
                .iter()
                .map(|(name, value): (&HeaderName, &HeaderValue)| (name.clone(), value.clone())),
        );
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return Err("the collector's answer is too large".into());
        }
    }
    Ok(response.body(body.into())?)
}
