//! Processes of this machine, as Linux shows them in `/proc`: one and all that it started, or all of a name, added up. And
//! the control group of the first of them, where that is not Squall's own.

mod cgroup;
mod connections;
mod stat;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_link, read_to_string};
use std::sync::Arc;

use squall_metrics::{Clock, Nanos, ResourceUnit, ResourceValue};
use squall_plan::WatchedProcess;

use crate::source::Said;
use crate::{names, share, value};
use cgroup::Cgroup;
use connections::{established, listening};
use stat::Stat;

/// Connections are looked up again only after this many times as long as it took: with many sockets on the machine, that
/// takes long, and the machine may be the one that makes the load.
const REST: u64 = 20;

/// The processes that are watched together.
pub(crate) struct ProcessGroup {
    which: WatchedProcess,
    name: Arc<str>,
    /// Start time of the process of that number: the system uses numbers again.
    began: Option<u64>,
    machine: Machine,
    last: Option<Look>,
    cgroup: Option<Cgroup>,
    clock: Clock,
    next_connections: Nanos,
}

/// Resources of the machine.
struct Machine {
    processors: f64,
    memory: Option<f64>,
    ticks_per_second: f64,
    page: f64,
}

/// Counters at one moment, by process.
struct Look {
    at: Nanos,
    counted: BTreeMap<u32, Counted>,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    ticks: u64,
    read: Option<u64>,
    written: Option<u64>,
}

/// Whether something is found in one of the system's files.
#[cfg(any(test, fuzzing))]
pub(crate) fn understands(text: &str) -> bool {
    stat::parse(text).is_some() || connections::inodes(text).next().is_some() || cgroup::understands(text)
}

/// Whether there is a process of that number.
pub(crate) fn exists(id: u64) -> bool {
    std::path::Path::new(&format!("/proc/{id}/stat")).exists()
}

/// The process of this machine that listens at a port: the first of them, whose children the others are. None where the
/// system does not let us look, and if it is Squall itself.
pub fn listener_at(port: u16) -> Option<u64> {
    let sockets = listening(port);
    if sockets.is_empty() {
        return None;
    }
    let all = Stat::all();
    let listens = |stat: &&Stat| {
        Descriptors::of(stat.id).is_some_and(|open| open.sockets.iter().any(|socket| sockets.contains(socket)))
    };
    let first = all.values().filter(listens).min_by_key(|stat| (stat.began, stat.id))?;
    (first.id != std::process::id()).then_some(u64::from(first.id))
}

/// The names of the programs that run, without those of Squall itself and of the kernel's threads.
pub(crate) fn running_names() -> BTreeSet<String> {
    let own = std::process::id();
    let programs = Stat::all().into_values().filter(|stat| stat.id != own && stat.resident_pages > 0);
    programs.map(|stat| stat.command).collect()
}

/// As much of a name as the system keeps: 15 bytes.
pub(crate) fn short_name(name: &str) -> &str {
    name.get(..15).unwrap_or(name)
}

impl ProcessGroup {
    pub(crate) fn new(which: &WatchedProcess) -> ProcessGroup {
        let name = match which {
            WatchedProcess::Id(id) => {
                let command = read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
                format!("process {id} ({})", command.trim())
            }
            WatchedProcess::Name(name) => format!("processes {name}"),
        };
        let began = match which {
            WatchedProcess::Id(id) => u32::try_from(*id).ok().and_then(Stat::of).map(|stat| stat.began),
            WatchedProcess::Name(_) => None,
        };
        let (machine, clock) = (Machine::this(), Clock::of_system());
        let next_connections = Nanos::ZERO;
        ProcessGroup {
            which: which.clone(),
            name: name.into(),
            began,
            machine,
            last: None,
            cgroup: None,
            clock,
            next_connections,
        }
    }

    /// Reads the present use.
    pub(crate) fn look(&mut self, at: Nanos) -> Vec<Said> {
        let all = Stat::all();
        let members = self.members(&all);
        let Some(first) = members.first() else {
            self.last = None;
            let gone = match &self.which {
                WatchedProcess::Id(_) => "it has ended".to_owned(),
                WatchedProcess::Name(name) => format!("no process is named {name:?}"),
            };
            return vec![(Arc::clone(&self.name), Err(gone))];
        };
        let of_group = match &mut self.cgroup {
            Some(group) if group.holds(first.id) => group.look(at),
            other => {
                *other = Cgroup::of(first.id);
                other.as_mut().and_then(|group| group.look(at))
            }
        };
        let values = self.values(&members, at);
        std::iter::once((Arc::clone(&self.name), Ok(values))).chain(of_group).collect()
    }

