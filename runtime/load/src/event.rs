//! What a run tells while it goes on: the one bridge from the engine to everything that reports.

use std::sync::Arc;
use std::time::Duration;

use squall_guest::LogLine;
use squall_metrics::{Certainty, GeneratorVerdict, Interval, Nanos, Totals};

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The guest's `setup` begins.
    Setup,
    /// The load begins.
    Load {
        /// Virtual users at most.
        vus_max: u64,
        /// How long it will last, if the plan says so.
        planned: Option<Duration>,
    },
    /// A second has passed.
    Progress(&'a Progress),
    /// It can be said how much of this load the machine could generate.
    Capacity(&'a Capacity),
    /// A second has passed, and this is all that was measured up to now: for observers that need more than [`Event::Progress`].
    Measured(&'a Totals),
    /// This was recorded since it was told last, a warm-up included: for observers that pass it on. All of them add up to what
    /// was recorded in the run.
    Recorded {
        /// What was recorded.
        interval: &'a Arc<Interval>,
        /// In how long a part of the load, a second or the rest of one at its end; zero for what happens before and after it.
        length: Nanos,
        /// When that ended, on the system's monotonic clock; unknown in virtual time.
        ended: Option<Nanos>,
        /// What it is all called, and how many virtual users are at work.
        totals: &'a Totals,
    },
    /// A guest wrote a line that it has not written before.
    Log(&'a LogLine),
    /// A line that was told was written again so many times.
    LogRepeated(&'a LogLine, u64),
    /// Guests wrote more lines than can be shown.
    LogDropped(u64),
    /// Something the user should know now.
    Warning(&'a str),
    /// No new iterations begin; those under way have this long to end.
    Stopping {
        /// Why.
        reason: &'a str,
        /// At most how long.
        grace: Duration,
    },
    /// The guest's `teardown` begins.
    Teardown,
}

/// What the load costs the generator, turned into how much it could generate.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Iterations a second at which all worker threads would be at work all the time.
    pub iterations: f64,
    /// What that is worth.
    pub certainty: Certainty,
    /// How many threads these are.
    pub threads: usize,
    /// The highest rate that the plan asks for, in iterations a second, if it asks for one.
    pub planned: Option<f64>,
}

/// How far the run is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Since the load began.
    pub elapsed: Nanos,
    /// How much of the plan is done, 0 to 1, if that can be said.
    pub done: Option<f64>,
    /// How long it will go on, if the plan says so.
    pub left: Option<Duration>,
    /// Virtual users at work.
    pub vus: u64,
    /// Virtual users at most.
    pub vus_max: u64,
    /// Iterations up to now.
    pub iterations: u64,
    /// Iterations that ended a second, in the last second.
    pub iteration_rate: f64,
    /// Iterations that were given up because no user was free to begin them, up to now.
    pub dropped_iterations: u64,
    /// Requests up to now.
    pub requests: u64,
    /// Requests a second, in the last second.
    pub request_rate: f64,
    /// The 95th percentile of the response time in the last second, if there was a response.
    pub p95: Option<Nanos>,
    /// Requests that failed, up to now.
    pub failed_requests: u64,
    /// Iterations that failed or trapped, up to now.
    pub failed_iterations: u64,
    /// Whether the generator is to be believed, as far as can be said by now.
    pub generator: GeneratorVerdict,
    /// Each scenario, where there are several.
    pub scenarios: Vec<ScenarioProgress>,
}

/// How far one of several scenarios is.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioProgress {
    /// Its name.
    pub name: String,
    /// Where it is in its time.
    pub stage: Stage,
    /// Virtual users at work.
    pub vus: u64,
    /// Virtual users at most.
    pub vus_max: u64,
    /// Iterations up to now.
    pub iterations: u64,
    /// Iterations that ended a second, in the last second.
    pub iteration_rate: f64,
}

/// Where a scenario is in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It begins in so much time.
    Waiting(Duration),
    /// It has begun, and may begin iterations.
    Running,
    /// Its time is over, and its virtual users are gone.
    Over,
}

/// Listens to a run. Called on the control thread, so being slow delays the display, never the load.
pub trait Observer {
    /// Something happened.
    fn on(&mut self, event: &Event<'_>);
}
