//! Watching the target: which sources the user named, by flags or in the plan. What they say goes the way of all
//! measurements; docs/monitoring.md.

use std::sync::mpsc::Receiver;

use clap::Args;
use squall_metrics::Reading;
use squall_monitor::{Asking, Monitor, Sources};
use squall_plan::{PlanFile, WatchedProcess};

use crate::error::CliError;

/// Who is asked about the target.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Watching the target")]
pub struct MonitorArgs {
    /// Watch this process of this machine, and those that it started; or all processes of that name; give several.
    #[arg(long, value_name = "PID|NAME", value_parser = parse_process)]
    pub monitor_process: Vec<WatchedProcess>,
    /// Read this exporter once a second: http://127.0.0.1:9100/metrics; give several.
    #[arg(long, value_name = "URL")]
    pub monitor_scrape: Vec<String>,
    /// Ask the Prometheus at this address once a second what --monitor-query says.
    #[arg(long, value_name = "URL", requires = "monitor_query")]
    pub monitor_prometheus: Option<String>,
    /// What to ask it: a name, and PromQL that gives one number; give several.
    #[arg(long, value_name = "NAME=QUERY", value_parser = parse_query, requires = "monitor_prometheus")]
    pub monitor_query: Vec<(String, String)>,
}

/// Who is to be asked, if anybody: what the plan says, and what was typed.
///
/// # Errors
/// If one of them cannot be asked at all.
pub fn monitor(typed: &MonitorArgs, plan: Option<&PlanFile>) -> Result<Option<Monitor>, CliError> {
    let mut sources = plan.map(|plan| Sources::of_plan(&plan.watching)).unwrap_or_default();
    sources.processes.extend(typed.monitor_process.iter().cloned());
    sources.scrape.extend(typed.monitor_scrape.iter().cloned());
    if let Some(address) = &typed.monitor_prometheus {
        // Its questions are for that server, and the plan's for the plan's.
        sources.prometheus = Some(address.clone());
        sources.queries = typed.monitor_query.iter().cloned().collect();
    }
    if sources.is_empty() {
        return Ok(None);
    }
    let monitor = Monitor::of(&sources).map_err(|wrong| CliError::Options(vec![format!("monitoring: {wrong}")]))?;
    Ok(Some(monitor))
}

/// Begins to ask, until what this returns first is dropped.
///
/// # Errors
/// If the system gives no thread.
pub fn begin(monitor: Option<Monitor>) -> Result<(Option<Asking>, Option<Receiver<Reading>>), CliError> {
    let failed = |error: std::io::Error| CliError::Options(vec![format!("monitoring: {error}")]);
    match monitor.map(Monitor::begin).transpose().map_err(failed)? {
        Some((asking, readings)) => Ok((Some(asking), Some(readings))),
        None => Ok((None, None)),
    }
}

fn parse_process(text: &str) -> Result<WatchedProcess, String> {
    match text.parse() {
        Ok(id) => Ok(WatchedProcess::Id(id)),
        Err(_) if text.trim().is_empty() => Err("write a process' number, or its name".to_owned()),
        Err(_) => Ok(WatchedProcess::Name(text.to_owned())),
    }
}

fn parse_query(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, query)) if !name.trim().is_empty() && !query.trim().is_empty() => {
            Ok((name.trim().to_owned(), query.trim().to_owned()))
        }
        _ => Err("write NAME=QUERY: cpu=1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[1m]))".to_owned()),
    }
}
