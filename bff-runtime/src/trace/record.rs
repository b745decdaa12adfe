//! Who records spans: nobody, unless the feature `otlp` is on and an endpoint is named.

#[cfg(feature = "otlp")]
mod otlp;

#[cfg(feature = "otlp")]
pub(crate) use otlp::Recorder;

#[cfg(not(feature = "otlp"))]
pub(crate) use nobody::Recorder;

/// Where spans go: an address of its own, or one below which each signal has its path.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// The endpoint that the environment names, and whether it is the signal's own.
fn endpoint(env: &crate::text::Env) -> Option<(&'static str, String)> {
    let is = |name: &str, value: &str| {
        let said = env.variable(name);
        said.is_some_and(|said| said.eq_ignore_ascii_case(value))
    };
    if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
        return None;
    }
    ENDPOINTS
        .into_iter()
        .find_map(|name| Some((name, env.variable(name)?)))
}

#[cfg(not(feature = "otlp"))]
mod nobody {
    use crate::text::Env;
    use crate::trace::span::Span;

    /// There is none.
    #[derive(Debug, Clone)]
    pub(crate) struct Recorder;

    impl Recorder {
        pub(crate) fn new(_: &'static str, env: &mut Env) -> Option<Recorder> {
            if let Some((variable, _)) = super::endpoint(env) {
                tracing::warn!(
                    variable,
                    "this gateway records no spans: it is built without the feature `otlp` of bff-runtime"
                );
            }
            None
        }

        pub(in crate::trace) fn record(&self, _: Span) {}

        pub(crate) async fn finish(self) {}
    }
}
