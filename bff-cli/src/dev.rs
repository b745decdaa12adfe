//! `bff dev`: a system that follows its specs.
//!
//! In: a workspace whose files change. Out: for each frontend an address that stays, where the spec as it is now answers, or
//! what is wrong with it. A turn is what follows a change: check, stand-ins for what isn't there, and new gateways for the
//! frontends that the change concerns. What is good about a broken workspace goes on: each frontend stands for itself.
//!
//! What never happens here: an answer by a spec that isn't the one on disk, once the change was seen.

mod building;
mod front;
mod frontend;
mod notice;
mod watch;

use std::collections::BTreeMap;
use std::time::Instant;

use bff_spec::model::Model;
use tokio::task::spawn_blocking;

use crate::checking;
use crate::console::Console;
use crate::diagnostics::{Findings, Format};
use crate::failure::{Failure, Result};
use crate::mock::{Latency, Share};
use crate::system::{Lines, Places, Real, Stage, StandIns};
use crate::workspace::{Spec, Workspace};

use building::Builds;
use frontend::{Frontend, Turn};
use notice::Notice;
use watch::Watch;

/// What the command line says.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The frontends; all without.
    pub(crate) names: Vec<String>,
    /// The first frontend's port.
    pub(crate) port_base: Option<u16>,
    /// How long mocks wait.
    pub(crate) latency: Latency,
    /// How many of the mocks' answers are errors.
    pub(crate) fail: Share,
}

/// Serves a workspace until `interrupted`.
pub(crate) async fn run(
    workspace: &Workspace,
    settings: Settings,
    console: Console,
    interrupted: impl Future<Output = ()>,
) -> Result<()> {
    let mut interrupted = std::pin::pin!(interrupted);
    // Before the first look at the files, so that no change slips through between.
    let mut watch = Watch::start(workspace, console)?;
    let mut dev = Dev::new(workspace, settings, console);
    let first = tokio::select! {
        // First, so that it is listened for before there is anything to end.
        biased;
        () = &mut interrupted => {
            dev.end().await;
            return Ok(());
        }
        first = dev.turn(&mut watch, true) => first,
    };
    let ended = match first {
        Ok(()) => {
            console.say("\nWatching specs, contracts and hooks. Ctrl-C ends everything.");
            tokio::select! {
                failure = dev.follow(&mut watch) => Err(failure),
                () = &mut interrupted => Ok(()),
            }
        }
        Err(failure) => Err(failure),
    };
    dev.end().await;
    ended
}

struct Dev<'w> {
    workspace: &'w Workspace,
    settings: Settings,
    console: Console,
    stage: Stage,
    places: Places,
    builds: Builds,
    /// By the spec's path.
    frontends: BTreeMap<String, Frontend>,
    /// The lines of upstreams, as they were last shown.
    shown: BTreeMap<String, (String, String)>,
    /// What was last found, so that it is told once.
    found: String,
    width: usize,
}

