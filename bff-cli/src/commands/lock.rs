//! `bff lock`: fetches what specs and contracts name by URL, and writes down what it was.
//!
//! What is locked stays as it is, whatever the URL holds by now, until `--update` asks for it. Checking the specs says
//! what is named, document by document, since one that was fetched may name others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bff_spec::contract::Library;
use bff_spec::source::SourceLoader;
use reqwest::Url;

use crate::arguments::Lock as Arguments;
use crate::commands::{Outcome, block_on};
use crate::console::{Console, count};
use crate::failure::{Failure, Result};
use crate::fetch::{fetch, is_loopback};
use crate::generated::write;
use crate::lock::{self, Document, Lock};
use crate::workspace::{Spec, Workspace};

/// How many documents one workspace may name.
const MAX_DOCUMENTS: usize = 256;

pub(super) fn run(workspace: &Workspace, command: &Arguments, console: Console) -> Result<Outcome> {
    let before = Lock::read(workspace)?;
    let specs = workspace.specs(&[])?;
    let mut fetching = Fetching {
        workspace,
        before: &before,
        update: command.update || command.check,
        texts: BTreeMap::new(),
        wanted: Mutex::default(),
        complete: false,
    };
    let failed = fetching.all(&specs)?;
    let now = fetching.lock();
    // Specs without errors go without it: a contract may name what no operation in use needs.
    let needed = !failed.is_empty() && !fetching.complete;
    for (url, why) in &failed {
        let rest = if needed { "" } else { "; no spec needs it" };
        console.warn(&format!("cannot fetch {url}: {why}{rest}"));
    }
    let changed = changes(&before, &now, &failed);
    for (what, url) in &changed {
        console.say(&format!("{what} {url}"));
    }
    if command.check {
        match (changed.is_empty(), needed) {
            (false, _) => console.say("`bff lock --update` takes over what the URLs hold now"),
            (true, false) => console.say("all is as it is locked"),
            (true, true) => {}
        }
    } else {
        save(workspace, &before, &now, &fetching.texts)?;
        console.say(&match now.documents.len() {
            0 if !needed => "nothing is named by URL, so nothing is locked".to_owned(),
            number => format!("{} in {}", count(number, "document"), lock::PATH),
        });
    }
    if needed {
        let what = count(failed.len(), "document");
        return Err(Failure::new(format!("{what} couldn't be had"))
            .remedy("once the URLs are right and can be reached from here, run it again"));
    }
    let stale = command.check && !changed.is_empty();
    Ok(if stale { Outcome::Found } else { Outcome::Good })
}

/// What is said of each URL that isn't as it was.
fn changes<'l>(
    before: &'l Lock,
    now: &'l Lock,
    failed: &BTreeMap<String, String>,
) -> Vec<(&'static str, &'l str)> {
    let mut changes = Vec::new();
    for (url, document) in &now.documents {
        match before.documents.get(url) {
            None => changes.push(("new    ", url.as_str())),
            Some(old) if old != document => changes.push(("changed", url)),
            Some(_) => {}
        }
    }
    let gone = |url: &&String| !now.documents.contains_key(*url) && !failed.contains_key(*url);
    changes.extend(
        before
            .documents
            .keys()
            .filter(gone)
            .map(|url| ("gone   ", url.as_str())),
    );
    changes
}

/// Writes copies, then the lock, then removes copies that nothing names.
fn save(
    workspace: &Workspace,
    before: &Lock,
    now: &Lock,
    texts: &BTreeMap<String, String>,
) -> Result<()> {
    for (url, text) in texts {
        if let Some(document) = now.documents.get(url) {
            let path = workspace.path(&document.file);
            if std::fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes()) {
                continue;
            }
            write(&path, text)?;
        }
    }
    if before != now {
        write(&workspace.path(lock::PATH), &now.text())?;
    }
    for (url, document) in &before.documents {
        if !now.documents.contains_key(url) {
            remove(&workspace.path(&document.file))?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::io("remove", path, &error)),
    }
}

/// The workspace, with what was fetched so far in place of the copies.
struct Fetching<'w> {
    workspace: &'w Workspace,
    before: &'w Lock,
    /// Whether what is locked is fetched again.
    update: bool,
    /// What was fetched or was there, by URL.
    texts: BTreeMap<String, String>,
    /// What was asked for.
    wanted: Mutex<BTreeSet<String>>,
    /// Whether the specs have no errors: only then is what they don't ask for needed by none.
    complete: bool,
}

