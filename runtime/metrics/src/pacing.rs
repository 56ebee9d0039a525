//! How well the generator itself kept to its plan: what a report on the measurement, rather than on the target, is made of.

use crate::cell::{Cell, Field};
use crate::clock::Nanos;
use crate::histogram::Histogram;

/// What one worker thread noticed about its own work in a stretch of time. All of it adds up.
#[derive(Clone, Debug, Default)]
pub struct Pacing {
    /// Iterations that became due, in an open load.
    pub due: u64,
    /// Those of them that a virtual user began, at once or later.
    pub begun: u64,
    /// From an arrival's intended start to the moment at which the worker noticed it: the generator's own delay.
    pub noticed_late: Histogram,
    /// `schedule_lag`: from an arrival's intended start to the moment at which a virtual user began it.
    pub schedule_lag: Histogram,
    /// How late a task ran that wanted to run every 10 ms: what the thread being busy, or not running, costs everything.
    pub runtime_delay: Histogram,
    /// Iterations under way, added up over those looks.
    pub under_way: u64,
    /// How often that was looked at.
    pub looks: u64,
    /// How long the thread was ready to run, and the system ran something else.
    pub run_delay: Nanos,
}

impl Pacing {
    /// Iterations under way, on average.
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
#[derive(Clone, Debug, Default)]
pub struct DroppedCell {
    /// How many.
    pub count: u64,
    /// How long each had waited when it was given up. The time that it would have taken is longer than that: these are
    /// censored samples. They count into `response_time`, so that it cannot improve because the tool gave up.
    pub waited: Histogram,
}

impl Cell for DroppedCell {
    const FIELDS: &'static [Field<DroppedCell>] = &[
        Field::sum("count", |cell| &cell.count, |cell| &mut cell.count),
        Field::trend("waited", |cell| &cell.waited, |cell| &mut cell.waited),
    ];
}
