//! Requests that two readers could read differently, as data: each is refused, and nothing behind it is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bff_runtime::Running;
use bff_runtime::plan::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::inputs::{NOTHING, ORDER};
use crate::tables::*;

const HEADS: &str = include_str!("smuggling/heads.txt");
const BODIES: &str = include_str!("smuggling/bodies.txt");
/// What a body in chunks follows.
const CHUNKED: &str = "POST /@ HTTP/1.1\\r\\nhost: a\\r\\ncontent-type: application/json\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n";
/// How long a connection may take to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// What comes behind each request: nobody must ever hear of it.
const BEHIND: &[u8] = b"GET /raw/smuggled HTTP/1.1\r\nhost: a\r\n\r\n";

static EVERYTHING: Proxy = Proxy {
    upstream: &BETA,
    allow: &[],
    documented: None,
};
static BOTH_WAYS: Bff = bff(&[
    Route {
        method: Some("POST"),
        body: Some(&ORDER),
        ..get(
            "/order",
            &[Segment::Literal("order")],
            NO_INPUTS,
            handler!(NOTHING),
        )
    },
    Route {
        method: None,
        passes: true,
        ..get(
            "/raw/**",
            &[Segment::Literal("raw"), Segment::Rest],
            NO_INPUTS,
            |exchange| Box::pin(async move { exchange.proxy(&EVERYTHING).await }),
        )
    },
]);

/// A gateway, and all that its upstream heard.
struct Ears {
    gateway: Running,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Ears {
    async fn open() -> Ears {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let heard = Arc::default();
        tokio::spawn(listen(listener, Arc::clone(&heard)));
        let variables = [("ALPHA_URL", url.as_str()), ("BETA_URL", url.as_str())];
        let gateway = start_with(&BOTH_WAYS, &variables).await;
        Ears { gateway, heard }
    }

    /// What is answered until the connection ends.
    async fn ask(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.gateway.addr).await.unwrap();
        let mut answer = Vec::new();
        // Who is refused may be cut off: what was said before counts.
        let _ = stream.write_all(request).await;
        let ends = async { while stream.read_buf(&mut answer).await.is_ok_and(|n| n > 0) {} };
        if tokio::time::timeout(PATIENCE, ends).await.is_err() {
            answer.extend_from_slice(b"(and it stays open)");
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// What the upstream heard since it was asked last.
    fn heard(&self) -> String {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *heard)).into_owned()
    }
}

/// Notes all that comes, and answers each request whose body, if any, is whole.
async fn listen(listener: TcpListener, heard: Arc<Mutex<Vec<u8>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut request = Vec::new();
            while stream.read_buf(&mut request).await.is_ok_and(|n| n > 0) {
                let text = String::from_utf8_lossy(&request).into_owned();
                let is_whole = match text.contains("transfer-encoding") {
                    true => text.ends_with("\r\n0\r\n\r\n"),
                    false => text.ends_with("\r\n\r\n"),
                };
                if is_whole {
                    heard.lock().unwrap().append(&mut request);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer).await.unwrap();
                }
            }
            heard.lock().unwrap().append(&mut request);
        });
    }
}

/// The cases of a file: a status, and what is said.
fn cases(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_at_checked(4).unwrap())
        .map(|(status, text)| (status.trim_end(), text))
}

/// `\r`, `\n`, `\t`, `\\` and `\x00` as the bytes they mean.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        bytes.push(match (one, one == '\\') {
            (_, true) => match rest.next().unwrap() {
                'r' => b'\r',
                'n' => b'\n',
                't' => b'\t',
                '\\' => b'\\',
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).unwrap()
                }
                other => panic!("{text}: what is \\{other}?"),
            },
            (plain, false) => u8::try_from(plain).unwrap(),
        });
    }
    bytes
}

/// Each case against an endpoint that reads its body and one that passes it on; a line for each that isn't refused.
async fn refused(ears: &Ears, file: &str, before: &str, may_hear: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (status, text) in cases(file) {
        for path in ["/order", "/raw/x"] {
            let said = format!("{before}{text}").replace("/@", path);
            let mut request = bytes(&said);
            request.extend_from_slice(BEHIND);
            let answer = ears.ask(&request).await;
            let heard = ears.heard();
            let first = answer.lines().next().unwrap_or_default();
            let answers = answer.matches("\r\nx-request-id: ").count();
            let is_quiet = match may_hear {
                true => !heard.contains("smuggled") && !heard.ends_with("0\r\n\r\n"),
                false => heard.is_empty(),
            };
            let ends = !answer.ends_with("open)");
            let is_status = first.starts_with(&format!("HTTP/1.1 {status} "));
            if !is_status || answers != 1 || !is_quiet || !ends {
                wrong.push(format!(
                    "{status} {said}: {answers} x {first:?}, ends: {ends}, {heard:?}"
                ));
            }
        }
    }
    wrong
}

#[tokio::test]
async fn heads_in_doubt() {
    let ears = Ears::open().await;
    // What is in no doubt is heard, and so is what comes behind it.
    let mut good = b"GET /raw/x HTTP/1.1\r\nhost: a\r\n\r\n".to_vec();
    good.extend_from_slice(b"GET /raw/smuggled HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answer = ears.ask(&good).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert!(ears.heard().contains("smuggled"));
    let wrong = refused(&ears, HEADS, "", false).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn bodies_in_doubt() {
    let ears = Ears::open().await;
    let wrong = refused(&ears, BODIES, CHUNKED, true).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
