//! Runs a case: its conditions, its commands, and what must come of them.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use super::format::{Case, Step};
use crate::Folder;

/// A user who owns nothing and may nothing: root may write what is read-only.
const NOBODY: u32 = 65_534;

/// What holds while a case runs.
struct World {
    folder: Folder,
    /// `[NAME]` and what it stands for.
    names: Vec<(String, String)>,
    held: Vec<TcpListener>,
    env: BTreeMap<String, String>,
    read_only: Vec<String>,
    small_files: bool,
    interrupt: Option<String>,
    before: BTreeMap<String, Vec<u8>>,
    /// The command where who isn't root can run it too, wherever the workspace lies.
    for_everybody: Option<tempfile::TempDir>,
}

/// What a command did.
#[derive(Default)]
struct Done {
    out: String,
    err: String,
    /// Whether a block spoke of it.
    told: (bool, bool),
}

pub(super) fn run(shared: &[Step], case: &Case) -> Result<(), String> {
    let mut world = World {
        folder: Folder::with(&[]),
        names: Vec::new(),
        held: Vec::new(),
        env: BTreeMap::new(),
        read_only: Vec::new(),
        small_files: false,
        interrupt: None,
        before: BTreeMap::new(),
        for_everybody: None,
    };
    let mut done: Option<Done> = None;
    for step in shared.iter().chain(&case.steps) {
        match step {
            Step::Given(conditions) => {
                for condition in conditions {
                    world.given(condition)?;
                }
            }
            Step::Write(path, text) => world.write(path, &world.named(text)),
            Step::Remove(path) => {
                let path = world.folder.path().join(path);
                std::fs::remove_file(path).map_err(|e| e.to_string())?;
            }
            Step::Edit(path, edits) => {
                for (from, to) in edits {
                    world.folder.edit(path, from, &world.named(to));
                }
            }
            Step::Env(variables) => {
                for (name, value) in variables {
                    world.env.insert(name.clone(), world.named(value));
                }
            }
            Step::Run(code, arguments) => {
                silent(done.take())?;
                done = Some(world.command(*code, arguments)?);
            }
            Step::Out(expected) => {
                let done = done.as_mut().ok_or("`out` before `run`")?;
                done.told.0 = true;
                matches("stdout", &world.named(expected), &done.out, &done.err)?;
            }
            Step::Err(expected) => {
                let done = done.as_mut().ok_or("`err` before `run`")?;
                done.told.1 = true;
                matches("stderr", &world.named(expected), &done.err, &done.out)?;
            }
            Step::Files(files) => {
                for (path, what) in files {
                    world.file(path, what)?;
                }
            }
        }
    }
    silent(done)?;
    world.leave_read_only(false);
    half_written(world.folder.path())
}

/// What no block speaks of must be empty.
fn silent(done: Option<Done>) -> Result<(), String> {
    let Some(done) = done else { return Ok(()) };
    let (out, err) = (
        !done.told.0 && !done.out.is_empty(),
        !done.told.1 && !done.err.is_empty(),
    );
    match out || err {
        true => Err(format!(
            "wrote what no block speaks of\n--- out\n{}--- err\n{}",
            done.out, done.err
        )),
        false => Ok(()),
    }
}

impl World {
    fn given(&mut self, condition: &str) -> Result<(), String> {
        match condition.split_once(' ').unwrap_or((condition, "")) {
            ("init", "") => {
                let done = self.folder.bff(&["init", "."]);
                done.expect(0, &[], &[]);
            }
            (kind @ ("port" | "closed"), name) => {
                let held = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
                let port = held.local_addr().map_err(|e| e.to_string())?.port();
                self.names.push((format!("[{name}]"), port.to_string()));
                self.held.extend((kind == "port").then_some(held));
            }
            ("read-only", path) => self.read_only.push(path.to_owned()),
            ("small", "files") => self.small_files = true,
            ("interrupt", words) => self.interrupt = words.strip_prefix("at ").map(str::to_owned),
            _ => return Err(format!("`{condition}` is no condition")),
        }
        Ok(())
    }

