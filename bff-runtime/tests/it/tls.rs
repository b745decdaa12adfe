//! TLS at the public port: real certificates, real handshakes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bff_runtime::plan::*;
use bff_runtime::tls::{Pair, Tls};
use bff_runtime::{Running, Server as Gateway, Settings, Variables};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tables::*;
use crate::upstream::{Gate, Step, Upstream as Scripted, ok};

static EVERYTHING: Proxy = Proxy {
    upstream: &ALPHA,
    allow: &[],
    documented: None,
};
const ROUTES: &[Route] = &[Route {
    method: None,
    passes: true,
    ..get(
        "/raw/**",
        &[Segment::Literal("raw"), Segment::Rest],
        NO_INPUTS,
        |exchange| Box::pin(async move { exchange.proxy(&EVERYTHING).await }),
    )
}];
static TLS: Tls = Tls {
    pairs: &[
        Pair {
            cert: Text(&[Part::Variable("DIR", None), Part::Literal("/first.crt")]),
            key: Text(&[Part::Variable("DIR", None), Part::Literal("/first.key")]),
        },
        Pair {
            cert: Text(&[Part::Variable("SECOND", None)]),
            key: Text(&[Part::Variable("SECOND_KEY", None)]),
        },
    ],
};
static SECURED: Bff = Bff {
    server: Server {
        tls: Some(&TLS),
        ..Server::USUAL
    },
    ..bff(ROUTES)
};

/// A certificate that signs itself, and its key, in PEM.
struct Made {
    cert: String,
    key: String,
    der: CertificateDer<'static>,
}

fn make(names: &[&str]) -> Made {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    Made {
        cert: made.cert.pem(),
        key: made.signing_key.serialize_pem(),
        der: made.cert.der().clone(),
    }
}

/// A folder with a first pair in it, and a second in variables.
struct World {
    folder: tempfile::TempDir,
    first: Made,
    second: Made,
    upstream: Scripted,
    /// Holds answers to `/held` back.
    held: Gate,
}

