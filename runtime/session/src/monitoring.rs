//! Watching the target while it is loaded: the plan's sources and those that were asked for. docs/monitoring.md.

use std::sync::mpsc::Receiver;

use squall_metrics::Reading;
use squall_monitor::{Monitor, MonitorHandle, Sources, listener_at};
use squall_plan::{PlanFile, WatchedProcess};
use url::{Host, Url};

use crate::error::Error;

/// The sources that are asked: the plan's, and those that the user added. Where none is named and the target is to be looked
/// into, a target of this machine is watched all the same.
pub(crate) fn monitor(
    added: &Sources,
    plan: Option<&PlanFile>,
    looked_into: Option<&Url>,
) -> Result<Option<Monitor>, Error> {
    let mut sources = plan.map(|plan| Sources::of_plan(&plan.watching)).unwrap_or_default();
    sources.processes.extend(added.processes.iter().cloned());
    sources.scrape.extend(added.scrape.iter().cloned());
    if added.prometheus.is_some() {
        // Its questions are for that server, and the plan's for the plan's.
        sources.prometheus.clone_from(&added.prometheus);
        sources.queries.clone_from(&added.queries);
    }
    if sources.is_empty() {
        sources = looked_into.map(own_machine).unwrap_or_default();
    }
    if sources.is_empty() {
        return Ok(None);
    }
    let monitor = Monitor::of(&sources).map_err(|wrong| Error::option(format!("monitoring: {wrong}")))?;
    Ok(Some(monitor))
}

/// The process that listens where requests go, and its machine, if that is this one.
fn own_machine(target: &Url) -> Sources {
    let is_here = target.host().is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    let port = target.port_or_known_default().filter(|_| is_here);
    let Some(process) = port.and_then(listener_at) else { return Sources::default() };
    Sources { processes: vec![WatchedProcess::Id(process)], machine: true, ..Sources::default() }
}

/// Begins to ask, until what this returns first is dropped.
pub(crate) fn begin(monitor: Option<Monitor>) -> Result<(Option<MonitorHandle>, Option<Receiver<Reading>>), Error> {
    let failed = |error: std::io::Error| Error::option(format!("monitoring: {error}"));
    match monitor.map(Monitor::begin).transpose().map_err(failed)? {
        Some((asking, readings)) => Ok((Some(asking), Some(readings))),
        None => Ok((None, None)),
    }
}
