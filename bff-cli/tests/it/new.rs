//! `bff new`: what it proposes, from contracts of all kinds.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::Folder;

/// Contracts others wrote, none if they aren't there; required, they must be.
fn fixtures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/openapi");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
        "the fixtures are required and not there"
    );
    eprintln!("skipped: there is no {}", folder.display());
    None
}

fn shop(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/upstreams");
    folder
        .join(name)
        .canonicalize()
        .unwrap()
        .display()
        .to_string()
}

/// What is proposed for the shop is as expected: `tests/new/shop.yaml`, written anew with `BLESS=1`.
#[test]
fn lists_items_and_joins_are_proposed() {
    let folder = Folder::fresh();
    let (catalog, orders) = (shop("catalog.openapi.yaml"), shop("orders.openapi.yaml"));
    let people = format!("people={}", shop("users.openapi.yaml"));
    folder
        .bff(&[
            "new", "all", "--from", &catalog, &orders, &people, "--writes",
        ])
        .expect(
            0,
            &[],
            &[
                "Wrote specs/upstreams/people.openapi.yaml",
                "Wrote specs/all.yaml: 18 endpoints",
                "Next:\n  bff check all     14 warnings",
                "bff up all",
            ],
        );
    let found = folder.read("specs/all.yaml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/new/shop.yaml");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(path).unwrap());
    folder.bff(&["generate"]).expect(0, &[], &[]);
}

#[test]
fn what_is_proposed_for_contracts_others_wrote_checks_and_generates() {
    let Some(fixtures) = fixtures() else { return };
    let folder = Folder::fresh();
    for (file, endpoints, more) in [
        ("petstore-3.0.yaml", 7, &[][..]),
        ("redocly-museum.yaml", 8, &["--writes"]),
        ("realworld-conduit.yaml", 19, &["--writes"]),
        ("box.json", 40, &["--endpoints", "40"]),
        (
            "twilio-api-v2010.json",
            40,
            &["--endpoints", "40", "--writes"],
        ),
    ] {
        let name = file.split(['-', '.']).next().unwrap();
        let contract = fixtures.join(file).display().to_string();
        let arguments = [&["new", name, "--from", &contract], more].concat();
        let told = format!("Wrote specs/{name}.yaml: {endpoints} endpoints");
        folder.bff(&arguments).expect(0, &[], &[&told]);
        let spec = folder.read(&format!("specs/{name}.yaml"));
        assert!(!spec.contains("Left out"), "{spec}");
    }
    folder
        .bff(&["check"])
        .expect(0, &[], &["checked 6 specs: "]);
    folder.bff(&["generate"]).expect(0, &[], &[]);
    folder.bff(&["generate", "--check"]).expect(0, &[], &[]);
}

#[test]
fn swagger_is_read() {
    let Some(fixtures) = fixtures() else { return };
    let folder = Folder::fresh();
    let contract = fixtures.join("netlify-swagger2.yaml").display().to_string();
    folder
        .bff(&["new", "netlify", "--from", &contract])
        .expect(0, &[], &[]);
    folder.bff(&["check", "netlify"]).expect(0, &[], &[]);
    folder.bff(&["generate", "netlify"]).expect(0, &[], &[]);
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let folder = Folder::fresh();
    let books = folder.read("specs/upstreams/books.openapi.yaml");
    let before = folder.read("specs/web.yaml");
    folder.write("else/books.openapi.yaml", &books.replace("Books", "Others"));
    folder.write("specs/odd.yaml", "bff: named\nendpoints: {}\n");
    for (name, from, told, remedy) in [
        (
            "web",
            "specs/upstreams/books.openapi.yaml",
            "error: specs/web.yaml is there already",
            "help: give the frontend another name",
        ),
        (
            "named",
            "specs/upstreams/books.openapi.yaml",
            "error: specs/odd.yaml is there already",
            "help: give the frontend another name",
        ),
        (
            "My_App",
            "specs/upstreams/books.openapi.yaml",
            "error: `My_App` is no name in kebab-case",
            "help: write `my-app`",
        ),
    ] {
        folder
            .bff(&["new", name, "--from", from])
            .expect(1, &[], &[told, remedy]);
    }
    // A contract of the workspace stays where it is, one from elsewhere takes no other's place.
    folder
        .bff(&[
            "new",
            "mine",
            "--from",
            "specs/upstreams/books.openapi.yaml",
        ])
        .expect(0, &[], &["Wrote specs/mine.yaml: 2 endpoints"]);
    let other = Folder::with(&[("books.openapi.yaml", &books.replace("Books", "Others"))]);
    let other = other
        .path()
        .join("books.openapi.yaml")
        .display()
        .to_string();
    folder.bff(&["new", "theirs", "--from", &other]).expect(
        1,
        &[],
        &[
            "specs/upstreams/books.openapi.yaml is there already and says something else",
            "help: name the file itself",
        ],
    );
    let named = format!("others={other}");
    folder.bff(&["new", "theirs", "--from", &named]).expect(
        0,
        &[],
        &["Wrote specs/upstreams/others.openapi.yaml"],
    );
    assert_eq!(folder.read("specs/web.yaml"), before);
    assert_eq!(folder.read("specs/upstreams/books.openapi.yaml"), books);
}

