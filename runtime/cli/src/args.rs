//! What can be typed. Parsing touches nothing of the world; what it means is decided in `options.rs` and by the plan.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use squall_plan::{ArrivalProcess, DataOptions, ExecutorKind, Level, Pacing, StageSpec, ThresholdSpec, Warmup};
use squall_toolchain::{Compat, Engine, Language, ScriptOptions};

use crate::control::args::ControlArgs;
use crate::memory::args::KeepArgs;
use crate::monitoring::MonitorArgs;
use crate::registry::RegistryArgs;
use crate::reporting::args::ReportFileArgs;
use crate::sandbox::args::SandboxArgs;
use crate::sandbox::limits::ComponentLimitArgs;
use crate::screen_args::ScreenArgs;
use crate::streaming::StreamArgs;
use crate::values::{
    compat, engine, language, parse_count, parse_data, parse_executor, parse_header, parse_memory, parse_pair,
    parse_share, parse_threshold, parse_time,
};

/// `squall run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The scenario: a component, or a core module with component metadata. Or its source, a file or a project's folder,
    /// which is built first. Or a plan (.yaml). Or a component in a registry: oci://REGISTRY/NAME:TAG. Or a URL, which is
    /// requested over and over.
    #[arg(value_name = "FILE.wasm|SOURCE|PLAN|URL")]
    pub scenario: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub script: ScriptArgs,
    /// Run one iteration; then build and run again each time that the source is saved.
    #[arg(long, help_heading = "Source")]
    pub watch: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: TargetArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: LoadArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub http: HttpArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub registry: RegistryArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub request: RequestArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub control: ControlArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// `squall demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Added to every answer of the shop.
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "5ms", help_heading = "Shop")]
    pub latency: Duration,
    /// The share of requests that the shop answers with 503: 0.05, or 5%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, default_value = "0", help_heading = "Shop")]
    pub error_rate: f64,
    /// Only serve the shop, at this address, until interrupted: to try your own scenarios against.
    #[arg(long, value_name = "ADDRESS", help_heading = "Shop")]
    pub serve: Option<SocketAddr>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: LoadArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub control: ControlArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// `squall inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The scenario: a file, or oci://REGISTRY/NAME:TAG.
    #[arg(value_name = "FILE.wasm")]
    pub scenario: String,
    /// As JSON, for machines.
    #[arg(long)]
    pub json: bool,
    /// An option that the scenario can read while it describes itself; give several.
    #[arg(short, long = "env", value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub env: Vec<(String, String)>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: ComponentLimitArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub registry: RegistryArgs,
}

/// `squall new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The folder to make; its name becomes the project's.
    #[arg(value_name = "FOLDER")]
    pub path: PathBuf,
    /// The language.
    #[arg(short, long, value_name = "LANGUAGE", value_parser = language())]
    pub lang: Language,
}

/// `squall build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The source: a file, or a project's folder.
    #[arg(value_name = "SOURCE", default_value = ".")]
    pub source: PathBuf,
    /// Where the component goes. [default: beside the source, with its name]
    #[arg(short, long, value_name = "FILE.wasm")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub script: ScriptArgs,
}

/// What is asked of the build of a script in JavaScript or TypeScript.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ScriptArgs {
    /// The script is one of k6's.
    #[arg(long, value_name = "TOOL", value_parser = compat(), help_heading = "Source")]
    pub compat: Option<Compat>,
    /// The JavaScript engine that goes into the component.
    #[arg(long, value_name = "NAME", value_parser = engine(), help_heading = "Source")]
    pub engine: Option<Engine>,
}

impl ScriptArgs {
    /// The same for the toolchain.
    pub fn options(self) -> ScriptOptions {
        ScriptOptions { compat: self.compat, engine: self.engine }
    }
}

/// `squall selfcheck`.
#[derive(Debug, Args)]
pub struct SelfcheckArgs {
    /// How worker threads wait for the next start, as with `squall run`. [default: timer]
    #[arg(long, value_name = "HOW")]
    pub pacing: Option<Pacing>,
    /// As JSON, for machines.
    #[arg(long)]
    pub json: bool,
}

