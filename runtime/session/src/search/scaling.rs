//! What the trials together say of how the target scales.

use std::time::Duration;

use squall_insight::{Estimate, LoadStep, Point, Scaling, ScalingKind, concurrency_limit, fit_usl, knee};
use squall_report::{LawLine, RateLine, ScalingLines, Spread, TrialLine, TrialOutcome};

/// The universal scalability law is about one and more at a time.
const ONE: f64 = 1.0;

/// Everything that can be concluded. Trials in which the generator was at its end say nothing.
pub fn of(lines: &[TrialLine], rates: &[RateLine]) -> ScalingLines {
    let invalid = |rate: f64| lines.iter().any(|line| line.rate == rate && line.outcome == TrialOutcome::Invalid);
    let rates: Vec<&RateLine> = rates.iter().filter(|line| !invalid(line.rate)).collect();
    let points: Vec<Point> =
        rates.iter().filter_map(|line| Some(Point { load: line.rate, latency: line.figures.p95_ms? })).collect();
    let levels: Vec<(f64, f64)> = rates
        .iter()
        .map(|line| (line.figures.at_once, line.figures.requests_per_second))
        .filter(|(at_once, _)| *at_once >= ONE)
        .collect();
    let highest = levels.iter().map(|(at_once, _)| *at_once).fold(0.0, f64::max);
    let (law, no_law) = match fit_usl(&levels) {
        Ok(law) => (Some(law_line(&law, highest)), None),
        Err(why) => (None, Some(why.to_string())),
    };
    ScalingLines {
        knee: knee(&points).map(|knee| (knee.load, knee.latency)),
        concurrency_limit: concurrency_limit(&steps(&rates)).map(|limit| (limit.at_once, limit.throughput)),
        law,
        no_law,
    }
}

/// In the order of the requests under way.
fn steps(rates: &[&RateLine]) -> Vec<LoadStep> {
    let step = |line: &&RateLine| {
        let (throughput, concurrency) = (line.figures.requests_per_second, line.figures.at_once);
        let response_time = Duration::try_from_secs_f64(concurrency / throughput).ok()?;
        Some(LoadStep { concurrency, throughput, response_time })
    };
    let mut steps: Vec<LoadStep> = rates.iter().filter_map(step).collect();
    steps.sort_by(|one, other| one.concurrency.total_cmp(&other.concurrency));
    steps
}

/// `highest`: requests at once where there were most.
fn law_line(law: &Scaling, highest: f64) -> LawLine {
    // A peak within what was measured must have been seen; one beyond it is a prediction.
    let peak = law.peak.filter(|peak| law.kind == ScalingKind::Crosstalk || peak.value > highest);
    let spread = |estimate: Estimate| Spread { value: estimate.value, low: estimate.low, high: estimate.high };
    let kind = match law.kind {
        ScalingKind::Linear => "linear as far as was measured: more at once is as much more throughput",
        ScalingKind::Contention => "contention: requests wait for something that is shared, and throughput levels off",
        ScalingKind::Crosstalk => "crosstalk: beyond a peak, more at once means less throughput",
    };
    LawLine {
        lambda: spread(law.lambda),
        sigma: spread(law.sigma),
        kappa: spread(law.kappa),
        peak: peak.map(spread),
        peak_throughput: law.peak_throughput.filter(|_| peak.is_some()),
        kind: kind.to_owned(),
        r_squared: law.r_squared,
    }
}
