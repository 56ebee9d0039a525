//! The scenarios of a plan, as lines of a heading.

use std::fmt::Write;

use squall_plan::{HumanDuration, Plan, Scenario};

/// The flows that a scenario runs, with their shares: `browse 60%, search 40%`.
fn flows(plan: &Plan, scenario: &Scenario) -> String {
    let first = usize::from(scenario.first_flow);
    let shares = scenario.mix.shares();
    let flows = plan.flows[first..].iter().zip(shares).filter(|(_, share)| *share > 0.0);
    let flows: Vec<_> = flows.collect();
    match &*flows {
        [(only, _)] => only.name.clone(),
        several => {
            let shares = several.iter().map(|(flow, share)| format!("{} {:.0}%", flow.name, share * 100.0));
            shares.collect::<Vec<_>>().join(", ")
        }
    }
}

/// What runs, as lines of the heading: the flows of the only scenario, or each of several. `components` are their names.
pub fn scenarios_heading(plan: &Plan, components: &[String]) -> String {
    if let [only] = &*plan.scenarios
        && components.len() < 2
    {
        let begins = if only.start_time.is_zero() { String::new() } else { lines(plan, components) };
        let flows =
            if plan.flows.len() > 1 { format!("\n        flows: {}", flows(plan, only)) } else { String::new() };
        return begins + &flows;
    }
    lines(plan, components)
}

fn lines(plan: &Plan, components: &[String]) -> String {
    let mut text = String::new();
    for (index, scenario) in plan.scenarios.iter().enumerate() {
        let title = if index == 0 { "scenarios:" } else { "" };
        let _ = write!(text, "\n   {title:>11} {}: {}", scenario.name, scenario.executor);
        if !scenario.start_time.is_zero() {
            let _ = write!(text, ", from {} on", HumanDuration(scenario.start_time));
        }
        let _ = write!(text, "; {}", flows(plan, scenario));
        if let (2.., Some(component)) = (components.len(), components.get(scenario.component)) {
            let _ = write!(text, " of {component}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, Options};

    use super::*;

    fn plan(json: &str) -> Plan {
        let flows = [("browse".to_owned(), 3), ("search".to_owned(), 1)];
        Plan::resolve(Options::from_json(json).unwrap(), &flows, Defaults { threads: 1, seed: 1 }).unwrap()
    }

    #[test]
    fn one_load_has_a_mix_and_several_are_listed() {
        assert_eq!(scenarios_heading(&plan("{}"), &["a.wasm".to_owned()]), "\n        flows: browse 75%, search 25%");
        let several = plan(
            r#"{"scenarios": {"readers": {"vus": 5, "duration": "1m"},
                              "late": {"rate": 10, "duration": "1m", "max_vus": 10, "start_time": "90s",
                                       "flow": "search"}}}"#,
        );
        assert_eq!(
            scenarios_heading(&several, &["a.wasm".to_owned()]),
            "\n    scenarios: readers: 5 VUs for 1m; browse 75%, search 25%\n               \
             late: 10/s for 1m, up to 10 VUs, from 1m30s on; search"
        );
    }
}