impl World {
    async fn new() -> World {
        let held = Gate::new();
        let gate = held.clone();
        let world = World {
            folder: tempfile::tempdir().unwrap(),
            first: make(&["first.test"]),
            second: make(&["second.test", "*.wild.test"]),
            upstream: Scripted::start(move |seen| {
                let answer = ok(&format!("{:?}", seen.header("x-forwarded-proto")));
                match seen.path() {
                    "/held" => [vec![Step::Wait(gate.clone())], answer].concat(),
                    _ => answer,
                }
            })
            .await,
            held,
        };
        world.write(&world.first);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, made: &Made) {
        std::fs::write(self.path("first.crt"), &made.cert).unwrap();
        std::fs::write(self.path("first.key"), &made.key).unwrap();
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let folder = self.folder.path().to_str().unwrap();
        let url = self.upstream.url();
        [
            ("ALPHA_URL", url.as_str()),
            ("BETA_URL", url.as_str()),
            ("DIR", folder),
            ("SECOND", &self.second.cert),
            ("SECOND_KEY", &self.second.key),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    async fn gateway(&self) -> Running {
        let settings = Settings::local(self.variables());
        Gateway::start(&SECURED, settings).await.unwrap()
    }

    fn faults(&self) -> Vec<String> {
        let checked = Gateway::check(&SECURED, Variables::Map(self.variables()));
        checked.err().map(|error| error.faults).unwrap_or_default()
    }
}

/// A handshake for this name, trusting this certificate alone.
async fn shake(
    addr: SocketAddr,
    name: &str,
    trusted: &Made,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn trusts(addr: SocketAddr, name: &str, trusted: &Made) -> bool {
    shake(addr, name, trusted, rustls::ALL_VERSIONS, &[])
        .await
        .is_ok()
}

#[tokio::test]
async fn versions_protocols_and_the_way() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let both = ["h2", "http/1.1"];
    for (version, protocols, chosen) in [
        (&version::TLS13, &both[..], Some("h2")),
        (&version::TLS12, &both[..], Some("h2")),
        (&version::TLS13, &both[1..], Some("http/1.1")),
        (&version::TLS12, &[], None),
    ] {
        let versions = [version];
        let mut stream = shake(
            gateway.addr,
            "first.test",
            &world.first,
            &versions,
            protocols,
        )
        .await
        .unwrap();
        let (_, session) = stream.get_ref();
        assert_eq!(session.protocol_version(), Some(version.version));
        assert_eq!(session.alpn_protocol(), chosen.map(str::as_bytes));
        if chosen == Some("h2") {
            let (mut asks, connection) = hyper::client::conn::http2::handshake(
                hyper_util::rt::TokioExecutor::new(),
                hyper_util::rt::TokioIo::new(stream),
            )
            .await
            .unwrap();
            tokio::spawn(connection);
            let request = http::Request::get("https://first.test/raw/x")
                .body(String::new())
                .unwrap();
            let answer = asks.send_request(request).await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
        } else {
            let ask = b"GET /raw/x HTTP/1.1\r\nhost: first.test\r\nconnection: close\r\n\r\n";
            stream.write_all(ask).await.unwrap();
            let mut text = String::new();
            // A connection that ends is ended in TLS first, or this would be an error.
            stream.read_to_string(&mut text).await.unwrap();
            assert!(text.ends_with("Some(\"https\")"), "{text}");
        }
    }
    for seen in world.upstream.seen() {
        let forwarded = seen.header("forwarded").unwrap().to_owned();
        assert!(forwarded.contains("proto=https"), "{forwarded}");
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn each_name_has_its_certificate() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    for (name, first, second) in [
        ("first.test", true, false),
        ("second.test", false, true),
        ("a.wild.test", false, true),
        // A name that nobody has a certificate for is shown the first.
        ("third.test", false, false),
    ] {
        assert_eq!(
            trusts(gateway.addr, name, &world.first).await,
            first,
            "{name}"
        );
        assert_eq!(
            trusts(gateway.addr, name, &world.second).await,
            second,
            "{name}"
        );
    }
    gateway.shutdown().await;
}

/// Time is paused: a second is enough for files to be looked at again.
#[tokio::test(start_paused = true)]
async fn new_certificates_hold_from_then_on() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let mut old = shake(
        gateway.addr,
        "first.test",
        &world.first,
        rustls::ALL_VERSIONS,
        &[],
    )
    .await
    .unwrap();
    let new = make(&["first.test"]);
    let look_again = || tokio::time::advance(Duration::from_secs(1));
    for broken in [
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "",
    ] {
        std::fs::write(world.path("first.crt"), broken).unwrap();
        look_again().await;
        assert!(
            trusts(gateway.addr, "first.test", &world.first).await,
            "{broken}"
        );
    }
    // A key that isn't there yet changes nothing either.
    std::fs::write(world.path("first.crt"), &new.cert).unwrap();
    look_again().await;
    assert!(trusts(gateway.addr, "first.test", &world.first).await);
    world.write(&new);
    look_again().await;
    assert!(trusts(gateway.addr, "first.test", &new).await);
    assert!(!trusts(gateway.addr, "first.test", &world.first).await);
    // The connection from before is still there.
    let ask = b"GET /raw/x HTTP/1.1\r\nhost: first.test\r\nconnection: close\r\n\r\n";
    old.write_all(ask).await.unwrap();
    let mut text = String::new();
    old.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_told_at_the_start() {
    let mut world = World::new().await;
    assert_eq!(world.faults(), Vec::<String>::new());
    let other = make(&["first.test"]);
    let write = |world: &World, name: &str, text: &str| {
        std::fs::write(world.path(name), text).unwrap();
    };
    write(&world, "first.key", &other.key);
    let wrong = "server: `tls[0]`: `key` is not the key of the certificate in `cert`";
    assert_eq!(world.faults(), [wrong]);
    write(&world, "first.key", &other.cert);
    assert!(
        world.faults()[0].contains("`key` is no private key in PEM"),
        "{:?}",
        world.faults()
    );
    write(&world, "first.crt", "hello");
    assert!(
        world.faults()[0].contains("first.crt is no PEM"),
        "{:?}",
        world.faults()
    );
    std::fs::remove_file(world.path("first.crt")).unwrap();
    assert!(
        world.faults()[0].contains("cannot read"),
        "{:?}",
        world.faults()
    );
    world.write(&world.first);
    // What may be a key is not repeated.
    world.second.key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg".to_owned();
    let faults = world.faults();
    assert!(
        faults[0].starts_with("server: `tls[1]`: `key`: this is neither"),
        "{faults:?}"
    );
    assert!(!faults[0].contains("MIGH"), "{faults:?}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_shake_hands_is_dropped() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    for (said, heard, after) in [
        (&b""[..], "", 10),
        (b"\x16\x03\x01", "", 10),
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 400", 0),
    ] {
        let start = tokio::time::Instant::now();
        let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text).await;
        let text = String::from_utf8_lossy(&text);
        assert!(
            text.contains(heard) && (text.is_empty() == heard.is_empty()),
            "{text}"
        );
        assert_eq!(start.elapsed().as_secs(), after, "{said:?}");
    }
    gateway.shutdown().await;
}

/// Told to stop, a gateway is unready at once, lets go of who asks nothing, and finishes what it is at; over HTTP/2, too.
#[tokio::test]
async fn requests_in_flight_finish_over_tls() {
    let world = World::new().await;
    let gateway = world.gateway().await;
    let shaken = |protocol: &'static str| {
        let (addr, first) = (gateway.addr, &world.first);
        async move {
            shake(addr, "first.test", first, rustls::ALL_VERSIONS, &[protocol])
                .await
                .unwrap()
        }
    };
    let [mut fresh, mut used, mut busy] = [
        shaken("http/1.1").await,
        shaken("http/1.1").await,
        shaken("http/1.1").await,
    ];
    let ask = |path: &str| format!("GET /raw/{path} HTTP/1.1\r\nhost: first.test\r\n\r\n");
    used.write_all(ask("x").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"Some(\"https\")") {
        assert!(used.read_buf(&mut answer).await.unwrap() > 0);
    }
    busy.write_all(ask("held").as_bytes()).await.unwrap();
    let (mut asks, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(shaken("h2").await),
    )
    .await
    .unwrap();
    let two = tokio::spawn(connection);
    let request = http::Request::get("https://first.test/raw/held");
    let of_two = tokio::spawn(asks.send_request(request.body(String::new()).unwrap()));
    while world.upstream.arrival().await.path() != "/held" {}
    world.upstream.arrival().await;

    let admin = gateway.admin_addr;
    let stopping = tokio::spawn(gateway.shutdown());
    for idle in [&mut fresh, &mut used] {
        let mut rest = Vec::new();
        // Closed in TLS first, or this would be an error.
        idle.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty(), "{rest:?}");
    }
    assert_eq!(crate::client::get(admin, "/readyz").await.status, 503);
    assert!(!stopping.is_finished(), "requests are still under way");
    world.held.open();
    world.held.open();
    let mut text = String::new();
    busy.read_to_string(&mut text).await.unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("Some(\"https\")"),
        "{text}"
    );
    assert_eq!(of_two.await.unwrap().unwrap().status().as_u16(), 200);
    two.await.unwrap().unwrap();
    stopping.await.unwrap();
}
