//! When is each iteration of an open load to start? A pure function of the plan and its seed, so that every worker thread
//! computes its own part without talking to the others, and all parts together are the same on any number of threads.
//! Must not know clocks, threads or VUs: whether a user is free to start an iteration is not asked here.
//!
//! The integral of the rate over time counts what is due. With the constant process, arrival number `i` comes at the
//! moment from which on more than `i` are due: the first at once, as with k6's `constant-arrival-rate`, and where the
//! rate is zero for a while, when it ends. So `r` per second for `d` seconds make exactly `r·d`, and each stage of a ramp
//! makes its own share. With the Poisson process the moments are those of unit-rate arrivals, mapped through the same
//! integral (Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979, section 1, names this
//! as time-scale transformation; Çinlar, "Introduction to Stochastic Processes", 1975, section 4.7, proves it).
//!
//! No arrival comes at the end of the load or behind it. Times are whole nanoseconds, rounded up.

mod curve;
mod gaps;
mod process;

use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use crate::executor::Executor;
use crate::rate::Rate;
use crate::stage::RateStage;
use curve::{Curve, Place};
use gaps::Gaps;

pub use process::ArrivalProcess;

/// The arrivals of an open load. Memory: one small record per stage, however many arrivals there are.
#[derive(Debug, Clone)]
pub struct Arrivals {
    curve: Arc<Curve>,
    process: ArrivalProcess,
    seed: u64,
}

/// One iteration that is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number among all arrivals, from 0.
    pub index: u64,
    /// When it is to start, from the beginning of the load.
    pub at: Duration,
}

impl Arrivals {
    /// The arrivals that an executor plans; `None` if it is closed, so that iterations start when others end. Those of
    /// an externally controlled rate are the ones that come unless it is changed, those of a stepped one the ones that come
    /// unless the target gives way.
    pub fn of(executor: &Executor, process: ArrivalProcess, seed: u64) -> Option<Arrivals> {
        match executor {
            Executor::ConstantArrivalRate { rate, duration, .. } => {
                Some(Arrivals::constant(*rate, Some(*duration), process, seed))
            }
            Executor::ExternallyControlled { rate: Some(rate), duration, .. } => {
                Some(Arrivals::constant(*rate, *duration, process, seed))
            }
            Executor::RampingArrivalRate { start_rate, stages, .. } => {
                Some(Arrivals::ramping(*start_rate, stages, process, seed))
            }
            Executor::SteppedArrivalRate { steps, step_back, .. } => {
                let jump = |step: &RateStage| [RateStage { duration: Duration::ZERO, ..*step }, *step];
                let stages: Vec<RateStage> = steps.iter().chain([step_back]).flat_map(jump).collect();
                Some(Arrivals::ramping(Rate::ZERO, &stages, process, seed))
            }
            Executor::ConstantVus { .. }
            | Executor::RampingVus { .. }
            | Executor::SteppedVus { .. }
            | Executor::PerVuIterations { .. }
            | Executor::SharedIterations { .. }
            | Executor::ExternallyControlled { rate: None, .. } => None,
        }
    }

    /// Arrivals at one rate, for a time or without end.
    pub fn constant(rate: Rate, duration: Option<Duration>, process: ArrivalProcess, seed: u64) -> Arrivals {
        Arrivals { curve: Arc::new(Curve::constant(rate, duration)), process, seed }
    }

    /// No arrivals.
    pub fn none() -> Arrivals {
        Arrivals::constant(Rate::every_second(1), Some(Duration::ZERO), ArrivalProcess::Constant, 0)
    }

    /// Arrivals at a rate that begins with `start` and then follows the stages.
    pub fn ramping(start: Rate, stages: &[RateStage], process: ArrivalProcess, seed: u64) -> Arrivals {
        Arrivals { curve: Arc::new(Curve::ramping(start, stages)), process, seed }
    }

