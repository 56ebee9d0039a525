//! One trial: a run at a constant rate, from setup to teardown, and what it says about that rate.

use std::sync::Arc;
use std::time::Duration;

use squall_guest::{CodeCache, Description, Guest, Secrets};
use squall_history::RunResult;
use squall_http::EgressPolicy;
use squall_insight::search::Goal;
use squall_insight::{Demands, Judgement};
use squall_load::{Run, RunEnd, RunOutcome, Steering, raise_open_files};
use squall_metrics::{BUILT_IN, Finding, Health, Kind, ThresholdResult, Unit};
use squall_plan::{Aggregation, ExecutorKind, HumanDuration, Options, Plan, Rate, Threshold, ThresholdSpec, Warmup};
use squall_report::{Cause, TrialLine, TrialOutcome, per_second, percent};

use super::figures;
use crate::console::Console;
use crate::error::Error;
use crate::heading::heading;
use crate::result::{describe_end, result_of};
use crate::test_run::{TestRun, declared_metrics, ready_run};

/// More than this share of iterations that found no virtual user means that the rate was not borne.
const MAY_BE_DROPPED: f64 = 0.001;
/// What must hold for errors where nothing was said: a target that answers everything with an error is fast.
const OF_ERRORS: (&str, &str) = ("http_req_failed", "rate<0.01");

/// What all trials share.
pub struct Trials {
    /// What is run.
    pub test: TestRun,
    /// The plan of the heaviest trial that may come.
    pub heaviest: Plan,
    described: Vec<(String, Description)>,
    guests: Vec<Arc<Guest>>,
    egress: EgressPolicy,
    secrets: Secrets,
    settle: Duration,
}

/// How a trial ended.
pub enum Ended {
    /// It can be judged.
    Judged(TrialLine),
    /// It was stopped.
    Stopped,
    /// The scenario did not work: why, and what the search comes to.
    Failed(String, RunResult),
}

impl Trials {
    /// Compiles, and asks for all that the heaviest trial takes, so that the search does not fail half-way.
    pub fn prepare(mut test: TestRun, goal: &Goal, cache: &CodeCache, console: &dyn Console) -> Result<Trials, Error> {
        test.typed = Options { duration: None, iterations: None, ..test.typed };
        let secrets = test.secrets()?;
        let described = test.describe(cache, console)?;
        let heaviest = plan(&test, &described, goal.highest, goal.settle, goal.last_trial)?;
        raise_open_files(heaviest.max_vus())?;
        let (egress, guests) = (test.egress(&heaviest)?, test.guests(&heaviest, &described, cache, console)?);
        let trials = Trials { test, heaviest, described, guests, egress, secrets, settle: goal.settle };
        trials.show_goal(goal, console);
        Ok(trials)
    }

    /// What must hold in each trial, as typed.
    pub fn demands(&self) -> Vec<String> {
        let demand = |threshold: &Threshold| format!("{} {}", threshold.selector(), threshold.source);
        self.heaviest.thresholds.iter().map(demand).collect()
    }

    fn show_goal(&self, goal: &Goal, console: &dyn Console) {
        let search = format!(
            "a search from {} to {}, exact to {}, in at most {},",
            per_second(goal.lowest),
            per_second(goal.highest),
            percent(goal.precision),
            HumanDuration(goal.time_limit),
        );
        let heading = heading(&self.test, &self.heaviest, &search);
        console.view_run(Vec::new()).line(&format!("{heading}    must hold: {}\n", self.demands().join(", ")));
    }

    /// Runs one.
    pub fn run(&mut self, number: usize, load: f64, duration: Duration, console: &dyn Console) -> Result<Ended, Error> {
        let plan = plan(&self.test, &self.described, load, self.settle, duration)?;
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let label = format!("trial {number}, {}:", per_second(load));
        let mut view = console.view_trial(flows, label);
        let run = ready_run(plan, self.guests.clone(), self.egress.clone(), self.secrets.clone())?;
        let run = Run { declared: declared_metrics(&self.described), ..run };
        console.stop_on_signals(run.steering.clone());
        let outcome = run.run(&mut *view)?;
        // Between two trials there is no run that has ended already: a signal then ends the search after the next line.
        console.stop_on_signals(Steering::default());
        view.finish();
        if console.was_interrupted() && outcome.end == RunEnd::Completed {
            return Ok(Ended::Stopped);
        }
        self.judge(&outcome, load, duration)
    }

