//! The few numbers by which runs are compared.

use squall_metrics::statistics::can_carry;

use crate::error::HistoryError;
use crate::stored_run::{StoredRun, totals_of};

/// A number by which runs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name, as thresholds write it.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Whether less of it is better.
    pub less_is_better: bool,
}

const fn milliseconds(name: &'static str) -> Figure {
    Figure { name, unit: "ms", less_is_better: true }
}

/// All of them. The throughput of an open load is no result but an input, so it is none of its figures.
pub const FIGURES: [Figure; 4] = [
    milliseconds("response_time med"),
    milliseconds("response_time p(95)"),
    milliseconds("response_time p(99)"),
    Figure { name: "http_reqs rate", unit: "/s", less_is_better: false },
];

/// The figures of a run, in the order of [`FIGURES`]; none where it has no such figure, or too few samples to carry it.
pub fn key_figures(run: &StoredRun) -> Result<[Option<f64>; FIGURES.len()], HistoryError> {
    let totals = totals_of(&run.snapshot()?).map_err(HistoryError::Clash)?;
    let response_time = totals.trend("response_time");
    let percentile = |percent| {
        let carried = can_carry(percent, response_time.count());
        carried.then(|| response_time.percentile(percent).as_millis_f64()).filter(|value| *value > 0.0)
    };
    let seconds = totals.elapsed.as_secs_f64();
    let rate = (!run.info.open_load && seconds > 0.0).then(|| totals.counter("http_reqs") / seconds);
    Ok([percentile(50.0), percentile(95.0), percentile(99.0), rate.filter(|rate| *rate > 0.0)])
}
