//! The keys of a plan that a component may suggest, each with the kind of its value. The documentation of `scenario!`
//! describes each.

use super::words;

/// A key of the plan.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether a scenario with its own load takes it.
    in_scenarios: bool,
}

/// The kind of a key's value.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// `10`
    Count,
    /// `1000`, `"90/m"`
    Level,
    /// `"1m30s"`
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, or a duration.
    WordOrDuration(&'static [&'static str]),
    /// `"text"`
    Text,
    /// `true`
    Flag,
    /// `{ browse: 60 }`
    Counts,
    /// `{ NAME: "text" }`
    Texts,
    /// `{ browse: "1s..3s" }`
    ThinkTimes,
    /// `[{ duration: "30s", target: 100 }]`
    Stages,
    /// `{ checks: "rate>0.99" }`
    Thresholds,
    /// `{ users, orders: { policy: "once-each" } }`
    Data,
    /// `{ browsing: { vus: 10, duration: "30s", flow: "browse" } }`
    Scenarios,
}

const fn of_run(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, in_scenarios: false }
}

const fn of_load(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, in_scenarios: true }
}

/// In the order of docs/options.md, which `tests/options.rs` compares.
const KEYS: &[Key] = &[
    of_load("vus", Kind::Count),
    of_load("duration", Kind::Duration),
    of_load("iterations", Kind::Count),
    of_load("stages", Kind::Stages),
    of_load("executor", Kind::Word(words::EXECUTORS)),
    of_load("max_duration", Kind::Duration),
    of_load("graceful_stop", Kind::Duration),
    of_load("graceful_ramp_down", Kind::Duration),
    of_load("start_vus", Kind::Count),
    of_load("rate", Kind::Level),
    of_load("time_unit", Kind::Duration),
    of_load("start_rate", Kind::Level),
    of_load("pre_allocated_vus", Kind::Count),
    of_load("max_vus", Kind::Count),
    of_load("arrival", Kind::Word(words::ARRIVALS)),
    of_load("max_backlog", Kind::Duration),
    of_run("warmup", Kind::WordOrDuration(words::WARMUPS)),
    of_run("pacing", Kind::Word(words::PACINGS)),
    of_run("flow", Kind::Text),
    of_load("weights", Kind::Counts),
    of_load("think_time", Kind::ThinkTimes),
    of_run("scenarios", Kind::Scenarios),
    of_load("thresholds", Kind::Thresholds),
    of_run("target", Kind::Text),
    of_load("env", Kind::Texts),
    of_run("data", Kind::Data),
    of_load("tags", Kind::Texts),
    of_run("seed", Kind::Count),
    of_run("threads", Kind::Count),
    of_run("setup_timeout", Kind::Duration),
    of_run("teardown_timeout", Kind::Duration),
    of_load("min_iteration_duration", Kind::Duration),
    of_run("max_series", Kind::Count),
    of_run("insecure", Kind::Flag),
    of_run("request_timeout", Kind::Duration),
    of_run("connect_timeout", Kind::Duration),
    of_run("max_redirects", Kind::Count),
    of_run("no_connection_reuse", Kind::Flag),
    of_run("discard_response_bodies", Kind::Flag),
    of_run("user_agent", Kind::Text),
    of_run("shared_connections", Kind::Count),
    of_run("http_version", Kind::Word(words::HTTP_VERSIONS)),
    of_run("max_streams", Kind::Count),
    of_run("batch_per_origin", Kind::Count),
    of_run("no_vu_connection_reuse", Kind::Flag),
    of_run("tls_min", Kind::Text),
    of_run("tls_max", Kind::Text),
    of_run("tls_ciphers", Kind::Text),
    of_run("no_tls_resumption", Kind::Flag),
    of_run("dns", Kind::Text),
    of_run("connect_rate", Kind::Text),
    of_run("no_tcp_nodelay", Kind::Flag),
];

/// The additional keys of a scenario with its own load.
const KEYS_OF_SCENARIOS: &[Key] = &[of_load("start_time", Kind::Duration), of_load("flow", Kind::Text)];

/// Every key of a plan.
pub(crate) fn of_plan() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// Every key of a scenario with its own load.
pub(crate) fn of_scenario() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| key.in_scenarios).chain(KEYS_OF_SCENARIOS)
}
