//! A plan run as another type of test: its target, its mix and its objectives, with the load of that type. What the plan
//! says of the load is of its own type; what the other type needs is derived from it.

use std::mem::take;

use super::objective::{self, Importance, Objective};
use super::shape::Shape;
use super::test_type::TestType;
use super::{Options, PlanFile};
use crate::threshold::ThresholdSpec;

impl PlanFile {
    /// This plan as a test of that type, beneath an upper layer of options.
    ///
    /// # Errors
    /// If the plan, or the upper layer, has a load that no type shapes, or nothing to make this one of: a sentence.
    pub fn as_type(mut self, kind: TestType, upper: &Options) -> Result<PlanFile, String> {
        if let Some(load) = self.explicit_load() {
            return Err(format!(
                "the plan gives its load as {load}, which a type of test cannot shape; give it as users (or rate) instead"
            ));
        }
        let own = self.shape.kind;
        self.shape = self.shape.as_type(kind);
        if self.shape.gives_way_to(upper) {
            let text = "another load was given, on the command line or in the environment (stages, iterations or an \
                        executor; users or a rate of a search); leave it out, or leave --type out";
            return Err(text.to_owned());
        }
        if own != Some(kind) {
            let of_own_type = objective::of_type(own);
            // One user makes no throughput.
            let drops = |objective: &Objective| {
                of_own_type.as_ref() == Some(objective)
                    || (kind == TestType::Smoke && objective.threshold.metric == "http_reqs")
            };
            self.drop_objectives(drops);
            if let Some(objective) = objective::of_type(Some(kind)) {
                self.demand(&objective);
                self.objectives.push(objective);
            }
        }
        self.shape.taking_from(&mut upper.clone()).options().map_err(|(_, text)| text)?;
        Ok(self)
    }

    /// How the plan gives a load that is not made of users, a rate and times.
    fn explicit_load(&self) -> Option<&'static str> {
        let options = &self.options;
        [
            ("scenarios with loads of their own", options.scenarios.is_some()),
            ("stages", options.stages.is_some()),
            ("iterations", options.iterations.is_some()),
            ("an executor", options.executor.is_some()),
        ]
        .into_iter()
        .find_map(|(load, is_given)| is_given.then_some(load))
    }

    /// What must hold becomes a threshold, so that it decides the exit code.
    pub(super) fn demand(&mut self, objective: &Objective) {
        if objective.importance == Importance::Required {
            let thresholds = self.options.thresholds.get_or_insert_default();
            let spec = ThresholdSpec::new(&objective.threshold.source);
            thresholds.entry(objective.threshold.selector()).or_default().push(spec);
        }
    }

    fn drop_objectives(&mut self, drops: impl Fn(&Objective) -> bool) {
        let (dropped, kept): (Vec<_>, Vec<_>) = take(&mut self.objectives).into_iter().partition(drops);
        self.objectives = kept;
        let thresholds = self.options.thresholds.get_or_insert_default();
        for Objective { threshold, .. } in dropped {
            let spec = ThresholdSpec::new(&threshold.source);
            if let Some(specs) = thresholds.get_mut(&threshold.selector()) {
                specs.retain(|known| *known != spec);
            }
        }
        thresholds.retain(|_, specs| !specs.is_empty());
    }
}

