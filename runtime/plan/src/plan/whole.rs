//! What the scenarios of a plan come to together: how long, how many, how fast. Pure arithmetic on their times.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use squall_schedule::{ArrivalProcess, Arrivals, Executor, HumanDuration, Rate};

use super::{Plan, Scenario};

/// The rate at which iterations of all scenarios are to start, over time.
#[derive(Debug, Clone)]
pub struct OfferedRate(Vec<(Duration, Arrivals)>);

impl OfferedRate {
    /// That of rates that each hold from one time to another.
    pub fn of_steps(steps: impl IntoIterator<Item = (Range<Duration>, Rate)>) -> OfferedRate {
        let constant = |(span, rate): (Range<Duration>, Rate)| {
            let time = span.end.saturating_sub(span.start);
            (span.start, Arrivals::constant(rate, Some(time), ArrivalProcess::Constant, 0))
        };
        OfferedRate(steps.into_iter().map(constant).collect())
    }

    /// The rate at a time after the beginning of the load, per second.
    pub fn at(&self, time: Duration) -> f64 {
        let begun = self.0.iter().filter_map(|(start, arrivals)| Some(arrivals.rate_at(time.checked_sub(*start)?)));
        begun.sum()
    }
}

impl Plan {
    /// The most VUs that can be there at once.
    pub fn max_vus(&self) -> u64 {
        most_vus(self.scenarios.iter())
    }

    /// The most VUs of one component that can be there at once.
    pub fn max_vus_of(&self, component: usize) -> u64 {
        most_vus(self.scenarios.iter().filter(|scenario| scenario.component == component))
    }

    /// The numbers that VUs can have go from 1 to here.
    pub fn last_vu(&self) -> u64 {
        self.scenarios.last().map_or(0, |last| last.first_vu + last.executor.max_vus())
    }

    /// How long the load lasts, without graceful stops; `None` if that depends on how it goes.
    pub fn planned_duration(&self) -> Option<Duration> {
        let ends: Option<Vec<Duration>> = self.scenarios.iter().map(Scenario::planned_end).collect();
        ends?.into_iter().max()
    }

    /// The time after which no iteration is started any more.
    pub fn time_limit(&self) -> Duration {
        self.scenarios.iter().map(Scenario::ends).max().unwrap_or_default()
    }

    /// The number of iterations that will be started, if all scenarios know theirs beforehand.
    pub fn planned_iterations(&self) -> Option<u64> {
        self.scenarios.iter().map(|scenario| scenario.executor.planned_iterations()).sum()
    }

    /// The highest rate, per second, at which iterations are to start, if the plan decides that for all of them.
    pub fn peak_rate(&self) -> Option<f64> {
        let rates: Option<Vec<_>> = self.scenarios.iter().map(|scenario| scenario.executor.peak_rate()).collect();
        let rates = rates?.into_iter().map(|rate| rate.per_second());
        let spans = self.scenarios.iter().map(|scenario| (scenario.start_time, scenario.ends()));
        Some(most_at_once(spans.zip(rates)))
    }

    /// The rate at which iterations are to start, if the plan decides that for all of them, and it may not be changed.
    pub fn offered_rate(&self) -> Option<OfferedRate> {
        let of_one = |scenario: &Scenario| {
            // How even arrivals are has no part in how many there are to be.
            let arrivals = Arrivals::of(&scenario.executor, ArrivalProcess::Constant, 0)?;
            (!scenario.is_controlled()).then_some((scenario.start_time, arrivals))
        };
        self.scenarios.iter().map(of_one).collect::<Option<Vec<_>>>().map(OfferedRate)
    }

    /// Whether the plan decides when iterations of any scenario begin.
    pub fn is_open(&self) -> bool {
        self.scenarios.iter().any(|scenario| scenario.executor.is_open())
    }

    /// Whether the load is the same from its beginning to its end.
    pub fn is_level(&self) -> bool {
        matches!(&*self.scenarios, [only] if only.executor.is_level() && only.start_time.is_zero())
    }

