//! The highest load that a target bears: a search that asks for trials and receives their results.
//!
//! MLRsearch: M. Konstantynowicz and V. Polak, "Multiple Loss Ratio Search", RFC 9971 (2026). A load is a lower bound
//! once enough trial time at it was good, an upper bound once enough was bad; short trials find the neighbourhood, long
//! ones decide. The RFC leaves the order of loads open. This search begins low and doubles, since the target may be in
//! use, and an overload that teaches nothing does harm.
//!
//! The next step follows from the trials alone: there is no other state.

mod evidence;
mod goal;

use std::time::Duration;

use evidence::{Class, classify};
use goal::Target;
pub use goal::{Goal, GoalError};

/// After this many trials with the generator as bottleneck, the generator is at its limit, not the target.
const GIVES_UP: usize = 2;

/// The result of one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialResult {
    /// The objectives held.
    Good,
    /// The objectives did not hold.
    Bad,
    /// The generator was the bottleneck: the trial is invalid.
    Invalid,
}

/// A load offered for a time, and its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Iterations started per second.
    pub load: f64,
    /// The time for which it counts.
    pub duration: Duration,
    /// Its result.
    pub result: TrialResult,
}

/// The search's next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A trial at this load, for this long.
    Try {
        /// Iterations per second.
        load: f64,
        /// The trial's length.
        duration: Duration,
    },
    /// The search has ended.
    Done(Found),
}

/// The result of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The highest load that meets the objectives; `None` if the lowest does not, or it was not decided.
    pub holds: Option<f64>,
    /// The lowest load that does not.
    pub fails: Option<f64>,
    /// The cause of the end.
    pub limit: Limit,
}

/// The cause of a search's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The target.
    Target,
    /// The generator, which could not offer more.
    Generator,
    /// The highest allowed load still held.
    Allowed,
    /// The lowest allowed load did not hold.
    Lowest,
    /// The time limit of the search.
    Time,
}

/// A search in progress.
#[derive(Clone, Debug)]
pub struct Search {
    goal: Goal,
    trials: Vec<Trial>,
}

/// The bounds for one target.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    lower: Option<f64>,
    upper: Option<f64>,
}

impl Bounds {
    /// Fills gaps with less certain bounds that do not contradict these.
    fn or(self, before: Bounds) -> Bounds {
        let lower = self.lower.or(before.lower.filter(|lower| self.upper.is_none_or(|upper| *lower < upper)));
        let upper = self.upper.or(before.upper.filter(|upper| lower.is_none_or(|lower| lower < *upper)));
        Bounds { lower, upper }
    }
}

impl Search {
    /// Starts a search.
    ///
    /// # Errors
    /// If the goal contradicts itself.
    pub fn new(goal: Goal) -> Result<Search, GoalError> {
        goal.check()?;
        Ok(Search { goal, trials: Vec::new() })
    }

    /// Takes the result of a trial, requested or not.
    pub fn take(&mut self, trial: Trial) {
        self.trials.push(trial);
    }

    /// The search's goal.
    pub fn goal(&self) -> &Goal {
        &self.goal
    }

    /// All trials so far.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The next step.
    pub fn next(&self) -> Step {
        let spent: Duration = self.trials.iter().map(|trial| self.goal.settle + trial.duration).sum();
        match self.state() {
            (bounds, None) => Step::Done(self.found(bounds)),
            (_, Some((_, duration))) if spent + self.goal.settle + duration > self.goal.time_limit => {
                Step::Done(self.so_far())
            }
            (_, Some((load, duration))) => Step::Try { load, duration },
        }
    }

    /// The result so far, if the search is to end here.
    pub fn so_far(&self) -> Found {
        let (bounds, _) = self.state();
        Found { holds: bounds.lower, fails: bounds.upper, limit: Limit::Time }
    }

