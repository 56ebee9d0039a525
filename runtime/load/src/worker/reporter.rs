//! What a worker hands over at the end of each second.

use std::rc::Rc;

use squall_guest::WorkerContext;
use squall_metrics::{Nanos, TakenSeconds};
use tokio::sync::mpsc;

use super::Report;
use super::active_vus::Presence;
use crate::backlog::ArrivalQueue;
use crate::thread_times::{ThreadTimes, run_delay};

pub(super) struct Reporter {
    worker: usize,
    reports: mpsc::Sender<Report>,
    context: Rc<WorkerContext>,
    present: Presence,
    scenarios: Vec<Seen>,
    times: ThreadTimes,
    run_delay: Nanos,
}

/// What is seen of a scenario on this thread.
pub(super) struct Seen {
    /// Its number in the plan.
    pub(super) scenario: usize,
    pub(super) present: Presence,
    /// Where its arrivals wait; a closed load has none.
    pub(super) queue: Rc<ArrivalQueue>,
}

impl Reporter {
    pub(super) fn new(
        worker: usize,
        reports: mpsc::Sender<Report>,
        context: Rc<WorkerContext>,
        present: Presence,
    ) -> Reporter {
        let (times, run_delay) = (ThreadTimes::now(), run_delay());
        Reporter { worker, reports, context, present, scenarios: Vec::new(), times, run_delay }
    }

    /// Reports of this scenario, too.
    pub(super) fn see(&mut self, scenario: Seen) {
        self.scenarios.push(scenario);
    }

    /// A control thread that lags behind gets more at once later: nothing is lost.
    pub(super) fn report_if_there_is_room(&mut self) {
        if let Ok(permit) = self.reports.clone().try_reserve() {
            let taken = self.context.recorder.borrow_mut().take_seconds(self.context.clock.now());
            permit.send(self.report(taken));
        }
    }

    pub(super) async fn last_report(&mut self) {
        let taken = self.context.recorder.borrow_mut().take_last_seconds(self.context.clock.now());
        let report = self.report(taken);
        // If the control thread is gone, there is no receiver.
        let _ = self.reports.send(report).await;
    }

    fn report(&mut self, mut taken: TakenSeconds) -> Report {
        self.add_thread_times(&mut taken);
        Report {
            taken,
            vus: self.present.take_most(),
            vus_of_scenarios: self.scenarios.iter().map(|seen| (seen.scenario, seen.present.take_most())).collect(),
            backlog: self.scenarios.iter().map(|seen| seen.queue.waiting()).sum(),
            all_users_busy: self.scenarios.iter().any(|seen| seen.queue.is_saturated()),
            worker: self.worker,
            untold: self.context.log.take_untold(),
        }
    }

    /// Gives each of the seconds an equal part of how long the thread was at work, and kept from it. Usually that is one second.
    fn add_thread_times(&mut self, taken: &mut TakenSeconds) {
        let (times, run_delay) = (ThreadTimes::now(), run_delay());
        let active = times.at_work_since(self.times);
        let kept = run_delay.since(self.run_delay);
        (self.times, self.run_delay) = (times, run_delay);
        let seconds = taken.seconds.len().max(1) as u64;
        for (_, recorded) in &mut taken.seconds {
            recorded.busy += Nanos(active.0 / seconds);
            recorded.pacing.run_delay += Nanos(kept.0 / seconds);
        }
    }
}
