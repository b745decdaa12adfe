//! Texts with variables in them, resolved when the binary starts.
//!
//! In: the spec's [`Text`]s and an environment. Out: values, or every fault at once. A text with a file in it is
//! read again when the file changes, looked at no more often than once a second. A value never shows in `Debug`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use crate::plan::{Part, Text};

/// How often a file is looked at, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The variable that names a folder in which the spec's files are looked for first.
const FILES: &str = "BFF_FILES";

/// Where variables come from.
#[derive(Clone)]
pub enum Variables {
    /// The process's environment.
    Process,
    /// This map, and nothing else.
    Map(BTreeMap<String, String>),
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Variables::Process => "Variables::Process",
            Variables::Map(_) => "Variables::Map(…)",
        })
    }
}

/// Resolves texts and collects what is wrong with them.
#[derive(Debug)]
pub struct Env {
    variables: Variables,
    missing: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl Env {
    /// An environment without faults so far.
    #[must_use]
    pub fn new(variables: Variables) -> Env {
        Env {
            variables,
            missing: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// The value of a variable; one set to nothing counts as not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        match &self.variables {
            Variables::Process => std::env::var(name).ok(),
            Variables::Map(map) => map.get(name).cloned(),
        }
        .filter(|value| !value.is_empty())
    }

    /// Where a file of the spec is: below the folder of `BFF_FILES`, if it is there, or else where the spec says.
    fn file(&self, path: &Path) -> PathBuf {
        let below = self.variable(FILES).map(|folder| {
            // Whatever the path says, it stays below the folder.
            let names = path.components();
            let names = names.filter(|part| matches!(part, Component::Normal(_)));
            Path::new(&folder).join(names.collect::<PathBuf>())
        });
        below
            .filter(|below| below.is_file())
            .unwrap_or_else(|| path.to_owned())
    }

    /// Notes that a variable is needed and not there.
    pub fn miss(&mut self, name: &'static str) {
        self.missing.insert(name);
    }

    /// Notes a fault, in words that name the setting and never its value.
    pub fn fault(&mut self, words: String) {
        self.faults.push(words);
    }

    /// Whether a variable that a text needs is missing.
    #[must_use]
    pub fn is_missing(&self, text: &Text) -> bool {
        text.0
            .iter()
            .any(|part| matches!(part, Part::Variable(name, None) if self.missing.contains(name)))
    }

    /// Whether a fault of this setting is known.
    pub(crate) fn has_fault_about(&self, what: &str) -> bool {
        self.faults.iter().any(|fault| fault.starts_with(what))
    }

    /// Every fault so far, missing variables first; empty if all is well.
    #[must_use]
    pub fn into_faults(self) -> Vec<String> {
        let mut all = Vec::new();
        if !self.missing.is_empty() {
            let names: Vec<&str> = self.missing.into_iter().collect();
            all.push(format!("missing variables: {}", names.join(", ")));
        }
        all.extend(self.faults);
        all
    }

    /// The value of a text; `what` names the setting in faults. A part that is missing is noted and stands as nothing.
    pub fn resolve(&mut self, text: &'static Text, what: &str) -> Resolved {
        let mut pieces = Vec::with_capacity(text.0.len());
        for part in text.0 {
            pieces.push(match *part {
                Part::Literal(literal) => Piece::Fixed(literal.to_owned()),
                Part::Variable(name, default) => match self.variable(name) {
                    Some(value) => Piece::Fixed(value),
                    None => {
                        if default.is_none() {
                            self.miss(name);
                        }
                        Piece::Fixed(default.unwrap_or_default().to_owned())
                    }
                },
                Part::File(path) => {
                    let path = self.file(Path::new(path));
                    if let Err(error) = std::fs::read_to_string(&path) {
                        self.fault(format!("{what}: cannot read {}: {error}", path.display()));
                    }
                    Piece::File(path)
                }
            });
        }
        Resolved::new(pieces)
    }
}

/// Why a gateway did not start: every fault found, each a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError {
    /// The faults, in words.
    pub faults: Vec<String>,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join("\n"))
    }
}

impl std::error::Error for StartError {}

/// A text with its variables filled in.
#[derive(Clone)]
pub struct Resolved(Arc<Inner>);

struct Inner {
    pieces: Vec<Piece>,
    live: bool,
    started: Instant,
    looked: AtomicU64,
    state: RwLock<State>,
}

struct State {
    text: Arc<str>,
    changed: Vec<Option<SystemTime>>,
}

enum Piece {
    Fixed(String),
    File(PathBuf),
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolved(…)")
    }
}

impl Resolved {
    fn new(pieces: Vec<Piece>) -> Resolved {
        let live = pieces.iter().any(|piece| matches!(piece, Piece::File(_)));
        let changed = stamps(&pieces);
        let text = read(&pieces).unwrap_or_default();
        let state = RwLock::new(State {
            text: text.into(),
            changed,
        });
        Resolved(Arc::new(Inner {
            pieces,
            live,
            started: Instant::now(),
            looked: AtomicU64::new(0),
            state,
        }))
    }