impl Shape {
    /// This shape as a test of that type. Its times, and what only its own type has, are left to the defaults of that type.
    fn as_type(&self, kind: TestType) -> Shape {
        // A constant load is the expected load, without ramps.
        let own = self.kind().unwrap_or(TestType::Load);
        if own == kind {
            return Shape { kind: Some(kind), ..self.clone() };
        }
        let (users, rate) = match kind {
            TestType::Smoke | TestType::Breakpoint => (None, None),
            _ => self.scaled(own, kind),
        };
        Shape { kind: Some(kind), users, rate, ..Shape::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::plan::{Defaults, Plan};

    const LOAD: &str = "component: a.wasm\ntype: load\nusers: 50\nduration: 15m\nramp_up: 2m\n\
                        response_time: { p95: <500ms }\nthroughput: { min_rps: 100, target_rps: 200 }\n";

    fn as_type(text: &str, kind: TestType, upper: &Options) -> Result<PlanFile, String> {
        PlanFile::read(text).unwrap().as_type(kind, upper)
    }

    fn resolved(file: &PlanFile, upper: Options) -> Plan {
        let flows = [("home".to_owned(), 1)];
        Plan::resolve(file.under(upper, &flows), &flows, Defaults { threads: 1, seed: 1 }).unwrap()
    }

    fn load(text: &str, kind: TestType) -> String {
        let file = as_type(text, kind, &Options::default()).unwrap();
        assert_eq!(file.shape.kind, Some(kind));
        resolved(&file, Options::default()).load()
    }

    fn stages(text: &str, kind: TestType) -> String {
        let file = as_type(text, kind, &Options::default()).unwrap();
        let stages = file.shape.options().unwrap().stages.unwrap();
        stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_type_has_its_own_times() {
        assert_eq!(stages(LOAD, TestType::Load), "2m:50 12m15s:50 45s:0", "its own type keeps its ramps");
        assert_eq!(stages(LOAD, TestType::Soak), "5m:50 3h55m:50 0s:0");
        assert_eq!(
            stages(LOAD, TestType::Spike),
            "0s:50 1m56.666666666s:50 5s:250 58.333333333s:250 5s:50 2m55.000000001s:50"
        );
        assert_eq!(load(LOAD, TestType::Smoke), load("component: a.wasm\ntype: smoke", TestType::Smoke));
        assert_eq!(load(LOAD, TestType::Breakpoint), load("component: a.wasm\ntype: breakpoint", TestType::Breakpoint));
    }

    #[test]
    fn a_stress_test_goes_to_twice_the_expected_load_and_back_to_it() {
        let stress = stages(LOAD, TestType::Stress);
        assert!(stress.starts_with("1m36s:10 1m36s:20 ") && stress.ends_with(" 1m36s:100 4m:50"), "{stress}");
        let rate = stages("component: a.wasm\nrate: 30\nduration: 1m", TestType::Stress);
        assert!(rate.ends_with(" 1m36s:60/s 4m:30/s"), "{rate}");
        // And the other way round.
        let of_stress = "component: a.wasm\ntype: stress\nusers: 101\n";
        assert_eq!(stages(of_stress, TestType::Load), "1m30s:51 12m45s:51 45s:0");
    }

    #[test]
    fn a_constant_load_is_the_expected_load() {
        assert_eq!(stages("component: a.wasm\nusers: 8\nduration: 100s", TestType::Load), "10s:8 1m25s:8 5s:0");
    }

    #[test]
    fn what_is_typed_besides_holds_for_the_other_type() {
        let upper = Options { duration: Some(Duration::from_secs(100)), vus: Some(40), ..Options::default() };
        let file = as_type(LOAD, TestType::Stress, &upper).unwrap();
        assert_eq!(resolved(&file, upper).load(), "up to 40 VUs for 1m40s over 10 steps, then 20 VUs");
    }

    fn held_to(file: &PlanFile) -> String {
        resolved(file, Options::default()).thresholds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_smoke_test_needs_its_checks_and_no_throughput() {
        let smoke = as_type(LOAD, TestType::Smoke, &Options::default()).unwrap();
        assert_eq!(held_to(&smoke), "checks=rate>=1 response_time=p(95)<500");
        assert_eq!(
            smoke.objectives.iter().map(|objective| &objective.title).collect::<Vec<_>>(),
            ["response time p95", "checks"]
        );
        let back = as_type("component: a.wasm\ntype: smoke\nusers: 2\n", TestType::Load, &Options::default()).unwrap();
        assert_eq!((back.objectives.len(), held_to(&back).as_str()), (0, ""));
        let spike = as_type(LOAD, TestType::Spike, &Options::default()).unwrap();
        assert_eq!(spike.objectives, PlanFile::read(LOAD).unwrap().objectives);
    }

    #[test]
    fn a_load_that_no_type_shapes_is_refused() {
        let refused = |text: &str, kind| as_type(text, kind, &Options::default()).unwrap_err();
        let stages = "component: a.wasm\nstages: [ { duration: 1m, target: 5 } ]\n";
        assert!(refused(stages, TestType::Soak).starts_with("the plan gives its load as stages, which"));
        let scenarios = "component: a.wasm\nscenarios: { a: { vus: 1, duration: 1s } }\n";
        assert!(refused(scenarios, TestType::Soak).contains("scenarios with loads of their own"));
        let nothing = refused("component: a.wasm\ntype: breakpoint\n", TestType::Load);
        assert_eq!(nothing, "a load test needs users or a rate; give one, like users: 50 or rate: 100/s");
        let typed = Options { iterations: Some(5), ..Options::default() };
        assert!(as_type(LOAD, TestType::Stress, &typed).unwrap_err().starts_with("another load was given"));
        let users = Options { vus: Some(5), ..Options::default() };
        assert!(as_type(LOAD, TestType::Breakpoint, &users).is_err(), "a search has no users");
    }
}
