//! TLS at the public port.
//!
//! In: a connection, and certificates in files. Out: what the client says inside of it, or the reason why there was no
//! handshake. TLS 1.3 and 1.2 with HTTP/2 and HTTP/1.1 by ALPN. The files are looked at again, at a handshake and at
//! most once a second: new ones hold for connections from then on, those there keep what they have. Files that can't be
//! used leave the last good ones standing.
//!
//! Only generated code names [`Tls`]: the program of a spec without certificates doesn't hold any of this.

mod pairs;

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, InvalidMessage, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::plan::Text;
use crate::text::Env;
use pairs::Pairs;

/// What is spoken inside, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// The answer to whoever speaks HTTP in the clear.
const IN_THE_CLEAR: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 29\r\nconnection: close\r\n\r\nTLS is spoken at this port.\r\n";

/// `tls: { cert, key }`, or a list of them.
#[derive(Debug)]
pub struct Tls {
    /// Certificates with their keys. The first that is for the name the client asks for is shown, or else the first.
    pub pairs: &'static [Pair],
}

/// A certificate with its key. Each text is PEM, or the path of a file of it.
#[derive(Debug)]
pub struct Pair {
    /// The certificate, followed by those that lead to one that clients know.
    pub cert: Text,
    /// Its private key.
    pub key: Text,
}

/// What ends TLS, as a spec has it.
pub trait Terminator: fmt::Debug + Sync {
    /// Reads the certificates; without, what is wrong with them is among the faults.
    fn start(&'static self, env: &mut Env) -> Option<Arc<dyn Secure>>;
}

/// What ends TLS while the gateway runs.
pub trait Secure: Send + Sync {
    /// Shakes hands.
    fn accept(&self, stream: TcpStream) -> Accepting;
}

/// A handshake under way.
pub type Accepting = Pin<Box<dyn Future<Output = io::Result<Box<dyn Duplex>>> + Send>>;

/// Both directions of a connection.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

impl Terminator for Tls {
    fn start(&'static self, env: &mut Env) -> Option<Arc<dyn Secure>> {
        let pairs = Arc::new(Pairs::start(self.pairs, env)?);
        let shown = Shown(Arc::clone(&pairs));
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Who comes again need not be remembered: what was agreed on is in the ticket they bring.
        if let Ok(ticketer) = rustls::crypto::aws_lc_rs::Ticketer::new() {
            config.ticketer = ticketer;
        }
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Some(Arc::new(Listening { pairs, acceptor }))
    }
}

struct Listening {
    pairs: Arc<Pairs>,
    acceptor: TlsAcceptor,
}

impl Secure for Listening {
    fn accept(&self, stream: TcpStream) -> Accepting {
        self.pairs.look();
        let accepting = self.acceptor.accept(stream).into_fallible();
        Box::pin(async move {
            match accepting.await {
                Ok(stream) => Ok(Box::new(stream) as Box<dyn Duplex>),
                Err((error, mut stream)) => {
                    if is_http(&error) {
                        let _ = stream.write_all(IN_THE_CLEAR).await;
                    }
                    Err(error)
                }
            }
        })
    }
}

/// Whether what came was no TLS at all.
fn is_http(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        error,
        Some(rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType
        ))
    )
}

/// Whether a client ended a handshake because it doesn't trust what it was shown, in words.
pub(crate) fn reason(error: &io::Error) -> &'static str {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired,
        )) => "the client doesn't trust the certificate",
        Some(rustls::Error::PeerIncompatible(_)) => "the client and we have nothing in common",
        Some(rustls::Error::InvalidMessage(_)) => "the client speaks no TLS",
        _ => "the client left, or broke the protocol",
    }
}

/// Chooses what is shown.
struct Shown(Arc<Pairs>);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0
            .choose(hello.server_name(), hello.signature_schemes())
    }
}
