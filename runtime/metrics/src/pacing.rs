//! How well the generator kept to its plan: the base of reports on the measurement itself.

use crate::cell::{Cell, Field};
use crate::clock::Nanos;
use crate::histogram::Histogram;

/// One worker thread's measurements of its own work in a period. All of them add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pacing {
    /// Iterations that became due, in an open load.
    pub due: u64,
    /// The ones among them that a virtual user began, at once or later.
    pub begun: u64,
    /// From an arrival's intended start to the moment at which the worker noticed it: the generator's delay.
    pub noticed_late: Histogram,
    /// `schedule_lag`: from an arrival's intended start to the moment at which a virtual user began it.
    pub schedule_lag: Histogram,
    /// Delay of a task that is due every 10 ms: the cost of a thread that is busy, or not running.
    pub runtime_delay: Histogram,
    /// Concurrent iterations of the looking thread, summed over the looks.
    pub under_way: u64,
    /// Number of looks.
    pub looks: u64,
    /// Time for which the thread was ready to run while the system ran something else.
    pub run_delay: Nanos,
}

impl Pacing {
    /// Concurrent iterations of a thread, on average over all looks.
    pub fn mean_under_way(&self) -> Option<f64> {
        (self.looks > 0).then(|| self.under_way as f64 / self.looks as f64)
    }
}

impl Cell for Pacing {
    const FIELDS: &'static [Field<Pacing>] = &[
        Field::sum("due", |pacing| &pacing.due, |pacing| &mut pacing.due),
        Field::sum("begun", |pacing| &pacing.begun, |pacing| &mut pacing.begun),
        Field::trend("noticed_late", |pacing| &pacing.noticed_late, |pacing| &mut pacing.noticed_late),
        Field::trend("schedule_lag", |pacing| &pacing.schedule_lag, |pacing| &mut pacing.schedule_lag),
        Field::trend("runtime_delay", |pacing| &pacing.runtime_delay, |pacing| &mut pacing.runtime_delay),
        Field::sum("under_way", |pacing| &pacing.under_way, |pacing| &mut pacing.under_way),
        Field::sum("looks", |pacing| &pacing.looks, |pacing| &mut pacing.looks),
        Field::sum("kept_waiting", |pacing| &pacing.run_delay.0, |pacing| &mut pacing.run_delay.0),
    ];
}

/// Iterations of one flow that should have begun and never did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DroppedCell {
    /// Number of iterations.
    pub count: u64,
    /// Waiting time of each until it was dropped. Its response time would have been longer: these are censored samples.
    /// They count into `response_time`, so that dropping iterations cannot improve it.
    pub waited: Histogram,
}

impl Cell for DroppedCell {
    const FIELDS: &'static [Field<DroppedCell>] = &[
        Field::sum("count", |cell| &cell.count, |cell| &mut cell.count),
        Field::trend("waited", |cell| &cell.waited, |cell| &mut cell.waited),
    ];
}
