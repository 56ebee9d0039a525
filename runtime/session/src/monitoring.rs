//! Watching the target while it is loaded: the plan's sources and those that were asked for. docs/monitoring.md.

use std::sync::mpsc::Receiver;

use squall_metrics::Reading;
use squall_monitor::{Monitor, MonitorHandle, Sources};
use squall_plan::PlanFile;

use crate::error::Error;

/// The sources that are asked: the plan's, and those that the user added.
pub(crate) fn monitor(added: &Sources, plan: Option<&PlanFile>) -> Result<Option<Monitor>, Error> {
    let mut sources = plan.map(|plan| Sources::of_plan(&plan.watching)).unwrap_or_default();
    sources.processes.extend(added.processes.iter().cloned());
    sources.scrape.extend(added.scrape.iter().cloned());
    if added.prometheus.is_some() {
        // Its questions are for that server, and the plan's for the plan's.
        sources.prometheus.clone_from(&added.prometheus);
        sources.queries.clone_from(&added.queries);
    }
    if sources.is_empty() {
        return Ok(None);
    }
    let monitor = Monitor::of(&sources).map_err(|wrong| Error::option(format!("monitoring: {wrong}")))?;
    Ok(Some(monitor))
}

/// Begins to ask, until what this returns first is dropped.
pub(crate) fn begin(monitor: Option<Monitor>) -> Result<(Option<MonitorHandle>, Option<Receiver<Reading>>), Error> {
    let failed = |error: std::io::Error| Error::option(format!("monitoring: {error}"));
    match monitor.map(Monitor::begin).transpose().map_err(failed)? {
        Some((asking, readings)) => Ok((Some(asking), Some(readings))),
        None => Ok((None, None)),
    }
}
