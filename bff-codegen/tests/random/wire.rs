//! Both ends of a gateway on loopback: an upstream that answers by its contract, or nearly, and a frontend that asks.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bff_spec::contract::{Kind, Location, Type};
use bff_spec::model::{Call, Endpoint, Model, Segment, Work};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::answers;
use crate::dice::Dice;

/// One upstream for all gateways of a run: whose contracts it speaks is said before each.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    speaks: Arc<Mutex<Option<Speaks>>>,
}

struct Speaks {
    model: Arc<Model>,
    dice: Dice,
}

impl Upstream {
    pub(crate) async fn start() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Upstream {
            addr: listener.local_addr().unwrap(),
            speaks: Arc::default(),
        };
        let serving = upstream.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = serving.clone();
                // A gateway that hangs up is no fault.
                tokio::spawn(async move { serving.serve(stream).await.ok() });
            }
        });
        upstream
    }

    /// From now on, answers calls of this model.
    pub(crate) fn speak(&self, model: &Arc<Model>, seed: u64) {
        *self.speaks.lock().unwrap() = Some(Speaks {
            model: Arc::clone(model),
            dice: Dice::new(seed),
        });
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut request = String::new();
            if stream.read_line(&mut request).await? == 0 {
                return Ok(());
            }
            let mut length = 0usize;
            loop {
                let mut header = String::new();
                stream.read_line(&mut header).await?;
                let header = header.trim().to_lowercase();
                if header.is_empty() {
                    break;
                }
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await?;
            let answer = self.answer(&request);
            stream.get_mut().write_all(&answer).await?;
        }
    }

    /// The bytes of an answer to a request line.
    fn answer(&self, request: &str) -> Vec<u8> {
        let mut parts = request.split(' ');
        let (method, target) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let path = target.split('?').next().unwrap_or("");
        let mut speaks = self.speaks.lock().unwrap();
        let Some(Speaks { model, dice }) = speaks.as_mut() else {
            return b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n".to_vec();
        };
        let call = calls(model)
            .find(|call| call.operation.method == method && is_at(&call.operation.path, path));
        let response = call.and_then(|call| {
            let all = &call.operation.responses;
            let good = all
                .iter()
                .find(|r| (200..300).contains(&r.first) && !r.content.is_empty());
            if dice.one_in(8) {
                dice.pick(all)
            } else {
                good.or(all.first())
            }
        });
        let Some(response) = response else {
            return b"HTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n".to_vec();
        };
        let status = response.first.clamp(200, 599);
        let Some(media) = response.content.iter().find(|m| m.name.contains("json")) else {
            return format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n").into_bytes();
        };
        let wrong = [0, 0, 60, 12][dice.below(4)];
        let json = answers::json(&model.types, media.ty, wrong, dice);
        let body = if dice.one_in(15) {
            answers::broken(&json, dice)
        } else {
            json.into_bytes()
        };
        let mut head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: {}\r\ncontent-length: {}\r\n",
            media.name,
            body.len()
        );
        for name in response
            .headers
            .iter()
            .map(|header| &header.name)
            .filter(|_| status < 300)
        {
            let _ = write!(head, "{name}: v\r\n");
        }
        let mut answer = (head + "\r\n").into_bytes();
        answer.extend(body);
        answer
    }
}

fn calls(model: &Model) -> impl Iterator<Item = &Call> {
    let calls = |endpoint: &'_ Endpoint| {
        match &endpoint.work {
            Work::Calls(work) => Some(work),
            _ => None,
        }
        .is_some()
    };
    model
        .endpoints
        .iter()
        .filter(move |endpoint| calls(endpoint))
        .flat_map(|endpoint| match &endpoint.work {
            Work::Calls(work) => work.calls.as_slice(),
            _ => &[],
        })
}

/// Whether a path is at a template.
fn is_at(template: &str, path: &str) -> bool {
    let (mut a, mut b) = (template.split('/'), path.split('/'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y || x.contains('{') => {}
            _ => return false,
        }
    }
}

