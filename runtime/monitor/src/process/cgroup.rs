//! The control group of a process (version 2): its use of resources, and their limits. Not the root group, which has
//! everything in it, and not Squall's own, which has Squall in it.
//!
//! Files as in <https://docs.kernel.org/admin-guide/cgroup-v2.html>.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use squall_metrics::{Nanos, ResourceUnit, ResourceValue};

use crate::source::Said;
use crate::{names, share, value};

pub(super) struct Cgroup {
    /// As in `/proc/PID/cgroup`: `/system.slice/nginx.service`.
    path: String,
    folder: PathBuf,
    last: Option<(Nanos, Counted)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counted {
    /// Processor time in microseconds.
    processor: Option<f64>,
    /// Periods of the quota, and those of them in which it stopped the group.
    periods: Option<f64>,
    throttled: Option<f64>,
    read: Option<f64>,
    written: Option<f64>,
}

impl Cgroup {
    /// Of that process.
    pub(super) fn of(process: u32) -> Option<Cgroup> {
        let path = path_of(&format!("{process}"))?;
        let is_ours = path_of("self").is_some_and(|ours| ours == path);
        let root = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].into_iter().map(Path::new);
        let folder =
            root.map(|root| root.join(path.trim_start_matches('/'))).find(|folder| folder.join("cpu.stat").exists());
        (!is_ours && path != "/").then_some(())?;
        Some(Cgroup { path, folder: folder?, last: None })
    }

    /// Whether the process is still in it.
    pub(super) fn holds(&self, process: u32) -> bool {
        path_of(&format!("{process}")).is_some_and(|path| path == self.path)
    }

    /// Its use now; `None` if it is gone.
    pub(super) fn look(&mut self, at: Nanos) -> Option<Said> {
        let counted = Counted::read(&self.folder);
        let mut values: Vec<ResourceValue> = Vec::new();
        if let Some((then, before)) = self.last.replace((at, counted)) {
            let seconds = at.since(then).as_secs_f64().max(1e-9);
            let grown = |now: Option<f64>, before: Option<f64>| Some(now? - before?).filter(|grown| *grown >= 0.0);
            if let Some(microseconds) = grown(counted.processor, before.processor) {
                let cores = microseconds / 1e6 / seconds;
                let quota = quota(&self.read("cpu.max"));
                values.extend(quota.map(|quota| share(names::CPU, cores / quota)));
                values.push(value(names::CPU_CORES, ResourceUnit::Number, cores, quota));
            }
            let periods = grown(counted.periods, before.periods).filter(|periods| *periods > 0.0);
            if let (Some(periods), Some(throttled)) = (periods, grown(counted.throttled, before.throttled)) {
                values.push(share("cpu_throttled", throttled / periods));
            }
            let rate = |name, grown: Option<f64>| {
                grown.map(|bytes| value(name, ResourceUnit::BytesPerSecond, bytes / seconds, None))
            };
            values.extend(rate("disk_read", grown(counted.read, before.read)));
            values.extend(rate("disk_written", grown(counted.written, before.written)));
        }
        if let Ok(memory) = self.read("memory.current").trim().parse() {
            let limit = self.read("memory.max").trim().parse().ok();
            values.push(value(names::MEMORY, ResourceUnit::Bytes, memory, limit));
        }
        (!values.is_empty()).then(|| (Arc::from(format!("cgroup {}", self.path)), Ok(values)))
    }

    fn read(&self, name: &str) -> String {
        read_to_string(self.folder.join(name)).unwrap_or_default()
    }
}

impl Counted {
    fn read(folder: &Path) -> Counted {
        let read = |name: &str| read_to_string(folder.join(name)).unwrap_or_default();
        Counted::of(&read("cpu.stat"), &read("io.stat"))
    }

    fn of(processor: &str, disks: &str) -> Counted {
        let field = |name: &str| {
            let line = processor.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
            line.trim().parse().ok()
        };
        // `8:0 rbytes=180224 wbytes=0 ...`, a line for each disk.
        let sum = |name: &str| {
            let words = disks.split_whitespace().filter_map(|word| word.strip_prefix(name)?.parse::<f64>().ok());
            (!disks.is_empty()).then(|| words.sum())
        };
        Counted {
            processor: field("usage_usec"),
            periods: field("nr_periods"),
            throttled: field("nr_throttled"),
            read: sum("rbytes="),
            written: sum("wbytes="),
        }
    }
}

/// The group of version 2: `0::/system.slice/nginx.service`.
fn path_of(process: &str) -> Option<String> {
    let text = read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("0::")).map(str::to_owned)
}

/// In cores: `50000 100000` is half of one; `max` is `None`.
fn quota(text: &str) -> Option<f64> {
    let mut numbers = text.split_whitespace();
    let (quota, period): (f64, f64) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

/// Whether something is found in one of the group's files.
#[cfg(any(test, fuzzing))]
pub(super) fn understands(text: &str) -> bool {
    Counted::of(text, "").processor.is_some()
        || Counted::of("", text).read.is_some_and(|read| read > 0.0)
        || quota(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_group_is_seen_against_its_limits() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("cpu.max", "50000 100000\n");
        write("cpu.stat", "usage_usec 1000000\nuser_usec 1\nnr_periods 100\nnr_throttled 10\n");
        write("memory.current", "300\n");
        write("memory.max", "1000\n");
        write("io.stat", "8:0 rbytes=1000 wbytes=0 rios=1\n8:16 rbytes=500 wbytes=70 rios=1\n");
        let mut group = Cgroup { path: "/web".to_owned(), folder: folder.path().to_owned(), last: None };
        let (source, said) = group.look(Nanos(SECOND)).unwrap();
        assert_eq!((&*source, said.unwrap().len()), ("cgroup /web", 1), "rates take two looks");
        write("cpu.stat", "usage_usec 1500000\nuser_usec 1\nnr_periods 120\nnr_throttled 15\n");
        write("io.stat", "8:0 rbytes=3000 wbytes=0 rios=1\n8:16 rbytes=500 wbytes=70 rios=1\n");
        let (_, said) = group.look(Nanos(3 * SECOND)).unwrap();
        let values: Vec<_> = said.unwrap().into_iter().map(|value| (value.name, value.value, value.limit)).collect();
        // Half a second of processor time in two is a quarter of a core, and half of the quota.
        assert_eq!(
            values,
            [
                ("cpu".into(), 0.5, Some(1.0)),
                ("cpu_cores".into(), 0.25, Some(0.5)),
                ("cpu_throttled".into(), 0.25, Some(1.0)),
                ("disk_read".into(), 1_000.0, None),
                ("disk_written".into(), 0.0, None),
                ("memory".into(), 300.0, Some(1_000.0)),
            ]
        );
    }
}
