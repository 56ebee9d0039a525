//! What can be concluded without a look inside, from throughput and response times alone: a limit of concurrency by Little's
//! law, and what stands in the way of scaling by the universal scalability law. Hypotheses, because many causes fit them.

use squall_insight::{LoadStep, Scaling, ScalingKind, concurrency_limit, fit_usl};

use super::finding;
use crate::evidence::LoadSecond;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::level::Level;
use crate::numbers::mean;

/// Seconds that make a level of load.
const LEAST_SECONDS: usize = 3;
/// Levels are kept apart by this factor.
const APART: f64 = 1.2;
/// Responses that take this many times as long as under low load wait for something.
const QUEUEING: f64 = 2.0;
/// The share of the variance that the law has to explain.
const LEAST_FIT: f64 = 0.9;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let steps = steps(view.load);
    let levels: Vec<(f64, f64)> = steps.iter().map(|step| (step.concurrency, step.throughput)).collect();
    let scaling = fit_usl(&levels).ok().filter(|scaling| scaling.r_squared >= LEAST_FIT).and_then(|law| obstacle(&law));
    limit(view, &steps).into_iter().chain(scaling).collect()
}

/// The levels of load, the lowest first: seconds of about the same intensity.
fn steps(load: &[LoadSecond]) -> Vec<LoadStep> {
    let mut seconds: Vec<&LoadSecond> = load.iter().filter(|second| second.throughput > 0.0).collect();
    seconds.sort_by(|one, other| one.intensity.total_cmp(&other.intensity));
    let levels = seconds.chunk_by(|one, other| other.intensity <= APART * one.intensity);
    levels.filter(|seconds| seconds.len() >= LEAST_SECONDS).map(step).collect()
}

fn step(seconds: &[&LoadSecond]) -> LoadStep {
    let throughput = mean(seconds.iter().map(|second| second.throughput));
    // Each response counts, not each second.
    let time = mean(seconds.iter().map(|second| second.throughput * second.response_time.as_secs_f64())) / throughput;
    let response_time = std::time::Duration::try_from_secs_f64(time).unwrap_or_default();
    LoadStep { concurrency: throughput * time, throughput, response_time }
}

fn limit(view: &View<'_>, steps: &[LoadStep]) -> Option<Finding> {
    let (first, last) = (steps.first()?, steps.last()?);
    let shown = concurrency_limit(steps).map(|limit| limit.at_once);
    let alone = first.response_time.as_secs_f64();
    let is_queueing = view.levels.have_low() && last.response_time.as_secs_f64() >= QUEUEING * alone;
    let at_once = shown.or_else(|| is_queueing.then_some(last.throughput * alone))?;
    let mut found = finding(Cause::ConcurrencyLimit);
    found.confidence = Confidence::Hypothesis;
    found.title = format!("the target works on about {} requests at once", at_once.ceil().max(1.0));
    found.evidence.push(format!(
        "{:.1} requests in progress take {:.0} ms each, {:.1} take {:.0} ms: throughput goes from {:.0}/s to {:.0}/s, and times the \
         time alone it is the number that is worked on (Little's law)",
        first.concurrency,
        alone * 1e3,
        last.concurrency,
        last.response_time.as_secs_f64() * 1e3,
        first.throughput,
        last.throughput
    ));
    let seconds = view.load.iter().filter(|second| view.levels.at(second.at) == Level::High).count();
    found.evidence.push(format!("over {seconds} s under the load; what it waits for does not show from outside"));
    found.change = "Look inside: let the target send its traces, name its database, watch its processors; pools, worker threads, locks \
                    and processors all show so."
        .to_owned();
    Some(found)
}

fn obstacle(law: &Scaling) -> Option<Finding> {
    let (title, change) = match law.kind {
        ScalingKind::Linear => return None,
        ScalingKind::Contention => (
            format!("{:.0} % of each request's work waits for a resource that all share", law.sigma.value * 100.0),
            "Find what all requests share one after the other: a lock, a pool, a single thread, one row.",
        ),
        ScalingKind::Crosstalk => (
            match law.peak {
                Some(peak) => format!("beyond {:.0} requests at once throughput falls", peak.value),
                None => "throughput falls the more requests there are at once".to_owned(),
            },
            "Find what requests keep consistent among each other: cache lines, replicas, locks that spin.",
        ),
    };
    let mut found = finding(Cause::Scaling);
    found.confidence = Confidence::Hypothesis;
    found.title = title;
    found.evidence.push(format!(
        "the universal scalability law with contention {:.3} and crosstalk {:.5} explains {:.0} % of the variance",
        law.sigma.value,
        law.kappa.value,
        law.r_squared * 100.0
    ));
    found.change = change.to_owned();
    Some(found)
}