    /// The value as it is now.
    #[must_use]
    pub fn get(&self) -> Arc<str> {
        if self.0.live {
            self.look(u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
        Arc::clone(
            &self
                .0
                .state
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .text,
        )
    }

    /// The value as its files have it at this moment.
    ///
    /// # Errors
    /// If one can't be read.
    pub(crate) fn read(&self) -> std::io::Result<String> {
        read(&self.0.pieces)
    }

    /// Whether the value can change while the binary runs.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.0.live
    }

    /// Reads the files again if one changed, `now` milliseconds after the start; what can't be read leaves the last value
    /// standing.
    fn look(&self, now: u64) {
        let inner = &*self.0;
        let last = inner.looked.load(Ordering::Relaxed);
        let due = last.saturating_add(u64::try_from(LOOK_AGAIN.as_millis()).unwrap_or(u64::MAX));
        if now < due
            || inner
                .looked
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        let changed = stamps(&inner.pieces);
        if inner
            .state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .changed
            == changed
        {
            return;
        }
        match read(&inner.pieces) {
            Ok(text) => {
                *inner.state.write().unwrap_or_else(PoisonError::into_inner) = State {
                    text: text.into(),
                    changed,
                };
            }
            Err(error) => {
                tracing::warn!(%error, "a file named in the spec can no longer be read; its last content stands")
            }
        }
    }
}

fn stamps(pieces: &[Piece]) -> Vec<Option<SystemTime>> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Fixed(_) => None,
            Piece::File(path) => Some(
                std::fs::metadata(path)
                    .and_then(|meta| meta.modified())
                    .ok(),
            ),
        })
        .collect()
}

fn read(pieces: &[Piece]) -> std::io::Result<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Fixed(fixed) => text.push_str(fixed),
            Piece::File(path) => {
                let content = std::fs::read_to_string(path)?;
                let content = content.strip_suffix('\n').unwrap_or(&content);
                text.push_str(content.strip_suffix('\r').unwrap_or(content));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        Env::new(Variables::Map(
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        ))
    }

    #[test]
    fn variables_and_defaults() {
        static TEXT: Text = Text(&[
            Part::Literal("Bearer "),
            Part::Variable("KEY", None),
            Part::Variable("TAIL", Some("-d")),
        ]);
        let mut env = env(&[("KEY", "k"), ("TAIL", "")]);
        assert_eq!(&*env.resolve(&TEXT, "x").get(), "Bearer k-d");
        assert!(env.into_faults().is_empty());
    }

    #[test]
    fn all_missing_are_named_at_once() {
        static TEXT: Text = Text(&[
            Part::Variable("B", None),
            Part::Variable("A", None),
            Part::Variable("B", None),
        ]);
        let mut env = env(&[]);
        let resolved = env.resolve(&TEXT, "x");
        assert_eq!(format!("{resolved:?}"), "Resolved(…)");
        assert_eq!(env.into_faults(), ["missing variables: A, B"]);
    }

    #[test]
    fn a_file_is_read_again_when_it_changes() {
        let path = std::env::temp_dir().join(format!("bff-runtime-text-{}", std::process::id()));
        let write = |text: &str, seconds: u64| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
                .unwrap();
        };
        write("one\n", 1);
        let parts: &'static [Part] = vec![
            Part::Literal("key-"),
            Part::File(path.to_str().unwrap().to_owned().leak()),
        ]
        .leak();
        let text: &'static Text = Box::leak(Box::new(Text(parts)));
        let resolved = env(&[]).resolve(text, "x");
        let known = || Arc::clone(&resolved.0.state.read().unwrap().text);
        assert_eq!(&*known(), "key-one");
        write("two\r\n", 2);
        // Not yet: it was looked at less than a second ago.
        resolved.look(999);
        assert_eq!(&*known(), "key-one");
        resolved.look(1_000);
        assert_eq!(&*known(), "key-two");
        std::fs::remove_file(&path).unwrap();
        resolved.look(2_000);
        assert_eq!(&*known(), "key-two");
    }

    #[test]
    fn files_are_looked_for_below_a_folder_first() {
        let folder = std::env::temp_dir().join(format!("bff-runtime-files-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("run")).unwrap();
        std::fs::write(folder.join("run/key"), "stand-in\n").unwrap();
        let env = env(&[("BFF_FILES", folder.to_str().unwrap())]);
        for (path, expected) in [
            ("/run/key", folder.join("run/key")),
            ("run/key", folder.join("run/key")),
            ("../run/./key", folder.join("run/key")),
            ("/run/other", PathBuf::from("/run/other")),
            ("/run", PathBuf::from("/run")),
        ] {
            assert_eq!(env.file(Path::new(path)), expected, "{path}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_missing_file_is_a_fault() {
        static TEXT: Text = Text(&[Part::File("/does/not/exist")]);
        let mut env = env(&[]);
        let _ = env.resolve(&TEXT, "upstream `a`: header `x-key`");
        let faults = env.into_faults();
        assert!(
            faults.len() == 1
                && faults
                    .iter()
                    .all(|f| f.starts_with("upstream `a`: header `x-key`: cannot read"))
        );
    }
}
