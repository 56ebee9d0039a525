//! What the course of a spike or a stress test says: when the target gave way, and how soon it was well again. Computed
//! after the run, from its seconds.

use std::ops::Range;
use std::time::Duration;

use squall_insight::{Failure, Phase, Recovery, first_failure, recovery};
use squall_load::{RunOutcome, StepTaken};
use squall_metrics::{Health, History};
use squall_plan::TestType;
use squall_report::{duration, per_second, percent};

use super::parts::lasting_parts;

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
    let stages = only.executor.stages();
    let [up, hold, down] = stages.as_slice() else { return Vec::new() };
    let mut begins = Duration::ZERO;
    let parts = [("on the way up", up), ("at full load", hold), ("on the way down", down)].map(|(subject, stage)| {
        let span = begins..begins + stage.duration;
        begins = span.end;
        (subject, span)
    });
    let elapsed = Duration::from(outcome.totals.elapsed);
    let reached = parts.into_iter().filter(|(_, span)| !span.is_empty() && span.start < elapsed);
    reached.map(|(subject, span)| about(subject, told(&Phase::of(&outcome.totals.history, span)))).collect()
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
