//! What the process takes, under the names that Prometheus's own clients use; read from proc(5), so only where there is
//! one.

use std::fmt::{self, Write as _};
use std::fs;
use std::time::SystemTime;

use super::head;

/// Clock ticks a second, as the kernel tells them to programs on every architecture that Rust's Linux knows.
const TICKS: f64 = 100.0;

/// Writes what there is.
pub(super) fn write(out: &mut String, started: SystemTime) -> fmt::Result {
    let started = started.duration_since(SystemTime::UNIX_EPOCH);
    let started = started.unwrap_or_default().as_secs_f64();
    put(
        out,
        "start_time_seconds",
        "gauge",
        "When the process started, since 1970.",
        Some(started),
    )?;
    let cpu = read("stat").as_deref().and_then(cpu);
    put(
        out,
        "cpu_seconds_total",
        "counter",
        "CPU time, in the program and in the kernel for it.",
        cpu,
    )?;
    let resident = read("status").as_deref().and_then(resident);
    put(
        out,
        "resident_memory_bytes",
        "gauge",
        "Memory that is resident.",
        resident,
    )?;
    let open = fs::read_dir("/proc/self/fd").ok();
    // One of them is the folder that is read.
    let open = open.map(|folder| (folder.count() as f64 - 1.0).max(0.0));
    put(
        out,
        "open_fds",
        "gauge",
        "Files and sockets that are open.",
        open,
    )?;
    let most = read("limits").as_deref().and_then(most);
    put(
        out,
        "max_fds",
        "gauge",
        "Files and sockets that may be open.",
        most,
    )
}

fn put(out: &mut String, name: &str, kind: &str, help: &str, value: Option<f64>) -> fmt::Result {
    let Some(value) = value else { return Ok(()) };
    let name = format!("process_{name}");
    head(out, &name, kind, help)?;
    writeln!(out, "{name} {value}")
}

fn read(file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/self/{file}")).ok()
}

/// The program's name comes in parentheses and may hold anything; `utime` and `stime` are the twelfth and thirteenth
/// field behind it.
fn cpu(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields
        .split(' ')
        .skip(11)
        .map_while(|field| field.parse::<f64>().ok());
    Some((ticks.next()? + ticks.next()?) / TICKS)
}

fn resident(status: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// The soft limit.
fn most(limits: &str) -> Option<f64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says() {
        let stat = "7 (a) (b) S 1 7 7 0 -1 4194304 90 0 0 0 150 25 0 0 20 0 3 0 99";
        assert_eq!(cpu(stat), Some(1.75));
        assert_eq!(cpu("7 (a"), None);
        assert_eq!(resident("VmHWM:\t 9 kB\nVmRSS:\t  12 kB\n"), Some(12288.0));
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n";
        assert_eq!(most(limits), Some(1024.0));
    }
}
