//! The plain values of a plan: times, numbers and names, with their defaults and limits.

use std::time::Duration;

use squall_schedule::limits::{self, LimitError, MAX_THREADS};

use super::{Defaults, PlanError, Warmup};
use crate::options::Options;

pub(crate) const DEFAULT_GRACEFUL_STOP: Duration = Duration::from_secs(30);
pub(crate) const DEFAULT_MAX_BACKLOG: Duration = Duration::from_secs(10);
pub(crate) const DEFAULT_SETUP_TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const DEFAULT_TEARDOWN_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_MAX_SERIES: usize = 1_000;

/// Values that have been checked.
pub(super) struct Settings {
    pub(super) setup_timeout: Duration,
    pub(super) teardown_timeout: Duration,
    pub(super) threads: usize,
    pub(super) max_series: usize,
}

/// Those of one scenario.
pub(super) struct Pace {
    pub(super) graceful_stop: Duration,
    pub(super) max_backlog: Duration,
    pub(super) min_iteration_duration: Option<Duration>,
}

pub(super) fn resolve(options: &Options, defaults: Defaults) -> Result<Settings, Vec<PlanError>> {
    let pool = options.http.shared_connections.map_or(usize::MAX, |pool| pool as usize);
    let settings = Settings {
        setup_timeout: options.setup_timeout.unwrap_or(DEFAULT_SETUP_TIMEOUT),
        teardown_timeout: options.teardown_timeout.unwrap_or(DEFAULT_TEARDOWN_TIMEOUT),
        threads: options.threads.unwrap_or_else(|| defaults.threads.min(pool.max(1))),
        max_series: options.max_series.unwrap_or(DEFAULT_MAX_SERIES),
    };
    let mut mistakes: Vec<PlanError> = settings.beyond_limits().into_iter().map(PlanError::from).collect();
    if (1..settings.threads).contains(&pool) {
        mistakes.push(PlanError::PoolTooSmall { pool, threads: settings.threads });
    }
    if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
}

/// How one scenario goes about its iterations.
pub(super) fn pace(options: &Options) -> Result<Pace, Vec<LimitError>> {
    let pace = Pace {
        graceful_stop: options.graceful_stop.unwrap_or(DEFAULT_GRACEFUL_STOP),
        max_backlog: options.max_backlog.unwrap_or(DEFAULT_MAX_BACKLOG),
        min_iteration_duration: options.min_iteration_duration,
    };
    let mistakes: Vec<LimitError> = [
        limits::duration("graceful_stop", pace.graceful_stop).err(),
        limits::duration("max_backlog", pace.max_backlog).err(),
        limits::duration("min_iteration_duration", pace.min_iteration_duration.unwrap_or_default()).err(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if mistakes.is_empty() { Ok(pace) } else { Err(mistakes) }
}

/// Entries of mappings that have no name.
pub(super) fn unnamed(options: &Options) -> impl Iterator<Item = PlanError> {
    [("env", &options.env), ("tags", &options.tags)]
        .into_iter()
        .filter(|(_, names)| names.contains_key(""))
        .map(|(key, _)| PlanError::NoName(key))
}

/// A load that ends before it has warmed up measures nothing.
pub(super) fn check_warmup(warmup: Warmup, load: Duration) -> Result<(), PlanError> {
    match warmup {
        Warmup::For(warmup) if warmup >= load => Err(PlanError::NothingButWarmup { warmup, load }),
        Warmup::Auto if load < Warmup::AUTO_TAKES => Err(PlanError::TooShortForAutoWarmup { load }),
        _ => Ok(()),
    }
}

impl Settings {
    fn beyond_limits(&self) -> Vec<LimitError> {
        let (threads, series) = (self.threads as u64, self.max_series as u64);
        [
            limits::some_time("setup_timeout", self.setup_timeout).err(),
            limits::some_time("teardown_timeout", self.teardown_timeout).err(),
            limits::count("threads", threads, MAX_THREADS as u64).err(),
            limits::count("max_series", series, u64::MAX).err(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
