//! Why options make no executor.

use thiserror::Error;

use squall_schedule::ExecutorKind;
use squall_schedule::StageSpec;
use squall_schedule::limits::LimitError;

/// Why options make no executor.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadShapeError {
    /// Two options that each say what the load is.
    #[error("{0} and {1} contradict each other; give only one of them")]
    Contradiction(&'static str, &'static str),
    /// An option that the executor has no use for.
    #[error("{executor} has no use for {key}; leave it out, or use another executor")]
    Useless {
        /// The option.
        key: &'static str,
        /// The executor, as asked for or as the other options imply.
        executor: ExecutorKind,
    },
    /// An option that the executor needs.
    #[error("{executor} needs {key}; give it, like {example}")]
    Missing {
        /// The option.
        key: &'static str,
        /// The executor, as asked for.
        executor: ExecutorKind,
        /// How it is written.
        example: &'static str,
    },
    /// Shared iterations are fewer than the VUs that share them.
    #[error(
        "the number of iterations ({iterations}) must be at least the number of VUs ({vus}); \
         ask for fewer VUs or more iterations"
    )]
    FewerIterationsThanVus {
        /// How many iterations.
        iterations: u64,
        /// How many VUs.
        vus: u64,
    },
    /// A ramp from nothing to nothing.
    #[error("neither start_vus nor the target of any stage is more than 0; give one of them VUs")]
    NoVus,
    /// A ramp of rates from nothing to nothing.
    #[error("neither start_rate nor the target of any stage is more than 0; give one of them a rate")]
    NoArrivals,
    /// Stages of both kinds.
    #[error(
        "the stages mix a number of VUs ({vus}) and a rate ({rate}); \
         give all of them a unit, like 30s:100/s, or none of them"
    )]
    MixedStages {
        /// The first stage without a unit.
        vus: StageSpec,
        /// The first stage with one.
        rate: StageSpec,
    },
    /// A stage with a rate, where VUs are asked for.
    #[error(
        "the stage {stage} is a rate, which {executor} has no use for; leave out its unit, or use {}",
        if *executor == ExecutorKind::SteppedVus { ExecutorKind::SteppedArrivalRate } else { ExecutorKind::RampingArrivalRate }
    )]
    NotVus {
        /// The stage.
        stage: StageSpec,
        /// The executor, as asked for or as the other options imply.
        executor: ExecutorKind,
    },
    /// A stepped load of one step, or without a step back.
    #[error("a stepped load needs at least two stages; give the steps, and the step back as the last stage")]
    NoStepBack,
    /// Fewer VUs at most than to begin with.
    #[error("max_vus ({max_vus}) is less than {key} ({vus}); allow more VUs at most, or ask for fewer to begin with")]
    FewerVusAtMost {
        /// How many VUs at most.
        max_vus: u64,
        /// The option that says how many there are to begin with.
        key: &'static str,
        /// How many that is.
        vus: u64,
    },
    /// A number, duration or rate beyond its limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
}
