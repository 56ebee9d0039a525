//! Watches the generator while it works: what the workers say of themselves and what the system says of the process, put
//! together second by second for the judge in `squall-metrics`.

use squall_metrics::{FailureClass, GeneratorSecond, GeneratorVerdict, Histogram, Interval, Judge, LoadModel, Nanos};
use squall_plan::{Pacing, Plan};

use crate::agents::{AgentRecord, AgentVerdicts};
use crate::control::Reporters;
use crate::seconds::RecordedByAll;
use crate::system::System;
use crate::worker::Report;

/// A second's worth of news, or what came in late, is too short to judge below this.
const LEAST: Nanos = Nanos(500_000_000);

pub(crate) struct Watch {
    judge: Judge,
    system: System,
    /// A thread that looks at the clock all the time is busy all the time: being busy says nothing then.
    spins: bool,
    accepts_bottleneck: bool,
    workers: Vec<LatestOfWorker>,
}

/// Judges the generator: this process by what it sees of itself, agents by what they say of themselves.
pub(crate) enum GeneratorJudge {
    Here(Box<Watch>),
    OfAgents(AgentVerdicts, bool),
}

impl GeneratorJudge {
    pub(crate) fn of(plan: &Plan, reporters: &Reporters<'_>) -> GeneratorJudge {
        match reporters {
            Reporters::Threads => GeneratorJudge::Here(Box::new(Watch::new(plan))),
            Reporters::Agents(agents) => {
                let mut verdicts = AgentVerdicts::default();
                agents.names.iter().enumerate().for_each(|(agent, name)| verdicts.name(agent, name));
                GeneratorJudge::OfAgents(verdicts, plan.accept_bottleneck)
            }
        }
    }

    pub(crate) fn hear(&mut self, report: &Report) {
        if let GeneratorJudge::Here(watch) = self {
            watch.hear(report);
        }
    }

    pub(crate) fn name_agent(&mut self, agent: usize, name: &str) {
        if let GeneratorJudge::OfAgents(verdicts, _) = self {
            verdicts.name(agent, name);
        }
    }

    pub(crate) fn hear_agent(&mut self, agent: usize, record: &AgentRecord) {
        if let GeneratorJudge::OfAgents(verdicts, _) = self {
            verdicts.hear(agent, record);
        }
    }

    pub(crate) fn lose_agent(&mut self, agent: usize, reason: &str) {
        if let GeneratorJudge::OfAgents(verdicts, _) = self {
            verdicts.lose(agent, reason);
        }
    }

    /// A second is over in which all workers together recorded this.
    pub(crate) fn see(&mut self, of_second: &RecordedByAll, length: Nanos) {
        if let GeneratorJudge::Here(watch) = self {
            watch.see(of_second, length);
        }
    }

    pub(crate) fn verdict(&self) -> GeneratorVerdict {
        match self {
            GeneratorJudge::Here(watch) => watch.verdict(),
            GeneratorJudge::OfAgents(verdicts, accepts_bottleneck) => verdicts.verdict().accepting(*accepts_bottleneck),
        }
    }
}

/// What a worker said last.
#[derive(Clone, Copy, Debug, Default)]
struct LatestOfWorker {
    backlog: u64,
    all_users_busy: bool,
}

impl Watch {
    pub(crate) fn new(plan: &Plan) -> Watch {
        let model = if plan.is_open() { LoadModel::Open } else { LoadModel::Closed };
        let workers = vec![LatestOfWorker::default(); plan.threads.max(1)];
        let spins = plan.pacing == Pacing::Spin;
        let accepts_bottleneck = plan.accept_bottleneck;
        Watch { judge: Judge::new(model), system: System::new(), spins, accepts_bottleneck, workers }
    }

    pub(crate) fn hear(&mut self, report: &Report) {
        if let Some(worker) = self.workers.get_mut(report.worker) {
            worker.backlog = report.backlog;
            worker.all_users_busy = report.all_users_busy;
        }
    }

    /// A second is over in which all workers together recorded this.
    pub(crate) fn see(&mut self, of_second: &RecordedByAll, length: Nanos) {
        let recent = &of_second.recorded;
        let usage = self.system.usage_since_last(length);
        let share_of_time = |time: Nanos| time.as_secs_f64() / length.as_secs_f64().max(1e-9);
        let mut second = GeneratorSecond {
            length,
            pacing: recent.pacing.clone(),
            typical_response: median_response(recent),
            processor_share: usage.processor_share,
            throttled: usage.throttled,
            open_files: usage.open_files,
            memory: usage.memory,
            ports: usage.ports,
            failed_connects: failed_connects(recent),
            dropped: recent.dropped.values().map(|cell| cell.count).sum(),
            all_users_busy: self.workers.iter().any(|worker| worker.all_users_busy),
            backlog: self.workers.iter().map(|worker| worker.backlog).sum(),
            busiest_worker: share_of_time(of_second.busiest),
            run_delay: share_of_time(of_second.run_delay),
            ..GeneratorSecond::default()
        };
        let mut guest = Nanos::ZERO;
        recent.iterations.values().for_each(|cell| guest += cell.guest_time);
        second.guest_share = guest.as_secs_f64() / recent.busy.as_secs_f64().max(1e-9);
        if self.spins {
            (second.processor_share, second.busiest_worker) = (0.0, 0.0);
        }
        // The rest of a second at the end still counts for what was given up.
        if length >= LEAST || second.dropped > 0 {
            self.judge.see(&second);
        }
    }

    pub(crate) fn verdict(&self) -> GeneratorVerdict {
        self.judge.verdict().accepting(self.accepts_bottleneck)
    }
}

fn failed_connects(recent: &Interval) -> u64 {
    let failed = recent.requests.iter().filter(|(key, _)| key.failure == FailureClass::Connect as u8);
    failed.map(|(_, cell)| cell.count).sum()
}

fn median_response(recent: &Interval) -> Nanos {
    let mut times = Histogram::new();
    recent.requests.values().for_each(|cell| times.merge(&cell.response_time));
    if times.is_empty() { Nanos::ZERO } else { times.percentile(50.0) }
}
