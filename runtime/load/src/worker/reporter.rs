//! What a worker hands over once a second.

use std::cell::Cell;
use std::rc::Rc;

use squall_guest::WorkerContext;
use squall_metrics::Nanos;
use tokio::sync::mpsc;

use super::Report;
use super::present::Presence;
use crate::desk::Desk;
use crate::thread_times::{ThreadTimes, kept_waiting};

pub(super) struct Reporter {
    worker: usize,
    reports: mpsc::Sender<Report>,
    context: Rc<WorkerContext>,
    warming_up: Rc<Cell<bool>>,
    present: Presence,
    scenarios: Vec<Seen>,
    times: ThreadTimes,
    kept_waiting: Nanos,
}

/// What is seen of a scenario on this thread.
pub(super) struct Seen {
    /// Its number in the plan.
    pub(super) scenario: usize,
    pub(super) present: Presence,
    /// Where its arrivals wait; a closed load has none.
    pub(super) desk: Rc<Desk>,
}

impl Reporter {
    pub(super) fn new(
        worker: usize,
        reports: mpsc::Sender<Report>,
        context: Rc<WorkerContext>,
        warming_up: Rc<Cell<bool>>,
        present: Presence,
        scenarios: Vec<Seen>,
    ) -> Reporter {
        let (times, kept_waiting) = (ThreadTimes::now(), kept_waiting());
        Reporter { worker, reports, context, warming_up, present, scenarios, times, kept_waiting }
    }

    /// A control thread that lags behind gets more at once later: nothing is lost.
    pub(super) fn report_if_there_is_room(&mut self) {
        if let Ok(permit) = self.reports.clone().try_reserve() {
            permit.send(self.report());
        }
    }

    pub(super) async fn last_report(&mut self) {
        let report = self.report();
        // If the control thread is gone there is nobody to tell.
        let _ = self.reports.send(report).await;
    }

    fn report(&mut self) -> Report {
        let mut recorder = self.context.recorder.borrow_mut();
        let (times, kept_waiting) = (ThreadTimes::now(), kept_waiting());
        recorder.busy(times.at_work_since(self.times));
        recorder.kept_waiting(kept_waiting.since(self.kept_waiting));
        (self.times, self.kept_waiting) = (times, kept_waiting);
        Report {
            recorded: recorder.take(),
            warming_up: self.warming_up.get(),
            vus: self.present.take_most(),
            vus_of_scenarios: self.scenarios.iter().map(|seen| (seen.scenario, seen.present.take_most())).collect(),
            backlog: self.scenarios.iter().map(|seen| seen.desk.waiting()).sum(),
            all_users_busy: self.scenarios.iter().any(|seen| seen.desk.everybody_is_busy()),
            worker: self.worker,
            log_dropped: self.context.log.take_dropped(),
        }
    }
}
