//! A frontend: one request over a connection of its own, as it is written, and the answer with every byte of it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::patiently;

/// What a frontend asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Path and query, sent as they are.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What it gets.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn get(target: &str) -> Ask {
        Ask {
            method: "GET".to_owned(),
            target: target.to_owned(),
            ..Ask::default()
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Ask {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(mut self, method: &str, body: &str) -> Ask {
        self.method = method.to_owned();
        self.body = body.as_bytes().to_vec();
        self.header("content-type", "application/json")
    }

    /// Sends it and waits for the answer's last byte; a gateway that never answers fails the test.
    pub(crate) async fn send(&self, to: SocketAddr) -> Got {
        patiently(
            &format!("{} {}", self.method, self.target),
            self.exchange(to),
        )
        .await
    }

    async fn exchange(&self, to: SocketAddr) -> Got {
        let stream = TcpStream::connect(to).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let method: Method = self.method.parse().unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(&self.target)
            .header("host", "shop.example");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(self.body.clone())))
            .unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        connection.abort();
        Got {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
