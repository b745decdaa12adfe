//! What upstreams may and may not say in HTTP/1.1, byte for byte (RFC 9112).

use crate::harness::World;
use crate::harness::client::{Ask, Got};
use crate::harness::script::{Answer, Delivery, Script};

async fn told(world: &World, bytes: &[u8]) -> Got {
    let answer = Answer::json(200, bytes).delivered(Delivery::Raw);
    world.script(Script::new("catalog", "GET /categories", answer));
    world.ask(&Ask::get("/api/categories")).await
}

#[tokio::test]
async fn answers_that_are_understood() {
    let world = World::start("web", &[]).await;
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n[]",
        "x-a: 1\r\n".repeat(60)
    );
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 200 \r\nContent-Length:   2  \r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]and more than was promised",
        "HTTP/1.0 200 OK\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;a=b\r\n[\r\n0001\r\n]\r\n0\r\nx-t: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA\r\n[        ]\r\n0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        &many,
    ] {
        let got = told(&world, bytes.as_bytes()).await;
        assert_eq!(
            (got.status.as_u16(), got.body.as_str()),
            (200, "[]"),
            "{bytes:?}: {got:?}"
        );
    }
}

/// None of them may be taken for an answer, and none may harm the next.
#[tokio::test]
async fn answers_that_are_refused() {
    let world = World::start("web", &[]).await;
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "x-a: 1\r\n".repeat(200_000));
    let wide = format!(
        "HTTP/1.1 200 OK\r\nx-a: {}\r\ncontent-length: 2\r\n\r\n[]",
        "a".repeat(2 << 20)
    );
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n[] ",
        "HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\n[] ",
        "HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: 2x\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-2\r\n[]\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n[]\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n[]",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff0\r\n[]",
        "HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "ICY 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\n: no name\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\nx a: b\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n[]",
        "HTTP/1.1 200 OK\r\ncontent-length",
        "\r\n",
        &endless,
        &wide,
    ] {
        let shown = &bytes[..bytes.len().min(100)];
        let got = told(&world, bytes.as_bytes()).await;
        assert_eq!(got.status, 502, "{shown:?}: {got:?}");
        world.script(Script::new(
            "catalog",
            "GET /categories",
            Answer::json(200, "[ ]"),
        ));
        let got = world.ask(&Ask::get("/api/categories")).await;
        assert_eq!(
            (got.status.as_u16(), got.body.as_str()),
            (200, "[]"),
            "after {shown:?}"
        );
    }
}

/// With both a coding and a length the coding counts; to refuse is as good, to believe the length is not.
#[tokio::test]
async fn a_length_beside_chunks_is_not_believed() {
    let world = World::start("web", &[]).await;
    let chunks = "7\r\n[      \r\n1\r\n]\r\n0\r\n\r\n";
    for length in [2, 3, 100] {
        let bytes = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
        );
        let got = told(&world, bytes.as_bytes()).await;
        assert!(got.status == 502 || got.body == "[]", "{length}: {got:?}");
    }
}
