//! The progress of each of several scenarios, in a line.

use std::time::Duration;

use squall_load::{Progress, ScenarioProgress, Stage};
use squall_plan::HumanDuration;
use squall_report::{count, per_second};

/// The state of each of several scenarios: `  readers 50/50 VUs  1,234 iterations`; empty for a single scenario.
pub fn scenario_progress_lines(progress: &Progress) -> Vec<String> {
    progress.scenarios.iter().map(line).collect()
}

fn line(scenario: &ScenarioProgress) -> String {
    let ScenarioProgress { name, vus, vus_max, .. } = scenario;
    let iterations = count(scenario.iterations as f64);
    match scenario.stage {
        Stage::Waiting(left) => {
            let left = HumanDuration(Duration::from_secs(left.as_secs() + 1));
            format!("  {name}: begins in {left}")
        }
        Stage::Over => format!("  {name}: over, {iterations} iterations"),
        Stage::Running => {
            let rate = per_second(scenario.iteration_rate);
            format!("  {name}: {vus}/{vus_max} VUs  {iterations} iterations  {rate}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scenario_has_its_stage() {
        let at = |stage| {
            let name = "late".to_owned();
            line(&ScenarioProgress { name, stage, vus: 2, vus_max: 3, iterations: 1_234, iteration_rate: 10.0 })
        };
        assert_eq!(at(Stage::Waiting(Duration::from_millis(1_500))), "  late: begins in 2s");
        assert_eq!(at(Stage::Running), "  late: 2/3 VUs  1,234 iterations  10/s");
        assert_eq!(at(Stage::Over), "  late: over, 1,234 iterations");
    }
}