#[test]
fn an_upstream_that_others_share_is_used() {
    let folder = Folder::fresh();
    folder.write(
        "specs/shop.yaml",
        "upstreams:\n  library: { contract: upstreams/books.openapi.yaml, url: \"${LIBRARY_URL}\" }\n\
         auth:\n  people: { jwt: { issuer: \"${ISSUER}\", audience: shop } }\n",
    );
    folder
        .bff(&[
            "new",
            "mine",
            "--from",
            "specs/upstreams/books.openapi.yaml",
        ])
        .expect(0, &[], &["Wrote specs/mine.yaml: 2 endpoints"]);
    let spec = folder.read("specs/mine.yaml");
    for part in [
        "use: [shop.yaml]",
        "defaults: { auth: people }",
        "library.getBook(id = path.id)",
    ] {
        assert!(spec.contains(part), "{spec}");
    }
    assert!(!spec.contains("upstreams:"), "{spec}");
    folder.bff(&["check", "mine"]).expect(0, &[], &[]);
}

#[test]
fn contracts_are_fetched_with_what_they_refer_to() {
    let main = "openapi: 3.1.0\ninfo: { title: x, version: '1' }\npaths:\n  /things/{id}:\n    get:\n      operationId: getThing\n      \
                parameters: [{ name: id, in: path, required: true, schema: { type: string } }]\n      responses:\n        '200':\n          \
                description: It.\n          content: { application/json: { schema: { $ref: 'parts/thing.yaml' } } }\n";
    let thing = "type: object\nproperties:\n  id: { type: string }\n  name: { type: string }\n";
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut socket, _) = server.accept().unwrap();
            let mut head = [0; 4096];
            let read = socket.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let body = match head.split(' ').nth(1) {
                Some("/api/things.yaml") => main,
                Some("/api/parts/thing.yaml") => thing,
                other => panic!("{other:?}"),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    let folder = Folder::fresh();
    let url = format!("http://{address}/api/things.yaml");
    folder.bff(&["new", "mine", "--from", &url]).expect(
        0,
        &[],
        &[
            "Wrote specs/upstreams/things/parts/thing.yaml",
            "Wrote specs/upstreams/things/things.yaml",
        ],
    );
    served.join().unwrap();
    assert!(
        folder
            .read("specs/mine.yaml")
            .contains("...thing { id name }")
    );
    folder.bff(&["check", "mine"]).expect(0, &[], &[]);
}

#[test]
fn a_contract_that_cannot_be_read_is_told_of() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = Folder::fresh();
    folder.write("notes.txt", "just: notes\n");
    let away = format!("http://{closed}/openapi.json");
    for (from, told, remedy) in [
        (
            "gone.yaml",
            "error: cannot read gone.yaml: no such file",
            "help: name a contract",
        ),
        (
            "notes.txt",
            "error: notes.txt: this is no OpenAPI contract",
            "help: ",
        ),
        (
            away.as_str(),
            "/openapi.json: no connection can be made",
            "A file will do as well",
        ),
        (
            "http://[",
            "error: http://[ is no URL",
            "help: name a file, or a URL",
        ),
    ] {
        folder
            .bff(&["new", "mine", "--from", from])
            .expect(1, &[], &[told, remedy]);
        assert!(!folder.path().join("specs/mine.yaml").exists());
    }
}
