//! What a component may say in the plan that it suggests: for each key, who may set it up to what.
//!
//! A component can be a stranger's, so its suggestion makes a run stricter, never looser: past a default only the person who
//! runs it goes, on the command line, in the environment or in a plan file. The table in `docs/security.md` is this one; a
//! key that is not in it is a mistake that the tests find. Must not know a component.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use crate::credentials::without_credentials;
use crate::guest_limits::Limits;
use crate::http::HttpPlan;
use crate::load_shape;
use crate::options::{Options, ScenarioOptions};
use crate::plan::settings;
use squall_schedule::HumanDuration;

/// How far a component may go with a key.
enum Allowance {
    /// As far as any plan: it says which load there is, which `--max-vus`, `--max-rate` and `--max-duration` bound, or what
    /// is thought of it.
    Free,
    /// A mapping of keys, each with an allowance of its own.
    Keys,
    /// Not at all.
    Never(fn(&Options) -> Option<String>),
    /// Only where the user says something else, which counts.
    Overruled(fn(&Options) -> Option<&String>),
    /// Only with the value that needs no trust.
    Off(fn(&Options) -> Option<bool>),
    /// A time, up to the user's or, where the user says nothing, up to this.
    Time { most: fn() -> Duration, field: fn(&mut Options) -> &mut Option<Duration> },
    /// A number, likewise.
    Count { most: fn(Machine) -> u64, of: fn(&Options) -> Option<u64> },
    /// A mapping of at most so many entries.
    Entries { most: usize, of: fn(&Options) -> usize },
    /// Names and values of bounded length, and a bounded number of them.
    Texts { most: TextLimits, of: fn(&Options) -> &BTreeMap<String, String> },
    /// A text of at most so many bytes.
    Text { most: usize, of: fn(&Options) -> Option<&String> },
}

/// How much text there may be.
#[derive(Clone, Copy)]
struct TextLimits {
    entries: usize,
    name: usize,
    value: usize,
}

/// What the table needs to know of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// The number of processor cores.
    pub cores: usize,
}

/// A key, how far a component goes with it, and how the user says more.
struct Rule {
    key: &'static str,
    allowance: Allowance,
    /// What the user adds, up to the value: `--timeout `.
    option: &'static str,
}

const fn free(key: &'static str) -> Rule {
    Rule { key, allowance: Allowance::Free, option: "" }
}

const fn keys(key: &'static str) -> Rule {
    Rule { key, allowance: Allowance::Keys, option: "" }
}

const fn rule(key: &'static str, allowance: Allowance, option: &'static str) -> Rule {
    Rule { key, allowance, option }
}

