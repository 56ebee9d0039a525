//! What the course of a spike or a stress test says: when the target gave way, and how soon it was well again. Computed
//! after the run, from its seconds.

use squall_insight::{Failure, LoadLevel, Phase, Recovery, first_failure, recovery};
use squall_load::Outcome;
use squall_metrics::{Health, History};
use squall_report::{duration, per_second, percent};

use super::controller::StressController;
use super::levels::{LoadPart, load_parts};

/// A subject and a sentence about it.
pub type Conclusion = (&'static str, String);

/// Normal load, a burst, normal load.
pub fn course_of_spike(outcome: &Outcome) -> Vec<Conclusion> {
    let history = &outcome.totals.history;
    let [only] = &*outcome.plan.scenarios else { return Vec::new() };
    let parts = load_parts(&only.executor);
    let [before, .., burst, behind] = parts.as_slice() else { return Vec::new() };
    let (begins, ends) = (before.span.to, burst.span.to);
    let normal = Phase::of(history, before.span.from..begins);
    vec![
        ("before the spike", told(&normal)),
        ("during the spike", told(&Phase::of(history, begins..ends))),
        ("after the spike", told(&Phase::of(history, ends..behind.span.to))),
        ("recovery", recovered(recovery(history, &normal, ends..behind.span.to), "the end of the spike")),
    ]
}

/// Steps up until the target gave way, and the step back.
pub fn course_of_stress(outcome: &Outcome, controller: &StressController) -> Vec<Conclusion> {
    let history = &outcome.totals.history;
    let (steps, planned) = (controller.steps(), controller.planned_steps());
    let levels: Vec<LoadLevel> = steps.iter().map(|step| step.span).collect();
    let Some((first, highest)) = levels.first().zip(steps.last()) else { return Vec::new() };
    let normal = Phase::of(history, first.from..first.to);
    let failed = first_failure(history, &levels);
    let gave_way = match failed {
        _ if outcome.generator.health == Health::Bottleneck => {
            "not known: the generator was at its end, not the target".to_owned()
        }
        None => format!("not up to {} (step {} of {planned})", highest.level, steps.len()),
        Some((step, failure)) => {
            format!("at {} (step {} of {planned}): {}", steps[step].level, step + 1, cause(failure))
        }
    };
    let mut remarks = vec![("at the first step", told(&normal)), ("gave way", gave_way)];
    if let Some((step, _)) = failed.filter(|(step, _)| *step > 0) {
        let held = &steps[step - 1];
        let phase = Phase::of(history, held.span.from..held.span.to);
        remarks.push(("the step before", format!("{}: {}", held.level, told(&phase))));
    }
    remarks.extend(controller.back().map(|back| ("recovery", recovery_of_stress(history, &normal, failed, back))));
    remarks
}

fn recovery_of_stress(history: &History, normal: &Phase, failed: Option<(usize, Failure)>, back: &LoadPart) -> String {
    if failed.is_some_and(|(step, _)| step == 0) {
        return "not measured: already the first step, with which it would be compared, did not hold".to_owned();
    }
    let since = format!("the step back to {}", back.level);
    recovered(recovery(history, normal, back.span.from..back.span.to), &since)
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
