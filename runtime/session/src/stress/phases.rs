//! What the course of a spike or a stress test says: when the target gave way, and how soon it was well again. Computed
//! after the run, from its seconds.

use std::ops::Range;
use std::time::Duration;

use squall_insight::{Failure, Phase, Recovery, first_failure, recovery};
use squall_load::{RunOutcome, StepTaken};
use squall_metrics::{Health, History};
use squall_plan::TestType;
use squall_report::{duration, per_second, percent};

use super::parts::{lasting_parts, parts};

/// A subject and a sentence about it.
pub type Conclusion = (String, String);

fn about(subject: &str, text: String) -> Conclusion {
    (subject.to_owned(), text)
}

/// What the course of a run says: that of a load, a soak and a spike by the type of test, that of a stepped load by its
/// steps.
pub fn course(outcome: &RunOutcome, kind: Option<TestType>) -> Vec<Conclusion> {
    match kind {
        Some(TestType::Spike) => course_of_spike(outcome),
        Some(TestType::Load | TestType::Soak) => course_of_hold(outcome),
        _ => course_of_steps(outcome),
    }
}

/// Up, hold, down: what was measured in each, as far as the run came.
fn course_of_hold(outcome: &RunOutcome) -> Vec<Conclusion> {
    let [only] = &*outcome.plan.scenarios else { return Vec::new() };
    let parts = parts(&only.executor);
    let [up, hold, down] = parts.as_slice() else { return Vec::new() };
    told_of_reached(
        [("on the way up", up), ("at full load", hold), ("on the way down", down)],
        &outcome.totals.history,
        outcome.totals.elapsed.into(),
    )
}

/// What was measured in the parts that last and that the run came to.
fn told_of_reached<const N: usize>(
    parts: [(&str, &Range<Duration>); N],
    history: &History,
    elapsed: Duration,
) -> Vec<Conclusion> {
    let reached = parts.into_iter().filter(|(_, span)| !span.is_empty() && span.start < elapsed);
    reached.map(|(subject, span)| about(subject, told(&Phase::of(history, span.clone())))).collect()
}

/// Normal load, a burst, normal load.
fn course_of_spike(outcome: &RunOutcome) -> Vec<Conclusion> {
    let history = &outcome.totals.history;
    let [only] = &*outcome.plan.scenarios else { return Vec::new() };
    let parts = lasting_parts(&only.executor);
    let [before, .., burst, behind] = parts.as_slice() else { return Vec::new() };
    let (begins, ends) = (before.end, burst.end);
    let normal = Phase::of(history, before.start..begins);
    vec![
        about("before the spike", told(&normal)),
        about("during the spike", told(&Phase::of(history, begins..ends))),
        about("after the spike", told(&Phase::of(history, ends..behind.end))),
        about("recovery", recovered(recovery(history, &normal, ends..behind.end), "the end of the spike")),
    ]
}

/// Steps up until the target gave way, and the step back.
fn course_of_steps(outcome: &RunOutcome) -> Vec<Conclusion> {
    let history = &outcome.totals.history;
    let steps = &outcome.steps.up;
    let spans: Vec<Range<Duration>> = steps.iter().map(|step| step.span.clone()).collect();
    let Some((first, highest)) = spans.first().zip(steps.last()) else { return Vec::new() };
    let planned = planned_steps(outcome);
    let normal = Phase::of(history, first.clone());
    let failed = first_failure(history, &spans);
    let gave_way = match failed {
        _ if outcome.generator.health == Health::Bottleneck => {
            "not known: the generator was at its end, not the target".to_owned()
        }
        None => format!("at no step, up to {} (step {} of {planned})", highest.level, steps.len()),
        Some((step, failure)) => {
            format!("at {} (step {} of {planned}): {}", steps[step].level, step + 1, cause(failure))
        }
    };
    let mut remarks = vec![about("at the first step", told(&normal)), about("gave way", gave_way)];
    if let Some((step, _)) = failed.filter(|(step, _)| *step > 0) {
        let held = &steps[step - 1];
        let phase = Phase::of(history, held.span.clone());
        remarks.push(about("the step before", format!("{}: {}", held.level, told(&phase))));
    }
    let recovery = |back| about("recovery", recovery_after_steps(history, &normal, failed, back));
    remarks.extend(outcome.steps.back.as_ref().map(recovery));
    remarks
}

