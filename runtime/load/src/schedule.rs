//! Which virtual user works when, and on which worker: pure arithmetic on the plan, so that every worker thread knows its part
//! without asking.

use std::time::Duration;

use squall_metrics::Nanos;
use squall_plan::{Arrivals, Executor, Ramp, Scenario, WorkerArrivals};

/// A stretch of time in which a virtual user works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VuPeriod {
    /// When it begins, from the beginning of the load.
    pub(crate) from: Nanos,
    /// When it begins no more iterations.
    pub(crate) until: Nanos,
    /// When an iteration that is still under way is interrupted.
    pub(crate) hard_stop: Nanos,
    /// The virtual user, from 1.
    pub(crate) vu: u32,
}

impl VuPeriod {
    /// Leaves only what lies between two times. False if that is nothing.
    pub(crate) fn clip(&mut self, from: Nanos, until: Nanos) -> bool {
        (self.from, self.until) = (self.from.max(from), self.until.min(until));
        self.from < self.until
    }
}

/// What a worker or an agent has of a scenario: every `count`-th virtual user and every `count`-th arrival, from number
/// `index` on. A worker that has none of the users must have none of the arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) index: u64,
    pub(crate) count: u64,
}

impl Share {
    /// All users and all arrivals.
    pub(crate) const WHOLE: Share = Share { index: 0, count: 1 };

    /// Part number `number` of as many as `parts`; nothing if it has too few virtual users for that part. Scenarios begin
    /// with different parts, so that small ones do not all work on the first thread, or the first machine.
    pub(crate) fn part(self, scenario: &Scenario, number: usize, parts: usize) -> Option<Share> {
        let (number, parts) = (number as u64, parts.max(1) as u64);
        let index = (number + parts - scenario.first_vu % parts) % parts;
        let count = self.parts(scenario, parts);
        (index < count).then_some(Share {
            index: self.index.saturating_add(self.count.saturating_mul(index)),
            count: self.count.saturating_mul(count),
        })
    }

    /// The number of its parts that have virtual users of a scenario.
    pub(crate) fn parts(self, scenario: &Scenario, parts: u64) -> u64 {
        parts.min(self.users(scenario.executor.max_vus()))
    }

    /// Its part of the arrivals.
    pub(crate) fn of(self, arrivals: &Arrivals) -> WorkerArrivals {
        arrivals.of_worker(self.index, self.count)
    }

    /// How many of `total` virtual users are in it.
    pub(crate) fn users(self, total: u64) -> u64 {
        (total + self.count - 1).saturating_sub(self.index) / self.count
    }

    /// The numbers, from 0, of those of `total` virtual users of the scenario that are in it.
    pub(crate) fn numbers(self, total: u64) -> impl Iterator<Item = u64> {
        (self.index..total).step_by(usize::try_from(self.count).unwrap_or(usize::MAX))
    }
}

/// The number that virtual user `user` (from 0) of a scenario has in the run, from 1.
pub(crate) fn vu_of(scenario: &Scenario, user: u64) -> u32 {
    u32::try_from(scenario.first_vu + user + 1).unwrap_or(u32::MAX)
}

/// The periods of those virtual users of a scenario that are in that share, in the order in which they begin.
pub(crate) fn vu_periods_of(scenario: &Scenario, share: Share) -> Vec<VuPeriod> {
    let users = share.numbers(scenario.executor.max_vus());
    let mut periods: Vec<VuPeriod> = users.flat_map(|user| periods_of_vu(scenario, user)).collect();
    periods.sort_unstable();
    periods
}

