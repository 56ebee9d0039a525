//! The flows of stored runs: whose scenario each is, and which number it gets where several runs become one.

use squall_metrics::{FlowId, ScenarioTags};

use crate::format::{Snapshot, StoredScenario};

/// The flows of one or several runs, scenario by scenario, each once.
#[derive(Debug, Default)]
pub(crate) struct Flows(Vec<(StoredScenario, Vec<String>)>);

impl Flows {
    /// Takes up what a run has.
    pub(crate) fn learn(&mut self, snapshot: &Snapshot) {
        for scenario in scenarios(snapshot) {
            if self.0.iter().all(|(known, _)| known.name != scenario.name) {
                self.0.push((scenario, Vec::new()));
            }
        }
        for (index, flow) in snapshot.flows.iter().enumerate() {
            let name = scenario_of(snapshot, index);
            let ours = self.0.iter_mut().find(|(known, _)| known.name == name).map(|(_, flows)| flows);
            if let Some(ours) = ours.filter(|ours| !ours.contains(flow)) {
                ours.push(flow.clone());
            }
        }
    }

    /// The number that a flow of a run has here. What is no flow keeps its own.
    pub(crate) fn number(&self, flow: u16, snapshot: &Snapshot) -> FlowId {
        let theirs = FlowId(flow).index();
        let Some((index, name)) = theirs.and_then(|index| Some((index, snapshot.flows.get(index)?))) else {
            return FlowId(flow);
        };
        let scenario = scenario_of(snapshot, index);
        let all = self.0.iter().flat_map(|(ours, flows)| flows.iter().map(|flow| (&ours.name, flow)));
        let ours = all.enumerate().find(|(_, (ours, flow))| **ours == *scenario && *flow == name);
        ours.map_or(FlowId(flow), |(number, _)| FlowId(number as u16))
    }

    /// As totals have them.
    pub(crate) fn into_totals(self) -> (Vec<ScenarioTags>, Vec<String>) {
        let (mut scenarios, mut all) = (Vec::new(), Vec::new());
        for (scenario, flows) in self.0 {
            scenarios.push(ScenarioTags { name: scenario.name, first_flow: all.len() as u16, tags: scenario.tags });
            all.extend(flows);
        }
        (scenarios, all)
    }
}

/// The scenarios of a run; runs that were kept before there could be several have one.
fn scenarios(snapshot: &Snapshot) -> Vec<StoredScenario> {
    if snapshot.scenarios.is_empty() {
        return vec![StoredScenario { name: snapshot.scenario.clone(), ..StoredScenario::default() }];
    }
    snapshot.scenarios.clone()
}

/// The name of a flow's scenario.
fn scenario_of(snapshot: &Snapshot, flow: usize) -> &str {
    if snapshot.scenarios.is_empty() {
        return &snapshot.scenario;
    }
    let own = snapshot.scenarios.iter().rev().find(|scenario| usize::from(scenario.first_flow) <= flow);
    own.map_or("", |scenario| &scenario.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(scenarios: &[(&str, u16)], flows: &[&str]) -> Snapshot {
        let stored = |(name, first_flow): &(&str, u16)| StoredScenario {
            name: (*name).to_owned(),
            first_flow: *first_flow,
            ..StoredScenario::default()
        };
        Snapshot {
            scenario: "default".to_owned(),
            scenarios: scenarios.iter().map(stored).collect(),
            flows: flows.iter().map(|flow| (*flow).to_owned()).collect(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn flows_of_the_same_name_in_different_scenarios_stay_apart() {
        let first = run(&[("a", 0), ("b", 2)], &["home", "buy", "home"]);
        let second = run(&[("b", 0), ("c", 1)], &["search", "home"]);
        let old = run(&[], &["home"]);
        let mut flows = Flows::default();
        [&first, &second, &old].into_iter().for_each(|run| flows.learn(run));
        assert_eq!((0..3).map(|flow| flows.number(flow, &first).0).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!((0..2).map(|flow| flows.number(flow, &second).0).collect::<Vec<_>>(), [3, 4]);
        assert_eq!((flows.number(0, &old), flows.number(65_535, &old)), (FlowId(5), FlowId::SETUP));
        let (scenarios, names) = flows.into_totals();
        assert_eq!(names, ["home", "buy", "home", "search", "home", "home"]);
        let firsts: Vec<_> = scenarios.iter().map(|scenario| (scenario.name.as_str(), scenario.first_flow)).collect();
        assert_eq!(firsts, [("a", 0), ("b", 2), ("c", 4), ("default", 5)]);
    }
}