    fn write(&self, path: &str, text: &str) {
        self.folder.write(path, text);
        if path.starts_with("bin/") {
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.folder.path().join(path), mode).unwrap();
        }
    }

    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            text = text.replace(name, value);
        }
        text
    }

    /// Makes what should be read-only so, for a user who isn't root; or all as it was.
    fn leave_read_only(&self, read_only: bool) {
        for path in &self.read_only {
            let path = self.folder.path().join(path);
            let mode = if read_only { 0o555 } else { 0o755 };
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    fn command(&mut self, code: i32, arguments: &[String]) -> Result<Done, String> {
        self.before = contents(self.folder.path(), self.folder.path());
        self.leave_read_only(true);
        let root = std::fs::metadata(self.folder.path()).is_ok_and(|found| {
            use std::os::unix::fs::MetadataExt;
            found.uid() == 0
        });
        let as_nobody = !self.read_only.is_empty() && root;
        let bff = match as_nobody {
            true => self.for_everybody(),
            false => PathBuf::from(env!("CARGO_BIN_EXE_bff")),
        };
        let mut command = match self.small_files {
            true => {
                let mut shell = Command::new("/bin/bash");
                shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "bash"]);
                shell.arg(bff);
                shell
            }
            false => Command::new(bff),
        };
        let here = self.folder.path().display().to_string();
        let arguments = arguments
            .iter()
            .map(|a| self.named(a).replace("[HERE]", &here));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in [
            "NO_COLOR",
            "CARGO",
            "CARGO_TARGET_DIR",
            "BFF_LOG",
            "BOOKS_URL",
            "ISSUER",
        ] {
            command.env_remove(name);
        }
        // No case runs the real cargo.
        command.env("PATH", format!("{here}/bin"));
        for (name, value) in &self.env {
            command.env(name, value.replace("[HERE]", &here));
        }
        if as_nobody {
            // The folder's own name must be readable to whom it doesn't belong.
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.folder.path(), mode).unwrap();
            self.leave_read_only(true);
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (said, heard) = mpsc::channel();
        let out = std::thread::spawn(move || all(out, None));
        let words = self.interrupt.clone();
        let err = std::thread::spawn(move || all(err, words.map(|words| (words, said))));
        if self.interrupt.is_some() && heard.recv().is_ok() {
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        }
        let status = child.wait().map_err(|e| e.to_string())?;
        let done = Done {
            out: self.folder.text(&out.join().unwrap()),
            err: self.folder.text(&err.join().unwrap()),
            told: (false, false),
        };
        let shown = format!("--- out\n{}--- err\n{}", done.out, done.err);
        if status.code() != Some(code) {
            return Err(format!(
                "exit code {:?}, not {code}\n{shown}",
                status.code()
            ));
        }
        if done.err.contains("panicked") || done.err.contains("stack backtrace") {
            return Err(format!("a person never sees a panic\n{shown}"));
        }
        Ok(done)
    }

    fn for_everybody(&mut self) -> PathBuf {
        let folder = self.for_everybody.get_or_insert_with(|| {
            let folder = tempfile::tempdir().unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(folder.path(), mode).unwrap();
            // Not by this process: a child that another test starts meanwhile would hold the copy open for writing, and
            // what is open for writing can't be run.
            let copy = Command::new("cp")
                .arg(env!("CARGO_BIN_EXE_bff"))
                .arg(folder.path())
                .status();
            assert!(copy.unwrap().success());
            folder
        });
        folder.path().join("bff")
    }

    fn file(&self, path: &str, what: &str) -> Result<(), String> {
        let text = std::fs::read(self.folder.path().join(path)).ok();
        let there = self.folder.path().join(path).exists();
        let good = match what {
            "absent" => !there,
            "there" => there,
            "as it was" => text.as_ref() == self.before.get(path) && there,
            part => text.is_some_and(|text| String::from_utf8_lossy(&text).contains(part)),
        };
        match good {
            true => Ok(()),
            false => Err(format!("{path} isn't `{what}`")),
        }
    }
}

/// Everything a pipe brings; tells when these words have come.
fn all(mut pipe: impl Read, mut words: Option<(String, mpsc::Sender<()>)>) -> Vec<u8> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(read) = pipe.read(&mut chunk) {
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&chunk[..read]);
        let come = |w: &str| String::from_utf8_lossy(&bytes).contains(w);
        if words.as_ref().is_some_and(|(words, _)| come(words)) {
            let _ = words.take().unwrap().1.send(());
        }
    }
    bytes
}

/// Every file below a folder, by its path, but for what cargo builds.
fn contents(root: &Path, folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(contents(root, &path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            all.insert(name, bytes);
        }
    }
    all
}

fn half_written(folder: &Path) -> Result<(), String> {
    let all = contents(folder, folder);
    let left: Vec<&String> = all.keys().filter(|name| name.ends_with(".new")).collect();
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("half-written files are left: {left:?}")),
    }
}

/// Holds what was written against a block in which `…` is any text.
fn matches(what: &str, expected: &str, found: &str, other: &str) -> Result<(), String> {
    let expected: Vec<&str> = expected.lines().collect();
    let lines: Vec<&str> = found.lines().map(str::trim_end).collect();
    match all_match(&expected, &lines) {
        true => Ok(()),
        false => Err(format!(
            "{what} is not as expected\n--- expected\n{}\n--- found\n{found}--- beside\n{other}",
            expected.join("\n")
        )),
    }
}

fn all_match(expected: &[&str], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => (0..=found.len()).any(|skip| all_match(rest, &found[skip..])),
        (Some((line, rest)), Some((first, others))) => {
            line_matches(line, first) && all_match(rest, others)
        }
        _ => false,
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
