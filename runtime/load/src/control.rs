//! The control thread's part: adding up what workers report, telling the observers, and ending a run that has no hope or
//! whose thresholds ask for it.

mod active_vus;
mod agents;
mod in_vain;
mod progress;
mod verdict;

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use squall_data::FeedUse;
use squall_guest::{RunContext, WorkerContext};
use squall_metrics::{
    Clock, GeneratorVerdict, Interval, LeftOut, Nanos, Reading, Second, SecondGrid, Totals, evaluate_thresholds,
};
use squall_plan::{Plan, Warmup};

use crate::agents::Agents;
use crate::event::{Event, Observer, Progress};
use crate::generator::GeneratorJudge;
use crate::guest_log::GuestLog;
use crate::rate_changes::RateChanges;
use crate::seconds::{RecordedByAll, SecondsUnderWay};
use crate::self_checks::SelfChecks;
use crate::steering::{Steering, Stop, StoppedBy};
use crate::steps::{Stepper, StepsTaken};
use crate::timer::WorkerTimer;
use crate::warm_up::{OpenWarmUp, planned_warm_up};
use crate::worker::Report;
use active_vus::ActiveVus;
pub(crate) use agents::{Incoming, Reported};
use agents::{OfAgents, seconds_of};
use in_vain::without_target;
pub(crate) use verdict::Verdict;

/// When this long no second was complete, a worker is late.
const OVERDUE: Nanos = Nanos(1_500_000_000);

pub(crate) struct Control<'a> {
    totals: Totals,
    log: GuestLog,
    /// The watcher of the target, and when the load began on the clock that it goes by.
    target: Option<Receiver<Reading>>,
    began_on_system_clock: Nanos,
    observer: &'a mut dyn Observer,
    plan: &'a Plan,
    generator: GeneratorJudge,
    of_agents: OfAgents,
    active_vus: ActiveVus,
    /// For each worker, and for each scenario.
    vus_of_scenarios: Vec<Vec<u64>>,
    warned_of_series: bool,
    /// How long after the beginning of the load counting begins: the planned warm-up.
    measured_from: Nanos,
    /// Where the end of the warm-up is still to be found.
    open_warm_up: Option<OpenWarmUp>,
    self_checks: SelfChecks,
    /// Of a stepped load.
    stepper: Option<Stepper>,
    clock: Clock,
    grid: SecondGrid,
    load_begins: Nanos,
    seconds: SecondsUnderWay,
    /// When the last second was complete, and how far the run was then.
    last_complete: Nanos,
    last_progress: Option<Progress>,
}

/// Who reports what is recorded, and judges the generator.
pub(crate) enum Reporters<'a> {
    /// This process's worker threads.
    Threads,
    /// Agents.
    Agents(&'a Agents),
}

impl Reporters<'_> {
    fn most(&self, plan: &Plan) -> usize {
        match self {
            Reporters::Threads => plan.threads.max(1),
            Reporters::Agents(agents) => agents.most,
        }
    }
}

