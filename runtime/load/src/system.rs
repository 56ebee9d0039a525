//! What the system allows this process, and how much of it is used: processor, open files, memory. Linux says it in `/proc`
//! and in the control group's files; where nothing is said, nothing is limited.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use squall_metrics::Nanos;

/// Reads what the process uses, time after time.
#[derive(Debug)]
pub(crate) struct System {
    groups: Groups,
    /// The control group's quota, if it is less than there is.
    quota: Option<f64>,
    processor_time: Nanos,
    throttled: u64,
}

/// What was used since the last reading, or at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Processor time as a share of what the control group allows; zero where it allows all there is.
    pub(crate) processor_share: f64,
    /// How often the control group's quota stopped the process.
    pub(crate) throttled: u64,
    /// Open files as a share of what is allowed.
    pub(crate) open_files: f64,
    /// Memory as a share of what is allowed, or there is.
    pub(crate) memory: f64,
    /// Local ports in use, by connections or what is left of them, as a share of those there are.
    pub(crate) ports: f64,
}

impl System {
    pub(crate) fn new() -> System {
        let groups = Groups::of_this_process();
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        System {
            quota: groups.processor_quota().filter(|quota| *quota < cores),
            throttled: groups.throttled(),
            processor_time: processor_time(),
            groups,
        }
    }

    pub(crate) fn usage_since_last(&mut self, length: Nanos) -> Usage {
        let (processor_time, throttled) = (processor_time(), self.groups.throttled());
        let used = processor_time.since(self.processor_time).as_secs_f64();
        let usage = Usage {
            processor_share: self.quota.map_or(0.0, |quota| used / (length.as_secs_f64() * quota).max(1e-9)),
            throttled: throttled.saturating_sub(self.throttled),
            open_files: open_files(),
            memory: self.groups.memory(),
            ports: ports(),
        };
        (self.processor_time, self.throttled) = (processor_time, throttled);
        usage
    }
}

fn processor_time() -> Nanos {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

fn open_files() -> f64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    // The size of the folder is the number of its entries (Linux, since 6.2); before, it says 0.
    let open = std::fs::metadata("/proc/self/fd").map_or(0, |folder| folder.len());
    limit.map_or(0.0, |limit| open as f64 / limit.max(1) as f64)
}

/// Of the whole network namespace: each connection, also one that was closed a minute ago, keeps its local port.
fn ports() -> f64 {
    let read = |path: &str| read_to_string(path).unwrap_or_default();
    let used = sockets(&read("/proc/net/sockstat")) + sockets(&read("/proc/net/sockstat6"));
    port_range(&read("/proc/sys/net/ipv4/ip_local_port_range")).map_or(0.0, |range| used as f64 / range.max(1) as f64)
}

/// `TCP: inuse 5 orphan 0 tw 2 alloc 9 mem 1`: connections, and those that wait for their last packets.
fn sockets(text: &str) -> u64 {
    let line = text.lines().find(|line| line.starts_with("TCP"));
    let words: Vec<&str> = line.into_iter().flat_map(str::split_whitespace).collect();
    let number = |name: &str| {
        let value = words.iter().skip_while(|word| **word != name).nth(1);
        value.and_then(|value| value.parse::<u64>().ok()).unwrap_or(0)
    };
    number("inuse") + number("tw")
}

/// `32768 60999`.
fn port_range(text: &str) -> Option<u64> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some(last.saturating_sub(first) + 1)
}

/// The control groups that this process is in, its own first: the limits of all of them hold.
#[derive(Debug)]
struct Groups {
    /// Of version 2, or of version 1's `cpu` controller.
    folders: Vec<PathBuf>,
}

impl Groups {
    fn of_this_process() -> Groups {
        let membership = read_to_string("/proc/self/cgroup").unwrap_or_default();
        Groups { folders: folders(&membership, Path::new("/sys/fs/cgroup")) }
    }

    /// In cores; the least of all groups'.
    fn processor_quota(&self) -> Option<f64> {
        let quotas = self.folders.iter().filter_map(|folder| {
            let read = |name: &str| read_to_string(folder.join(name)).ok();
            read("cpu.max")
                .and_then(|text| quota(&text))
                .or_else(|| quota(&format!("{} {}", read("cpu.cfs_quota_us")?.trim(), read("cpu.cfs_period_us")?)))
        });
        quotas.reduce(f64::min)
    }

    /// How often a quota stopped the process, or its neighbours in the group, up to now.
    fn throttled(&self) -> u64 {
        let stats = self.folders.iter().filter_map(|folder| read_to_string(folder.join("cpu.stat")).ok());
        stats.filter_map(|text| field(&text, "nr_throttled")).sum()
    }

    fn memory(&self) -> f64 {
        let number = |text: String| text.trim().parse::<f64>().ok();
        let limit = self.folders.iter().filter_map(|folder| read_to_string(folder.join("memory.max")).ok());
        let limit = limit.filter_map(number).reduce(f64::min);
        let used = read_to_string("/proc/self/status").ok().and_then(|text| field(&text, "VmRSS:"));
        let machine = read_to_string("/proc/meminfo").ok().and_then(|text| field(&text, "MemTotal:"));
        match (used, limit.or(machine.map(|kib| kib as f64 * 1024.0))) {
            (Some(used), Some(limit)) => used as f64 * 1024.0 / limit.max(1.0),
            _ => 0.0,
        }
    }
}

/// The folders of the groups in `membership` (the text of `/proc/self/cgroup`), each with those above it.
fn folders(membership: &str, root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in membership.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let top = match controllers {
            "" => root.to_owned(),
            of_version_1 if of_version_1.split(',').any(|controller| controller == "cpu") => root.join(of_version_1),
            _ => continue,
        };
        let own = top.join(path.trim_start_matches('/'));
        folders.extend(own.ancestors().take_while(|folder| folder.starts_with(&top)).map(Path::to_owned));
    }
    folders
}

/// A quota in cores: `50000 100000` is half of one. `max` and -1 are none.
fn quota(text: &str) -> Option<f64> {
    let mut numbers = text.split_whitespace();
    let (quota, period): (f64, f64) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

/// The number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_in_cores() {
        assert_eq!(quota("50000 100000\n"), Some(0.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("-1 100000"), None);
        assert_eq!(quota(""), None);
    }

    #[test]
    fn a_group_is_limited_by_those_above_it() {
        let root = Path::new("/g");
        assert_eq!(folders("0::/a/b\n", root), ["/g/a/b", "/g/a", "/g"].map(PathBuf::from));
        let version_1 = "5:memory:/x\n4:cpu,cpuacct:/y\n";
        assert_eq!(folders(version_1, root), ["/g/cpu,cpuacct/y", "/g/cpu,cpuacct"].map(PathBuf::from));
    }

    #[test]
    fn ports_are_those_of_connections_open_or_just_closed() {
        let text = "sockets: used 290\nTCP: inuse 40 orphan 0 tw 160 alloc 55 mem 3\nUDP: inuse 2 mem 1\n";
        assert_eq!(sockets(text), 200);
        assert_eq!(sockets("TCP6: inuse 7\n"), 7);
        assert_eq!(port_range("32768\t60999\n"), Some(28_232));
    }

    #[test]
    fn fields_are_found_by_name() {
        assert_eq!(field("usage_usec 7\nnr_throttled 3\n", "nr_throttled"), Some(3));
        assert_eq!(field("VmRSS:\t  1234 kB\n", "VmRSS:"), Some(1234));
        assert_eq!(field("", "x"), None);
    }
}
