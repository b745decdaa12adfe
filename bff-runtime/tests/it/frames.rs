//! An HTTP/2 client that sends exactly the frames it is told to (RFC 9113), and answers pings and settings.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(content);
    frame
}

/// `GET path`, whole.
pub(crate) fn request(stream: u32, path: &str) -> Vec<u8> {
    headers(stream, 0x82, path, 5)
}

/// `POST path`, whose body follows.
pub(crate) fn open_request(stream: u32, path: &str) -> Vec<u8> {
    headers(stream, 0x83, path, 4)
}

/// By the static table of RFC 7541.
fn headers(stream: u32, method: u8, path: &str, flags: u8) -> Vec<u8> {
    let mut block = vec![
        method,
        0x86,
        0x01,
        1,
        b'a',
        0x04,
        u8::try_from(path.len()).unwrap(),
    ];
    block.extend(path.as_bytes());
    frame(HEADERS, flags, stream, &block)
}

/// `SETTINGS_INITIAL_WINDOW_SIZE`
pub(crate) fn window_of_new_streams(size: u32) -> Vec<u8> {
    let mut content = vec![0, 4];
    content.extend(size.to_be_bytes());
    frame(SETTINGS, 0, 0, &content)
}

/// A connection.
pub(crate) struct Two {
    stream: TcpStream,
    /// Bytes heard so far.
    pub(crate) heard: usize,
}

impl Two {
    /// One that has introduced itself.
    pub(crate) async fn connect(addr: SocketAddr) -> Two {
        let stream = TcpStream::connect(addr).await.unwrap();
        let mut two = Two { stream, heard: 0 };
        two.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        two.say(&frame(SETTINGS, 0, 0, &[])).await;
        two
    }

    pub(crate) async fn say(&mut self, frames: &[u8]) {
        self.try_say(frames).await.unwrap();
    }

    pub(crate) async fn try_say(&mut self, frames: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(frames).await
    }

    /// The next frame; none at the end.
    async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, s, t, u, v] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let mut content = vec![0; length];
        self.stream.read_exact(&mut content).await.ok()?;
        self.heard += 9 + length;
        match kind {
            // Whoever doesn't hear any more may still have said something.
            SETTINGS if flags & ACK == 0 => {
                let _ = self.try_say(&frame(SETTINGS, ACK, 0, &[])).await;
            }
            PING if flags & ACK == 0 => {
                let _ = self.try_say(&frame(PING, ACK, 0, &content)).await;
            }
            _ => {}
        }
        Some((kind, u32::from_be_bytes([s, t, u, v]), content))
    }

    /// What the next frame of this kind and stream holds.
    pub(crate) async fn until(&mut self, kind: u8, stream: u32) -> Vec<u8> {
        loop {
            let next = self.next().await;
            let (its, own, content) =
                next.unwrap_or_else(|| panic!("no frame {kind} of stream {stream}"));
            if (its, own) == (kind, stream) {
                return content;
            }
        }
    }

    /// Reads until the other side closes.
    pub(crate) async fn ended(&mut self) {
        while self.next().await.is_some() {}
    }
}
