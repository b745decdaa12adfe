//! What the kernel says a process has used (proc(5)).

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

/// CPU time since the process started.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    /// All of it, to the nanosecond: the sum over the threads that live.
    pub(crate) total: Duration,
    /// Clock ticks in the program itself.
    pub(crate) user: u64,
    /// Clock ticks in the kernel on its behalf.
    pub(crate) system: u64,
}

/// Memory, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident: u64,
    /// The most that has been resident.
    pub(crate) peak: u64,
}

/// A process and those it has started.
fn family(process: u32) -> anyhow::Result<Vec<u32>> {
    let mut all = vec![process];
    let mut next = 0;
    while let Some(one) = all.get(next) {
        for thread in fs::read_dir(format!("/proc/{one}/task"))? {
            let children = fs::read_to_string(thread?.path().join("children"))?;
            let children = children.split_whitespace();
            all.extend(children.filter_map(|child| child.parse::<u32>().ok()));
        }
        next += 1;
    }
    Ok(all)
}

/// What a process and those it has started have used so far.
pub(crate) fn usage(process: u32) -> anyhow::Result<Usage> {
    let mut sum = Usage {
        total: Duration::ZERO,
        user: 0,
        system: 0,
    };
    for one in family(process)? {
        let Usage {
            total,
            user,
            system,
        } = own(one)?;
        sum.total += total;
        sum.user += user;
        sum.system += system;
    }
    Ok(sum)
}

fn own(process: u32) -> anyhow::Result<Usage> {
    let directory = Path::new("/proc").join(process.to_string());
    let mut nanoseconds = 0;
    for thread in fs::read_dir(directory.join("task"))? {
        let path = thread?.path().join("schedstat");
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let on_cpu = text.split_whitespace().next();
        nanoseconds += on_cpu
            .and_then(|field| field.parse::<u64>().ok())
            .context("no schedstat")?;
    }
    let stat = fs::read_to_string(directory.join("stat"))?;
    // The name comes in parentheses and may hold anything; the state is the first field after it, `utime` the twelfth.
    let (_, fields) = stat.rsplit_once(") ").context("no stat")?;
    let mut ticks = fields
        .split(' ')
        .skip(11)
        .map_while(|field| field.parse().ok());
    Ok(Usage {
        total: Duration::from_nanos(nanoseconds),
        user: ticks.next().context("no utime")?,
        system: ticks.next().context("no stime")?,
    })
}

/// CPU time of all processes that this one has started and that have ended, with what those had started.
pub(crate) fn children() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("no stat")?;
    // `cutime` and `cstime` follow `utime` and `stime`, in clock ticks: hundredths of a second on every Linux.
    let ticks = fields.split(' ').skip(13).take(2);
    let ticks = ticks
        .map(|field| field.parse::<u64>())
        .sum::<Result<u64, _>>();
    Ok(Duration::from_millis(ticks? * 10))
}

/// What memory a process and those it has started have; pages they share count for each.
pub(crate) fn memory(process: u32) -> anyhow::Result<Memory> {
    let mut sum = Memory {
        resident: 0,
        peak: 0,
    };
    for one in family(process)? {
        let Memory { resident, peak } = resident(one)?;
        sum.resident += resident;
        sum.peak += peak;
    }
    Ok(sum)
}

fn resident(process: u32) -> anyhow::Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    };
    Ok(Memory {
        resident: field("VmRSS:").context("no VmRSS")?,
        peak: field("VmHWM:").context("no VmHWM")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let process = std::process::id();
        assert!(usage(process).unwrap().total > Duration::ZERO);
        let memory = memory(process).unwrap();
        assert!(memory.resident > 0 && memory.peak >= memory.resident);
    }
}