    /// The bounds so far, and the load and the length of the next trial.
    fn state(&self) -> (Bounds, Option<(f64, Duration)>) {
        let mut before = Bounds::default();
        for target in &self.goal.targets() {
            let bounds = self.bounds(target);
            if let Some(load) = self.candidate(target, bounds, before) {
                return (bounds.or(before), Some((load, target.trial)));
            }
            before = bounds;
        }
        (before, None)
    }

    fn found(&self, bounds: Bounds) -> Found {
        let limit = match bounds {
            Bounds { lower: None, .. } if bounds.upper.is_some_and(|upper| self.beyond_generator(upper)) => {
                Limit::Generator
            }
            Bounds { lower: None, .. } => Limit::Lowest,
            Bounds { upper: None, .. } => Limit::Allowed,
            Bounds { upper: Some(upper), .. } if self.beyond_generator(upper) => Limit::Generator,
            Bounds { .. } => Limit::Target,
        };
        Found { holds: bounds.lower, fails: bounds.upper, limit }
    }

    /// The lowest load known to be too high, and the highest load below it known to hold.
    fn bounds(&self, target: &Target) -> Bounds {
        let classes: Vec<(f64, Class)> =
            self.loads().into_iter().map(|load| (load, self.class(load, target))).collect();
        let of = |class: Class| classes.iter().filter(move |(_, found)| *found == class).map(|(load, _)| *load);
        let upper = of(Class::Upper).reduce(f64::min);
        let lower = of(Class::Lower).filter(|load| upper.is_none_or(|upper| *load < upper)).reduce(f64::max);
        Bounds { lower, upper }
    }

    fn class(&self, load: f64, target: &Target) -> Class {
        if self.beyond_generator(load) {
            return Class::Upper;
        }
        classify(self.trials.iter().filter(|trial| trial.load == load), target)
    }

    fn beyond_generator(&self, load: f64) -> bool {
        let at = |trial: &&Trial| trial.load == load && trial.result == TrialResult::Invalid;
        self.trials.iter().filter(at).count() >= GIVES_UP
    }

    fn loads(&self) -> Vec<f64> {
        let mut loads: Vec<f64> = self.trials.iter().map(|trial| trial.load).collect();
        loads.sort_unstable_by(f64::total_cmp);
        loads.dedup();
        loads
    }

    /// The load to try next for this target; `None` if it is reached, or cannot be.
    fn candidate(&self, target: &Target, now: Bounds, before: Bounds) -> Option<f64> {
        match (now.lower, now.upper) {
            (None, None) => match (before.lower, before.upper) {
                // The middle of the less certain bounds becomes one of the two bounds, so only one more trial is due.
                (Some(lower), Some(upper)) => Some(target.middle(lower, upper).unwrap_or(lower)),
                (Some(load), None) | (None, Some(load)) => Some(load),
                (None, None) => Some(self.goal.first()),
            },
            (Some(lower), None) => match before.upper.filter(|upper| *upper > lower) {
                Some(upper) => Some(upper),
                None => self.goal.above(lower, self.reach(target, before, Class::Lower)),
            },
            (None, Some(upper)) => match before.lower.filter(|lower| *lower < upper) {
                Some(lower) => Some(lower),
                None => self.goal.below(upper, self.reach(target, before, Class::Upper)),
            },
            (Some(lower), Some(upper)) => target.middle(lower, upper),
        }
    }

    /// The factor to go beyond a bound that turned out to be on the wrong side: the distance of the less certain
    /// bounds, and twice as far (in logarithms) after each failure.
    fn reach(&self, target: &Target, before: Bounds, class: Class) -> f64 {
        let (Some(lower), Some(upper)) = (before.lower, before.upper) else { return 2.0 };
        let outside = |load: &f64| if class == Class::Lower { *load >= upper } else { *load <= lower };
        let loads = self.loads().into_iter().filter(outside);
        let times = loads.filter(|load| self.class(*load, target) == class).count();
        (upper / lower).powi(1 << times.min(8)).min(2.0)
    }
}
