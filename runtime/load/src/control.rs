//! The control thread's part: adding up what workers report, telling whoever listens, and ending a run that has no hope.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use squall_guest::{Abort, LogLine};
use squall_metrics::{Clock, Histogram, Interval, IterationCell, Nanos, Problem, Totals};
use squall_plan::Plan;
use tokio::sync::mpsc;

use crate::event::{Event, Observer, Progress};
use crate::run::RunEnd;
use crate::stop::{Stop, StopHandle};
use crate::timer::every_second;
use crate::worker::Report;

/// After this many iterations (or starts), if nearly all of them were in vain, so would be the rest.
const ENOUGH_TO_JUDGE: u64 = 50;
/// "Nearly all".
const IN_VAIN: f64 = 0.95;

/// Why the load ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    AllDone,
    Stopped,
    Hopeless(String),
}

impl Verdict {
    pub(crate) fn end(self, abort: &Abort) -> RunEnd {
        match (self, abort.reason()) {
            (_, Some(reason)) => RunEnd::Aborted(reason.to_owned()),
            (Verdict::AllDone, None) => RunEnd::Completed,
            (Verdict::Stopped, None) => RunEnd::Stopped,
            (Verdict::Hopeless(text), None) => RunEnd::Hopeless(text),
        }
    }
}

pub(crate) struct Control<'a> {
    totals: Totals,
    /// What came in since the last second's beat.
    recent: Interval,
    log_lines: Receiver<LogLine>,
    observer: &'a mut dyn Observer,
    planned: Option<Duration>,
    planned_iterations: Option<u64>,
    grace: Duration,
    vus_of_workers: Vec<u64>,
    warned_of_series: bool,
}

