//! What a worker hands over once a second.

use std::rc::Rc;

use squall_metrics::Nanos;
use tokio::sync::mpsc;

use super::Report;
use super::present::Presence;
use crate::life::Work;
use crate::thread_times::{ThreadTimes, kept_waiting};

pub(super) struct Reporter {
    worker: usize,
    reports: mpsc::Sender<Report>,
    work: Rc<Work>,
    present: Presence,
    times: ThreadTimes,
    kept_waiting: Nanos,
}

/// What an open load adds to a report.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    pub(super) backlog: u64,
    pub(super) all_users_busy: bool,
}

impl Reporter {
    pub(super) fn new(worker: usize, reports: mpsc::Sender<Report>, work: Rc<Work>, present: Presence) -> Reporter {
        Reporter { worker, reports, work, present, times: ThreadTimes::now(), kept_waiting: kept_waiting() }
    }

    /// A control thread that lags behind gets more at once later: nothing is lost.
    pub(super) fn report_if_there_is_room(&mut self, demand: Demand) {
        if let Ok(permit) = self.reports.clone().try_reserve() {
            permit.send(self.report(demand));
        }
    }

    pub(super) async fn last_report(&mut self, demand: Demand) {
        let report = self.report(demand);
        // If the control thread is gone there is nobody to tell.
        let _ = self.reports.send(report).await;
    }

    fn report(&mut self, demand: Demand) -> Report {
        let context = &self.work.context;
        let mut recorder = context.recorder.borrow_mut();
        let (times, kept_waiting) = (ThreadTimes::now(), kept_waiting());
        recorder.busy(times.at_work_since(self.times));
        recorder.kept_waiting(kept_waiting.since(self.kept_waiting));
        (self.times, self.kept_waiting) = (times, kept_waiting);
        Report {
            recorded: recorder.take(),
            warming_up: self.work.warming_up.get(),
            vus: self.present.take_most(),
            backlog: demand.backlog,
            all_users_busy: demand.all_users_busy,
            worker: self.worker,
            log_dropped: context.log.take_dropped(),
        }
    }
}