    fn members<'a>(&self, all: &'a BTreeMap<u32, Stat>) -> Vec<&'a Stat> {
        let own = std::process::id();
        match &self.which {
            WatchedProcess::Name(name) => {
                let name = short_name(name);
                all.values().filter(|stat| stat.command == name && stat.id != own).collect()
            }
            WatchedProcess::Id(id) => {
                let first = u32::try_from(*id).ok().and_then(|id| all.get(&id));
                let first = first.filter(|stat| self.began.is_none_or(|began| began == stat.began));
                first.map(|first| descendants(first, all, own)).unwrap_or_default()
            }
        }
    }

    fn values(&mut self, members: &[&Stat], at: Nanos) -> Vec<ResourceValue> {
        let counted: BTreeMap<u32, Counted> = members.iter().map(|stat| (stat.id, Counted::of(stat))).collect();
        let machine = &self.machine;
        let mut values = Vec::new();
        if let Some(last) = &self.last {
            let seconds = at.since(last.at).as_secs_f64().max(1e-9);
            // A process that began since the last look used all of its resources since then.
            let grown = |count: fn(&Counted) -> Option<u64>| -> Option<f64> {
                let grown = counted.iter().map(|(id, now)| {
                    let before = last.counted.get(id).and_then(count).unwrap_or(0);
                    Some(count(now)?.saturating_sub(before) as f64)
                });
                grown.sum::<Option<f64>>().map(|sum| sum / seconds)
            };
            if let Some(ticks) = grown(|counted| Some(counted.ticks)) {
                let cores = ticks / machine.ticks_per_second;
                values.push(share(names::CPU, cores / machine.processors));
                values.push(value(names::CPU_CORES, ResourceUnit::Number, cores, Some(machine.processors)));
            }
            let rate = |name, rate: Option<f64>| rate.map(|rate| value(name, ResourceUnit::BytesPerSecond, rate, None));
            values.extend(rate("disk_read", grown(|counted| counted.read)));
            values.extend(rate("disk_written", grown(|counted| counted.written)));
        }
        let memory: u64 = members.iter().map(|stat| stat.resident_pages).sum();
        values.push(value(names::MEMORY, ResourceUnit::Bytes, memory as f64 * machine.page, machine.memory));
        let threads: u64 = members.iter().map(|stat| stat.threads).sum();
        values.push(value("threads", ResourceUnit::Number, threads as f64, None));
        self.last = Some(Look { at, counted });
        values.extend(self.descriptors(members));
        values
    }

    /// Open files, and connections; nothing where the system does not let us look (another user's process).
    fn descriptors(&mut self, members: &[&Stat]) -> Vec<ResourceValue> {
        let Some(open) = members.iter().map(|stat| Descriptors::of(stat.id)).collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        let count: usize = open.iter().map(|open| open.count).sum();
        // A limit holds for each process by itself.
        let limit = if let [only] = members { open_files_limit(only.id) } else { None };
        let mut values = vec![value(names::DESCRIPTORS, ResourceUnit::Number, count as f64, limit)];
        let began = self.clock.now();
        if began >= self.next_connections {
            let sockets: BTreeSet<u64> = open.into_iter().flat_map(|open| open.sockets).collect();
            let connections = established(members[0].id, &sockets);
            values.extend(connections.map(|count| value(names::CONNECTIONS, ResourceUnit::Number, count as f64, None)));
            let took = self.clock.now().since(began);
            self.next_connections = began + Nanos(took.0.saturating_mul(REST));
        }
        values
    }
}

/// A process and all that it started, without Squall and what Squall started.
fn descendants<'a>(first: &'a Stat, all: &'a BTreeMap<u32, Stat>, own: u32) -> Vec<&'a Stat> {
    let mut members = vec![first];
    let mut seen = 0;
    while let Some(parent) = members.get(seen).map(|stat| stat.id) {
        members.extend(all.values().filter(|stat| stat.parent == parent && stat.id != own));
        seen += 1;
    }
    members
}

impl Counted {
    fn of(stat: &Stat) -> Counted {
        let text = read_to_string(format!("/proc/{}/io", stat.id)).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        Counted { ticks: stat.ticks, read: field("read_bytes:"), written: field("write_bytes:") }
    }
}

/// Open file descriptors of one process.
struct Descriptors {
    count: usize,
    sockets: Vec<u64>,
}

impl Descriptors {
    fn of(process: u32) -> Option<Descriptors> {
        let mut open = Descriptors { count: 0, sockets: Vec::new() };
        for entry in read_dir(format!("/proc/{process}/fd")).ok()?.flatten() {
            open.count += 1;
            let link = read_link(entry.path()).unwrap_or_default();
            let socket = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']'));
            open.sockets.extend(socket.and_then(|inode| inode.parse::<u64>().ok()));
        }
        Some(open)
    }
}

/// `Max open files            1024                 524288               files`.
fn open_files_limit(process: u32) -> Option<f64> {
    let limits = read_to_string(format!("/proc/{process}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Machine {
    fn this() -> Machine {
        let processors = read_to_string("/proc/stat").unwrap_or_default();
        let is_processor = |line: &&str| {
            line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
        };
        let memory = read_to_string("/proc/meminfo").unwrap_or_default();
        let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
        let kibibytes = memory.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Machine {
            processors: (processors.lines().filter(is_processor).count() as f64).max(1.0),
            memory: kibibytes.map(|kibibytes| kibibytes * 1024.0),
            ticks_per_second: rustix::param::clock_ticks_per_second() as f64,
            page: rustix::param::page_size() as f64,
        }
    }
}

#[cfg(test)]
mod tests;