impl<'a> Control<'a> {
    pub(crate) fn new(
        plan: &Plan,
        mut totals: Totals,
        log_lines: Receiver<LogLine>,
        observer: &'a mut dyn Observer,
    ) -> Control<'a> {
        totals.vus_max = plan.executor.max_vus();
        Control {
            totals,
            recent: Interval::default(),
            log_lines,
            observer,
            planned: plan.executor.planned_duration(),
            planned_iterations: plan.executor.planned_iterations(),
            grace: plan.graceful_stop,
            vus_of_workers: vec![0; plan.threads.max(1)],
            warned_of_series: false,
        }
    }

    pub(crate) fn tell(&mut self, event: &Event<'_>) {
        self.observer.on(event);
    }

    /// Adds what was recorded outside of the load.
    pub(crate) fn add(&mut self, recorded: &Interval) {
        self.totals.recorded.merge(recorded);
        self.pass_on_log();
    }

    /// Everything, at the end.
    pub(crate) fn finish(mut self) -> Totals {
        self.pass_on_log();
        self.totals
    }

    /// Follows the load to its end.
    pub(crate) async fn watch(
        &mut self,
        clock: &Clock,
        load_begins: Nanos,
        stop: &StopHandle,
        abort: &Abort,
        mut incoming: mpsc::Receiver<Report>,
    ) -> Verdict {
        self.tell(&Event::Load { vus_max: self.totals.vus_max, planned: self.planned });
        let mut beat = every_second();
        let mut last_beat = load_begins;
        let mut stopping = stop.watch();
        let mut verdict = Verdict::AllDone;
        let mut may_stop = true;
        loop {
            tokio::select! {
                report = incoming.recv() => match report {
                    Some(report) => self.take(report, clock.now()),
                    None => break,
                },
                _ = beat.tick() => {
                    let now = clock.now();
                    self.totals.elapsed = now.since(load_begins);
                    self.beat(now.since(last_beat));
                    last_beat = now;
                    if verdict == Verdict::AllDone && let Some(reason) = self.hopeless() {
                        self.tell(&Event::Stopping { reason: &reason, grace: self.grace });
                        verdict = Verdict::Hopeless(reason);
                        may_stop = false;
                        stop.stop_gracefully();
                    } else if may_stop && let Some(reason) = abort.reason() {
                        self.tell(&Event::Stopping { reason, grace: self.grace });
                        may_stop = false;
                        stop.stop_gracefully();
                    }
                }
                _ = stopping.changed(), if may_stop => {
                    let level = *stopping.borrow_and_update();
                    if level == Stop::Gracefully {
                        self.tell(&Event::Stopping { reason: "interrupted", grace: self.grace });
                    }
                    verdict = Verdict::Stopped;
                    may_stop = level != Stop::Now;
                }
            }
        }
        self.totals.elapsed = clock.now().since(load_begins);
        self.beat(clock.now().since(last_beat));
        if verdict == Verdict::AllDone
            && let Some(reason) = self.hopeless()
        {
            verdict = Verdict::Hopeless(reason);
        }
        verdict
    }

    fn take(&mut self, report: Report, now: Nanos) {
        self.totals.recorded.merge(&report.recorded);
        self.recent.merge(&report.recorded);
        if let Some(vus) = self.vus_of_workers.get_mut(report.worker) {
            *vus = report.vus;
        }
        let vus = self.vus_of_workers.iter().sum();
        self.totals.set_vus(now, vus);
        if report.log_dropped > 0 {
            self.tell(&Event::LogDropped(report.log_dropped));
        }
    }

    fn beat(&mut self, since_last: Nanos) {
        self.pass_on_log();
        self.warn_of_series();
        let recent = std::mem::take(&mut self.recent);
        let progress = self.progress(&recent, since_last);
        self.observer.on(&Event::Progress(&progress));
    }

    fn progress(&self, recent: &Interval, since_last: Nanos) -> Progress {
        let elapsed = self.totals.elapsed;
        let iterations = self.totals.recorded.iterations.values();
        let iterations = iterations.fold(IterationCell::default(), |mut sum, cell| {
            sum.count += cell.count;
            sum.failed += cell.failed + cell.trapped;
            sum
        });
        let requests: u64 = recent.requests.values().map(|cell| cell.count).sum();
        let mut response_times = Histogram::new();
        for cell in recent.requests.values() {
            response_times.merge(&cell.response_time);
        }
        let by_time = self.planned.map(|planned| elapsed.as_secs_f64() / planned.as_secs_f64().max(1e-9));
        let by_count = self.planned_iterations.map(|planned| iterations.count as f64 / planned.max(1) as f64);
        Progress {
            elapsed,
            done: by_count.or(by_time).map(|done| done.min(1.0)),
            left: self.planned.map(|planned| planned.saturating_sub(elapsed.into())),
            vus: self.vus_of_workers.iter().sum(),
            vus_max: self.totals.vus_max,
            iterations: iterations.count,
            requests: self.totals.counter("http_reqs") as u64,
            request_rate: requests as f64 / since_last.as_secs_f64().max(1e-9),
            p95: (!response_times.is_empty()).then(|| response_times.percentile(95.0)),
            failed_requests: self.totals.rate("http_req_failed").passes,
            failed_iterations: iterations.failed,
        }
    }

    fn pass_on_log(&mut self) {
        while let Ok(line) = self.log_lines.try_recv() {
            self.observer.on(&Event::Log(&line));
        }
    }

    fn warn_of_series(&mut self) {
        if self.warned_of_series || !self.totals.registry.is_full() {
            return;
        }
        self.warned_of_series = true;
        let warning = format!(
            "more than {} different names: the rest is counted under \"(other)\". Give requests whose URL holds an \
             identifier a name, or raise the limit with --max-series",
            self.totals.registry.limit()
        );
        self.tell(&Event::Warning(&warning));
    }

    /// Why going on makes no sense, if it makes none.
    fn hopeless(&self) -> Option<String> {
        let recorded = &self.totals.recorded;
        let iterations: u64 = recorded.iterations.values().map(|cell| cell.count).sum();
        let trapped: u64 = recorded.iterations.values().map(|cell| cell.trapped).sum();
        if iterations >= ENOUGH_TO_JUDGE && trapped as f64 >= IN_VAIN * iterations as f64 {
            let cause = self.example(|problem| matches!(problem, Problem::Trapped(_)));
            return Some(format!("{trapped} of {iterations} iterations trapped: {cause}"));
        }
        let not_started = recorded.problems.get(&Problem::Start).map_or(0, |cell| cell.count);
        if iterations == 0 && not_started >= ENOUGH_TO_JUDGE {
            let cause = self.example(|problem| *problem == Problem::Start);
            return Some(format!("no virtual user could start, {not_started} times: {cause}"));
        }
        None
    }

    fn example(&self, kind: impl Fn(&Problem) -> bool) -> &str {
        let mut problems = self.totals.recorded.problems.iter();
        let cell = problems.find(|(problem, _)| kind(problem)).map(|(_, cell)| cell);
        cell.and_then(|cell| cell.examples.first()).map_or("no reason given", |(text, _)| text)
    }
}
