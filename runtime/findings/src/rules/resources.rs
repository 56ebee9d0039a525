//! What the target runs on: processors, memory, disk, network, as they were watched during the load; and what its
//! throughput says of a limit that nothing else shows.

use std::time::Duration;

use super::{LEAST_COST, finding, finding_of, ms, percent};
use crate::endpoint::Endpoint;
use crate::evidence::ResourceSeries;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::level::Level;
use crate::numbers::{line, mean, quantile};
use crate::trace::Trace;

/// A processor that is busy for this share of the time is a queue.
const CPU_BUSY: f64 = 0.9;
/// A source with this share of it has most of it.
const MOST: f64 = 0.5;
/// One processor, with what a second's end may add.
const ONE_PROCESSOR: f64 = 1.12;
/// A control group that is held back for this share of the time.
const THROTTLED: f64 = 0.05;
/// Memory that is used up to this share.
const MEMORY_FULL: f64 = 0.92;
/// Memory that grows by this share of its least value a minute ...
const LEAST_GROWTH_A_MINUTE: f64 = 0.05;
/// ... by this many bytes for each request ...
const LEAST_BYTES_A_REQUEST: f64 = 1024.0;
/// ... along a straight line that explains this share of its variance.
const GROWTH_FIT: f64 = 0.9;
/// Own work that is this share of an endpoint's time under low load, and that one under the load, is a processor's queue if
/// the request takes as many times as long.
const OWN_SHARE: f64 = 0.5;
const LEAST_OWN_SHARE: f64 = 0.3;
const STRETCHED: f64 = 2.0;
const PROFILE: &str =
    "Profile the application under this load, make its hottest path cheaper, or give it more processors.";
/// Shorter stretches say nothing of growth.
const LEAST_STRETCH: Duration = Duration::from_secs(15);

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(busiest(view).or_else(|| one_processor(view)).or_else(|| crowded(view)).or_else(|| computing(view)));
    for series in view.resources {
        found.extend(match series.name.as_str() {
            "cpu_throttled" => throttled(view, series),
            "memory" => full(view, series).or_else(|| growing(view, series)),
            _ => None,
        });
    }
    found
}

/// The values under the load.
pub(super) fn high<'a>(view: &'a View<'_>, series: &'a ResourceSeries) -> impl Iterator<Item = f64> + 'a {
    series.points.iter().filter(|(at, _)| view.levels.at(*at) == Level::High).map(|(_, value)| *value)
}

/// The source whose processors are busiest, if they are saturated.
fn busiest(view: &View<'_>) -> Option<Finding> {
    let (series, share) = most_used(view).filter(|(_, share)| *share >= CPU_BUSY)?;
    let mut found = computing_most(view);
    found.title = format!("the processors of {} are busy {} of the time", series.source, percent(share));
    found.evidence.insert(0, format!("median of the seconds under the load: {}", percent(share)));
    found.change = PROFILE.to_owned();
    Some(found)
}

/// The target uses most of a machine that others use, too, so that nothing of it is left: a database, or the load itself.
fn crowded(view: &View<'_>) -> Option<Finding> {
    let machine = view.resources.iter().find(|series| series.name == "machine_busy")?;
    let busy = quantile(high(view, machine), 0.5);
    let (series, share) = most_used(view).filter(|(_, share)| busy >= CPU_BUSY && *share >= MOST)?;
    let mut found = computing_most(view);
    found.title = format!("the processors of {} are busy {} of the time", machine.source, percent(busy));
    found.evidence.insert(
        0,
        format!(
            "in the median second under the load, {} of all by {}, the rest by others",
            percent(share),
            series.source
        ),
    );
    found.change = format!("{PROFILE} Let the load be made on another machine.");
    Some(found)
}

/// The source that uses most of its processors under the load, and the share.
fn most_used<'a>(view: &View<'a>) -> Option<(&'a ResourceSeries, f64)> {
    let cpu = view.resources.iter().filter(|series| series.name == "cpu");
    cpu.map(|series| (series, quantile(high(view, series), 0.5))).max_by(|one, other| one.1.total_cmp(&other.1))
}

/// A process that uses one processor of several to the full, and no more: an interpreter with a global lock, or one event
/// loop.
fn one_processor(view: &View<'_>) -> Option<Finding> {
    let of_processes = view.resources.iter().filter(|series| series.name == "cpu_cores");
    let of_several = of_processes.filter(|series| series.limit.is_some_and(|limit| limit >= 2.0));
    let used = of_several.map(|series| (series, quantile(high(view, series), 0.5), quantile(high(view, series), 0.9)));
    let (series, median, most) = used
        .filter(|(_, median, most)| *median >= CPU_BUSY && *most <= ONE_PROCESSOR)
        .max_by(|one, other| one.1.total_cmp(&other.1))?;
    let mut found = computing_most(view);
    // Something else may hold it at that by chance: only the traces' own time beside it makes it sure.
    found.endpoint.as_ref()?;
    found.title = format!("{} uses one processor to the full, and no other", series.source);
    found.evidence.insert(
        0,
        format!(
            "processors under the load: {median:.2} in the median second, {most:.2} in nine of ten, of {:.0}",
            series.limit.unwrap_or_default()
        ),
    );
    found.change = "Let it run in several processes (workers, cluster), since one interpreter or event loop uses one processor; and \
                    make its hottest path cheaper."
        .to_owned();
    Some(found)
}

