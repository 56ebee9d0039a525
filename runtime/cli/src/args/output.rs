//! What is shown, written, passed on, and asked about the target.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use squall_monitor::Sources;
use squall_outputs::{Header, Output, Statistic};
use squall_plan::WatchedProcess;
use squall_session::{self as session, OutputSettings, StreamSettings};

use crate::args::headings;
use crate::args::history::KeepArgs;
use crate::args::inside::InsideArgs;
use crate::args::reports::ReportFileArgs;

/// What is shown and written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::OUTPUTS)]
pub struct OutputArgs {
    /// Reports.
    #[command(flatten)]
    pub reports: ReportFileArgs,
    /// Write the summary as JSON, as k6 does
    ///
    /// In the form of k6's --summary-export.
    #[arg(long, value_name = "FILE")]
    pub summary_export: Option<PathBuf>,
    /// How much the summary shows.
    #[arg(long, value_name = "MODE", default_value = "compact")]
    pub summary_mode: SummaryMode,
    /// Write the response times of each second to this file, as an HdrHistogram log (V2, values in microseconds).
    #[arg(long, value_name = "FILE")]
    pub histogram_log: Option<PathBuf>,
    #[command(flatten)]
    pub keep: KeepArgs,
    /// Streams.
    #[command(flatten)]
    pub streams: StreamArgs,
    /// The target.
    #[command(flatten)]
    pub monitor: MonitorArgs,
    /// Its inside.
    #[command(flatten)]
    pub inside: InsideArgs,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

impl OutputArgs {
    /// The same for the session.
    pub fn settings(&self) -> OutputSettings {
        OutputSettings {
            summary: self.summary_mode.mode(),
            summary_export: self.summary_export.clone(),
            histogram_log: self.histogram_log.clone(),
            keep: self.keep.settings(),
            reports: self.reports.settings(),
            monitor: self.monitor.sources(),
            inside: self.inside.settings(),
            streams: self.streams.settings(),
            full_screen: self.screen.tui,
        }
    }
}

impl SummaryMode {
    fn mode(self) -> session::SummaryMode {
        match self {
            SummaryMode::Compact => session::SummaryMode::Compact,
            SummaryMode::Full => session::SummaryMode::Full,
            SummaryMode::Disabled => session::SummaryMode::Disabled,
        }
    }
}

impl StreamArgs {
    fn settings(&self) -> StreamSettings {
        StreamSettings {
            outputs: self.out.clone(),
            statistics: self.out_trend_stats.clone(),
            headers: self.out_header.clone(),
            native_histograms: self.out_native_histograms,
        }
    }
}

impl MonitorArgs {
    /// The sources that were named.
    fn sources(&self) -> Sources {
        Sources {
            machine: false,
            processes: self.monitor_process.clone(),
            scrape: self.monitor_scrape.clone(),
            prometheus: self.monitor_prometheus.clone(),
            queries: self.monitor_query.iter().cloned().collect(),
        }
    }
}

/// How much the summary shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SummaryMode {
    /// What fits a screen.
    #[default]
    Compact,
    /// Every phase and every name.
    Full,
    /// Nothing.
    Disabled,
}

/// How a run is shown while it goes on.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::CONTROL)]
pub struct ScreenArgs {
    /// Show the run on the whole screen, with charts, tables, and keys to pause, scale and stop it.
    #[arg(long, conflicts_with = "quiet")]
    pub tui: bool,
    /// What oha and Locust want to hear, and what is so without it.
    #[arg(long, alias = "headless", hide = true, conflicts_with = "tui")]
    pub no_tui: bool,
    /// Show no progress and no lines of the scenario
    ///
    /// The summary and errors are shown all the same.
    #[arg(short, long)]
    pub quiet: bool,
    /// Also show what the scenario logs for debugging, and what Squall itself does; -vv in more detail.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Show the heads of the first 100 requests and responses, as they go over the wire; =full shows bodies, too.
    #[arg(long, value_name = "headers|full", num_args = 0..=1, require_equals = true, default_missing_value = "headers",
          hide_possible_values = true, help_heading = headings::REQUESTS)]
    pub http_debug: Option<HttpDebug>,
    /// No colours (nor with NO_COLOR set, nor where the output is no terminal).
    #[arg(long)]
    pub no_color: bool,
}

/// How much of requests and responses is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HttpDebug {
    /// Their heads.
    Headers,
    /// Bodies, too.
    Full,
}

/// Where what is measured goes while the run goes on.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::OUTPUTS)]
pub struct StreamArgs {
    /// Send measurements: json=FILE, csv=FILE, ...
    ///
    /// Each second: json=FILE, csv=FILE, openmetrics=[ADDRESS:]PORT, prometheus=URL (remote write), statsd=HOST:PORT,
    /// influxdb=URL, otlp=URL. Give several.
    #[arg(short, long, value_name = "KIND=WHERE")]
    pub out: Vec<Output>,
    /// Statistics to send for trends where the backend has no histograms. [default: avg,min,med,max,p(90),p(95),p(99)]
    #[arg(long, value_name = "LIST", value_delimiter = ',', env = "K6_PROMETHEUS_RW_TREND_STATS", hide_env = true)]
    pub out_trend_stats: Vec<Statistic>,
    /// A header for requests to outputs of a kind, 'otlp=Authorization: Bearer ...'; give several.
    #[arg(long, value_name = "KIND=HEADER")]
    pub out_header: Vec<Header>,
    /// Send native histograms to Prometheus instead of statistics.
    #[arg(long)]
    pub out_native_histograms: bool,
}

/// Who is asked about the target.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::MONITORING)]
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
