//! The command as its users run it: arguments and files in; exit code, stdout and stderr out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod check;
mod dev;
mod docs;
mod explain;
mod exposure;
mod generate;
mod help;
mod init;
mod keys;
mod lock;
mod mock;
mod new;
mod others;
mod schema;
mod workspace;

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// A workspace in a temporary folder.
struct Folder(TempDir);

/// What a command did.
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Folder {
    /// With these files; a folder for a path that ends in `/`.
    fn with(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(TempDir::new().unwrap());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// What `bff init` makes.
    fn fresh() -> Folder {
        let folder = Folder::with(&[]);
        let done = folder.bff(&["init", "."]);
        assert_eq!(done.code, Some(0), "{}", done.err);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let whole = self.path().join(path);
        if path.ends_with('/') {
            std::fs::create_dir_all(whole).unwrap();
            return;
        }
        std::fs::create_dir_all(whole.parent().unwrap()).unwrap();
        std::fs::write(whole, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "no `{from}` in {path}");
        self.write(path, &text.replace(from, to));
    }

    /// Runs `bff` here.
    fn bff(&self, arguments: &[&str]) -> Done {
        self.bff_in(".", arguments)
    }

    /// Runs `bff` in a folder below.
    fn bff_in(&self, below: &str, arguments: &[&str]) -> Done {
        let output = command()
            .current_dir(self.path().join(below))
            .args(arguments)
            .output()
            .unwrap();
        Done {
            code: output.status.code(),
            out: self.text(&output.stdout),
            err: self.text(&output.stderr),
        }
    }

    /// Output without this folder's own name.
    fn text(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let real = self.path().canonicalize().unwrap();
        text.replace(real.to_str().unwrap(), "[HERE]")
            .replace(self.path().to_str().unwrap(), "[HERE]")
    }
}

impl Done {
    /// Holds what was done against what should be: the exit code, and what stdout and stderr contain.
    fn expect(&self, code: i32, out: &[&str], err: &[&str]) -> &Done {
        let told = format!("--- out\n{}\n--- err\n{}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{told}");
        for part in out {
            assert!(self.out.contains(part), "no `{part}` in stdout\n{told}");
        }
        for part in err {
            assert!(self.err.contains(part), "no `{part}` in stderr\n{told}");
        }
        let panicked = self.err.contains("panicked") || self.err.contains("stack backtrace");
        assert!(!panicked, "a person never sees a panic\n{told}");
        self
    }
}

/// `bff` with an environment of its own.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bff"));
    for name in ["NO_COLOR", "CARGO", "BFF_LOG", "BOOKS_URL"] {
        command.env_remove(name);
    }
    command
}
