//! The load: who does what, how long.

use std::time::Duration;

use clap::Args;
use squall_plan::{ArrivalProcess, DataOptions, ExecutorKind, Level, Pacing, StageSpec, ThresholdSpec, Warmup};

use crate::values::{parse_count, parse_data, parse_executor, parse_memory, parse_pair, parse_threshold, parse_time};

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
    /// Start this many iterations per second, however long they take: 5000, 5000/s, 90/m, 0.5/s.
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