/// An answer of the gateway.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) json: bool,
    pub(crate) body: Vec<u8>,
}

/// Asks an endpoint: with inputs that fit, or nearly.
pub(crate) async fn ask(gateway: SocketAddr, request: &str) -> std::io::Result<Got> {
    let mut stream = TcpStream::connect(gateway).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let bad = || std::io::Error::other("no answer");
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .ok_or_else(bad)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .ok_or_else(bad)?;
    let mut body = bytes.split_off(end + 4);
    if head.contains("transfer-encoding: chunked") {
        body = unchunked(&body).ok_or_else(bad)?;
    }
    Ok(Got {
        status,
        json: head.contains("json"),
        body,
    })
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|w| w == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
        bytes = bytes.get(line + 2..)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(..length)?);
        bytes = bytes.get(length + 2..)?;
    }
}

/// A request to an endpoint, as bytes go over the wire.
pub(crate) fn request(model: &Model, endpoint: &Endpoint, dice: &mut Dice) -> String {
    let value = |ty: &Type, dice: &mut Dice| scalar(model, ty, dice);
    let input = |location: Location| {
        endpoint
            .inputs
            .iter()
            .filter(move |i| i.location == location)
    };
    let mut target = String::new();
    for segment in &endpoint.segments {
        target.push('/');
        match segment {
            Segment::Literal(text) => target.push_str(text),
            Segment::Parameter(name) => {
                let ty = input(Location::Path)
                    .find(|i| i.name == *name)
                    .map(|i| model.types.get(i.ty));
                target.push_str(&ty.map_or("x".to_owned(), |ty| value(ty, dice)));
            }
            Segment::Rest => target.push('x'),
        }
    }
    let mut query = Vec::new();
    for i in input(Location::Query) {
        if i.required && !dice.one_in(30) || dice.one_in(2) {
            query.push(format!("{}={}", i.name, value(model.types.get(i.ty), dice)));
        }
    }
    if dice.one_in(3) {
        query.push("flag=true".to_owned());
    }
    let mut headers = String::new();
    for i in input(Location::Header) {
        if !i.required && dice.one_in(2) {
            continue;
        }
        let _ = write!(
            headers,
            "{}: {}\r\n",
            i.name,
            value(model.types.get(i.ty), dice)
        );
    }
    for i in input(Location::Cookie) {
        if !i.required && dice.one_in(2) {
            continue;
        }
        let _ = write!(
            headers,
            "cookie: {}={}\r\n",
            i.name,
            value(model.types.get(i.ty), dice)
        );
    }
    let body = match &endpoint.body {
        Some(body) => {
            let wrong = [0, 0, 0, 10][dice.below(4)];
            answers::json(&model.types, body.ty, wrong, dice)
        }
        None => String::new(),
    };
    let method = endpoint.method.as_deref().unwrap_or("GET");
    format!(
        "{method} {target}?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        query.join("&"),
        body.len(),
    )
}

/// A scalar as it stands in a path, a query or a header.
fn scalar(model: &Model, ty: &Type, dice: &mut Dice) -> String {
    if dice.one_in(25) {
        return "%F0%9F%98%80".to_owned();
    }
    if let Some(value) = dice.pick(&ty.one_of) {
        return serde_json::from_str::<String>(value)
            .unwrap_or_else(|_| value.clone())
            .replace(' ', "%20");
    }
    match &ty.kind {
        Kind::Boolean => "true".to_owned(),
        Kind::Integer | Kind::Number => (1 + dice.below(9)).to_string(),
        Kind::List(inner) => scalar(model, model.types.get(*inner), dice),
        _ => match ty.format.as_deref() {
            Some("date-time") => "2026-01-02T03:04:05Z",
            Some("date") => "2026-01-02",
            Some("uuid") => "00000000-0000-4000-8000-000000000000",
            _ => ["abcdef", "10", "a"][dice.below(3)],
        }
        .to_owned(),
    }
}
