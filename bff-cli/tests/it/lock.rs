//! `bff lock`: what is fetched, what is written, and what every other command makes of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::Folder;

const CONTRACT: &str = "\
openapi: 3.0.3
info: { title: Things, version: '1' }
paths:
  /things/{id}:
    get:
      operationId: getThing
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses:
        200: { description: it, content: { application/json: { schema: { $ref: 'parts/thing.yaml#/Thing' } } } }
";

const PART: &str = "Thing: { type: object, properties: { name: { type: string } } }\n";

/// A server of documents; each connection is one request.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    documents: Arc<Mutex<BTreeMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn with(documents: &[(&str, &str)]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            documents: Arc::default(),
            asked: Arc::default(),
        };
        for (path, text) in documents {
            server.set(path, text);
        }
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = serving.answer(stream.unwrap());
            }
        });
        server
    }

    fn set(&self, path: &str, text: &str) {
        let mut documents = self.documents.lock().unwrap();
        documents.insert(path.to_owned(), text.to_owned());
    }

    /// `-> PATH` sends on to there; what isn't there is 404.
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let found = self.documents.lock().unwrap().get(&path).cloned();
        self.asked.lock().unwrap().push(path);
        let (status, more, text) = match found {
            Some(text) => match text.strip_prefix("-> ") {
                Some(to) => ("302 Found", format!("location: {to}\r\n"), String::new()),
                None => ("200 OK", String::new(), text),
            },
            None => ("404 Not Found", String::new(), String::new()),
        };
        let length = text.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n{text}"
        )
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A workspace whose one spec names a contract.
fn workspace(contract: &str) -> Folder {
    let spec = format!(
        "bff: web\nupstreams:\n  things: {{ contract: \"{contract}\", url: \"${{URL}}\" }}\nendpoints:\n  \
         GET /things/{{id}}:\n    auth: none\n    calls:\n      thing: things.getThing(id = path.id)\n    \
         response: \"name: thing.name\"\n"
    );
    Folder::with(&[("Cargo.toml", "[workspace]\n"), ("specs/web.yaml", &spec)])
}