impl<'a> Control<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        clock: Clock,
        mut totals: Totals,
        log: GuestLog,
        target: Option<Receiver<Reading>>,
        stepper: Option<Stepper>,
        (observer, reporters): (&'a mut dyn Observer, &Reporters<'_>),
    ) -> Control<'a> {
        let most = reporters.most(plan);
        totals.vus_max = plan.max_vus();
        if let Warmup::For(time) = plan.warmup {
            totals.warm_up = LeftOut::Planned(time.into());
        }
        Control {
            totals,
            log,
            target,
            began_on_system_clock: Nanos::MAX,
            observer,
            plan,
            generator: GeneratorJudge::of(plan, reporters),
            of_agents: OfAgents::of(reporters),
            active_vus: ActiveVus::of(most),
            vus_of_scenarios: vec![vec![0; plan.scenarios.len()]; most],
            warned_of_series: false,
            measured_from: planned_warm_up(plan),
            open_warm_up: OpenWarmUp::of(plan),
            self_checks: SelfChecks::new(plan),
            stepper,
            clock,
            grid: SecondGrid::new(Nanos::ZERO, planned_warm_up(plan)),
            load_begins: Nanos::ZERO,
            seconds: seconds_of(reporters, most),
            last_complete: Nanos::ZERO,
            last_progress: None,
        }
    }

    pub(crate) fn tell(&mut self, event: &Event<'_>) {
        self.observer.on(event);
    }

    /// Adds what was recorded and logged outside of the load.
    pub(crate) fn add(&mut self, context: &WorkerContext) {
        let recorded = context.recorder.borrow_mut().take();
        self.totals.recorded.merge(&recorded);
        if let Some(warm_up) = &mut self.open_warm_up {
            warm_up.outside_of_load(&recorded);
        }
        self.log.take(context.log.take_untold(), self.observer);
        self.log.sum_up(self.observer);
        self.tell_recorded(&Arc::new(recorded), Nanos::ZERO, self.clock.now());
    }

    /// Everything, at the end.
    pub(crate) fn finish(mut self) -> (Totals, GeneratorVerdict, StepsTaken, Vec<FeedUse>) {
        self.pass_on_log();
        if let Some(warm_up) = self.open_warm_up.take() {
            warm_up.leave_out_of(&mut self.totals);
        }
        (
            self.totals,
            self.generator.verdict(),
            self.stepper.map(Stepper::into_taken).unwrap_or_default(),
            self.of_agents.into_feed_use(),
        )
    }

    /// Follows the load to its end.
    pub(crate) async fn watch(
        &mut self,
        timer: &WorkerTimer,
        load_begins: Nanos,
        steering: &Steering,
        run: &RunContext,
        mut incoming: Incoming,
    ) -> Verdict {
        self.begin(load_begins);
        let mut beat = timer.every_second();
        let mut control_state = steering.watch();
        // A change that was asked for before the load began, while `setup` ran, is heard now.
        control_state.mark_changed();
        let mut rate_changes = RateChanges::new(self.plan, load_begins, incoming.notice());
        let mut verdict = Verdict::AllDone;
        let mut may_stop = true;
        loop {
            tokio::select! {
                reported = incoming.next() => match reported {
                    Some(Reported::ByThread(report)) => self.take(*report),
                    Some(Reported::ByAgent(news)) => self.take_news(news, run),
                    None => break,
                },
                () = beat.tick() => self.beat(),
                () = run.data_end.reached(), if may_stop => {
                    let name = run.data_end.name().unwrap_or_default();
                    verdict = self.stopping(Verdict::DataEnded(name.to_owned()));
                    may_stop = false;
                    steering.end_gracefully();
                }
                () = run.missing_target.reported(), if may_stop => {
                    // Nothing that is under way is worth waiting for.
                    verdict = Verdict::NoRequest(without_target(run).unwrap_or_default());
                    may_stop = false;
                    steering.end_now();
                }
                _ = control_state.changed(), if may_stop => {
                    let wished = control_state.borrow_and_update().clone();
                    if wished.stop == Stop::No {
                        if let Some(change) = rate_changes.apply(&wished, self.clock.now()) {
                            steering.change_rate_at(change);
                        }
                        continue;
                    }
                    let by = wished.stopped_by.unwrap_or(StoppedBy::Signal);
                    if wished.stop == Stop::Gracefully && verdict == Verdict::AllDone {
                        self.tell(&Event::Stopping { reason: &by.to_string(), grace: self.plan.graceful_stop() });
                    }
                    verdict = Verdict::Stopped(by);
                    may_stop = wished.stop != Stop::Now;
                }
            }
            if may_stop && let Some(reason) = self.reason_to_stop(run) {
                verdict = self.stopping(reason);
                may_stop = false;
                steering.end_gracefully();
            }
        }
        // Workers may have heard of a stop, and ended, before this thread did.
        let stopped_by = control_state.borrow().stopped_by;
        if let (Verdict::AllDone, Some(by)) = (&verdict, stopped_by) {
            verdict = Verdict::Stopped(by);
        }
        self.end();
        if let Verdict::AllDone | Verdict::DataEnded(_) = verdict {
            let in_vain = self.hopeless().or_else(|| self.nothing_began()).map(Verdict::Hopeless);
            let no_request = || without_target(run).or_else(|| self.no_request()).map(Verdict::NoRequest);
            verdict = in_vain.or_else(no_request).unwrap_or(verdict);
        }
        verdict
    }

    fn begin(&mut self, load_begins: Nanos) {
        self.tell(&Event::Load { vus_max: self.totals.vus_max, planned: self.plan.planned_duration() });
        self.load_begins = load_begins;
        self.grid = SecondGrid::new(load_begins, self.measured_from);
        self.last_complete = load_begins;
        self.began_on_system_clock = self.clock.on_system_clock(load_begins).unwrap_or(Nanos::MAX);
    }

    /// All workers have ended, and all that they recorded has been told.
    fn end(&mut self) {
        let elapsed = self.last_moment().since(self.load_begins);
        self.hear_news();
        self.log.sum_up(self.observer);
        self.totals.elapsed = elapsed.since(self.measured_from);
        let progress = self.last_progress_at(elapsed);
        self.tell_progress(progress);
        // The threads of a lost agent are not there all the time.
        let doubt = self.self_checks.at_the_end(&self.totals).filter(|_| !self.of_agents.has_losses());
        if let Some(doubt) = doubt {
            self.observer.on(&Event::Warning(&doubt));
        }
    }

    /// Now; once all agents have ended, the end of the last of them: news of it takes a while.
    fn last_moment(&self) -> Nanos {
        let now = self.clock.now();
        self.of_agents.load_took().map_or(now, |took| now.min(self.load_begins + took))
    }

    /// Why the load should not go on as long as planned.
    fn reason_to_stop(&self, run: &RunContext) -> Option<Verdict> {
        if let Some(reason) = self.hopeless() {
            return Some(Verdict::Hopeless(reason));
        }
        if let Some(reason) = run.abort.reason() {
            return Some(Verdict::Aborted(reason.to_owned()));
        }
        if let Some(reason) = self.of_agents.failure() {
            return Some(Verdict::AgentsLost(reason.to_owned()));
        }
        if let Some(reason) = self.no_request_to_come() {
            return Some(Verdict::NoRequest(reason));
        }
        let steps_are_over = self.stepper.as_ref().is_some_and(Stepper::is_over).then_some(Verdict::AllDone);
        self.failed_threshold().map(Verdict::ThresholdFailed).or(steps_are_over)
    }

    fn stopping(&mut self, verdict: Verdict) -> Verdict {
        let data_ended;
        let reason = match &verdict {
            Verdict::DataEnded(name) => {
                data_ended = format!("data {name:?} has come to its end");
                data_ended.as_str()
            }
            Verdict::Hopeless(reason)
            | Verdict::NoRequest(reason)
            | Verdict::ThresholdFailed(reason)
            | Verdict::AgentsLost(reason) => reason.as_str(),
            Verdict::AllDone => "the test has come to its end",
            Verdict::Stopped(_) | Verdict::Aborted(_) => "the scenario asked for it",
        };
        self.observer.on(&Event::Stopping { reason, grace: self.plan.graceful_stop() });
        verdict
    }

    /// A threshold that fails now, and is to end the run when it does.
    fn failed_threshold(&self) -> Option<String> {
        let elapsed = Duration::from(self.measured_from + self.totals.elapsed);
        let due = self
            .plan
            .thresholds
            .iter()
            .filter(|threshold| threshold.abort_on_fail && elapsed >= threshold.delay_abort_eval);
        let due: Vec<_> = due.cloned().collect();
        let results = evaluate_thresholds(&due, &self.totals);
        // What was not measured yet may still be.
        let failed = results.into_iter().find(|result| !result.passed && result.actual.is_some())?;
        Some(format!("threshold '{}' on {} failed", failed.threshold.source, failed.threshold.metric))
    }

    fn take(&mut self, report: Report) {
        self.generator.hear(&report);
        self.active_vus.report(report.worker, report.vus);
        let mut of_worker = self.vus_of_scenarios.get_mut(report.worker);
        for (scenario, vus) in &report.vus_of_scenarios {
            if let Some(known) = of_worker.as_deref_mut().and_then(|all| all.get_mut(*scenario)) {
                *known = *vus;
            }
        }
        self.log.take(report.untold, self.observer);
        self.take_from_before_load(&report.taken.before_load);
        self.seconds.add(report.worker, &report.taken);
        self.complete_seconds();
    }

    fn complete_seconds(&mut self) {
        while let Some((number, second)) = self.seconds.pop() {
            self.complete(number, second);
        }
    }

    /// What virtual users did to prepare themselves counts, unless there is a warm-up, and belongs to no second.
    fn take_from_before_load(&mut self, recorded: &Interval) {
        if recorded.is_empty() {
            return;
        }
        if self.measured_from == Nanos::ZERO {
            self.totals.recorded.merge(recorded);
        }
        if let Some(warm_up) = &mut self.open_warm_up {
            warm_up.add(Nanos::ZERO, recorded);
        }
        self.tell_recorded(&Arc::new(recorded.clone()), Nanos::ZERO, self.load_begins);
    }

    /// Nothing will be added to that second any more. The last one may be shorter than the others.
    fn complete(&mut self, number: u64, mut second: RecordedByAll) {
        let now = self.last_moment();
        let traced = std::mem::take(&mut second.recorded.traced);
        self.totals.traced.merge(&traced.since(self.load_begins));
        let (begins, ends) = (self.grid.start_of(number), self.grid.end_of(number).min(now));
        let (at, length) = (begins.since(self.load_begins), ends.since(begins));
        if let Some(warm_up) = &mut self.open_warm_up {
            warm_up.add(at, &second.recorded);
        }
        self.hear_news();
        let vus = self.active_vus.take_most();
        if at >= self.measured_from {
            self.totals.elapsed = ends.since(self.load_begins).since(self.measured_from);
            self.totals.recorded.merge(&second.recorded);
            self.generator.see(&second, length);
            if length >= Second::LEAST_FOR_A_RATE || !second.recorded.is_empty() {
                self.totals.set_vus(now, vus);
                self.totals.history.push(second_of(&second.recorded, at, length, vus));
            }
        }
        let (elapsed, recorded) = (ends.since(self.load_begins), Arc::new(second.recorded));
        if let Some(capacity) = self.self_checks.capacity(elapsed, &recorded) {
            self.observer.on(&Event::Capacity(&capacity));
        }
        if length >= Second::LEAST_FOR_A_RATE {
            let progress = self.progress(elapsed, &recorded, length);
            self.tell_progress(progress);
        }
        self.observer.on(&Event::Measured(&self.totals));
        if let Some(stepper) = &mut self.stepper {
            stepper.take_next(now.since(self.load_begins).into(), &self.totals.history);
        }
        self.tell_recorded(&recorded, length, ends);
        self.last_complete = now;
    }

    /// Once a second, whatever the workers report.
    fn beat(&mut self) {
        self.pass_on_log();
        self.warn_of_series();
        let now = self.clock.now();
        // A worker that has no time to report stops the seconds, not the display.
        if now.since(self.last_complete) > OVERDUE
            && let Some(last) = self.last_progress.take()
        {
            let elapsed = now.since(self.load_begins);
            self.tell_progress(Progress { elapsed, left: self.time_left(elapsed), ..last });
        }
    }

    /// The counts of the whole run, with the rates of the last whole second, or of all where there was none.
    fn last_progress_at(&self, elapsed: Nanos) -> Progress {
        let whole = self.progress(elapsed, &self.totals.recorded, elapsed);
        match &self.last_progress {
            None => whole,
            Some(last) => Progress {
                iteration_rate: last.iteration_rate,
                request_rate: last.request_rate,
                p95: last.p95,
                ..whole
            },
        }
    }

    fn hear_news(&mut self) {
        self.pass_on_log();
        self.warn_of_series();
        self.hear_of_target();
    }

    fn tell_progress(&mut self, progress: Progress) {
        self.observer.on(&Event::Progress(&progress));
        self.last_progress = Some(progress);
    }

    /// `ended` is a time of the run's clock.
    fn tell_recorded(&mut self, interval: &Arc<Interval>, length: Nanos, ended: Nanos) {
        let ended = self.clock.on_system_clock(ended);
        self.observer.on(&Event::Recorded { interval, length, ended, totals: &self.totals });
    }

    fn time_left(&self, elapsed: Nanos) -> Option<Duration> {
        self.planned_duration().map(|planned| planned.saturating_sub(elapsed.into()))
    }

    /// How long the load will last by what is known: a stepped one ends early after an early step back.
    fn planned_duration(&self) -> Option<Duration> {
        self.stepper.as_ref().map(Stepper::ends).or_else(|| self.plan.planned_duration())
    }

    fn pass_on_log(&mut self) {
        self.log.pass_on(self.observer);
    }

    /// What was read of the target since the last time, put on the axis of the run. What came before counts no more than
    /// the load does. Only right before `Event::Measured` and at the end: observers keep what came since the one before.
    fn hear_of_target(&mut self) {
        let (began, measured_from) = (self.began_on_system_clock, self.measured_from);
        let news = self.target.iter().flat_map(Receiver::try_iter);
        let counts = news.filter(|reading| reading.at >= began + measured_from);
        let readings = counts.map(|reading| Reading { at: reading.at.since(began), ..reading }).collect();
        for news in self.totals.watched.take(readings) {
            self.tell(&Event::Warning(&news));
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
}

/// What is kept of a second for later: how it compares with the others.
fn second_of(recent: &Interval, at: Nanos, length: Nanos, vus: u64) -> Second {
    let mut second = Second { at, length, vus, ..Second::default() };
    for (key, cell) in &recent.requests {
        second.requests += cell.count;
        second.failed += if key.expected { 0 } else { cell.count };
        second.response_time.merge(&cell.response_time);
        second.service_time.merge(&cell.duration);
    }
    for cell in recent.dropped.values() {
        second.dropped += cell.count;
        second.response_time.merge(&cell.waited);
    }
    second.iterations = recent.iterations.values().map(|cell| cell.count).sum();
    second
}
