//! One trial: a run at a constant rate, from setup to teardown, and what it says about that rate.

use std::time::Duration;

use squall_data::DataSet;
use squall_guest::{Capacity, CodeCache, Guest};
use squall_insight::search::TrialResult;
use squall_load::{Event, Observer, Outcome, Run, RunEnd, Steering, raise_open_files};
use squall_metrics::{Health, Nanos, ThresholdResult};
use squall_plan::{Options, Rate, Warmup};

use crate::error::CliError;
use crate::run::Order;
use crate::signals;

/// More than this share of iterations that found no virtual user means that the rate was not borne.
const MAY_BE_DROPPED: f64 = 0.001;

/// What all trials share.
pub struct Trials<'a, 'b> {
    /// What is run.
    pub order: &'a mut Order<'b>,
    /// The options, without a load.
    pub typed: Options,
    /// How long it runs before it counts.
    pub settle: Duration,
    /// Compiled code.
    pub cache: CodeCache,
}

/// How a trial ended.
pub enum Ended {
    /// It can be judged.
    Judged(Judged),
    /// Somebody stopped it.
    Stopped,
    /// The scenario did not work.
    Failed(String),
}

/// What a trial says.
pub struct Judged {
    /// Good, bad or invalid.
    pub result: TrialResult,
    /// Why, where it is not good.
    pub reason: Option<String>,
    /// The 95th percentile of the response time.
    pub p95: Option<Nanos>,
    /// Requests per second that were answered.
    pub throughput: f64,
}

impl Trials<'_, '_> {
    /// Runs one.
    pub fn run(&mut self, load: f64, duration: Duration) -> Result<Ended, CliError> {
        self.order.typed = Options {
            rate: rate(load).map(Into::into),
            duration: Some(self.settle + duration),
            warmup: Some(Warmup::For(self.settle)),
            ..self.typed.clone()
        };
        let plan = self.order.plan(&self.cache)?;
        if plan.thresholds.is_empty() {
            let text = "a search needs to know what must hold: give one or more --threshold, such as \
                        'response_time=p(95)<500'";
            return Err(CliError::Options(vec![text.to_owned()]));
        }
        let vus = plan.executor.max_vus();
        let data = DataSet::load(&plan.data, vus, plan.seed)?;
        raise_open_files(vus)?;
        let guest = Guest::for_run(&self.order.artifact, &self.order.limits, Capacity { vus }, &self.cache);
        let guest = guest.map_err(|error| self.order.guest(error))?;
        let steering = Steering::default();
        signals::stop_on_signals(steering.clone());
        let outcome = Run { plan, guest, data, steering }.run(&mut Silent)?;
        Ok(judge(&outcome))
    }
}

/// A trial tells what it found when it is over.
struct Silent;

impl Observer for Silent {
    fn on(&mut self, _event: &Event<'_>) {}
}

/// To a thousandth of an iteration a second.
fn rate(load: f64) -> Option<Rate> {
    match load.fract() == 0.0 {
        true => Some(Rate::every_second(load as u64)),
        false => Rate::new((load * 1_000.0).round() as u64, Duration::from_secs(1_000)),
    }
}

fn judge(outcome: &Outcome) -> Ended {
    match &outcome.end {
        RunEnd::Completed | RunEnd::ThresholdFailed(_) => {}
        RunEnd::Stopped(_) => return Ended::Stopped,
        RunEnd::DataEnded(name) => {
            return Ended::Failed(format!(
                "data {name:?} came to its end within a trial: let it begin again (at-end=recycle)"
            ));
        }
        RunEnd::Aborted(text) => return Ended::Failed(format!("the scenario asked to stop: {text}")),
        RunEnd::Hopeless(text) | RunEnd::SetupFailed(text) => return Ended::Failed(text.clone()),
        RunEnd::SetupTimedOut => return Ended::Failed("setup took longer than allowed".to_owned()),
    }
    let totals = &outcome.totals;
    let response_time = totals.trend("response_time");
    let (result, reason) = verdict(outcome);
    Ended::Judged(Judged {
        result,
        reason,
        p95: (!response_time.is_empty()).then(|| response_time.percentile(95.0)),
        throughput: totals.counter("http_reqs") / totals.elapsed.as_secs_f64().max(1e-9),
    })
}

/// The generator first: what it could not offer says nothing about the target.
fn verdict(outcome: &Outcome) -> (TrialResult, Option<String>) {
    if outcome.generator.health == Health::Bottleneck {
        return (TrialResult::Invalid, Some("the generator was the bottleneck".to_owned()));
    }
    if let Some(failed) = outcome.thresholds.iter().find(|result| !result.passed) {
        return (TrialResult::Bad, Some(missed(failed)));
    }
    let (dropped, begun) = (outcome.totals.counter("dropped_iterations"), outcome.totals.counter("iterations"));
    if dropped > MAY_BE_DROPPED * (dropped + begun) {
        let text = format!("{dropped} iterations found no virtual user: all waited for the target");
        return (TrialResult::Bad, Some(text));
    }
    (TrialResult::Good, None)
}

fn missed(result: &ThresholdResult) -> String {
    let actual = result.actual.map_or("not measured".to_owned(), |actual| format!("{actual:.4}"));
    format!("{} {} was {actual}", result.threshold.selector(), result.threshold.source)
}
