//! What neither the plan nor the measurement says of a run.

use std::time::SystemTime;

use squall_load::{RunEnd, RunOutcome, TeardownProblem};
use squall_plan::{PlanFile, TestType};
use squall_report::{Ending, Machine, PlanRecord, PlannedRun, RunFacts, shown_command};

use crate::system::processor_cores;
use crate::test_run::TestRun;

/// Of a run that is about to begin.
pub fn facts(test: &TestRun, began: SystemTime) -> RunFacts {
    let component = &test.component;
    RunFacts {
        scenario: component.name.clone(),
        component: component.artifact.digest().to_owned(),
        plan: plan_record(test),
        began,
        end: Ending { as_planned: true, text: "not yet".to_owned() },
        machine: Machine {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: processor_cores(),
        },
        squall: env!("CARGO_PKG_VERSION").to_owned(),
        command: shown_command(std::iter::once("squall".to_owned()).chain(test.command.iter().cloned())),
        soak: Vec::new(),
        course: Vec::new(),
        findings: None,
        agents: None,
    }
}

/// What a test's plan says of itself, with the type of test that this run is.
pub(crate) fn plan_record(test: &TestRun) -> Option<PlanRecord> {
    let PlanFile { about, work_items, .. } = test.plan_file.as_ref()?;
    // An environment variable that is wrong is refused where the options are read.
    let kind = test.kind().ok().flatten();
    Some(PlanRecord {
        name: about.name.clone(),
        test_type: kind.map(TestType::name).map(str::to_owned),
        questions: about.objectives.clone(),
        environment: about.environment.clone(),
        work_items: work_items.clone(),
    })
}

/// How it ended.
pub fn ending(outcome: &RunOutcome) -> Ending {
    let (as_planned, text) = match (&outcome.end, &outcome.teardown) {
        (RunEnd::SetupFailed(text), _) => (false, format!("before the load, because setup failed: {text}")),
        (RunEnd::SetupTimedOut, _) => (false, "before the load, because setup took too long".to_owned()),
        (RunEnd::Hopeless(text), _) => (false, format!("early: {text}")),
        (RunEnd::NoRequest(text), _) => (false, format!("without a request: {text}")),
        (RunEnd::Aborted(reason), _) => (false, format!("because the scenario asked for it: {reason}")),
        (RunEnd::AgentsLost(text), _) => (false, format!("early: {text}")),
        (RunEnd::ThresholdFailed(text), _) => (false, format!("early: {text}")),
        (RunEnd::Stopped(by), _) => (false, format!("early: {by}")),
        (_, Some(TeardownProblem::Failed(text))) => (false, format!("with a teardown that failed: {text}")),
        (_, Some(TeardownProblem::TimedOut)) => (false, "with a teardown that took too long".to_owned()),
        (RunEnd::DataEnded(name), None) => (true, format!("as planned, when no row of data {name:?} was left")),
        (RunEnd::Completed, None) => (true, "as planned".to_owned()),
    };
    Ending { as_planned, text }
}

/// What was planned; the rate is the one that was offered, for a stepped load may have been another than was planned.
pub fn planned(outcome: &RunOutcome) -> PlannedRun {
    let planned = PlannedRun::from(&*outcome.plan);
    let offered_rate = outcome.steps.offered_rate().or(planned.offered_rate);
    PlannedRun { offered_rate, ..planned }
}
