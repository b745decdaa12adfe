use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Stdio};

use crate::{Folder, command};

/// A `bff dev` or `bff up` that runs.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(folder: &Folder, arguments: &[&str], set: &[(&str, &str)]) -> Running {
        let mut child = std::process::Command::new(command().get_program())
            .current_dir(folder.path())
            .env_remove("BOOKS_URL")
            .env_remove("BFF_LOG")
            .envs(set.iter().copied())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    /// The next line of stdout that starts with this word.
    pub(crate) fn line(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(
                self.out.read_line(&mut line).unwrap() > 0,
                "it ended before a line of `{word}`"
            );
            if line.split(' ').next() == Some(word) {
                return line;
            }
        }
    }

    /// Asks it to end, and waits: its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        let id = i32::try_from(self.child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }

    fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in a part's line.
fn address(line: &str) -> &str {
    let rest = line.split("http://").nth(1).unwrap();
    rest.split([' ', '/']).next().unwrap()
}

/// The whole answer to a GET.
fn get(address: &str, path: &str, accept: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn expect(answer: &str, status: u16, parts: &[&str]) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    for part in parts {
        assert!(answer.contains(part), "no `{part}` in {answer}");
    }
}

const BOOK: &str = "/api/books/b-1";

#[test]
fn every_change_is_answered_anew() {
    let folder = Folder::fresh();
    let mut dev = Running::start(&folder, &["dev", "web"], &[]);
    let line = dev.line("web");
    assert!(
        line.contains("answers; for operators http://127.0.0.1:"),
        "{line}"
    );
    let at = address(&line).to_owned();
    let json = "application/json";
    expect(&get(&at, BOOK, json), 200, &["\"title\":\"Emma\""]);

    folder.edit("specs/web.yaml", "id title", "id heading: title");
    assert!(dev.line("web").contains("answers ("));
    expect(&get(&at, BOOK, json), 200, &["\"heading\":\"Emma\""]);

    folder.edit("specs/web.yaml", "heading: title", "heading: titel");
    assert!(dev.line("web").contains("503 to everybody: 1 error"));
    let told = ["application/problem+json", "E0502", "did you mean `title`?"];
    expect(&get(&at, BOOK, json), 503, &told);
    let told = [
        "text/html",
        "<h1>web: 1 error</h1>",
        "^^^^^",
        "http-equiv=\"refresh\"",
    ];
    expect(&get(&at, BOOK, "text/html,*/*"), 503, &told);

    // A contract counts as much as a spec, and its mock follows.
    folder.edit("specs/web.yaml", "heading: titel", "heading: title");
    assert!(dev.line("web").contains("answers ("));
    folder.edit(
        "specs/upstreams/books.openapi.yaml",
        "title: Emma",
        "title: Emma II",
    );
    assert!(dev.line("web").contains("answers ("));
    expect(&get(&at, BOOK, json), 200, &["\"heading\":\"Emma II\""]);

    assert_eq!(dev.end(), Some(0));
    assert!(TcpStream::connect(&at).is_err(), "nobody listens any more");
    assert!(
        !folder.path().join("bffs").exists(),
        "nothing was generated"
    );
}

#[test]
fn mocks_remember_across_edits_of_a_spec() {
    let folder = Folder::fresh();
    let delete = "    delete:\n      operationId: deleteBook\n      parameters:\n        - { name: id, in: path, required: true, \
                  schema: { type: string } }\n      responses: { \"204\": { description: Gone. } }\n  /books/{bookId}/reviews:";
    let contract = "specs/upstreams/books.openapi.yaml";
    folder.edit(contract, "  /books/{bookId}/reviews:", delete);
    let mut dev = Running::start(&folder, &["dev", "web"], &[]);
    let mock = address(&dev.line("books")).to_owned();
    let at = address(&dev.line("web")).to_owned();
    let json = "application/json";
    expect(&get(&at, BOOK, json), 200, &["\"title\":\"Emma\""]);
    let mut stream = TcpStream::connect(&mock).unwrap();
    let request = "DELETE /books/b-1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    expect(&text, 204, &[]);

    folder.edit("specs/web.yaml", "id title", "id heading: title");
    assert!(dev.line("web").contains("answers ("));
    expect(&get(&at, BOOK, json), 404, &[]);
    expect(&get(&at, "/api/books/b-2", json), 200, &["\"heading\""]);

    // Another contract is another upstream: it starts anew, at its old address.
    folder.edit(contract, "title: Emma", "title: Emma II");
    assert!(dev.line("web").contains("answers ("));
    expect(&get(&at, BOOK, json), 200, &["\"heading\":\"Emma II\""]);
    assert_eq!(dev.end(), Some(0));
}

