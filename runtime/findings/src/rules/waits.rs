//! What a machine waits for besides its processors: disks, memory that is swapped or short, the network, other machines on
//! the same hardware, open files; and what a runtime does besides its work.

use super::resources::high;
use super::{finding, percent};
use crate::evidence::ResourceSeries;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::level::Level;
use crate::numbers::{mean, quantile};

/// A disk that works for this share of the time has a queue.
const DISK_BUSY: f64 = 0.9;
/// Operations that take this many milliseconds, on disks as well as on flash ...
const DISK_SLOW_MS: f64 = 20.0;
/// ... and this many times as long as under low load.
const DISK_SLOWER: f64 = 3.0;
/// Processors that wait for disks for this share of their time.
const WAITING: f64 = 0.2;
/// Bytes swapped in a second.
const SWAPPED: f64 = 1_048_576.0;
/// The share of TCP segments that are sent again: below a thousandth is usual, a hundredth is felt.
const RETRANSMITTED: f64 = 0.01;
/// The share of processor time that other machines got.
const STOLEN: f64 = 0.1;
/// Open files, as a share of their limit.
const DESCRIPTORS_FULL: f64 = 0.95;
/// The share of the time that a runtime stands still.
const GC_PAUSES: f64 = 0.1;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let of_source = |series: &ResourceSeries| match series.name.as_str() {
        "disk_busy" => disk(view, series),
        "swapped" => swapping(view, series),
        "out_of_memory_kills" => killed(view, series),
        "retransmitted" => retransmitted(view, series),
        "cpu_stolen" => stolen(view, series),
        "descriptors" => descriptors(view, series),
        "gc_pauses" => collecting(view, series),
        _ => None,
    };
    view.resources.iter().filter_map(of_source).collect()
}

/// Another series of the same source.
fn beside<'a>(view: &View<'a>, series: &ResourceSeries, name: &str) -> Option<&'a ResourceSeries> {
    view.resources.iter().find(|other| other.source == series.source && other.name == name)
}

fn disk(view: &View<'_>, busy: &ResourceSeries) -> Option<Finding> {
    let share = quantile(high(view, busy), 0.5);
    let latency = beside(view, busy, "disk_latency_ms");
    let slow = latency.map(|series| quantile(high(view, series), 0.5)).unwrap_or_default();
    let is_slower = latency.and_then(|series| low(view, series)).is_none_or(|low| slow >= DISK_SLOWER * low);
    let is_slow = slow >= DISK_SLOW_MS && is_slower && share >= 0.5;
    if share < DISK_BUSY && !is_slow {
        return None;
    }
    let mut found = finding(Cause::Disk);
    found.title = format!("the busiest disk of {} works {} of the time", busy.source, percent(share));
    found.evidence.push(format!("disk_busy in the median second under the load: {}", percent(share)));
    if slow > 0.0 {
        found.evidence.push(format!("an operation takes {slow:.1} ms{}", before(latency.and_then(|s| low(view, s)))));
    }
    let waiting = beside(view, busy, "cpu_waiting").map(|series| mean(high(view, series))).unwrap_or_default();
    if waiting >= WAITING {
        found.evidence.push(format!("the processors wait for it {} of their time", percent(waiting)));
        found.confidence = Confidence::ConfirmedByTwoSources;
    }
    found.change =
        "Look for what reads and writes (statements without an index, temporary files, logs, fsync for each write); \
                    then cache, write in batches, or take a faster disk."
            .to_owned();
    Some(found)
}

/// The median under low load, if there was some.
fn low(view: &View<'_>, series: &ResourceSeries) -> Option<f64> {
    let values: Vec<f64> =
        series.points.iter().filter(|(at, _)| view.levels.at(*at) == Level::Low).map(|(_, value)| *value).collect();
    (!values.is_empty()).then(|| quantile(values.iter().copied(), 0.5))
}

fn before(low: Option<f64>) -> String {
    low.map(|low| format!(", under low load {low:.1} ms")).unwrap_or_default()
}

fn swapping(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let rate = quantile(high(view, series), 0.5);
    (rate >= SWAPPED).then(|| {
        let mut found = finding(Cause::Memory);
        found.title = format!("{} swaps {:.1} MiB a second", series.source, rate / 1_048_576.0);
        found.evidence.push(format!("swapped in the median second under the load: {:.1} MiB", rate / 1_048_576.0));
        found.change =
            "Give it more memory, or let what runs on it use less: memory on a disk is a thousand times slower."
                .to_owned();
        found
    })
}

fn killed(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let kills: f64 = high(view, series).sum();
    (kills >= 1.0).then(|| {
        let mut found = finding(Cause::Memory);
        found.title = format!("the kernel of {} killed processes for want of memory", series.source);
        found.evidence.push(format!("out_of_memory_kills under the load: {kills:.0}"));
        found.change =
            "Give it more memory, or bound what its processes use; `dmesg` names those that were killed.".to_owned();
        found
    })
}

fn retransmitted(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let share = mean(high(view, series));
    (share >= RETRANSMITTED).then(|| {
        let mut found = finding(Cause::Network);
        found.title = format!("{} sends {:.1} % of its TCP segments again", series.source, share * 100.0);
        found.evidence.push(format!("retransmitted under the load: {:.1} % on average", share * 100.0));
        found.change =
            "Look for a link that is full or loses packets, and for queues that are too short (`ss -ti`, `nstat`)."
                .to_owned();
        found
    })
}

fn stolen(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let share = mean(high(view, series));
    (share >= STOLEN).then(|| {
        let mut found = finding(Cause::NoisyNeighbour);
        found.title = format!("the hypervisor takes {} of the processor time of {}", percent(share), series.source);
        found.evidence.push(format!("cpu_stolen under the load: {} on average", percent(share)));
        found.change =
            "Move it to other hardware or to dedicated processors; a burstable instance may have used up its credit."
                .to_owned();
        found
    })
}

fn descriptors(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let limit = series.limit.filter(|limit| *limit > 0.0)?;
    let most = high(view, series).fold(0.0, f64::max);
    (most / limit >= DESCRIPTORS_FULL).then(|| {
        let mut found = finding(Cause::Descriptors);
        found.title =
            format!("{} has {most:.0} files and connections open, of {limit:.0} that it may have", series.source);
        found
            .evidence
            .push(format!("descriptors under the load: {} of their limit at the most", percent(most / limit)));
        found.change =
            "Raise the limit (`ulimit -n`, `LimitNOFILE=`), and look for connections that are not closed or reused."
                .to_owned();
        found
    })
}

fn collecting(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let share = mean(high(view, series));
    (share >= GC_PAUSES).then(|| {
        let mut found = finding(Cause::GarbageCollection);
        found.title =
            format!("{} stands still for its garbage collector {} of the time", series.source, percent(share));
        found.evidence.push(format!("gc_pauses under the load: {} on average", percent(share)));
        found.change =
            "Allocate less on the hot path, give the heap more room, or take a collector with shorter pauses."
                .to_owned();
        found
    })
}
