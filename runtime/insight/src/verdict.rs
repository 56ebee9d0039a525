//! The verdict on a run: how bad each thing is that speaks against it, and the worst of them. All forms of output and the
//! exit code word this one decision.

use serde::{Deserialize, Serialize};
use squall_metrics::Health;

use crate::judgement::ThresholdOutcome;
use crate::objective::ObjectiveStatus;

/// A run in one word. Ordered: the worse is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Nothing is wrong.
    #[default]
    Good,
    /// Something should be looked at.
    Warning,
    /// A threshold was not met, or the run did not come to its planned end.
    Critical,
    /// The generator was the bottleneck: the target's state is unknown.
    Invalid,
}

impl RunStatus {
    /// The verdict on a run, of what each thing makes of it.
    pub fn worst(statuses: impl IntoIterator<Item = RunStatus>) -> RunStatus {
        statuses.into_iter().max().unwrap_or_default()
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            RunStatus::Good => "Good",
            RunStatus::Warning => "Warning",
            RunStatus::Critical => "Critical",
            RunStatus::Invalid => "Invalid",
        }
    }
}

/// One thing that a run is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The generator's health.
    Generator(Health),
    /// The run did not come to its planned end.
    EndedEarly,
    /// Every request failed, and no threshold says what share may.
    NothingSucceeded,
    /// A threshold.
    Threshold(ThresholdOutcome),
    /// An objective that no threshold stands for.
    Objective(ObjectiveStatus),
    /// Something that nothing was demanded of: requests, checks or iterations that failed, say.
    Doubt,
}

impl Evidence {
    /// What a run with it comes to, if nothing is worse.
    pub fn status(self) -> RunStatus {
        match self {
            Evidence::Generator(Health::Bottleneck) => RunStatus::Invalid,
            Evidence::EndedEarly
            | Evidence::NothingSucceeded
            | Evidence::Threshold(ThresholdOutcome::Failed)
            | Evidence::Objective(ObjectiveStatus::Missed) => RunStatus::Critical,
            Evidence::Generator(Health::Suspect)
            | Evidence::Objective(
                ObjectiveStatus::Close | ObjectiveStatus::BelowTarget | ObjectiveStatus::NotMeasured,
            )
            | Evidence::Doubt => RunStatus::Warning,
            // What could not be judged is the generator's doing, which is evidence of its own.
            Evidence::Generator(Health::Ok)
            | Evidence::Threshold(ThresholdOutcome::Passed | ThresholdOutcome::NotJudged)
            | Evidence::Objective(ObjectiveStatus::Met | ObjectiveStatus::NotJudged) => RunStatus::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides() {
        let judge = |evidence: &[Evidence]| RunStatus::worst(evidence.iter().map(|evidence| evidence.status()));
        let met = Evidence::Threshold(ThresholdOutcome::Passed);
        let missed = Evidence::Threshold(ThresholdOutcome::Failed);
        assert_eq!(judge(&[]), RunStatus::Good);
        assert_eq!(judge(&[met, Evidence::Generator(Health::Ok)]), RunStatus::Good);
        assert_eq!(judge(&[met, Evidence::Doubt]), RunStatus::Warning);
        assert_eq!(judge(&[missed, Evidence::Doubt]), RunStatus::Critical);
        assert_eq!(judge(&[missed, Evidence::Generator(Health::Bottleneck), met]), RunStatus::Invalid);
    }
}