#[test]
fn keys_in_files_have_stand_ins() {
    let folder = Folder::fresh();
    let spec = folder.read("specs/web.yaml");
    let spec = spec.replace(
        "defaults: { auth: none",
        "auth:\n  partner:\n    api_key: { keys: \"${file:/nowhere/partner.keys}\" }\ndefaults: { auth: partner",
    );
    let spec = spec.replace(
        "books.openapi.yaml\n",
        "books.openapi.yaml\n    headers: { x-api-key: \"${file:/nowhere/books_key}\" }\n",
    );
    folder.write("specs/web.yaml", &spec);
    let mut dev = Running::start(&folder, &["dev", "web"], &[]);
    let line = dev.line("files");
    let told = "development values for /nowhere/books_key, /nowhere/partner.keys";
    assert!(line.contains(told), "{line}");
    let at = address(&dev.line("web")).to_owned();
    let json = "application/json";
    expect(&get(&at, BOOK, json), 401, &[]);
    let key = folder.read("target/bff-up/web.auth");
    let with_key = format!("{json}\r\n{}", key.trim_end());
    expect(&get(&at, BOOK, &with_key), 200, &["\"title\":\"Emma\""]);
    let value = folder.read("target/bff-up/files/nowhere/books_key");
    assert_eq!(value, "dev-books-key\n");
    assert_eq!(dev.end(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn specs_come_and_go() {
    let folder = Folder::fresh();
    let mut dev = Running::start(&folder, &["dev"], &[]);
    dev.line("web");
    let other = folder
        .read("specs/web.yaml")
        .replace("bff: web", "bff: app");
    folder.write("specs/app.yaml", &other);
    let at = address(&dev.line("app")).to_owned();
    expect(&get(&at, BOOK, "*/*"), 200, &["Emma"]);
    let before = listening(dev.id()).len();
    std::fs::remove_file(folder.path().join("specs/app.yaml")).unwrap();
    folder.edit("specs/web.yaml", "id title", "id name: title");
    dev.line("web");
    let gone = before - listening(dev.id()).len();
    assert!(gone >= 2, "its two addresses are closed: {gone}");
}

#[test]
fn upstreams_that_do_not_answer_are_mocked() {
    let folder = Folder::fresh();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = format!("http://{}", upstream.local_addr().unwrap());
    let mut dev = Running::start(&folder, &["dev"], &[("BOOKS_URL", &there)]);
    let line = dev.line("books");
    assert!(
        line.contains(&there) && line.contains("as BOOKS_URL says"),
        "{line}"
    );
    drop(dev);
    drop(upstream);
    let mut dev = Running::start(&folder, &["dev"], &[("BOOKS_URL", &there)]);
    let line = dev.line("books");
    let why = format!(
        "mock of specs/upstreams/books.openapi.yaml; nobody answers at {there}, where BOOKS_URL leads"
    );
    assert!(line.contains(&why), "{line}");
    let at = address(&dev.line("web")).to_owned();
    expect(&get(&at, BOOK, "*/*"), 200, &["Emma"]);
}

#[test]
fn a_wrong_spec_is_no_reason_to_end() {
    let folder = Folder::fresh();
    folder.edit("specs/web.yaml", "id title", "id titel");
    let mut dev = Running::start(&folder, &["dev"], &[]);
    let line = dev.line("web");
    assert!(line.contains("503 to everybody: 1 error"), "{line}");
    let at = address(&line).to_owned();
    expect(&get(&at, BOOK, "*/*"), 503, &["E0502"]);
    folder.edit("specs/web.yaml", "id titel", "id title");
    assert!(dev.line("web").contains("answers ("));
    expect(&get(&at, BOOK, "*/*"), 200, &["Emma"]);
}

/// The addresses a process listens on, as the kernel has them.
#[cfg(target_os = "linux")]
fn listening(process: u32) -> Vec<String> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            let link = link.to_string_lossy().into_owned();
            let inode = link.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = std::fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // State 0A listens.
            if fields[3] == "0A" && sockets.iter().any(|inode| inode == fields[9]) {
                found.push(fields[1].split(':').next().unwrap().to_owned());
            }
        }
    }
    found
}

