//! The verdict on a run: the severity of each piece of evidence, and the worst of them. All forms of output and the
//! exit code put this one decision into words.

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
    /// The user should look at something.
    Warning,
    /// A threshold was not met, or the run did not reach its planned end.
    Critical,
    /// The generator was the bottleneck: the target's state is unknown.
    Invalid,
}

impl RunStatus {
    /// The verdict on a run, from the status of each piece of evidence.
    pub fn worst(statuses: impl IntoIterator<Item = RunStatus>) -> RunStatus {
        statuses.into_iter().max().unwrap_or_default()
    }

    /// The verdict's word in reports.
    pub fn name(self) -> &'static str {
        match self {
            RunStatus::Good => "Good",
            RunStatus::Warning => "Warning",
            RunStatus::Critical => "Critical",
            RunStatus::Invalid => "Invalid",
        }
    }
}

/// One criterion of a run's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The generator's health.
    Generator(Health),
    /// The run did not reach its planned end.
    EndedEarly,
    /// Every request failed, and no threshold says what share may.
    NothingSucceeded,
    /// A threshold.
    Threshold(ThresholdOutcome),
    /// An objective without a threshold.
    Objective(ObjectiveStatus),
    /// Events without a criterion: requests, checks or iterations that failed, for example.
    Doubt,
}

impl Evidence {
    /// The run's verdict with this evidence, if no other is worse.
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
            // The generator prevented the judgement, and it is evidence itself.
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
