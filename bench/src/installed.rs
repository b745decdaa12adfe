//! Contenders that come from the system's packages: found, or installed where that was asked for, and configured.
//!
//! Their configuration lies in `bench/peers`, with `${NAME}` for what is known only when they start. Nothing is installed
//! unless `--install` is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

/// Where programs are looked for, beside `PATH`.
const SYSTEM: &str = "/usr/sbin:/usr/local/sbin";

/// What is installed rather than built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Installed {
    /// Its program.
    pub(crate) program: &'static str,
    /// Files it needs besides.
    pub(crate) needs: &'static [&'static str],
    /// The packages of Debian and Ubuntu that bring it.
    pub(crate) packages: &'static [&'static str],
    /// Its configuration, in `bench/peers`.
    pub(crate) configuration: &'static str,
    /// What it is told on its command line, before the configuration's path.
    pub(crate) arguments: &'static [&'static str],
}

impl Installed {
    /// Its program; with `install`, its packages are installed if it isn't there.
    pub(crate) fn find(&self, install: bool) -> anyhow::Result<PathBuf> {
        if let Some(program) = self.there() {
            return Ok(program);
        }
        let packages = self.packages.join(" ");
        if !install {
            bail!("it isn't installed; `--install` does `apt-get install {packages}`");
        }
        eprintln!("installing {packages}");
        for arguments in [
            &["update", "--quiet=2"][..],
            &["install", "--quiet=2", "--yes", "--no-install-recommends"],
        ] {
            let packages = if arguments.len() > 2 {
                self.packages
            } else {
                &[]
            };
            let status = Command::new("apt-get")
                .args(arguments)
                .args(packages)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdout(std::process::Stdio::null())
                .status()
                .context("there is no apt-get")?;
            ensure!(
                status.success(),
                "`apt-get install {packages:?}` has failed"
            );
        }
        self.there()
            .with_context(|| format!("it isn't there after `apt-get install {packages}`"))
    }

    fn there(&self) -> Option<PathBuf> {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut folders = path.split(':').chain(SYSTEM.split(':'));
        let program = folders.find_map(|folder| {
            let program = Path::new(folder).join(self.program);
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
        let parent = source
            .parent()
            .context("a configuration lies in a folder")?;
        let mut text =
            fs::read_to_string(&source).with_context(|| format!("{}", source.display()))?;
        for (name, value) in values {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text = text
            .replace("${DIRECTORY}", &directory.display().to_string())
            .replace("${CONFIGURATION}", &parent.display().to_string());
        let path = directory.join("configuration");
        fs::write(&path, text)?;
        let arguments = self.arguments.iter().map(ToString::to_string);
        Ok(arguments.chain([path.display().to_string()]).collect())
    }
}