impl<'w> Dev<'w> {
    fn new(workspace: &'w Workspace, settings: Settings, console: Console) -> Dev<'w> {
        Dev {
            workspace,
            console,
            stage: Stage::new(settings.latency.clone(), settings.fail),
            places: Places::new(settings.port_base),
            settings,
            builds: Builds::default(),
            frontends: BTreeMap::new(),
            shown: BTreeMap::new(),
            found: String::new(),
            width: 0,
        }
    }

    /// Turns with every change, until a part stops that none can do without.
    async fn follow(&mut self, watch: &mut Watch) -> Failure {
        loop {
            tokio::select! {
                changed = watch.changed() => {
                    if let Err(failure) = changed {
                        return failure;
                    }
                    if let Err(failure) = self.turn(watch, false).await {
                        self.console.failure(&failure);
                        for frontend in self.frontends.values_mut() {
                            frontend.say(Notice::failed(&failure));
                        }
                    }
                }
                built = self.builds.next() => {
                    let lines = self.lines();
                    if let Some(frontend) = self.frontends.get_mut(&built.spec)
                        && let Some(news) = frontend.built(built)
                    {
                        lines.say(frontend.name(), &frontend.url(), &news);
                    }
                }
                (_, failure) = frontend::stopped(&mut self.frontends) => {
                    self.console.failure(&failure);
                    self.console.say("it starts again with the next change");
                }
                failure = self.stage.stopped() => return failure,
            }
        }
    }

    /// Puts everything right after a change.
    async fn turn(&mut self, watch: &mut Watch, first: bool) -> Result<()> {
        let seen = Instant::now();
        let specs = self.workspace.specs(&self.settings.names)?;
        let all = self.settings.names.is_empty();
        let (workspace, asked) = (self.workspace.clone(), specs.clone());
        let checked = spawn_blocking(move || checking::check_apart(&workspace, &asked, all)).await;
        let (checked, findings) =
            checked.map_err(|error| Failure::new(format!("checking specs ended: {error}")))?;
        let hooks: Vec<String> = specs
            .iter()
            .map(|spec| frontend::hooks(&spec.name))
            .collect();
        let read = checked.iter().flat_map(|apart| apart.sources.iter());
        watch.follow(
            read.map(|file| file.path.as_str())
                .chain(hooks.iter().map(String::as_str)),
        );
        self.open(&specs).await?;
        self.tell(&findings);

        let models: Vec<&Model> = checked
            .iter()
            .filter_map(|apart| apart.frontend.as_ref())
            .map(|frontend| &frontend.model)
            .collect();
        let stand_ins = StandIns::of(self.workspace, &models, Real::Tried, &mut self.stage)?;
        self.stage.open()?;
        self.show_stand_ins(&stand_ins, &specs);
        let lines = self.lines();
        let mut requests = Vec::new();
        for (spec, apart) in specs.iter().zip(&checked) {
            let Some(frontend) = self.frontends.get_mut(&spec.path) else {
                continue;
            };
            let turn = Turn {
                workspace: self.workspace,
                stand_ins: &stand_ins,
                builds: &mut self.builds,
                console: self.console,
            };
            let Some(news) = frontend.turn(apart, turn).await else {
                continue;
            };
            let state = match first {
                true => format!("{news}; for operators {}", frontend.admin_url()),
                false => format!("{news} ({} ms)", seen.elapsed().as_millis()),
            };
            lines.say(&spec.name, &frontend.url(), &state);
            if let Some(good) = &apart.frontend {
                // Also after a change: the tokens' files are as the spec is now.
                requests.push(stand_ins.requests(&good.model, self.workspace, &frontend.url())?);
            }
        }
        if first {
            requests
                .iter()
                .for_each(|requests| requests.show(self.console));
        }
        Ok(())
    }

    /// An address for every spec there is, and none for those that are gone.
    async fn open(&mut self, specs: &[Spec]) -> Result<()> {
        for spec in specs {
            if !self.frontends.contains_key(&spec.path) {
                let (public, admin) = self.places.next(&spec.name)?;
                let frontend = Frontend::open(&spec.name, public, admin)?;
                self.frontends.insert(spec.path.clone(), frontend);
            }
        }
        let is_gone = |path: &String, _: &mut Frontend| specs.iter().all(|spec| spec.path != *path);
        for (path, mut frontend) in self.frontends.extract_if(.., is_gone) {
            frontend.close().await;
            let name = frontend.name();
            self.console
                .step("Closed", &format!("{name}: {path} is gone"));
        }
        Ok(())
    }

    /// Tells what is wrong, unless that was told already.
    fn tell(&mut self, findings: &Findings) {
        let found = findings.errors();
        if found != self.found {
            if !found.is_empty() {
                self.console.show("");
                findings.errors_alone().draw(Format::Human, self.console);
            }
            self.found = found;
        }
    }

    /// Shows where upstreams are, as far as that is news.
    fn show_stand_ins(&mut self, stand_ins: &StandIns, specs: &[Spec]) {
        let names = stand_ins.lines().map(|(name, ..)| name.len());
        let widest = names.chain(specs.iter().map(|spec| spec.name.len())).max();
        self.width = self.width.max(widest.unwrap_or(0));
        let lines = self.lines();
        for (name, url, state) in stand_ins.lines() {
            let now = (url.to_owned(), state);
            if self.shown.get(name) != Some(&now) {
                lines.say(name, &now.0, &now.1);
                self.shown.insert(name.to_owned(), now);
            }
        }
    }

    fn lines(&self) -> Lines {
        Lines::new(self.console, self.width)
    }

    /// Ends everything: gateways first, so that none misses its upstreams.
    async fn end(mut self) {
        for frontend in self.frontends.values_mut() {
            frontend.end().await;
        }
        self.builds.ended().await;
        self.stage.close().await;
    }
}
