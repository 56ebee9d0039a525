//! The highest load that a target bears: a search that asks for trials and is told their results.
//!
//! MLRsearch: M. Konstantynowicz and V. Polak, "Multiple Loss Ratio Search", RFC 9971 (2026). A load is a lower bound once
//! enough trial time at it was good, an upper bound once enough was bad; short trials find the neighbourhood, long ones
//! decide. Which load comes next is not laid down by the RFC: we begin low and double, since the target is somebody's, and
//! an overload that nothing is learned from does harm.
//!
//! What comes next follows from the trials alone: there is no other state.

mod evidence;
mod goal;

use std::time::Duration;

use evidence::{Class, classify};
use goal::Target;
pub use goal::{Goal, GoalError};

/// After so many trials in which the generator was the bottleneck, it is not the target that is at its end.
const GIVES_UP: usize = 2;

/// What one trial came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialResult {
    /// The objectives held.
    Good,
    /// They did not.
    Bad,
    /// The generator was the bottleneck: nothing can be said.
    Invalid,
}

/// A load offered for a time, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Iterations started per second.
    pub load: f64,
    /// For how long they count.
    pub duration: Duration,
    /// What came of it.
    pub result: TrialResult,
}

/// What the search wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A trial at this load, for this long.
    Try {
        /// Iterations per second.
        load: f64,
        /// How long.
        duration: Duration,
    },
    /// Nothing more.
    Done(Found),
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The highest load that bears the objectives; none if the lowest does not, or it was not decided.
    pub holds: Option<f64>,
    /// The lowest load that does not.
    pub fails: Option<f64>,
    /// What set the end.
    pub limit: Limit,
}

/// What set the end of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The target.
    Target,
    /// The generator, which could not offer more.
    Generator,
    /// The highest load that was allowed, which still held.
    Allowed,
    /// The lowest load that was allowed, which did not hold.
    Lowest,
    /// The time that the search may take.
    Time,
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    goal: Goal,
    trials: Vec<Trial>,
}

/// What is known for one target.
#[derive(Clone, Copy, Debug, Default)]
struct Bounds {
    lower: Option<f64>,
    upper: Option<f64>,
}

impl Bounds {
    /// What is known less surely, where it does not contradict.
    fn or(self, before: Bounds) -> Bounds {
        let lower = self.lower.or(before.lower.filter(|lower| self.upper.is_none_or(|upper| *lower < upper)));
        let upper = self.upper.or(before.upper.filter(|upper| lower.is_none_or(|lower| lower < *upper)));
        Bounds { lower, upper }
    }
}

impl Search {
    /// Begins.
    ///
    /// # Errors
    /// If the goal contradicts itself.
    pub fn new(goal: Goal) -> Result<Search, GoalError> {
        goal.check()?;
        Ok(Search { goal, trials: Vec::new() })
    }

    /// Takes the result of a trial, asked for or not.
    pub fn take(&mut self, trial: Trial) {
        self.trials.push(trial);
    }

    /// What is searched for.
    pub fn goal(&self) -> &Goal {
        &self.goal
    }

    /// All trials up to now.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// What to do next.
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

    /// What is known by now, if it is to end here.
    pub fn so_far(&self) -> Found {
        let (bounds, _) = self.state();
        Found { holds: bounds.lower, fails: bounds.upper, limit: Limit::Time }
    }

    /// What is known, and the load and the time of the trial that is to add to it.
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

    /// The lowest load known to be too much, and the highest below it known not to be.
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

    /// The load to try next for this target; none if it is reached, or cannot be.
    fn candidate(&self, target: &Target, now: Bounds, before: Bounds) -> Option<f64> {
        match (now.lower, now.upper) {
            (None, None) => match (before.lower, before.upper) {
                // The middle of what was known less surely becomes one of the two bounds, so that only one more is due.
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

    /// By which factor to go beyond a bound that turned out to be on the wrong side: as far as the less sure bounds lay
    /// apart, and twice as far (in logarithms) with every disappointment.
    fn reach(&self, target: &Target, before: Bounds, class: Class) -> f64 {
        let (Some(lower), Some(upper)) = (before.lower, before.upper) else { return 2.0 };
        let outside = |load: &f64| if class == Class::Lower { *load >= upper } else { *load <= lower };
        let loads = self.loads().into_iter().filter(outside);
        let times = loads.filter(|load| self.class(*load, target) == class).count();
        (upper / lower).powi(1 << times.min(8)).min(2.0)
    }
}
