//! This machine, as Linux shows it in `/proc`: what slows every program on it. Processor time that a hypervisor took, disks
//! that are busy, swapping, kills for want of memory, TCP segments that were sent again.
//!
//! Not `cpu` and `memory`: the load is made on it, too, and limits are for the target.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::sync::Arc;

use squall_metrics::{Nanos, ResourceUnit, ResourceValue};

use crate::source::Said;
use crate::{names, share, value};

/// Bytes of a page, as `/proc/vmstat` counts them.
const PAGE: f64 = 4096.0;

/// This machine.
pub(crate) struct ThisMachine {
    name: Arc<str>,
    last: Option<(Nanos, Counters)>,
}

/// What has been counted since the machine started.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counters {
    processor_all: f64,
    processor_idle: f64,
    processor_waiting: f64,
    processor_stolen: f64,
    disks: BTreeMap<String, Disk>,
    swapped_pages: f64,
    kills: f64,
    segments_sent: f64,
    segments_sent_again: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Disk {
    operations: f64,
    /// Milliseconds that all operations took together.
    took: f64,
    /// Milliseconds in which there was at least one.
    busy: f64,
}

impl ThisMachine {
    pub(crate) fn new() -> ThisMachine {
        ThisMachine { name: "this machine".into(), last: None }
    }

    /// Reads what happened since the last look.
    pub(crate) fn look(&mut self, at: Nanos) -> Vec<Said> {
        let read = |path: &str| read_to_string(path).unwrap_or_default();
        let now = Counters::read(
            &read("/proc/stat"),
            &read("/proc/diskstats"),
            &read("/proc/vmstat"),
            &read("/proc/net/snmp"),
        );
        let values = self.last.as_ref().map(|(then, before)| now.since(before, at.since(*then).as_secs_f64()));
        self.last = Some((at, now));
        values.map(|values| (Arc::clone(&self.name), Ok(values))).into_iter().collect()
    }
}

impl Counters {
    fn read(stat: &str, disks: &str, memory: &str, network: &str) -> Counters {
        let processor: Vec<f64> =
            stat.lines().find_map(|line| line.strip_prefix("cpu ")).map(numbers).unwrap_or_default();
        // user nice system idle iowait irq softirq steal; guests are in user.
        let field = |index: usize| processor.get(index).copied().unwrap_or(0.0);
        let counted = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
        };
        let tcp = tcp(network);
        Counters {
            processor_all: processor.iter().take(8).sum(),
            processor_idle: field(3),
            processor_waiting: field(4),
            processor_stolen: field(7),
            disks: disks.lines().filter_map(disk).collect(),
            swapped_pages: counted(memory, "pswpin") + counted(memory, "pswpout"),
            kills: counted(memory, "oom_kill"),
            segments_sent: tcp.get("OutSegs").copied().unwrap_or(0.0),
            segments_sent_again: tcp.get("RetransSegs").copied().unwrap_or(0.0),
        }
    }

    fn since(&self, before: &Counters, seconds: f64) -> Vec<ResourceValue> {
        let seconds = seconds.max(1e-9);
        let all = self.processor_all - before.processor_all;
        let of_all = |now: f64, before: f64| if all > 0.0 { ((now - before) / all).clamp(0.0, 1.0) } else { 0.0 };
        let idle = self.processor_idle + self.processor_waiting;
        let idle_before = before.processor_idle + before.processor_waiting;
        let busy = if all > 0.0 { 1.0 - of_all(idle, idle_before) } else { 0.0 };
        let mut values = vec![
            share(names::MACHINE_BUSY, busy),
            share(names::CPU_WAITING, of_all(self.processor_waiting, before.processor_waiting)),
            share(names::CPU_STOLEN, of_all(self.processor_stolen, before.processor_stolen)),
        ];
        let disks = self.disks.iter().filter_map(|(name, now)| Some((now, before.disks.get(name)?)));
        let busiest = disks.max_by(|(now, before), (other, other_before)| {
            (now.busy - before.busy).total_cmp(&(other.busy - other_before.busy))
        });
        if let Some((now, before)) = busiest {
            values.push(share(names::DISK_BUSY, ((now.busy - before.busy) / (seconds * 1e3)).clamp(0.0, 1.0)));
            let operations = now.operations - before.operations;
            if operations > 0.0 {
                let latency = (now.took - before.took).max(0.0) / operations;
                values.push(value(names::DISK_LATENCY, ResourceUnit::Number, latency, None));
            }
        }
        let swapped = (self.swapped_pages - before.swapped_pages).max(0.0) * PAGE / seconds;
        values.push(value(names::SWAPPED, ResourceUnit::BytesPerSecond, swapped, None));
        let kills = (self.kills - before.kills).max(0.0);
        values.push(value(names::OUT_OF_MEMORY_KILLS, ResourceUnit::Number, kills, None));
        let sent = self.segments_sent - before.segments_sent;
        if sent > 0.0 {
            let again = (self.segments_sent_again - before.segments_sent_again).max(0.0);
            values.push(share(names::RETRANSMITTED, (again / sent).min(1.0)));
        }
        values
    }
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map_while(|field| field.parse().ok()).collect()
}

