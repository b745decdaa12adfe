//! Both ends of an exchange in the test's own hands: what the client writes, what the upstream reads, byte by byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use bff_runtime::Running;
use bff_runtime::plan::Bff;

use crate::tables::start_with;

/// A gateway, and the upstream it passes through to.
pub(crate) struct Pair {
    pub(crate) gateway: Running,
    upstream: TcpListener,
}

impl Pair {
    pub(crate) async fn start(bff: &'static Bff) -> Pair {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", upstream.local_addr().unwrap());
        let variables = [("ALPHA_URL", url.as_str()), ("BETA_URL", url.as_str())];
        let gateway = start_with(bff, &variables).await;
        Pair { gateway, upstream }
    }

    /// A client that has said this.
    pub(crate) async fn client(&self, said: &str) -> End {
        let mut end = End::of(TcpStream::connect(self.gateway.addr).await.unwrap());
        end.say(said).await;
        end
    }

    /// The upstream's side of the next connection.
    pub(crate) async fn upstream(&self) -> End {
        End::of(self.upstream.accept().await.unwrap().0)
    }

    /// The upstream's address.
    pub(crate) fn authority(&self) -> String {
        self.upstream.local_addr().unwrap().to_string()
    }
}

/// One end of a connection.
pub(crate) struct End {
    pub(crate) stream: TcpStream,
    heard: Vec<u8>,
}

impl End {
    fn of(stream: TcpStream) -> End {
        End {
            stream,
            heard: Vec::new(),
        }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// What comes up to and with this text.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        loop {
            let all = String::from_utf8_lossy(&self.heard).into_owned();
            if let Some(at) = all.find(text) {
                self.heard.drain(..at + text.len());
                return all[..at + text.len()].to_owned();
            }
            let read = self.stream.read_buf(&mut self.heard).await.unwrap();
            assert!(read > 0, "ended before {text:?}: {all:?}");
        }
    }

    /// The head of a message.
    pub(crate) async fn head(&mut self) -> String {
        self.until("\r\n\r\n").await
    }

    /// All there is until the other side ends.
    pub(crate) async fn rest(&mut self) -> String {
        while self.stream.read_buf(&mut self.heard).await.unwrap_or(0) > 0 {}
        String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned()
    }
}