#[cfg(target_os = "linux")]
#[test]
fn only_loopback_is_listened_on() {
    let folder = Folder::fresh();
    let mut dev = Running::start(&folder, &["dev"], &[]);
    dev.line("web");
    let found = listening(dev.id());
    // The mock, the frontend's two addresses, the gateway's two.
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(
        found.iter().all(|address| address == "0100007F"),
        "{found:?}"
    );
}

/// A stand-in for cargo that runs these lines of shell.
#[cfg(unix)]
fn cargo(folder: &Folder, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join("cargo.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn what_cargo_says_of_hooks_is_answered() {
    let folder = Folder::fresh();
    folder.edit(
        "specs/web.yaml",
        "    response: |",
        "    transform: tidy\n    response: |",
    );
    let cargo = cargo(
        &folder,
        "echo 'error[E0308]: mismatched types' >&2; exit 101",
    );
    let mut dev = Running::start(&folder, &["dev"], &[("CARGO", &cargo)]);
    let line = dev.line("web");
    assert!(
        line.contains("is being built, since `GET /books/{id}` goes through a function of hooks.rs; requests wait"),
        "{line}"
    );
    let line = dev.line("web");
    assert!(
        line.contains("503 to everybody: cargo could not build web-bff"),
        "{line}"
    );
    let told = ["error[E0308]: mismatched types", "application/problem+json"];
    expect(&get(address(&line), BOOK, "*/*"), 503, &told);
    assert!(folder.read("bffs/web/src/hooks.rs").contains("fn tidy"));
}

/// A gateway that says its process and never gets ready.
#[cfg(unix)]
const SILENT: &str = r#"
cat > gateway.sh <<'END'
#!/bin/sh
echo "gateway $$"
exec sleep 600
END
chmod +x gateway.sh
echo "{\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"web-bff\"},\"executable\":\"$PWD/gateway.sh\"}""#;

#[cfg(target_os = "linux")]
#[test]
fn ending_ends_the_children_too() {
    for command in ["up", "dev"] {
        let folder = Folder::fresh();
        folder.edit(
            "specs/web.yaml",
            "    response: |",
            "    transform: tidy\n    response: |",
        );
        let cargo = cargo(&folder, SILENT);
        let mut running = Running::start(&folder, &[command], &[("CARGO", &cargo)]);
        let line = running.line("gateway");
        let child = line.trim().strip_prefix("gateway ").unwrap().to_owned();
        // One that nobody has asked about since its end (Z) has ended.
        let alive = || {
            let stat = std::fs::read_to_string(format!("/proc/{child}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        assert!(alive());
        assert_eq!(running.end(), Some(0), "{command}");
        assert!(!alive(), "{command} left its gateway behind");
    }
}

#[cfg(unix)]
#[test]
fn a_gateway_that_dies_ends_up() {
    let folder = Folder::fresh();
    let dies = SILENT.replace("exec sleep 600", "exit 7");
    let cargo = cargo(&folder, &dies);
    let output = command()
        .current_dir(folder.path())
        .env("CARGO", cargo)
        .args(["up", "--port-base", "0"])
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("error: web-bff stopped (exit status: 7); what it says is above"),
        "{err}"
    );
}

#[test]
fn a_taken_port_is_told_of() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    Folder::fresh().bff(&["dev", "--port-base", &port]).expect(
        1,
        &[],
        &[
            &format!("error: port {port} on 127.0.0.1 is taken, and web should listen there"),
            "help: stop what listens there, or name another --port-base",
        ],
    );
}