/// A disk's line: `8 0 sda reads merged sectors ms writes merged sectors ms in-flight busy weighted`.
fn disk(line: &str) -> Option<(String, Disk)> {
    let mut fields = line.split_whitespace();
    let name = fields.nth(2)?;
    if ["dm-", "md", "loop", "ram", "sr", "zram"].iter().any(|kind| name.starts_with(kind)) {
        return None;
    }
    let counted: Vec<f64> = fields.map_while(|field| field.parse().ok()).collect();
    let field = |index: usize| counted.get(index).copied();
    Some((name.to_owned(), Disk { operations: field(0)? + field(4)?, took: field(3)? + field(7)?, busy: field(9)? }))
}

/// The counters of TCP: a line of names, and one of values.
fn tcp(text: &str) -> BTreeMap<&str, f64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let (Some(names), Some(values)) = (lines.next(), lines.next()) else { return BTreeMap::new() };
    let values = values.split_whitespace().map(|value| value.parse().unwrap_or(0.0));
    names.split_whitespace().zip(values).collect()
}

/// Whether something is found in one of the system's files.
#[cfg(any(test, fuzzing))]
pub(crate) fn understands(text: &str) -> bool {
    let counters = Counters::read(text, text, text, text);
    counters.since(&Counters::default(), 1.0).iter().all(|value| value.value.is_finite())
        && counters != Counters::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: [&str; 4] = [
        "cpu  100 0 50 800 40 0 0 10 0 0\ncpu0 1 2 3\n",
        "   8       0 sda 100 0 800 1000 50 0 400 500 0 900 1500\n   8       1 sda1 1 0 8 10 0 0 0 0 0 9 10\n 253 0 dm-0 1 1 1 1 1 1 1 1 1 1 1\n",
        "pswpin 10\npswpout 20\noom_kill 3\n",
        "Tcp: RtoAlgorithm OutSegs RetransSegs\nTcp: 1 1000 10\n",
    ];
    const NOW: [&str; 4] = [
        "cpu  150 0 70 860 80 0 0 40 0 0\n",
        "   8       0 sda 180 0 800 2400 70 0 400 1100 0 1800 1500\n   8       1 sda1 1 0 8 10 0 0 0 0 0 9 10\n",
        "pswpin 10\npswpout 276\noom_kill 4\n",
        "Tcp: RtoAlgorithm OutSegs RetransSegs\nTcp: 1 2000 60\n",
    ];

    fn read([stat, disks, memory, network]: [&str; 4]) -> Counters {
        Counters::read(stat, disks, memory, network)
    }

    #[test]
    fn what_happened_in_a_second_is_the_growth_of_the_counters() {
        let values = read(NOW).since(&read(BEFORE), 1.0);
        let told: BTreeMap<&str, f64> = values.iter().map(|value| (value.name.as_ref(), value.value)).collect();
        assert_eq!(told["machine_busy"], 0.5);
        // 200 ticks: 40 of them waited for a disk, 30 were the hypervisor's.
        assert_eq!(told["cpu_waiting"], 0.2);
        assert_eq!(told["cpu_stolen"], 0.15);
        assert_eq!(told["disk_busy"], 0.9);
        // 100 operations took 2,000 ms.
        assert_eq!(told["disk_latency_ms"], 20.0);
        assert_eq!(told["swapped"], 256.0 * 4096.0);
        assert_eq!(told["out_of_memory_kills"], 1.0);
        assert_eq!(told["retransmitted"], 0.05);
    }

    #[test]
    fn nothing_is_made_up_where_the_system_says_nothing() {
        let told = read([""; 4]).since(&read([""; 4]), 1.0);
        assert!(told.iter().all(|value| value.value == 0.0), "{told:?}");
    }
}