/// Who does what, how long.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Load")]
pub struct LoadArgs {
    /// Virtual users.
    #[arg(short = 'u', long, value_name = "N", value_parser = parse_count)]
    pub vus: Option<u64>,
    /// How long: 30s, 1m30s, 2h. As with every time here, a bare number is seconds.
    #[arg(short, long, short_alias = 'z', value_name = "TIME", value_parser = parse_time)]
    pub duration: Option<Duration>,
    /// How many iterations in all, shared by the virtual users.
    #[arg(short, long, short_alias = 'n', value_name = "N", value_parser = parse_count)]
    pub iterations: Option<u64>,
    /// A stage of a ramp, TIME:VUS; give several in turn: -s 30s:100 -s 1m:100 -s 30s:0, or -s 30s:100,1m:100,30s:0. With a
    /// unit, the target is a rate: -s 1m:1000/s.
    #[arg(short, long = "stage", value_name = "TIME:TARGET", value_delimiter = ',')]
    pub stages: Vec<StageSpec>,
    /// Start so many iterations a second, however long they take: 5000, 5000/s, 90/m, 0.5/s.
    #[arg(short = 'R', long, value_name = "RATE", conflicts_with_all = ["iterations", "stages"])]
    pub rate: Option<Level>,
    /// Virtual users made before the load begins, for a rate; --vus says the same. [default: by the rate]
    #[arg(long, value_name = "N", value_parser = parse_count, conflicts_with = "vus")]
    pub pre_allocated_vus: Option<u64>,
    /// Virtual users at most: as many as a rate may take [default: by the rate]; other loads are refused if they want more.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_vus: Option<u64>,
    /// For a rate: whether iterations start evenly (constant), or at random like independent users (poisson).
    /// [default: constant]
    #[arg(long, value_name = "PROCESS")]
    pub arrival: Option<ArrivalProcess>,
    /// For a rate: how long an iteration may wait for a virtual user before it is dropped. [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub max_backlog: Option<Duration>,
    /// How long the load warms up before what it measures counts: 30s; auto finds it out.
    #[arg(long, value_name = "TIME")]
    pub warmup: Option<Warmup>,
    /// How worker threads wait for the next start: asleep (timer), or awake (spin), which is more exact and takes a core
    /// each. [default: timer]
    #[arg(long, value_name = "HOW")]
    pub pacing: Option<Pacing>,
    /// How the load is shaped, where the other options leave a choice.
    #[arg(long, value_name = "NAME", value_parser = parse_executor)]
    pub executor: Option<ExecutorKind>,
    /// Run only this flow of the scenario.
    #[arg(long, value_name = "NAME")]
    pub flow: Option<String>,
    /// An option that the scenario can read; give several.
    #[arg(short, long = "env", value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub env: Vec<(String, String)>,
    /// A tag of the whole run, for reports, kept runs and outputs; give several.
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub tags: Vec<(String, String)>,
    /// Data for the scenario: a table (csv, tsv, json, ndjson) whose rows it takes, or file:PATH, sent as it is; give
    /// several. Behind a comma: policy=sequential|random|shuffle|unique-per-vu|once-each, at-end=recycle|stop|error,
    /// delimiter=CHARACTER.
    #[arg(long, value_name = "NAME=FILE[,SETTING..]", value_parser = parse_data)]
    pub data: Vec<(String, DataOptions)>,
    /// What must hold for the run to pass: 'http_req_duration=p(95)<500', 'checks{flow:browse}=rate>0.99'; give several.
    #[arg(long = "threshold", value_name = "METRIC=EXPRESSION", value_parser = parse_threshold)]
    pub thresholds: Vec<(String, ThresholdSpec)>,
    /// Stop the run as soon as one of the --threshold options is not met.
    #[arg(long, requires = "thresholds")]
    pub abort_on_fail: bool,
    /// With --abort-on-fail: how long to wait before a failure counts. [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "abort_on_fail")]
    pub delay_abort_eval: Option<Duration>,
    /// How long iterations that are under way at the end may go on. [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub graceful_stop: Option<Duration>,
    /// The least time from the start of an iteration to the start of the next one of the same virtual user.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub min_iteration_duration: Option<Duration>,
    /// What random numbers start from: the same seed, the same choices.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub seed: Option<u64>,
    /// Worker threads. [default: one for each core]
    #[arg(short = 't', long, value_name = "N")]
    pub threads: Option<usize>,
    /// The most memory that one virtual user may have. [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub memory: Option<u64>,
    /// How many series (names × statuses × flows) are kept apart; the rest is counted together. [default: 1000]
    #[arg(long, value_name = "N")]
    pub max_series: Option<usize>,
}