    /// The longest time that iterations may go on once they are to stop.
    pub fn graceful_stop(&self) -> Duration {
        self.scenarios.iter().map(|scenario| scenario.graceful_stop).max().unwrap_or_default()
    }

    /// The scenario that others may change while it runs, if there is one.
    pub fn controlled(&self) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.is_controlled())
    }

    /// The executor that goes up in steps until the target gives way, if there is one.
    pub fn stepped(&self) -> Option<&Executor> {
        self.scenarios.iter().map(|scenario| &scenario.executor).find(|executor| executor.is_stepped())
    }

    /// The tags that the plan gives to samples, with their values.
    pub fn sample_tags(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, value) in self.scenarios.iter().flat_map(|scenario| &scenario.tags) {
            tags.entry(name.clone()).or_default().insert(value.clone());
        }
        tags
    }

    /// The planned share of each of the plan's flows in the iterations of its scenario, 0 to 1.
    pub fn shares(&self) -> Vec<f64> {
        self.scenarios.iter().flat_map(|scenario| scenario.mix.shares()).collect()
    }

    /// The load as one line for people: `50 VUs for 30s`, or `3 scenarios for 10m, up to 120 VUs`.
    pub fn load(&self) -> String {
        if let [only] = &*self.scenarios
            && only.start_time.is_zero()
        {
            return only.executor.to_string();
        }
        let time = match self.planned_duration() {
            Some(time) => format!("for {}", HumanDuration(time)),
            None if self.controlled().is_some_and(|scenario| scenario.planned_end().is_none()) => {
                "until stopped".to_owned()
            }
            None => format!("for at most {}", HumanDuration(self.time_limit())),
        };
        let vus = self.max_vus();
        let (s, v) = (if self.scenarios.len() == 1 { "" } else { "s" }, if vus == 1 { "" } else { "s" });
        format!("{} scenario{s} {time}, up to {vus} VU{v}", self.scenarios.len())
    }
}

fn most_vus<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> u64 {
    most_at_once(scenarios.map(|scenario| (scenario.presence(), scenario.executor.max_vus() as f64))) as u64
}

/// The greatest sum of what is there together. Each amount is there from the beginning of its span, and no longer at its
/// end. The sum only grows where a span begins, so it is greatest at one of these.
fn most_at_once(amounts: impl Iterator<Item = ((Duration, Duration), f64)>) -> f64 {
    let amounts: Vec<_> = amounts.collect();
    let at = |time: Duration| {
        let there = amounts.iter().filter(|((from, until), _)| *from <= time && time < *until);
        there.map(|(_, amount)| amount).sum::<f64>()
    };
    amounts.iter().map(|((from, _), _)| at(*from)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: u64, until: u64) -> (Duration, Duration) {
        (Duration::from_secs(from), Duration::from_secs(until))
    }

    #[test]
    fn steps_of_rates_are_offered_one_after_the_other() {
        let step = |from, until, rate: &str| (span(from, until).0..span(from, until).1, rate.parse().unwrap());
        let offered = OfferedRate::of_steps([step(0, 3, "10/s"), step(3, 6, "20/s"), step(6, 8, "5/s")]);
        assert_eq!([1, 4, 7, 9].map(|at| offered.at(Duration::from_secs(at))), [10.0, 20.0, 5.0, 0.0]);
    }

    #[test]
    fn what_is_not_there_together_does_not_add_up() {
        let most = |spans: &[((Duration, Duration), f64)]| most_at_once(spans.iter().copied());
        assert_eq!(most(&[(span(0, 10), 5.0), (span(10, 20), 7.0)]), 7.0, "one after the other");
        assert_eq!(most(&[(span(0, 11), 5.0), (span(10, 20), 7.0)]), 12.0, "for a second");
        assert_eq!(most(&[(span(5, 6), 1.0), (span(0, 10), 2.0), (span(5, 20), 4.0), (span(7, 9), 8.0)]), 14.0);
        assert_eq!(most(&[]), 0.0);
    }
}
