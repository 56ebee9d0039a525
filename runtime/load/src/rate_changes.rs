//! When a load's rate is changed while it runs, from outside or by its next step: from which moment on, and from which iteration, so that every worker goes
//! over at the same time and no number is given twice.

use std::time::Duration;

use squall_metrics::Nanos;
use squall_plan::{Arrivals, LoadLevel, Plan, Rate, Scenario};

use crate::steering::{ControlState, RateChange};

/// Time for the news to reach all workers.
pub(crate) const NOTICE: Nanos = Nanos(5_000_000);

pub(crate) struct RateChanges<'a> {
    /// The scenario whose rate may change, if there is one.
    scenario: Option<&'a Scenario>,
    planned: Option<Rate>,
    /// What holds at present, and since when.
    since: RateChange,
    /// Time for the news to reach all that carry the load.
    notice: Nanos,
}

impl RateChanges<'_> {
    pub(crate) fn new(plan: &Plan, load_begins: Nanos, notice: Nanos) -> RateChanges<'_> {
        let with_rate = plan.scenarios.iter().find_map(|scenario| match scenario.executor.first_level() {
            Some(LoadLevel::Rate(rate)) => Some((scenario, rate)),
            _ => None,
        });
        let (scenario, planned) = with_rate.unzip();
        RateChanges { scenario, planned, since: RateChange { at: load_begins, first_index: 0, rate: planned }, notice }
    }

    /// The change that the control state asks for, if it is one.
    pub(crate) fn apply(&mut self, control_state: &ControlState, now: Nanos) -> Option<RateChange> {
        let planned = self.planned?;
        let wanted = if control_state.paused { None } else { Some(control_state.rate.unwrap_or(planned)) };
        if wanted == self.since.rate {
            return None;
        }
        let at = now.max(self.since.at) + self.notice;
        let first_index = self.since.first_index + self.arrivals_until(at);
        self.since = RateChange { at, first_index, rate: wanted };
        Some(self.since)
    }

    fn arrivals_until(&self, at: Nanos) -> u64 {
        let (Some(rate), Some(scenario)) = (self.since.rate, self.scenario) else { return 0 };
        let seed = scenario.seed.wrapping_add(self.since.first_index);
        let arrivals = Arrivals::constant(rate, Some(Duration::from(at.since(self.since.at))), scenario.arrival, seed);
        arrivals.planned().unwrap_or(0)
    }
}
