//! Certificates and their keys: read at the start, read again when they change.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::SignatureScheme;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use tokio::time::Instant;

use super::Pair;
use crate::text::{Env, Resolved};

/// How often the files are looked at, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How PEM starts, and no path does.
const PEM: &str = "-----BEGIN";

/// All of a gateway's.
pub(super) struct Pairs {
    pairs: Vec<Live>,
    looked: Mutex<Instant>,
}

/// One, as it is now.
struct Live {
    /// "`server`: `tls[1]`"
    what: String,
    cert: Source,
    key: Source,
    state: RwLock<State>,
}

struct State {
    /// What was read last, good or not.
    seen: Read,
    shown: Arc<CertifiedKey>,
}

/// The content of both files.
type Read = (Vec<u8>, Vec<u8>);

impl Pairs {
    /// Reads all; what is wrong is among the faults.
    pub(super) fn start(tables: &'static [Pair], env: &mut Env) -> Option<Pairs> {
        let mut pairs = Vec::with_capacity(tables.len());
        for (at, pair) in tables.iter().enumerate() {
            let what = match tables.len() {
                1 => "server: `tls`".to_owned(),
                _ => format!("server: `tls[{at}]`"),
            };
            pairs.push(Live::start(pair, what, env));
        }
        let pairs = pairs.into_iter().collect::<Option<Vec<Live>>>()?;
        let looked = Mutex::new(Instant::now());
        (!pairs.is_empty()).then_some(Pairs { pairs, looked })
    }

    /// Reads again what may have changed.
    pub(super) fn look(&self) {
        let now = Instant::now();
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if now.duration_since(*looked) < LOOK_AGAIN {
                return;
            }
            *looked = now;
        }
        self.pairs.iter().for_each(Live::look);
    }

    /// The first that is for this name and that the client can check, or else the first that it can check.
    pub(super) fn choose(
        &self,
        name: Option<&str>,
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let known = self.pairs.iter().map(|pair| {
            let state = pair.state.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&state.shown)
        });
        let mut fitting = known.filter(|pair| pair.key.choose_scheme(schemes).is_some());
        if self.pairs.len() == 1 {
            return fitting.next();
        }
        let name = name.and_then(|name| ServerName::try_from(name).ok());
        let fitting: Vec<_> = fitting.collect();
        let named = name.and_then(|name| fitting.iter().find(|pair| is_for(pair, &name)));
        named.or(fitting.first()).cloned()
    }
}

fn is_for(pair: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let cert = pair.end_entity_cert().ok();
    let cert = cert.and_then(|cert| ParsedCertificate::try_from(cert).ok());
    cert.is_some_and(|cert| rustls::client::verify_server_name(&cert, name).is_ok())
}

impl Live {
    fn start(pair: &'static Pair, what: String, env: &mut Env) -> Option<Live> {
        let cert = Source(env.resolve(&pair.cert, &format!("{what}: `cert`")));
        let key = Source(env.resolve(&pair.key, &format!("{what}: `key`")));
        if env.is_missing(&pair.cert) || env.is_missing(&pair.key) {
            return None;
        }
        let read = |part: &str, source: &Source| {
            source
                .read()
                .map_err(|reason| format!("{what}: `{part}`: {reason}"))
        };
        let (cert_bytes, key_bytes) = match (read("cert", &cert), read("key", &key)) {
            (Ok(cert), Ok(key)) => (cert, key),
            (cert, key) => {
                let faults = [cert.err(), key.err()];
                faults.into_iter().flatten().for_each(|fault| {
                    // A file that a text names was missed already.
                    if !env.has_fault_about(&what) {
                        env.fault(fault);
                    }
                });
                return None;
            }
        };
        match certified(&cert_bytes, &key_bytes) {
            Ok(shown) => Some(Live {
                what,
                cert,
                key,
                state: RwLock::new(State {
                    seen: (cert_bytes, key_bytes),
                    shown: Arc::new(shown),
                }),
            }),
            Err(reason) => {
                env.fault(format!("{what}: {reason}"));
                None
            }
        }
    }

    fn look(&self) {
        let read = match (self.cert.read(), self.key.read()) {
            (Ok(cert), Ok(key)) => (cert, key),
            (cert, key) => {
                let reason = cert.err().or(key.err()).unwrap_or_default();
                let what = &self.what;
                tracing::warn!("{what} can't be read, the last certificate stands: {reason}");
                return;
            }
        };
        let known = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if known.seen == read {
            return;
        }
        let mut shown = Arc::clone(&known.shown);
        drop(known);
        let what = &self.what;
        match certified(&read.0, &read.1) {
            Ok(new) => {
                shown = Arc::new(new);
                tracing::info!("{what}: a new certificate is shown");
            }
            Err(reason) => {
                tracing::warn!("{what} changed and can't be used, the last one stands: {reason}");
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        *state = State { seen: read, shown };
    }
}

/// Where PEM comes from.
struct Source(Resolved);

impl Source {
    fn read(&self) -> Result<Vec<u8>, String> {
        let text = self.0.read().map_err(|error| error.to_string())?;
        if text.contains(PEM) {
            return Ok(text.into_bytes());
        }
        // What is neither may be a key that somebody pasted without its first line: it is not shown.
        if text.lines().count() != 1 {
            return Err("this is no PEM".to_owned());
        }
        let path = Path::new(text.trim());
        match std::fs::read(path) {
            Ok(bytes) if contains(&bytes, PEM) => Ok(bytes),
            Ok(_) => Err(format!("{} is no PEM", path.display())),
            // A key without its first and last line is no path, and is not shown: base64 has no dots.
            Err(error) if text.starts_with('/') || text.contains('.') => {
                Err(format!("cannot read {}: {error}", path.display()))
            }
            Err(error) => Err(format!(
                "this is neither PEM nor the path of a file: {error}"
            )),
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// The certificate with its key, if they belong together.
fn certified(cert: &[u8], key: &[u8]) -> Result<CertifiedKey, String> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(cert)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("`cert` is no certificate in PEM: {error}"))?;
    let Some(first) = chain.first() else {
        return Err("`cert` has no certificate in it".to_owned());
    };
    ParsedCertificate::try_from(first).map_err(|error| format!("`cert`: {error}"))?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("`key` is no private key in PEM: {error}"))?;
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            "`key` is not the key of the certificate in `cert`".to_owned()
        }
        error => format!("`key` can't be used: {error}"),
    })
}