/// A saturated processor, at the endpoint that computes most.
fn computing_most(view: &View<'_>) -> Finding {
    let mut found = finding(Cause::Cpu);
    if let Some((endpoint, nanos)) = most_own_time(view) {
        found.evidence.push(format!(
            "most own time of the application: {}, {:.1} ms a request",
            endpoint.name,
            nanos / 1e6
        ));
        found.endpoint = Some(endpoint.name.clone());
        found.flow = endpoint.flow();
        found.explains = Some(endpoint.explained_by(Trace::own_work));
        found.confidence = Confidence::ConfirmedByTwoSources;
    }
    found
}

/// The endpoint in which the application itself spends most time, and how much a request, in nanoseconds.
fn most_own_time<'v, 'a>(view: &'v View<'a>) -> Option<(&'v Endpoint<'a>, f64)> {
    let time = |endpoint: &Endpoint<'a>| endpoint.high().map(Trace::own_work).sum::<f64>();
    let endpoint = view.endpoints.iter().max_by(|one, other| time(one).total_cmp(&time(other)))?;
    Some((endpoint, endpoint.mean_high(Trace::own_work)))
}

/// Without a look at the processors: the endpoint whose own work is most of its time already under low load, and takes longer
/// the more of it there is.
fn computing(view: &View<'_>) -> Option<Finding> {
    if most_used(view).is_some_and(|(_, share)| share < MOST) {
        return None;
    }
    let (endpoint, high) = most_own_time(view)?;
    let low = endpoint.mean_low(Trace::own_work)?;
    let low_request = endpoint.mean_low(Trace::nanos)?.max(1.0);
    let of_low = low / low_request;
    let explained = endpoint.explained_by(Trace::own_work);
    // Whatever else the request does takes longer, too, where a processor is waited for.
    let is_stretched = endpoint.mean_high(Trace::nanos) >= STRETCHED * low_request;
    if low < LEAST_COST || of_low < OWN_SHARE || explained.high < LEAST_OWN_SHARE || !is_stretched {
        return None;
    }
    let mut found = finding_of(endpoint, Cause::Cpu, explained);
    found.confidence = Confidence::Hypothesis;
    found.title =
        format!("{} computes for {} a request, which takes {} under the load", endpoint.name, ms(low), ms(high));
    found.evidence.push(format!(
        "its own time, without calls: {} under low load, {} of the request; {} under the load, {} of the request",
        ms(low),
        percent(of_low),
        ms(high),
        percent(explained.high)
    ));
    found.evidence.push(
        "whether processors are short is not seen: --monitor-process or --monitor-scrape shows those of the target"
            .to_owned(),
    );
    found.traces = endpoint.named(endpoint.high());
    found.change = PROFILE.to_owned();
    Some(found)
}

fn throttled(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let share = mean(high(view, series));
    (share >= THROTTLED).then(|| {
        let mut found = finding(Cause::Cpu);
        found.title = format!("{} is held back by its processor quota {} of the time", series.source, percent(share));
        found.evidence.push(format!("cpu_throttled under the load: {} on average", percent(share)));
        found.change = "Raise the quota (`cpu.max`, the container's limit), or take it away.".to_owned();
        found
    })
}

fn full(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let limit = series.limit.filter(|limit| *limit > 0.0)?;
    let share = high(view, series).fold(0.0, f64::max) / limit;
    (share >= MEMORY_FULL).then(|| {
        let mut found = finding(Cause::Memory);
        found.title = format!("{} uses {} of its memory", series.source, percent(share));
        found.evidence.push(format!("the most under the load: {} of {:.0} MiB", percent(share), limit / 1_048_576.0));
        found.change =
            "Give it more memory, or look for what holds it; near the limit it swaps, or is killed.".to_owned();
        found
    })
}

/// Memory that grows with the requests, all through the second half of the load: its beginning fills caches.
fn growing(view: &View<'_>, series: &ResourceSeries) -> Option<Finding> {
    let points: Vec<(f64, f64)> = series
        .points
        .iter()
        .filter(|(at, _)| view.levels.at(*at) == Level::High)
        .map(|(at, value)| (at.as_secs_f64(), *value))
        .collect();
    let late = &points[points.len() / 2..];
    let (first, last) = (late.first()?, late.last()?);
    if last.0 - first.0 < LEAST_STRETCH.as_secs_f64() {
        return None;
    }
    let line = line(late).filter(|line| line.fit >= GROWTH_FIT && line.slope > 0.0)?;
    let high = view.load.iter().filter(|second| view.levels.at(second.at) == Level::High);
    let throughput = mean(high.map(|second| second.throughput));
    let (a_minute, a_request) = (line.slope * 60.0 / first.1.max(1.0), line.slope / throughput.max(1e-9));
    if a_minute < LEAST_GROWTH_A_MINUTE || a_request < LEAST_BYTES_A_REQUEST {
        return None;
    }
    let mut found = finding(Cause::MemoryLeak);
    found.confidence = Confidence::Hypothesis;
    found.title = format!("the memory of {} grows with every request", series.source);
    found.evidence.push(format!(
        "from {:.0} to {:.0} MiB in the last {:.0} s of the load, {:.1} KiB a request, along a straight line that explains {} of its \
         variance",
        first.1 / 1_048_576.0,
        last.1 / 1_048_576.0,
        last.0 - first.0,
        a_request / 1024.0,
        percent(line.fit)
    ));
    found.change = "Run a soak test to see whether it ends; then compare two heap profiles, minutes apart.".to_owned();
    Some(found)
}
