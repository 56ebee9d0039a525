//! What can be typed. Parsing touches nothing of the world; what it means is decided in `options.rs` and by the plan.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use squall_plan::{
    ArrivalProcess, DataOptions, DurationError, ExecutorKind, Level, Pacing, StageSpec, ThresholdSpec, Warmup,
    parse_cli_data, parse_cli_threshold, parse_duration,
};

use crate::breakpoint::args::BreakpointArgs;
use crate::control::args::{ClientArgs, ControlArgs};
use crate::memory::args::{CompareArgs, KeepArgs, MergeArgs, ReportArgs, RunsArgs, TrendArgs};
use crate::monitoring::MonitorArgs;
use crate::plan::args::PlanArgs;
use crate::project::Language;
use crate::registry::{PullArgs, PushArgs, RegistryArgs};
use crate::reporting::args::ReportFileArgs;
use crate::sandbox::args::SandboxArgs;
use crate::sandbox::limits::ComponentLimitArgs;
use crate::screen::args::ScreenArgs;
use crate::signature::SignArgs;
use crate::streaming::StreamArgs;

/// Load tests whose scripts are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "squall", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a load test: a scenario (a .wasm file), or one request (a URL).
    Run(Box<RunArgs>),
    /// Search for the highest rate at which every threshold holds.
    Breakpoint(Box<BreakpointArgs>),
    /// Run the demo: a small shop, and a scenario that loads it. Needs nothing else.
    Demo(Box<DemoArgs>),
    /// Read, change or stop a run that was started with --control.
    Control(ClientArgs),
    /// Show what a scenario is, what it asks for, and whether this Squall can run it.
    Inspect(InspectArgs),
    /// Put a scenario into an OCI registry.
    Push(PushArgs),
    /// Fetch a scenario from an OCI registry.
    Pull(PullArgs),
    /// Sign a scenario: a file, or what lies in a registry.
    Sign(SignArgs),
    /// Make a project for a scenario, in the language of your choice.
    New(NewArgs),
    /// Make a component of a scenario's source, with its language's own tools.
    Build(BuildArgs),
    /// List, show, export, tag or remove the runs that were kept.
    Runs(RunsArgs),
    /// Show the summary of a kept run.
    Report(ReportArgs),
    /// Add up several kept runs, exactly.
    Merge(MergeArgs),
    /// Say whether runs are slower than earlier ones, and how sure that is.
    Compare(CompareArgs),
    /// Say when, in the history of a load, its level changed.
    Trend(TrendArgs),
    /// Write, check and show plans, which `squall run` runs.
    Plan(PlanArgs),
    /// Let this machine prove itself, in about a minute: pacing, latency, a known stall, the highest rate.
    Selfcheck(SelfcheckArgs),
}

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
    #[arg(short, long, value_name = "LANGUAGE")]
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
    #[arg(long, value_name = "TOOL", help_heading = "Source")]
    pub compat: Option<Compat>,
    /// The JavaScript engine that goes into the component.
    #[arg(long, value_name = "NAME", help_heading = "Source")]
    pub engine: Option<Engine>,
}

impl ScriptArgs {
    /// The first of its flags that was given.
    pub fn given(self) -> Option<&'static str> {
        let compat = self.compat.map(|_| "--compat");
        compat.or(self.engine.map(|_| "--engine"))
    }
}

/// Engines for scripts in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Small, and starts fast.
    #[value(name = "quickjs")]
    QuickJs,
    /// Large, faster at computing, and has `fetch()`.
    #[value(name = "starlingmonkey")]
    StarlingMonkey,
}

/// Other tools whose scripts can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compat {
    /// k6: JavaScript with the modules `k6`, `k6/http` and so on.
    #[value(name = "k6")]
    K6,
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

/// The names of the long options of `squall run`.
pub fn long_options() -> Vec<String> {
    let command = Cli::command();
    let run = command.find_subcommand("run").into_iter();
    run.flat_map(|run| run.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned))).collect()
}

/// A time, in which a bare number is seconds, as with wrk and curl.
pub fn parse_time(text: &str) -> Result<Duration, DurationError> {
    match parse_duration(text) {
        Err(DurationError::NoUnit { .. }) if !text.contains(char::is_alphabetic) => parse_duration(&format!("{text}s")),
        other => other,
    }
}

/// A number of things.
fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, like 100".to_owned())
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn parse_data(text: &str) -> Result<(String, DataOptions), String> {
    parse_cli_data(text).map_err(|error| error.to_string())
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("write 'name: value'".to_owned()),
    }
}

fn parse_threshold(text: &str) -> Result<(String, ThresholdSpec), String> {
    parse_cli_threshold(text).map_err(|error| error.to_string())
}

fn parse_executor(text: &str) -> Result<ExecutorKind, String> {
    text.parse().map_err(|error: squall_plan::UnknownExecutor| error.to_string())
}

/// A share: `0.05`, or `5%`.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map(|number| number * scale);
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "write a share from 0 to 1, or 0% to 100%".to_owned())
}

/// An amount of memory or data: `64MiB`, `1GiB`, `500MB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 6] =
        [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let bytes = UNITS.iter().find_map(|(unit, bytes)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(*bytes)
    });
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "write a whole number with a unit: 64MiB".to_owned())
}

/// What one memory can have.
fn parse_memory(text: &str) -> Result<u64, String> {
    let bytes = parse_size(text)?;
    // Less than a page cannot hold anything; more than 4 GiB cannot be addressed by a guest.
    if (64 << 10..=4 << 30).contains(&bytes) { Ok(bytes) } else { Err("from 64KiB to 4GiB".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn rates_are_read_and_mistakes_told() {
        let load = |arguments: &[&str]| match Cli::try_parse_from(["squall", "run", "a.wasm"].iter().chain(arguments)) {
            Ok(Cli { command: Command::Run(run) }) => Ok(run.load),
            Ok(_) => Err("not a run".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let open = load(&["-R", "5000", "--arrival", "poisson", "--warmup", "auto", "--pacing", "spin"]).unwrap();
        assert_eq!((open.rate, open.arrival), (Some(Level::Bare(5_000)), Some(ArrivalProcess::Poisson)));
        assert_eq!((open.warmup, open.pacing), (Some(Warmup::Auto), Some(Pacing::Spin)));
        assert_eq!(load(&["-s", "1m:90/m"]).unwrap().stages[0].to_string(), "1m:90/m");
        let mistake = load(&["-R", "5000/"]).unwrap_err();
        assert!(mistake.contains("the unit of the rate \"5000/\" cannot be read"), "{mistake}");
        assert!(load(&["-R", "5", "-i", "9"]).unwrap_err().contains("cannot be used with"));
    }

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(parse_time("5"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_time("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("1m30s"), Ok(Duration::from_secs(90)));
        assert!(parse_time("1m30").is_err() && parse_time("-5").is_err() && parse_time("").is_err());
    }

    #[test]
    fn shares_and_sizes() {
        assert_eq!(parse_share("5%"), Ok(0.05));
        assert_eq!(parse_share("0.25"), Ok(0.25));
        assert!(parse_share("7").is_err());
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert!(parse_size("64").is_err());
        assert!(parse_memory("9GiB").is_err());
    }
}
