//! What is wrong with a plan.

use std::time::Duration;

use squall_schedule::limits::LimitError;
use squall_schedule::{ExecutorKind, HumanDuration, MixError, nearest};
use thiserror::Error;

use crate::data::DataError;
use crate::load_shape::LoadShapeError;
use crate::plan::Warmup;
use crate::threshold::ThresholdError;
use squall_address::TargetError;

/// One mistake in a plan, as a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The options make no executor.
    #[error(transparent)]
    LoadShape(#[from] LoadShapeError),
    /// The target cannot be read.
    #[error("--target {0}")]
    Target(#[from] TargetError),
    /// Options about TLS contradict each other.
    #[error("{text}")]
    Tls {
        /// The option to change.
        key: &'static str,
        /// What is wrong, as a sentence.
        text: &'static str,
    },
    /// A threshold cannot be read.
    #[error("the threshold on {selector:?} cannot be read: {source}")]
    Threshold {
        /// The metric, with its tags.
        selector: String,
        /// What is wrong, and where.
        source: ThresholdError,
    },
    /// An option names a flow that the component does not have.
    #[error("{of} names a flow {name:?} that does not exist{}", instead("flows", name, known))]
    UnknownFlow {
        /// What names it: `--flow`, `weights`, `the threshold on "..."`.
        of: String,
        /// The flow named.
        name: String,
        /// The flows there are.
        known: Vec<String>,
    },
    /// A threshold is narrowed to a scenario that there is not.
    #[error("{of} names a scenario {name:?} that does not exist{}", instead("scenarios", name, known))]
    UnknownScenario {
        /// What names it.
        of: String,
        /// The scenario named.
        name: String,
        /// The scenarios there are.
        known: Vec<String>,
    },
    /// A scenario runs a component that is not there.
    #[error("component {0:?} is not there")]
    UnknownComponent(String),
    /// A scenario has a name that cannot be a tag's value.
    #[error("a scenario is called {0:?}: names are 1 to 100 letters, digits, '-', '_' and '.'")]
    ScenarioName(String),
    /// Part of a load stands beside scenarios, which have loads of their own.
    #[error(
        "{0} is given beside scenarios, each of which has a load of its own: say it in the scenario that it is meant for          (a duration, iterations, stages or a rate from above the plan replace the scenarios)"
    )]
    BesideScenarios(&'static str),
    /// More than one scenario could be meant by who changes the load.
    #[error("executor is externally-controlled, as another scenario's is; only one of them can be controlled")]
    SecondControlled,
    /// Nothing can be changed before it begins.
    #[error("start_time is later than the beginning, and the load of {0} begins at once")]
    BeginsAtOnce(ExecutorKind),
    /// What the target gives way to could be another scenario.
    #[error(
        "a stepped load ends its steps where the target gives way, which it can only tell of a load that is alone: leave \
         the other scenarios out, or write the steps as stages of a ramp"
    )]
    SteppedBesideOthers,
    /// Something is wrong with one scenario of several.
    #[error("scenario {name:?}: {mistake}")]
    InScenario {
        /// The scenario.
        name: String,
        /// What is wrong with it.
        mistake: Box<PlanError>,
    },
    /// The weights make no mix.
    #[error(transparent)]
    Mix(#[from] MixError),
    /// The data makes no sense, or is not there.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A number or duration is too small or too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Worker threads share nothing, so each needs a connection of its own.
    #[error(
        "shared_connections is {pool}, and there are {threads} worker threads, each of which needs a connection: say at least \
         {threads}, or threads: {pool}"
    )]
    PoolTooSmall {
        /// How many connections all share.
        pool: usize,
        /// How many worker threads were asked for.
        threads: usize,
    },
    /// The load ends before it has warmed up.
    #[error(
        "warmup is {} and the load lasts {}: nothing would be measured; make the warm-up shorter, or the load longer",
        HumanDuration(*warmup),
        HumanDuration(*load)
    )]
    NothingButWarmup {
        /// How long it was to warm up.
        warmup: Duration,
        /// How long the load lasts at most.
        load: Duration,
    },
    /// The load is too short to find the end of its warm-up in it.
    #[error(
        "warmup is auto, which takes a load of at least {}, and this one lasts {}: give a time, like 10s",
        HumanDuration(Warmup::AUTO_TAKES),
        HumanDuration(*load)
    )]
    TooShortForAutoWarmup {
        /// How long the load lasts at most.
        load: Duration,
    },
    /// An environment key or a tag has no name.
    #[error("an entry of {0} has no name; write it as NAME=VALUE")]
    NoName(&'static str),
}

impl PlanError {
    /// As a mistake of that scenario.
    pub(super) fn in_scenario(self, name: &str) -> PlanError {
        let mistake = match self {
            // What a scenario says cannot be said with a flag.
            PlanError::UnknownFlow { of, name, known } if of == "--flow" => {
                PlanError::UnknownFlow { of: "flow".to_owned(), name, known }
            }
            other => other,
        };
        PlanError::InScenario { name: name.to_owned(), mistake: Box::new(mistake) }
    }
}

/// What to do about a flow or a scenario that there is not.
fn instead(kind: &str, name: &str, known: &[String]) -> String {
    let list = known.join(", ");
    match nearest(name, known.iter().map(String::as_str)) {
        _ if known.is_empty() => String::new(),
        Some(meant) => format!("; did you mean {meant:?}? ({kind}: {list})"),
        None => format!("; use one of {list}"),
    }
}
