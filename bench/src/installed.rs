//! Contenders that others package: found, or installed where that was asked for, and configured.
//!
//! Their configuration lies in `bench/peers`, with `${NAME}` for what is known only when they start. Nothing is installed
//! unless `--install` is given; what doesn't come from the system's packages goes into `target/bench/tools` alone.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

/// Where programs are looked for, beside `PATH`.
const SYSTEM: &str = "/usr/sbin:/usr/local/sbin";
/// Where those are put that don't come from the system's packages.
const TOOLS: &str = "target/bench/tools";
/// How long installing one may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What is installed rather than built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Installed {
    /// Its program.
    pub(crate) program: &'static str,
    /// Files it needs besides.
    pub(crate) needs: &'static [&'static str],
    /// Who packages it.
    pub(crate) origin: Origin,
    /// Its configuration, in `bench/peers`.
    pub(crate) configuration: &'static str,
    /// What it is told on its command line, before the configuration's path.
    pub(crate) arguments: &'static [&'static str],
}

/// Where what is installed comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// These packages of Debian and Ubuntu.
    Apt(&'static [&'static str]),
    /// This Go command, compiled here.
    Go(&'static str),
    /// This package of npm's.
    Npm {
        /// Its name and version.
        package: &'static str,
        /// Where its program is, below where it was installed.
        folder: &'static str,
    },
}

impl Installed {
    /// Its program; with `install`, it is installed if it isn't there.
    pub(crate) fn find(&self, root: &Path, install: bool) -> anyhow::Result<PathBuf> {
        let tools = root.join(TOOLS);
        if let Some(program) = self.there(&tools) {
            return Ok(program);
        }
        let commands = self.origin.commands(&tools);
        let said: Vec<String> = commands.iter().map(said).collect();
        let said = said.join(" && ");
        if !install {
            bail!("it isn't installed; `--install` does `{said}`");
        }
        eprintln!("installing: {said}");
        fs::create_dir_all(&tools)?;
        for command in commands {
            run(command, &tools.join("install.log"))?;
        }
        self.there(&tools)
            .with_context(|| format!("it isn't there after `{said}`"))
    }

    fn there(&self, tools: &Path) -> Option<PathBuf> {
        let own = match self.origin {
            Origin::Apt(_) => tools.join("none"),
            Origin::Go(_) => tools.join("bin"),
            Origin::Npm { folder, .. } => tools.join(folder),
        };
        let path = std::env::var("PATH").unwrap_or_default();
        let path = path.split(':').chain(SYSTEM.split(':')).map(PathBuf::from);
        let program = std::iter::once(own).chain(path).find_map(|folder| {
            let program = folder.join(self.program);
            program.is_file().then_some(program)
        });
        program.filter(|_| self.needs.iter().all(|needed| Path::new(needed).is_file()))
    }

    /// Writes its configuration for these values, and gives the arguments it is started with.
    pub(crate) fn configure(
        &self,
        root: &Path,
        name: &str,
        values: &[(&'static str, String)],
    ) -> anyhow::Result<Vec<String>> {
        let source = root.join("bench/peers").join(self.configuration);
        let directory = root.join("target/bench").join(name);
        fs::create_dir_all(&directory)?;
        let (Some(parent), Some(file)) = (source.parent(), source.file_name()) else {
            bail!("a configuration lies in a folder");
        };
        let mut text =
            fs::read_to_string(&source).with_context(|| format!("{}", source.display()))?;
        for (name, value) in values {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text = text
            .replace("${DIRECTORY}", &directory.display().to_string())
            .replace("${CONFIGURATION}", &parent.display().to_string());
        let path = directory.join(file);
        fs::write(&path, text)?;
        let arguments = self.arguments.iter().map(ToString::to_string);
        Ok(arguments.chain([path.display().to_string()]).collect())
    }
}

impl Origin {
    /// What installs it.
    fn commands(self, tools: &Path) -> Vec<Command> {
        match self {
            Origin::Apt(packages) => {
                let apt = |arguments: &[&str]| {
                    let mut command = Command::new("apt-get");
                    command
                        .args(arguments)
                        .args(["--quiet=2"])
                        .env("DEBIAN_FRONTEND", "noninteractive");
                    command
                };
                let mut install = apt(&["install", "--yes", "--no-install-recommends"]);
                install.args(packages);
                vec![apt(&["update"]), install]
            }
            Origin::Go(module) => {
                let mut command = Command::new("go");
                command
                    .args(["install", module])
                    .env("GOBIN", tools.join("bin"))
                    .current_dir(tools);
                vec![command]
            }
            Origin::Npm { package, .. } => {
                let mut command = Command::new("npm");
                command
                    .args(["install", "--no-save", "--no-audit", "--no-fund"])
                    .args(["--prefix", ".", package])
                    .current_dir(tools);
                vec![command]
            }
        }
    }
}

/// A command as one would write it.
fn said(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// Runs it, but not for ever. What it complains of goes into a log.
fn run(mut command: Command, log: &Path) -> anyhow::Result<()> {
    let said = said(&command);
    let mut running = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log)?)
        .spawn()
        .with_context(|| format!("there is no {}", command.get_program().display()))?;
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = running.try_wait()? {
            let complaint = fs::read_to_string(log)?;
            let complaint = complaint.trim().lines().last().unwrap_or_default().trim();
            ensure!(status.success(), "`{said}` has failed: {complaint}");
            return Ok(());
        }
        if Instant::now() > until {
            let _gone = running.kill();
            let _gone = running.wait();
            bail!(
                "`{said}` took longer than {} minutes",
                PATIENCE.as_secs() / 60
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