    fn judge(&self, outcome: &RunOutcome, load: f64, duration: Duration) -> Result<Ended, Error> {
        let name = self.test.name();
        match &outcome.end {
            RunEnd::Completed | RunEnd::ThresholdFailed(_) => {}
            RunEnd::Stopped(_) => return Ok(Ended::Stopped),
            RunEnd::DataEnded(data) => {
                let text = format!("data {data:?} came to its end within a trial: let it begin again (at-end=recycle)");
                return Err(Error::option(text));
            }
            RunEnd::Aborted(_)
            | RunEnd::Hopeless(_)
            | RunEnd::NoRequest(_)
            | RunEnd::AgentsLost(_)
            | RunEnd::SetupFailed(_)
            | RunEnd::SetupTimedOut => {
                let text = describe_end(outcome).unwrap_or_default();
                return Ok(Ended::Failed(format!("{name}: {text}"), result_of(outcome, &Judgement::default())));
            }
        }
        let judgement = Demands::of_thresholds(&outcome.plan.thresholds).judge(&outcome.totals, &outcome.generator);
        let failed = shortfall(outcome, &judgement);
        let result = match failed {
            None => TrialOutcome::Good,
            Some((Cause::Generator, _)) => TrialOutcome::Invalid,
            Some(_) => TrialOutcome::Bad,
        };
        let (cause, reason) = failed.unzip();
        let figures = figures::of(&outcome.totals);
        let duration_ms = duration.as_secs_f64() * 1e3;
        Ok(Ended::Judged(TrialLine { rate: load, duration_ms, outcome: result, cause, reason, figures }))
    }
}

/// The plan of a trial. What a rate cannot change is demanded of none.
fn plan(
    test: &TestRun,
    described: &[(String, Description)],
    load: f64,
    settle: Duration,
    duration: Duration,
) -> Result<Plan, Error> {
    let load = Options {
        executor: Some(ExecutorKind::ConstantArrivalRate),
        rate: Some(rate(load).into()),
        duration: Some(settle + duration),
        warmup: (!settle.is_zero()).then_some(Warmup::For(settle)),
        ..test.typed.clone()
    };
    let mut plan = test.plan_with(load, described)?;
    plan.thresholds.retain(|threshold| !counts(threshold));
    if plan.thresholds.is_empty() {
        let text = "a search needs to know what must hold: give one or more --threshold, such as \
                    'response_time=p(95)<500'";
        return Err(Error::option(text));
    }
    if !plan.thresholds.iter().any(|threshold| is_share(&threshold.metric)) {
        let of_errors = Threshold::parse(OF_ERRORS.0, &ThresholdSpec::new(OF_ERRORS.1));
        plan.thresholds.extend(of_errors.ok());
    }
    Ok(plan)
}

/// Whether it demands a number or a rate of something, which follows from the rate of the trial.
fn counts(threshold: &Threshold) -> bool {
    let known = BUILT_IN.iter().find(|known| known.name == threshold.metric);
    known.is_some_and(|known| known.kind == Kind::Counter)
        && matches!(threshold.aggregation, Aggregation::Count | Aggregation::Rate)
        && matches!(threshold.metric.as_str(), "http_reqs" | "iterations")
}

fn is_share(metric: &str) -> bool {
    BUILT_IN.iter().any(|known| known.name == metric && known.kind == Kind::Rate)
}

fn is_time(metric: &str) -> bool {
    BUILT_IN.iter().any(|known| known.name == metric && known.kind == Kind::Trend && known.unit == Unit::Time)
}

/// To a thousandth of an iteration a second.
fn rate(load: f64) -> Rate {
    let whole = Rate::every_second(load.round() as u64);
    if load.fract() == 0.0 {
        return whole;
    }
    Rate::new((load * 1_000.0).round() as u64, Duration::from_secs(1_000)).unwrap_or(whole)
}

/// What did not hold. The generator first: what it could not offer says nothing about the target.
fn shortfall(outcome: &RunOutcome, judgement: &Judgement) -> Option<(Cause, String)> {
    let severe = |finding: &&Finding| finding.health == Health::Bottleneck;
    let findings = || outcome.generator.findings.iter().filter(severe);
    if let Some(finding) = findings().find(|finding| !finding.too_few_users()) {
        return Some((Cause::Generator, finding.reason.clone()));
    }
    let missed: Vec<&ThresholdResult> = judgement.thresholds.iter().filter(|result| !result.passed).collect();
    let first = |of: fn(&str) -> bool| missed.iter().find(|result| of(&result.threshold.metric));
    if let Some(result) = first(is_share) {
        return Some((Cause::Errors, told(result)));
    }
    if let Some(result) = first(is_time) {
        return Some((Cause::Latency, told(result)));
    }
    if let Some(finding) = findings().next() {
        return Some((
            Cause::Unserved,
            format!("{} (they waited for the target, or --max-vus is low)", finding.reason),
        ));
    }
    let (dropped, begun) = (outcome.totals.counter("dropped_iterations"), outcome.totals.counter("iterations"));
    if dropped > MAY_BE_DROPPED * (dropped + begun) {
        return Some((
            Cause::Unserved,
            format!("{dropped} iterations found no virtual user: all waited for the target"),
        ));
    }
    missed.first().map(|result| (Cause::Other, told(result)))
}

fn told(result: &ThresholdResult) -> String {
    let threshold = &result.threshold;
    let actual = match result.actual {
        None => "not measured".to_owned(),
        Some(share) if is_share(&threshold.metric) => format!("{share:.4}"),
        Some(number) => format!("{number:.1}"),
    };
    format!("{} {} was {actual}", threshold.selector(), threshold.source)
}
