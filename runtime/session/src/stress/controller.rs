//! A stress test while it goes on: one step up after the other until the target gives way, and then the step back.
//!
//! Once a second it looks at what was measured. Whether the target has given way is decided in `squall-insight`.

use std::time::Duration;

use squall_insight::{LoadLevel, first_failure};
use squall_load::{Event, Observer, Run, Steering, StoppedBy};
use squall_metrics::{History, Totals};
use squall_plan::{Executor, Scenario};

use super::levels::{Level, LoadPart, load_parts};

/// A step that lasts less long than this is judged only when it is over; a longer one as it goes on.
const ENOUGH_TO_JUDGE: Duration = Duration::from_secs(10);
/// It looks once a second: whatever is due within half of one is due now.
const HALF: Duration = Duration::from_millis(500);

/// Leads a stress test.
pub struct StressController {
    /// The steps, and the step back as the last of them.
    planned: Vec<LoadPart>,
    /// What became of it, the last part perhaps still going on.
    done: Vec<LoadPart>,
    /// Which of the planned it is at.
    at: usize,
    steering: Steering,
}

impl StressController {
    /// For a ramp of steps; none for other loads.
    pub fn of(scenarios: &[Scenario]) -> Option<StressController> {
        let [only] = scenarios else { return None };
        let planned = load_parts(&only.executor);
        let (_, steps) = planned.split_last()?;
        let first = LoadPart { span: LoadLevel { from: Duration::ZERO, to: Duration::ZERO }, ..*steps.first()? };
        Some(StressController { done: vec![first], at: 0, steering: Steering::default(), planned })
    }

    /// The same run with a load that can be changed while it goes on, which begins at the first step.
    pub fn take_over(&mut self, mut run: Run) -> Run {
        let all: Duration = self.planned.iter().map(LoadPart::duration).sum();
        let Some(scenario) = run.plan.scenarios.first_mut() else { return run };
        let (vus, max_vus) = (scenario.executor.pre_allocated_vus(), scenario.executor.max_vus());
        let (vus, rate) = match self.planned[0].level {
            Level::Users(users) => (users, None),
            Level::Rate(rate) => (vus, Some(rate)),
        };
        scenario.executor = Executor::ExternallyControlled { vus, max_vus, rate, duration: Some(all) };
        self.steering = run.steering.clone();
        run
    }

    /// How many steps up were planned.
    pub fn planned_steps(&self) -> usize {
        self.planned.len() - 1
    }

    /// The steps up that were taken.
    pub fn steps(&self) -> &[LoadPart] {
        if self.is_back() { &self.done[..self.done.len() - 1] } else { &self.done }
    }

    /// The step back, if it came to that.
    pub fn back(&self) -> Option<&LoadPart> {
        self.done.last().filter(|_| self.is_back())
    }

    fn is_back(&self) -> bool {
        self.at + 1 == self.planned.len()
    }

    fn look(&mut self, totals: &Totals) {
        let (Some(latest), Some(current)) = (totals.history.latest(), self.done.last_mut()) else { return };
        let now = Duration::from(latest.at + latest.length);
        current.span.to = now;
        let is_due = current.duration() + HALF >= self.planned[self.at].duration();
        match self.is_back() {
            true if is_due => self.steering.stop_gracefully(StoppedBy::Plan),
            true => {}
            false if self.gave_way(&totals.history) => self.go_to(self.planned.len() - 1, now),
            false if is_due => self.go_to(self.at + 1, now),
            false => {}
        }
    }

    fn gave_way(&self, history: &History) -> bool {
        let (current, before) = match self.done.split_last() {
            Some((current, before)) => (current, before),
            None => return false,
        };
        let enough = ENOUGH_TO_JUDGE.min(self.planned[self.at].duration());
        let judged = if current.duration() + HALF >= enough { &self.done } else { before };
        let levels: Vec<LoadLevel> = judged.iter().map(|part| part.span).collect();
        first_failure(history, &levels).is_some()
    }

    fn go_to(&mut self, part: usize, now: Duration) {
        self.at = part;
        let level = self.planned[part].level;
        match level {
            Level::Users(users) => self.steering.set_vus(users),
            Level::Rate(rate) => self.steering.set_rate(rate),
        }
        self.done.push(LoadPart { span: LoadLevel { from: now, to: now }, level });
    }
}

impl Observer for StressController {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::Measured(totals) = event {
            self.look(totals);
        }
    }
}
