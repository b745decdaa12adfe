use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use crate::{Folder, command};

/// A `bff mock` that runs, and the address its one upstream listens on.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(folder: &Folder, arguments: &[&str]) -> Running {
        let mut child = std::process::Command::new(command().get_program())
            .current_dir(folder.path())
            .env_remove("BOOKS_URL")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        let address = address
            .unwrap_or_else(|| panic!("no address in `{line}`"))
            .to_owned();
        assert!(
            line.starts_with("books  http://")
                && line.contains("specs/upstreams/books.openapi.yaml (2 operations)"),
            "{line}"
        );
        Running { child, address }
    }

    /// Status and body of a GET.
    fn get(&self, path: &str) -> (u16, String) {
        let (host, base) = self.address.split_once('/').unwrap_or((&self.address, ""));
        let mut stream = TcpStream::connect(host).unwrap();
        let base = if base.is_empty() {
            String::new()
        } else {
            format!("/{base}")
        };
        write!(
            stream,
            "GET {base}{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A workspace whose upstream may listen anywhere.
fn folder(url: &str) -> Folder {
    let folder = Folder::fresh();
    folder.edit("specs/web.yaml", "${BOOKS_URL:-http://127.0.0.1:9001}", url);
    folder
}

#[test]
fn upstreams_answer_from_their_examples() {
    let folder = folder("${BOOKS_URL}");
    let mock = Running::start(&folder, &["mock", "books"]);
    for (path, status, part) in [
        ("/books/b-2", 200, "\"title\":\"Middlemarch\""),
        ("/books/b-1", 200, "\"title\":\"Emma\""),
        ("/books/b-9", 404, "\"status\":404"),
        ("/books/b-1/reviews?limit=1", 200, "Read it twice."),
        ("/books/b-2/reviews", 200, "All of life."),
        ("/shelves", 404, "The contract has no GET /shelves."),
    ] {
        let (found, body) = mock.get(path);
        assert_eq!(found, status, "{path} {body}");
        assert!(body.contains(part), "{path} {body}");
    }
    assert!(!mock.get("/books/b-2/reviews").1.contains("Read it twice."));
}

#[test]
fn a_base_path_is_part_of_the_address() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let folder = folder(&format!("http://127.0.0.1:{port}/v2"));
    let mock = Running::start(&folder, &["mock"]);
    assert_eq!(mock.address, format!("127.0.0.1:{port}/v2"));
    assert_eq!(mock.get("/books/b-1").0, 200);
}

/// Status of a request to a mock's address, without a body.
fn ask(address: &str, method: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn some_answers_are_errors_and_the_same_ones_in_every_run() {
    let folder = folder("${BOOKS_URL}");
    let run = || -> Vec<u16> {
        let mock = Running::start(&folder, &["mock", "--fail", "5%"]);
        let ask = |_| ask(&mock.address, "GET", "/books/b-1");
        (0..200).map(ask).collect()
    };
    let first = run();
    let failed = first.iter().filter(|status| **status == 503).count();
    assert!((2..=25).contains(&failed), "{failed} of 200");
    assert!(first.iter().all(|status| [200, 503].contains(status)));
    assert_eq!(run(), first);
}

#[test]
fn what_was_written_is_forgotten_when_asked_to() {
    let folder = folder("${BOOKS_URL}");
    folder.edit(
        "specs/upstreams/books.openapi.yaml",
        "  /books/{bookId}/reviews:",
        "    delete:\n      operationId: deleteBook\n      parameters:\n        - { name: id, in: path, required: true, \
         schema: { type: string } }\n      responses: { \"204\": { description: Gone. } }\n  /books/{bookId}/reviews:",
    );
    let mut child = std::process::Command::new(command().get_program())
        .current_dir(folder.path())
        .env_remove("BOOKS_URL")
        .args(["mock", "--latency", "1ms..2ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let rest = line.split("http://").nth(1).unwrap();
    let address = rest.split_whitespace().next().unwrap().to_owned();
    let mock = Running { child, address };
    for (method, path, status) in [
        ("GET", "/books/b-1", 200),
        ("DELETE", "/books/b-1", 204),
        ("GET", "/books/b-1", 404),
        ("POST", "/-/reset", 204),
        ("GET", "/books/b-1", 200),
    ] {
        assert_eq!(ask(&mock.address, method, path), status, "{method} {path}");
    }
}
