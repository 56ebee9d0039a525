//! A plan's objectives, judged on what was measured.

use squall_load::Outcome;
use squall_metrics::{Health, Nanos, ThresholdResult, evaluate_thresholds};
use squall_plan::{Objective, PlanFile, Weightiness};
use squall_report::{ObjectiveLine, ObjectiveStatus, Overall, Style, duration, objectives, per_second, percent};

/// The table of objectives and the verdict; nothing if the plan has no objectives.
pub fn verdict(plan: &PlanFile, outcome: &Outcome, style: Style) -> String {
    let thresholds: Vec<_> = plan.objectives.iter().map(|objective| objective.threshold.clone()).collect();
    let results = evaluate_thresholds(&thresholds, &outcome.totals);
    let mut lines: Vec<ObjectiveLine> =
        plan.objectives.iter().zip(&results).map(|(objective, result)| line(objective, result)).collect();
    // No data is no proof: these are judged once there is something to see the target with.
    lines.extend(plan.watching.limits().into_iter().map(|(name, limit)| ObjectiveLine {
        title: name.to_owned(),
        target: format!("<={limit}"),
        actual: "-".to_owned(),
        status: ObjectiveStatus::NotMeasured,
    }));
    if lines.is_empty() {
        return String::new();
    }
    let valid = outcome.generator.health != Health::Bottleneck;
    objectives(&lines, Overall::of(&lines, valid), style)
}

fn line(objective: &Objective, result: &ThresholdResult) -> ObjectiveLine {
    let status = match (result.actual, result.passed, objective.weightiness) {
        (None, false, Weightiness::Hope) => ObjectiveStatus::NotMeasured,
        (_, true, _) => ObjectiveStatus::Met,
        (_, false, Weightiness::Hope) => ObjectiveStatus::Short,
        (_, false, Weightiness::Must) => ObjectiveStatus::Failed,
    };
    let actual = result.actual.map_or_else(|| "nothing was measured".to_owned(), |actual| shown(objective, actual));
    ObjectiveLine { title: objective.title.clone(), target: objective.target.clone(), actual, status }
}

/// In the unit in which the objective is written.
fn shown(objective: &Objective, actual: f64) -> String {
    match objective.threshold.metric.as_str() {
        "response_time" => duration(Nanos((actual * 1e6).round() as u64)),
        "http_reqs" => per_second(actual),
        _ => percent(actual),
    }
}
