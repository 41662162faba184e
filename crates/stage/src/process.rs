//! A process of ours: ended politely or not, and what it uses of the machine.

use anyhow::{Context as _, bail, ensure};
use std::process::{Child, Command};
use tisara_domain::{Ambient, Duration};

/// Longest wait for a polite stop.
const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const POLL: Duration = Duration::from_millis(20);
/// Linux counts processor time in hundredths of a second, whatever the machine (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used so far. Zero where the system does not say (it is read from `/proc`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time, user and system, in seconds.
    pub cpu_s: f64,
    /// Memory in use now, in MB.
    pub rss_mb: f64,
    /// Most memory ever in use, in MB.
    pub peak_rss_mb: f64,
}

impl Usage {
    /// Of one process, by its number.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Self { cpu_s: cpu_s(&stat, OWN), rss_mb: mb(&status, "VmRSS:"), peak_rss_mb: mb(&status, "VmHWM:") }
    }

    /// Processor time of a process and its children in seconds, of those too that have ended: a PostgreSQL server has
    /// a process for each connection.
    #[must_use]
    pub fn cpu_s_with_children(pid: u32) -> f64 {
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let of = |pid: &str, fields| {
            cpu_s(&std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default(), fields)
        };
        of(&pid.to_string(), OWN_AND_ENDED)
            + children.split_whitespace().map(|child| of(child, OWN)).sum::<f64>()
    }
}

/// Fields of processor time: the process's own, and with them those of its children that have ended.
const OWN: usize = 2;
const OWN_AND_ENDED: usize = 4;

/// The first so many fields from the 14th on; the second is a name in brackets that may hold spaces.
fn cpu_s(stat: &str, fields: usize) -> f64 {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(fields).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

fn mb(status: &str, name: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// SIGKILL: it gets no chance to do anything more.
pub(crate) fn kill(child: &mut Child) -> anyhow::Result<()> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// SIGTERM, as an operator would, and waits for the end.
pub(crate) async fn stop(child: &mut Child, ambient: &Ambient) -> anyhow::Result<()> {
    let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    ensure!(asked.context("kill")?.success(), "the process could not be asked to stop");
    let until = ambient.now().plus(PATIENCE);
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "the process did not stop well: {status}");
            return Ok(());
        }
        if ambient.now() > until {
            bail!("the process does not stop");
        }
        ambient.sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_read_as_the_system_writes_them() {
        let stat = "812 (a (b) c) S 1 812 812 0 -1 4194560 1 2 3 4 250 50 100 20 20 0 5 0 1 2 3";
        assert_eq!((cpu_s(stat, OWN), cpu_s(stat, OWN_AND_ENDED)), (3.0, 4.2));
        let status = "Name:\tx\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n";
        assert_eq!((mb(status, "VmRSS:"), mb(status, "VmHWM:")), (100.0, 200.0));
        assert_eq!((cpu_s("", OWN), mb("", "VmRSS:")), (0.0, 0.0));
    }

    #[test]
    fn a_process_that_runs_uses_memory() {
        assert!(Usage::of(std::process::id()).peak_rss_mb > 0.0);
    }
}