fn periods_of_vu(scenario: &Scenario, user: u64) -> Vec<VuPeriod> {
    let begins = Nanos::from(scenario.start_time);
    let period = |from: Duration, until: Duration, grace: Duration| VuPeriod {
        from: begins + from.into(),
        until: begins + until.into(),
        hard_stop: begins + until.into() + grace.into(),
        vu: vu_of(scenario, user),
    };
    match &scenario.executor {
        Executor::ConstantVus { duration: until, .. }
        | Executor::PerVuIterations { max_duration: until, .. }
        | Executor::SharedIterations { max_duration: until, .. } => {
            vec![period(Duration::ZERO, *until, scenario.graceful_stop)]
        }
        // When these work is not in the plan: arrivals decide it, the control thread by its steps, or the control of the run.
        Executor::ConstantArrivalRate { .. }
        | Executor::RampingArrivalRate { .. }
        | Executor::SteppedVus { .. }
        | Executor::SteppedArrivalRate { .. }
        | Executor::ExternallyControlled { .. } => Vec::new(),
        Executor::RampingVus { start_vus, stages, graceful_ramp_down } => {
            let ramp = Ramp::new(*start_vus, stages);
            let end = ramp.duration();
            let intervals = ramp.active_intervals(user);
            intervals
                .map(|(from, until)| {
                    let grace = if until >= end { scenario.graceful_stop } else { *graceful_ramp_down };
                    period(from, until, grace)
                })
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use squall_plan::{Defaults, Options, Plan};

    use super::*;

    fn scenarios(json: &str) -> Vec<Scenario> {
        let options = Options::from_json(json).unwrap();
        let flows = [("browse".to_owned(), 1)];
        Plan::resolve(options, &flows, Defaults { threads: 1, seed: 1 }).unwrap().scenarios
    }

    #[test]
    fn a_scenario_begins_ends_and_is_interrupted_by_its_own_time() {
        let scenarios = scenarios(
            r#"{"scenarios": {"first": {"vus": 2, "duration": "10s"},
                "later": {"start_vus": 0, "stages": ["10s:2", "10s:0"], "graceful_stop": "3s", "graceful_ramp_down": "1s",
                          "start_time": "1m"}}}"#,
        );
        let text = |period: &VuPeriod| {
            let seconds = |time: Nanos| time.as_secs_f64();
            format!("{}: {}-{} ({})", period.vu, seconds(period.from), seconds(period.until), seconds(period.hard_stop))
        };
        let of = |index: usize| vu_periods_of(&scenarios[index], Share::WHOLE).iter().map(text).collect::<Vec<_>>();
        assert_eq!(of(0), ["1: 0-10 (40)", "2: 0-10 (40)"]);
        // The users of the second scenario are numbered behind those of the first.
        let later = of(1);
        assert!(later[0].starts_with("3: 6") && later[1].starts_with("4: 7"), "{later:?}");
        assert_eq!(later.len(), 2);
    }

    #[test]
    fn small_scenarios_work_on_different_threads() {
        let ones: String = (0..4).map(|n| format!(r#""s{n}": {{"vus": 1, "duration": "1s"}},"#)).collect();
        let scenarios = scenarios(&format!(r#"{{"scenarios": {{{}}}}}"#, ones.trim_end_matches(',')));
        let workers =
            |scenario: &Scenario| (0..2).filter(|worker| Share::WHOLE.part(scenario, *worker, 2).is_some()).collect();
        let workers: Vec<Vec<usize>> = scenarios.iter().map(workers).collect();
        assert_eq!(workers, [[0], [1], [0], [1]]);
    }

    #[test]
    fn workers_share_users_and_arrivals_without_remainder() {
        for (vus, before) in (1..12).flat_map(|vus| [1, 2, 5].map(|before| (vus, before))) {
            let before = format!(r#""before": {{"vus": {before}, "duration": "1s"}}"#);
            let json = format!(r#"{{"scenarios": {{{before}, "it": {{"vus": {vus}, "duration": "1s"}}}}}}"#);
            let scenario = &scenarios(&json)[1];
            for workers in 1..6 {
                let shares = (0..workers).filter_map(|worker| Share::WHOLE.part(scenario, worker, workers));
                let mut shares: Vec<Share> = shares.collect();
                shares.sort_unstable_by_key(|share| share.index);
                let indices: Vec<u64> = shares.iter().map(|share| share.index).collect();
                assert_eq!(indices, (0..Share::WHOLE.parts(scenario, workers as u64)).collect::<Vec<_>>());
                assert_eq!(shares.iter().map(|share| share.users(7)).sum::<u64>(), 7);
                let mut numbers: Vec<u64> = shares.iter().flat_map(|share| share.numbers(vus)).collect();
                numbers.sort_unstable();
                assert_eq!(numbers, (0..vus).collect::<Vec<_>>());
                assert!(shares.iter().all(|share| share.users(vus) as usize == share.numbers(vus).count()));
                assert!(shares.iter().all(|share| share.users(vus) > 0), "whoever has arrivals has users");
            }
        }
    }
}