fn copies(folder: &Folder) -> Vec<String> {
    let path = folder.path().join("specs/fetched");
    let Ok(hosts) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let files = hosts.flat_map(|host| std::fs::read_dir(host.unwrap().path()).unwrap());
    let mut files: Vec<String> = files
        .map(|file| {
            file.unwrap()
                .path()
                .strip_prefix(folder.path())
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_named_by_url_is_fetched_once_and_locked() {
    let server = Server::with(&[
        ("/v1/things.yaml", CONTRACT),
        ("/v1/parts/thing.yaml", PART),
    ]);
    let folder = workspace(&server.url("/v1/things.yaml"));
    folder.bff(&["check"]).expect(
        1,
        &[],
        &["E0001", "it is not in bff.lock; `bff lock` fetches it"],
    );
    assert_eq!(server.asked(), [""; 0], "only `bff lock` fetches");

    let done = folder.bff(&["lock"]);
    done.expect(0, &[], &["new     http://", "2 documents in bff.lock"]);
    assert_eq!(server.asked(), ["/v1/things.yaml", "/v1/parts/thing.yaml"]);
    assert_eq!(copies(&folder).len(), 2);
    let lock = folder.read("bff.lock");
    for part in [
        "version = 1",
        "[[document]]",
        "url = \"http://",
        "sha256 = \"",
    ] {
        assert!(lock.contains(part), "{lock}");
    }
    folder.bff(&["check"]).expect(0, &[], &["checked 1 spec"]);
    folder.bff(&["lock"]).expect(0, &[], &["2 documents"]);
    assert_eq!(server.asked(), [""; 0], "what is locked isn't fetched");
    assert_eq!(folder.read("bff.lock"), lock);

    server.set("/v1/parts/thing.yaml", &PART.replace("name", "title"));
    folder.bff(&["check"]).expect(0, &[], &[]);
    folder
        .bff(&["lock", "--check"])
        .expect(1, &[], &["changed http://", "thing.yaml", "--update"]);
    assert_eq!(folder.read("bff.lock"), lock);
    folder
        .bff(&["lock", "--update"])
        .expect(0, &[], &["changed http://"]);
    assert_ne!(folder.read("bff.lock"), lock);
    folder.bff(&["check"]).expect(1, &[], &["E0502"]);
    folder
        .bff(&["lock", "--check"])
        .expect(0, &[], &["all is as it is locked"]);

    // While a spec is broken, nobody knows what it names.
    let spec = folder.read("specs/web.yaml");
    let locked = folder.read("bff.lock");
    folder.write("specs/web.yaml", "bff: web\nendpoints: [\n");
    folder.bff(&["lock"]).expect(0, &[], &["2 documents"]);
    assert_eq!(folder.read("bff.lock"), locked);
    folder.write("specs/web.yaml", &spec.replace("thing.name", "thing.title"));

    // What nothing names any more goes.
    server.set(
        "/v1/things.yaml",
        &CONTRACT.replace(
            "{ $ref: 'parts/thing.yaml#/Thing' }",
            "{ type: object, properties: { title: { type: string } } }",
        ),
    );
    folder.bff(&["lock", "--update"]).expect(
        0,
        &[],
        &["gone    http://", "1 document in bff.lock"],
    );
    assert_eq!(copies(&folder).len(), 1);
}

#[test]
fn a_copy_that_is_gone_or_edited_is_told_and_mended() {
    let server = Server::with(&[("/things.yaml", CONTRACT), ("/parts/thing.yaml", PART)]);
    let folder = workspace(&server.url("/things.yaml"));
    folder.bff(&["lock"]).expect(0, &[], &[]);
    let copy = copies(&folder)
        .into_iter()
        .find(|copy| copy.contains("/things-"))
        .unwrap();
    for (damage, told) in [
        (
            Some("openapi: 3.0.0\n"),
            "is not what bff.lock says; `bff lock` fetches it again",
        ),
        (None, "is gone; `bff lock` fetches it again"),
    ] {
        match damage {
            Some(text) => folder.write(&copy, text),
            None => std::fs::remove_file(folder.path().join(&copy)).unwrap(),
        }
        folder.bff(&["check"]).expect(1, &[], &["E0001", told]);
        folder.bff(&["lock"]).expect(0, &[], &[]);
        folder.bff(&["check"]).expect(0, &[], &[]);
    }
    // The same, but the URL holds something else by now.
    server.set("/things.yaml", &CONTRACT.replace("getThing", "readThing"));
    std::fs::remove_file(folder.path().join(&copy)).unwrap();
    let lock = folder.read("bff.lock");
    folder.bff(&["lock"]).expect(
        1,
        &[],
        &["it has changed since it was locked", "`bff lock --update`"],
    );
    assert_eq!(folder.read("bff.lock"), lock);
    folder.write("bff.lock", "version = 7\n");
    folder
        .bff(&["lock"])
        .expect(1, &[], &["bff.lock is broken", "help: "]);
    folder
        .bff(&["check"])
        .expect(1, &[], &["bff.lock is broken"]);
}

#[test]
fn what_no_spec_needs_may_be_missing() {
    let other = "  /others:
    get:
      operationId: listOthers
      responses:
        200: { description: all, content: { application/json: { schema: { $ref: 'parts/gone.yaml#/Other' } } } }
";
    let server = Server::with(&[
        ("/things.yaml", &format!("{CONTRACT}{other}")),
        ("/parts/thing.yaml", PART),
    ]);
    let folder = workspace(&server.url("/things.yaml"));
    let told = "parts/gone.yaml: it answers 404; no spec needs it";
    folder
        .bff(&["lock"])
        .expect(0, &[], &[told, "2 documents in bff.lock"]);
    folder.bff(&["check"]).expect(0, &[], &[]);
    folder
        .bff(&["lock", "--check"])
        .expect(0, &[], &[told, "all is as it is locked"]);

    // Once one does, that is an error.
    let spec = folder.read("specs/web.yaml");
    let more = "  GET /others:\n    auth: none\n    calls:\n      others: things.listOthers()\n    \
                response: \"others\"\n";
    folder.write("specs/web.yaml", &format!("{spec}{more}"));
    let done = folder.bff(&["lock"]);
    done.expect(1, &[], &["parts/gone.yaml: it answers 404"]);
    assert!(!done.err.contains("no spec needs it"), "{}", done.err);
    folder.bff(&["check"]).expect(1, &[], &["gone.yaml"]);
}

#[test]
fn what_cannot_be_fetched_is_told() {
    let server = Server::with(&[
        ("/on.yaml", "-> /there.yaml"),
        ("/there.yaml", CONTRACT),
        ("/parts/thing.yaml", PART),
        ("/round.yaml", "-> /round.yaml"),
        ("/away.yaml", "-> http://example.com/x.yaml"),
    ]);
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (contract, code, told) in [
        (server.url("/on.yaml"), 0, "2 documents"),
        (server.url("/gone.yaml"), 1, "it answers 404"),
        (server.url("/round.yaml"), 1, "leads on more than 5 times"),
        (server.url("/away.yaml"), 1, "only https is fetched"),
        (
            format!("http://{closed}/x.yaml"),
            1,
            "no connection can be made",
        ),
        (
            "http://contracts.example.com/x.yaml".to_owned(),
            1,
            "only https is fetched",
        ),
    ] {
        let folder = workspace(&contract);
        folder.bff(&["lock"]).expect(code, &[], &[told]);
        if code == 1 {
            assert_eq!(copies(&folder), [""; 0], "{contract}");
        }
    }
}