/// Every key of a plan. The order is that of [`Options`].
const TABLE: &[Rule] = &[
    free("vus"),
    free("duration"),
    free("iterations"),
    free("stages"),
    free("executor"),
    free("max_duration"),
    rule(
        "graceful_stop",
        Allowance::Time { most: || settings::DEFAULT_GRACEFUL_STOP, field: |options| &mut options.graceful_stop },
        "--graceful-stop ",
    ),
    rule(
        "graceful_ramp_down",
        Allowance::Time {
            most: || load_shape::DEFAULT_GRACEFUL_RAMP_DOWN,
            field: |options| &mut options.graceful_ramp_down,
        },
        "SQUALL_GRACEFUL_RAMP_DOWN=",
    ),
    free("start_vus"),
    free("rate"),
    free("time_unit"),
    free("start_rate"),
    free("pre_allocated_vus"),
    free("max_vus"),
    free("arrival"),
    rule(
        "max_backlog",
        Allowance::Time { most: || settings::DEFAULT_MAX_BACKLOG, field: |options| &mut options.max_backlog },
        "--max-backlog ",
    ),
    free("warmup"),
    free("pacing"),
    free("flow"),
    free("weights"),
    free("think_time"),
    keys("scenarios"),
    free("start_time"),
    rule(
        "component",
        Allowance::Never(|options| {
            let named = options.scenarios.iter().flatten().find_map(|scenario| scenario.component.as_ref());
            named.cloned()
        }),
        "a plan file",
    ),
    rule(
        "thresholds",
        Allowance::Entries {
            most: 1_000,
            of: |options| options.thresholds.iter().flatten().map(|(_, specs)| specs.len().max(1)).sum(),
        },
        "a plan file",
    ),
    rule("target", Allowance::Overruled(|options| options.target.as_ref()), "--target "),
    rule(
        "env",
        Allowance::Texts {
            most: TextLimits { entries: 1_000, name: 256, value: 64 << 10 },
            of: |options| &options.env,
        },
        "-e ",
    ),
    rule(
        "data",
        Allowance::Never(|options| {
            let file = options.data.iter().find_map(|(name, data)| Some((name, data.file.as_ref()?)));
            file.map(|(name, file)| format!("{name}={}", file.display()))
        }),
        "--data ",
    ),
    rule(
        "tags",
        Allowance::Texts { most: TextLimits { entries: 32, name: 64, value: 256 }, of: |options| &options.tags },
        "--tag ",
    ),
    free("seed"),
    rule(
        "threads",
        Allowance::Count {
            most: |machine| machine.cores as u64,
            of: |options| options.threads.map(|threads| threads as u64),
        },
        "--threads ",
    ),
    keys("http"),
    rule("insecure", Allowance::Off(|options| options.http.insecure), "--insecure"),
    rule(
        "cacert",
        Allowance::Never(|options| options.http.cacert.as_ref().map(|file| file.display().to_string())),
        "--cacert ",
    ),
    rule(
        "request_timeout",
        Allowance::Time {
            most: || HttpPlan::default().request_timeout,
            field: |options| &mut options.http.request_timeout,
        },
        "--timeout ",
    ),
    rule(
        "connect_timeout",
        Allowance::Time {
            most: || HttpPlan::default().connect_timeout,
            field: |options| &mut options.http.connect_timeout,
        },
        "--connect-timeout ",
    ),
    rule(
        "max_redirects",
        Allowance::Count {
            most: |_| HttpPlan::default().max_redirects.into(),
            of: |options| options.http.max_redirects.map(u64::from),
        },
        "--max-redirects ",
    ),
    free("no_connection_reuse"),
    free("discard_response_bodies"),
    rule(
        "user_agent",
        Allowance::Text { most: 1_000, of: |options| options.http.user_agent.as_ref() },
        "--user-agent ",
    ),
    free("connection_pool"),
    rule(
        "batch_per_origin",
        Allowance::Count {
            most: |_| HttpPlan::default().batch_per_origin.into(),
            of: |options| options.http.batch_per_origin.map(u64::from),
        },
        "SQUALL_BATCH_PER_ORIGIN=",
    ),
    rule(
        "setup_timeout",
        Allowance::Time { most: || settings::DEFAULT_SETUP_TIMEOUT, field: |options| &mut options.setup_timeout },
        "SQUALL_SETUP_TIMEOUT=",
    ),
    rule(
        "teardown_timeout",
        Allowance::Time { most: || settings::DEFAULT_TEARDOWN_TIMEOUT, field: |options| &mut options.teardown_timeout },
        "SQUALL_TEARDOWN_TIMEOUT=",
    ),
    free("min_iteration_duration"),
    rule(
        "max_series",
        Allowance::Count {
            most: |_| Limits::SUGGESTED_SERIES as u64,
            of: |options| options.max_series.map(|series| series as u64),
        },
        "--max-series ",
    ),
];

