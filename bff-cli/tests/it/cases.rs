//! Cases of the command as data: `tests/cases/*.md`, each `##` a case in a folder of its own.
//!
//! Blocks before the first `##` hold for every case of the file. In order of what they do:
//!
//! - `given`: conditions, one a line. `init` (what `bff init .` makes), `port NAME` (somebody listens on `[NAME]`), `closed NAME`
//!   (nobody does), `read-only PATH` (for whoever runs the command), `small files` (no file may pass a KiB), `interrupt at WORDS`
//!   (Ctrl-C once it says so)
//! - `file PATH`: a file; one in `bin/` can be run, and `bin` is the PATH: no case runs the real cargo. `gone PATH` takes one away
//! - `edit PATH`: `FROM → TO`, one a line
//! - `env`: variables, one `NAME=value` a line
//! - `run CODE`: a command line, and the exit code. It may follow others
//! - `out`, `err`: what the last command wrote. `…` is any text in a line, or alone in one any lines. Without a block: nothing
//! - `files`: `PATH: absent`, `PATH: there`, `PATH: as it was` or `PATH: TEXT` (a part of it), one a line
//!
//! `[HERE]` is the case's folder. After every case: nothing half-written is left, and nobody saw a panic.

mod format;
mod run;

use std::path::Path;

/// Every file is a test of its own below; this holds that none is forgotten.
macro_rules! files {
    ($($name:ident = $file:literal)+) => {
        const FILES: &[&str] = &[$($file),+];
        $(
            #[test]
            fn $name() {
                file($file);
            }
        )+
    };
}

files! {
    build = "build"
    check = "check"
    dev = "dev"
    explain = "explain"
    exposure = "exposure"
    generate = "generate"
    init = "init"
    keys = "keys"
    lock = "lock"
    mock = "mock"
    new = "new"
    run_and_up = "run-and-up"
    schema_and_pages = "schema-and-pages"
    workspace = "workspace"
}

#[test]
fn every_file_of_cases_is_run() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let expected: Vec<String> = FILES.iter().map(|name| format!("{name}.md")).collect();
    assert_eq!(found, expected);
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn file(name: &str) {
    let path = folder().join(format!("{name}.md"));
    let file = format::read(&path);
    assert!(!file.cases.is_empty(), "{} has no cases", path.display());
    let wanted = std::env::var("CASES").unwrap_or_default();
    let mut wrong = Vec::new();
    for case in &file.cases {
        if !case.name.contains(&wanted) {
            continue;
        }
        if let Err(why) = run::run(&file.shared, case) {
            wrong.push(format!(
                "{}:{}: {}\n{why}",
                path.display(),
                case.line,
                case.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
