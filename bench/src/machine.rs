//! Where and on what a comparison ran, for whoever reads its results.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

/// The machine, the toolchain and the source.
#[derive(Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    /// Over one, five and fifteen minutes, when the run had ended.
    load: String,
    rustc: String,
    commit: String,
}

impl Machine {
    /// This one. What can't be found out is `unknown`.
    pub(crate) fn here(root: &Path) -> Machine {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut commit = says(root, "git", &["rev-parse", "--short", "HEAD"]);
        if !says(root, "git", &["status", "--porcelain", "-uno"]).is_empty() {
            commit.push_str(", changed");
        }
        Machine {
            cpu: model
                .map_or("unknown", |line| line.trim_start_matches([' ', '\t', ':']))
                .to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.trim().to_owned(),
            load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
            rustc: says(root, "rustc", &["--version"]),
            commit,
        }
    }

    /// One paragraph.
    pub(crate) fn text(&self) -> String {
        let Machine {
            cpu,
            cores,
            kernel,
            load,
            rustc,
            commit,
        } = self;
        format!(
            "{cpu}, {cores} cores, shared by contender, upstreams, load generator and whatever else ran \
             (load average {load}); Linux {kernel}; {rustc}; commit {commit}."
        )
    }
}

fn says(root: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}