impl Fetching<'_> {
    /// Fetches until nothing is missing that can be had; what can't, with the reason.
    fn all(&mut self, specs: &[Spec]) -> Result<BTreeMap<String, String>> {
        let mut failed = BTreeMap::new();
        loop {
            let (here, sound) = self.asked(specs);
            self.complete = sound;
            let wanted = self.wanted().clone();
            self.texts.retain(|url, _| wanted.contains(url));
            failed.retain(|url, _| wanted.contains(url));
            let missing: Vec<String> = wanted
                .into_iter()
                .filter(|url| !self.texts.contains_key(url) && !failed.contains_key(url))
                .collect();
            if missing.is_empty() {
                return Ok(failed);
            }
            for url in missing {
                let fetched = match self.texts.len() {
                    MAX_DOCUMENTS.. => Err(format!("there are {MAX_DOCUMENTS} already")),
                    _ => self.get(&url, &here)?,
                };
                match fetched {
                    Ok(text) => drop(self.texts.insert(url, text)),
                    Err(why) => drop(failed.insert(url, why)),
                }
            }
        }
    }

    /// Checks every spec, and notes which URLs that asks for. What comes back is the workspace's own text, in which
    /// alone this machine may be named, and whether there are no errors.
    fn asked(&self, specs: &[Spec]) -> (String, bool) {
        self.wanted().clear();
        let library = Library::default();
        let mut own = String::new();
        let mut sound = true;
        for spec in specs {
            let checked = bff_spec::check_among(&library, self, &spec.path);
            sound &= !checked.has_errors();
            for file in checked.sources.iter() {
                if !file.path.starts_with(lock::FOLDER) {
                    own.push_str(&file.text);
                }
            }
        }
        (own, sound)
    }

    /// The text that a URL holds, from its copy if that is as it was locked.
    fn get(&self, url: &str, here: &str) -> Result<std::result::Result<String, String>> {
        let locked = self.before.documents.get(url).filter(|_| !self.update);
        if locked.is_some()
            && let Ok(file) = self.before.locate(self.workspace, url)
            && let Ok(text) = self.workspace.read(&file)
        {
            return Ok(Ok(text));
        }
        let origin = Url::parse(url).ok().filter(is_loopback);
        if let Some(origin) = origin
            && !here.contains(&origin.origin().ascii_serialization())
        {
            let why = "only the workspace's own files may name this machine";
            return Ok(Err(why.to_owned()));
        }
        let fetched = block_on(fetch(url))?;
        let (Ok(text), Some(locked)) = (&fetched, locked) else {
            return Ok(fetched);
        };
        if Document::of(url, text) != *locked {
            return Ok(Err(
                "it has changed since it was locked, and the copy is gone or was edited: \
                 take the copy from version control, or `bff lock --update`"
                    .to_owned(),
            ));
        }
        Ok(fetched)
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is locked now: what was had, and what was locked before and couldn't be fetched again, or may still be named
    /// by what couldn't be read.
    fn lock(&self) -> Lock {
        let mut lock = match self.complete {
            true => Lock::default(),
            false => self.before.clone(),
        };
        for url in self.wanted().iter() {
            let document = match self.texts.get(url) {
                Some(text) => Some(Document::of(url, text)),
                None => self.before.documents.get(url).cloned(),
            };
            lock.documents
                .extend(document.map(|document| (url.clone(), document)));
        }
        lock
    }
}

impl SourceLoader for Fetching<'_> {
    fn read(&self, path: &str) -> std::result::Result<String, String> {
        let fetched = self
            .texts
            .iter()
            .find(|(url, text)| Document::of(url, text).file == path);
        match fetched {
            Some((_, text)) => Ok(text.clone()),
            None => self.workspace.read(path),
        }
    }

    fn locate(&self, url: &str) -> std::result::Result<String, String> {
        self.wanted().insert(url.to_owned());
        match self.texts.get(url) {
            Some(text) => Ok(Document::of(url, text).file),
            None => Err("not fetched yet".to_owned()),
        }
    }
}
