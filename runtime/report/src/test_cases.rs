//! A run as the test frameworks see it: one test for each threshold and each limit of the
//! target's resources, one for the generator, one for the end of the run.

use squall_insight::{ObjectiveStatus, ThresholdOutcome};
use squall_metrics::Health;

use crate::Document;
use crate::document::ThresholdLine;
use crate::objectives::ObjectiveRecord;
use crate::wording::NOT_JUDGED;

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Result {
    Passed,
    /// The target is at fault: why.
    Failed(String),
    /// The measurement is, or nothing was judged: why.
    Invalid(String),
}

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub name: String,
    pub result: Result,
}

pub(crate) fn cases(document: &Document) -> Vec<Case> {
    let thresholds = document.thresholds.iter().map(threshold);
    let limits = document.objectives.iter().filter(|line| line.is_limit).map(limit);
    thresholds.chain(limits).chain([ending(document), generator(document)]).collect()
}

fn threshold(line: &ThresholdLine) -> Case {
    let result = match line.outcome {
        ThresholdOutcome::Passed => Result::Passed,
        ThresholdOutcome::Failed => {
            Result::Failed(format!("{} is {}, target {}", line.aggregation, line.measured(), line.target()))
        }
        ThresholdOutcome::NotJudged => Result::Invalid(NOT_JUDGED.to_owned()),
    };
    Case { name: format!("{} {}", line.metric, line.expression), result }
}

fn limit(line: &ObjectiveRecord) -> Case {
    let result = match line.status {
        ObjectiveStatus::Missed => Result::Failed(format!("it is {}, target {}", line.actual, line.target)),
        ObjectiveStatus::NotMeasured => Result::Invalid("nothing was seen of it: not measured".to_owned()),
        ObjectiveStatus::NotJudged => Result::Invalid(NOT_JUDGED.to_owned()),
        ObjectiveStatus::Met | ObjectiveStatus::Close | ObjectiveStatus::BelowTarget => Result::Passed,
    };
    Case { name: format!("{} {}", line.title, line.target), result }
}

fn ending(document: &Document) -> Case {
    let end = &document.run.end;
    let result = if end.as_planned { Result::Passed } else { Result::Failed(format!("it ended {}", end.text)) };
    Case { name: "the run ends as planned".to_owned(), result }
}

fn generator(document: &Document) -> Case {
    let generator = &document.generator;
    let result = match generator.weight() {
        Health::Bottleneck => {
            let reasons = generator.findings.iter().map(|finding| format!("{}: {}", finding.reason, finding.remedy));
            Result::Invalid(reasons.collect::<Vec<_>>().join("\n"))
        }
        Health::Ok | Health::Suspect => Result::Passed,
    };
    Case { name: "the generator keeps up".to_owned(), result }
}