/// How requests are made.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Requests")]
pub struct HttpArgs {
    /// Accept any TLS certificate.
    #[arg(short = 'k', long, alias = "insecure-skip-tls-verify")]
    pub insecure: bool,
    /// Trust the certificates in this PEM file, too.
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// How long a request may take. [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub timeout: Option<Duration>,
    /// How long opening a connection may take. [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub connect_timeout: Option<Duration>,
    /// How many redirects are followed. [default: 10]
    #[arg(long, value_name = "N")]
    pub max_redirects: Option<u32>,
    /// A new connection for every request.
    #[arg(long, alias = "disable-keepalive")]
    pub no_connection_reuse: bool,
    /// All virtual users share so many connections to each origin, in place of one each.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connection_pool: Option<u32>,
    /// Read bodies off the connection and throw them away, unless a request says otherwise.
    #[arg(long)]
    pub discard_response_bodies: bool,
    /// The User-Agent of requests that bring none.
    #[arg(long, value_name = "TEXT")]
    pub user_agent: Option<String>,
}

/// Where a scenario's requests go.
#[derive(Clone, Debug, Default, Args)]
pub struct TargetArgs {
    /// The base URL: where the scenario's relative URLs go.
    #[arg(long, value_name = "URL", env = "SQUALL_TARGET", hide_env_values = true, help_heading = "Target")]
    pub target: Option<String>,
}

/// The one request of `squall run URL`, with wrk's flags.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "One request (with a URL)")]
pub struct RequestArgs {
    /// Connections: the same as --vus; with a rate, there are never more. [default: 10]
    #[arg(short, long, value_name = "N", value_parser = parse_count, conflicts_with_all = ["vus", "pre_allocated_vus"])]
    pub connections: Option<u64>,
    /// A header, 'name: value'; give several.
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = parse_header)]
    pub headers: Vec<(String, String)>,
    /// The method. [default: GET, or POST with a body]
    #[arg(short, long, short_alias = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// The body: text, or @FILE.
    #[arg(short, long, value_name = "TEXT|@FILE")]
    pub body: Option<String>,
    /// What wrk wants to hear for percentiles, which are always there.
    #[arg(long, hide = true)]
    pub latency: bool,
}

/// What is shown and written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write the summary to this file as JSON, in the form of k6's --summary-export.
    #[arg(long, value_name = "FILE")]
    pub summary_export: Option<PathBuf>,
    /// Write the response times of each second to this file, as an HdrHistogram log (V2, values in microseconds).
    #[arg(long, value_name = "FILE")]
    pub histogram_log: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub keep: KeepArgs,
    /// Reports.
    #[command(flatten)]
    pub reports: ReportFileArgs,
    /// The target.
    #[command(flatten)]
    pub monitor: MonitorArgs,
    /// Streams.
    #[command(flatten)]
    pub streams: StreamArgs,
    /// The screen.
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// How much the summary shows.
    #[arg(long, value_name = "MODE", default_value = "compact")]
    pub summary_mode: SummaryMode,
    /// No progress, and nothing of what the scenario logs.
    #[arg(short, long)]
    pub quiet: bool,
    /// Also what the scenario logs for debugging.
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// No colours (nor with NO_COLOR set, nor where the output is no terminal).
    #[arg(long)]
    pub no_color: bool,
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