/// How many steps up the plan has.
fn planned_steps(outcome: &RunOutcome) -> usize {
    // The last stage is the step back.
    outcome.plan.stepped().map_or(0, |load| load.stages().len() - 1)
}

fn recovery_after_steps(
    history: &History,
    normal: &Phase,
    failed: Option<(usize, Failure)>,
    back: &StepTaken,
) -> String {
    if failed.is_some_and(|(step, _)| step == 0) {
        return "not measured: already the first step, with which it would be compared, did not hold".to_owned();
    }
    let since = format!("the step back to {}", back.level);
    recovered(recovery(history, normal, back.span.clone()), &since)
}

fn cause(failure: Failure) -> String {
    match failure {
        Failure::Errors(share) => format!("errors: {} of ten seconds' requests failed", percent(share)),
        Failure::Unserved(share) => format!("unserved load: {} found no free user", percent(share)),
        Failure::Latency(times) => format!("latency: p95 was {times:.1} times that of the first step"),
        Failure::Collapse(share) => format!("throughput fell twice in turn, to {} of its highest", percent(share)),
    }
}

fn told(phase: &Phase) -> String {
    let p95 = phase.p95.map_or("nothing was answered".to_owned(), |p95| format!("p95 {}", duration(p95.into())));
    let errors = match phase.failed {
        0 => "no errors".to_owned(),
        failed => format!("{} failed ({failed} of {} requests)", percent(phase.failed_share()), phase.requests),
    };
    let mut text = format!("{p95}, {}, {errors}", per_second(phase.throughput));
    if phase.dropped > 0 {
        text.push_str(&format!(", {} iterations found no free user", phase.dropped));
    }
    text
}

fn recovered(recovery: Recovery, since: &str) -> String {
    match recovery {
        Recovery::After(time) if time.is_zero() => format!("recovered immediately after {since}"),
        Recovery::After(time) => format!("recovered {} after {since}", duration(time.into())),
        Recovery::NotWithin(time) => format!("did not recover within {} of {since}", duration(time.into())),
        Recovery::NotMeasured => format!("not measured: there are no five seconds after {since} to compare"),
    }
}

#[cfg(test)]
mod tests {
    use squall_metrics::{Histogram, Nanos, Second};
    use squall_plan::{Executor, Stage};

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A second with so many requests, one of which failed if asked for, all of so many milliseconds.
    fn second(at: u64, requests: u64, failed: u64, millis: u64) -> Second {
        let mut response_time = Histogram::new();
        (0..requests).for_each(|_| response_time.record(Nanos(millis * 1_000_000)));
        Second { at: Nanos(at * SECOND), length: Nanos(SECOND), requests, failed, response_time, ..Second::default() }
    }

    #[test]
    fn a_held_load_is_told_by_its_parts() {
        let stage = |seconds: u64| Stage { duration: Duration::from_secs(seconds), target: 1 };
        let stages = vec![stage(2), stage(3), stage(1)];
        let ramp = Executor::RampingVus { start_vus: 0, stages, graceful_ramp_down: Duration::ZERO };
        let mut history = History::default();
        for (at, requests, failed, millis) in
            [(0, 20, 0, 10), (1, 40, 0, 10), (2, 100, 1, 30), (3, 100, 0, 30), (4, 100, 0, 30)]
        {
            history.push(second(at, requests, failed, millis));
        }
        let spans = parts(&ramp);
        let [up, hold, down] = spans.as_slice() else { panic!("{spans:?}") };
        let names = [("up", up), ("full", hold), ("down", down)];
        let told = told_of_reached(names, &history, Duration::from_secs(5));
        let expected = [
            ("up".to_owned(), "p95 10ms, 30/s, no errors".to_owned()),
            ("full".to_owned(), "p95 30ms, 100/s, 0.33% failed (1 of 300 requests)".to_owned()),
        ];
        assert_eq!(told, expected, "the run did not come to the way down");
        let told = told_of_reached(names, &history, Duration::from_secs(6));
        assert_eq!(told[2], ("down".to_owned(), "nothing was answered, 0/s, no errors".to_owned()));
    }
}
