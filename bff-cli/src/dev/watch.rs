//! Which files matter, and when they change.
//!
//! In: the files that were read. Out: a wake-up when something happens in their folders. Whether it changes anything is for
//! others to find out; that reading them is no change is known here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, Event, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// Editors write in several steps: how long it must be quiet.
const SETTLE: Duration = Duration::from_millis(25);
/// How often to look where the system doesn't tell of changes.
const LOOK: Duration = Duration::from_secs(1);

/// Watches the folders of a workspace.
pub(super) struct Watch {
    root: PathBuf,
    watcher: Box<dyn Watcher + Send>,
    folders: BTreeSet<PathBuf>,
    events: mpsc::UnboundedReceiver<()>,
}

impl Watch {
    /// Watches a workspace's specs.
    pub(super) fn start(workspace: &Workspace, console: Console) -> Result<Watch> {
        let (tell, events) = mpsc::unbounded_channel();
        let told = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| changes(&event)) {
                // Nobody listens any more once the command ends.
                let _ = tell.send(());
            }
        };
        let watcher: Box<dyn Watcher + Send> = match RecommendedWatcher::new(
            told.clone(),
            Config::default(),
        ) {
            Ok(watcher) => Box::new(watcher),
            Err(error) => {
                console.warn(&format!(
                        "this system doesn't tell of changes ({error}); files are looked at every second"
                    ));
                Box::new(polling(told)?)
            }
        };
        let mut watch = Watch {
            root: workspace.root().to_owned(),
            watcher,
            folders: BTreeSet::new(),
            events,
        };
        watch
            .add(workspace.path("specs"), RecursiveMode::Recursive)
            .map_err(|error| {
                Failure::new(format!(
                    "cannot watch {}: {error}",
                    workspace.path("specs").display()
                ))
                .remedy("raise fs.inotify.max_user_watches, or close what watches many files")
            })?;
        Ok(watch)
    }

    /// Watches the folders of these files too; paths are relative to the workspace.
    pub(super) fn follow<'a>(&mut self, files: impl Iterator<Item = &'a str>) {
        let specs = self.root.join("specs");
        let folders: BTreeSet<PathBuf> = files
            .filter_map(|file| self.root.join(file).parent().map(Path::to_owned))
            .filter(|folder| !folder.starts_with(&specs) && folder.is_dir())
            .collect();
        for folder in folders.difference(&self.folders.clone()) {
            // A folder that can't be watched is one whose changes are seen with the next one elsewhere.
            let _ = self.add(folder.clone(), RecursiveMode::NonRecursive);
        }
    }

    /// Returns once something has changed, and it is quiet again.
    pub(super) async fn changed(&mut self) -> Result<()> {
        let gone = || Failure::new("files are no longer watched");
        self.events.recv().await.ok_or_else(gone)?;
        loop {
            sleep(SETTLE).await;
            let mut more = false;
            while self.events.try_recv().is_ok() {
                more = true;
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn add(&mut self, folder: PathBuf, mode: RecursiveMode) -> notify::Result<()> {
        self.watcher.watch(&folder, mode)?;
        self.folders.insert(folder);
        Ok(())
    }
}

fn polling(told: impl Fn(notify::Result<Event>) + Send + 'static) -> Result<PollWatcher> {
    let config = Config::default()
        .with_poll_interval(LOOK)
        .with_compare_contents(true);
    PollWatcher::new(told, config)
        .map_err(|error| Failure::new(format!("cannot watch files: {error}")))
}

/// Whether an event is more than that somebody read.
fn changes(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}