    /// How many arrivals there are; `None` if they do not end. With the Poisson process this walks through all of them,
    /// at some nanoseconds each: ask once.
    pub fn planned(&self) -> Option<u64> {
        self.curve.duration()?;
        Some(match self.process {
            ArrivalProcess::Constant => self.curve.whole_arrivals(),
            ArrivalProcess::Poisson => {
                let mut gaps = Gaps::new(self.seed);
                let due = (0_u64..).take_while(|index| self.curve.is_within(gaps.area(*index, self.curve.unit())));
                due.count() as u64
            }
        })
    }

    /// The rate at a time after the beginning, per second; zero from the end on. For displays.
    pub fn rate_at(&self, time: Duration) -> f64 {
        self.curve.rate_at(time)
    }

    /// How long the load lasts; `None` if it does not end.
    pub fn duration(&self) -> Option<Duration> {
        self.curve.duration()
    }

    /// The arrivals whose number leaves the remainder `worker` when divided by `workers`, in order. Those of all workers
    /// together are those of one, to the nanosecond.
    pub fn of_worker(&self, worker: u64, workers: u64) -> WorkerArrivals {
        let due = match self.process {
            ArrivalProcess::Constant => Due::Evenly,
            ArrivalProcess::Poisson => Due::After(Gaps::new(self.seed)),
        };
        WorkerArrivals {
            curve: Arc::clone(&self.curve),
            place: Place::default(),
            next: Some(worker),
            step: workers.max(1),
            due,
        }
    }
}

/// One worker's part of the [`Arrivals`]; knows no other worker. Some tens of nanoseconds an arrival, and some for each
/// arrival of others with the Poisson process.
#[derive(Debug, Clone)]
pub struct WorkerArrivals {
    curve: Arc<Curve>,
    place: Place,
    next: Option<u64>,
    step: u64,
    due: Due,
}

/// How much of the curve lies before an arrival.
#[derive(Debug, Clone)]
enum Due {
    /// As many arrivals as there were.
    Evenly,
    /// The sum of the gaps.
    After(Gaps),
}

impl WorkerArrivals {
    /// Passes over the arrivals before a time from the beginning of the load. Returns their number. With the Poisson
    /// process this walks through all of them, those of other workers included.
    pub fn skip_before(&mut self, time: Duration) -> u64 {
        match self.due {
            Due::Evenly => self.jump_to(time),
            Due::After(_) => self.walk_to(time),
        }
    }

    fn walk_to(&mut self, time: Duration) -> u64 {
        let mut skipped = 0;
        while let Some(index) = self.next {
            match self.next() {
                Some(arrival) if arrival.at < time => skipped += 1,
                // The sum of the gaps stays the same when the same arrival is asked for again.
                _ => {
                    self.next = Some(index);
                    break;
                }
            }
        }
        skipped
    }

    fn jump_to(&mut self, time: Duration) -> u64 {
        let Some(first) = self.next else { return 0 };
        let nth = |number: u64| number.checked_mul(self.step).and_then(|steps| first.checked_add(steps));
        let is_before = |number: u64| {
            let moment = nth(number)
                .and_then(|index| self.curve.moment(u128::from(index) * self.curve.unit(), &mut Place::default()));
            moment.is_some_and(|moment| Duration::from_nanos(moment) < time)
        };
        // The first power of two that is not before the time bounds the search.
        let bound = (0..u64::BITS).map(|bit| 1_u64 << bit).find(|number| !is_before(*number)).unwrap_or(u64::MAX);
        let (mut low, mut high) = (0, bound);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(middle) { low = middle + 1 } else { high = middle }
        }
        (self.next, self.place) = (nth(low), Place::default());
        low
    }
}

impl Iterator for WorkerArrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let index = self.next?;
        let area = match &mut self.due {
            Due::Evenly => u128::from(index) * self.curve.unit(),
            Due::After(gaps) => gaps.area(index, self.curve.unit()),
        };
        let nanos = self.curve.moment(area, &mut self.place)?;
        self.next = index.checked_add(self.step);
        Some(Arrival { index, at: Duration::from_nanos(nanos) })
    }
}

// What has ended stays so: the same arrival is asked for again.
impl FusedIterator for WorkerArrivals {}

#[cfg(test)]
mod tests;