/// What is left of a suggestion beneath what the user says: where both say something, the user's counts, and the scenarios
/// that are suggested keep to it.
///
/// # Errors
/// Every key with which the suggestion goes too far, each as a sentence with what to add if it is meant.
pub fn permit(mut suggested: Options, users: &Options, machine: Machine) -> Result<Options, Vec<String>> {
    let mut users = users.clone();
    let mut breaches = Vec::new();
    for rule in TABLE {
        breaches.extend(rule.apply(&mut suggested, &mut users, machine));
    }
    for ScenarioOptions { name, own, .. } in suggested.scenarios.iter_mut().flatten() {
        let of_scenario = TABLE.iter().filter_map(|rule| rule.apply(own, &mut users, machine));
        breaches.extend(of_scenario.map(|breach| format!("scenario {name:?}: {breach}")));
    }
    // What the user says goes before it in any case.
    suggested.target = None;
    if breaches.is_empty() { Ok(suggested) } else { Err(breaches) }
}

impl Rule {
    /// Tightens what is suggested to what the user says; the sentence about it, if it goes too far.
    fn apply(&self, suggested: &mut Options, users: &mut Options, machine: Machine) -> Option<String> {
        match &self.allowance {
            Allowance::Free | Allowance::Keys => None,
            Allowance::Never(of) => of(suggested).map(|value| self.not_at_all(&value)),
            Allowance::Overruled(of) => {
                of(suggested).filter(|_| of(users).is_none()).map(|value| self.not_at_all(&without_credentials(value)))
            }
            Allowance::Off(of) => {
                let asks = of(suggested) == Some(true) && of(users).is_none();
                asks.then(|| {
                    format!("{} is true: only who runs a scenario may say that; {}", self.key, self.advice(""))
                })
            }
            Allowance::Time { most, field } => {
                let (value, said, most) = ((*field(suggested))?, *field(users), most());
                *field(suggested) = Some(said.map_or(value, |said| value.min(said)));
                let breaks = said.is_none() && value > most;
                breaks.then(|| self.too_much(HumanDuration(value), HumanDuration(most)))
            }
            Allowance::Count { most, of } => {
                let (value, most) = (of(suggested)?, most(machine));
                (of(users).is_none() && value > most).then(|| self.too_much(value, most))
            }
            Allowance::Entries { most, of } => {
                let entries = of(suggested);
                (entries > *most).then(|| self.too_many(&format!("has {entries} entries"), *most))
            }
            Allowance::Texts { most, of } => self.check_texts(of(suggested), *most),
            Allowance::Text { most, of } => {
                let length = of(suggested)?.len();
                (length > *most).then(|| self.too_many(&format!("has {length} bytes"), *most))
            }
        }
    }

    fn check_texts(&self, texts: &BTreeMap<String, String>, most: TextLimits) -> Option<String> {
        if texts.len() > most.entries {
            return Some(self.too_many(&format!("has {} entries", texts.len()), most.entries));
        }
        let name = texts.keys().map(String::len).max().filter(|length| *length > most.name);
        let value = texts.values().map(String::len).max().filter(|length| *length > most.value);
        let name = name.map(|length| self.too_many(&format!("has a name of {length} bytes"), most.name));
        name.or_else(|| value.map(|length| self.too_many(&format!("has a value of {length} bytes"), most.value)))
    }

    fn not_at_all(&self, value: &str) -> String {
        format!("{} is {value:?}: only who runs a scenario may say that; {}", self.key, self.advice(value))
    }

    fn too_much(&self, value: impl Display, most: impl Display) -> String {
        format!(
            "{} is {value}, and a component may suggest at most {most}; {}",
            self.key,
            self.advice(&value.to_string())
        )
    }

    fn too_many(&self, finding: &str, most: usize) -> String {
        format!("{} {finding}, and a component may suggest at most {most}", self.key)
    }

    fn advice(&self, value: &str) -> String {
        if self.option == "a plan file" {
            return "write a plan file if it is meant".to_owned();
        }
        format!("if it is meant, add {}{value}", self.option)
    }
}

#[cfg(test)]
mod tests;
