//! What the screen shows: a fold over what the run tells, and what was pressed. Knows no terminal.

use std::collections::VecDeque;

use squall_insight::Demands;
use squall_load::Progress;
use squall_metrics::Totals;
use squall_plan::Plan;
use squall_report::{Breakdown, ThresholdLine};

/// How many moments charts have at most: more than the columns of a screen.
const MOMENTS: usize = 500;
/// How many lines are kept.
const LINES: usize = 1_000;

/// Something to be shown.
pub enum Message {
    /// The run has come so far.
    Phase(Phase),
    /// A second has passed.
    Progress(Box<Progress>),
    /// All that was measured up to now.
    Measured(Box<Totals>),
    /// Somebody said something.
    Line(String),
}

/// Where the run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has begun.
    #[default]
    Starting,
    /// The guest's `setup`.
    Setup,
    /// The load.
    Load,
    /// The guest's `teardown`.
    Teardown,
}

/// One of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Charts, thresholds, the generator.
    #[default]
    Overview,
    /// By name.
    Requests,
    /// By flow, and by scenario.
    Flows,
    /// By name.
    Transactions,
    /// By name.
    Checks,
    /// By class.
    Errors,
    /// What was said.
    Log,
}

impl Tab {
    /// In the order of their keys, 1 to 7.
    pub const ALL: [Tab; 7] =
        [Tab::Overview, Tab::Requests, Tab::Flows, Tab::Transactions, Tab::Checks, Tab::Errors, Tab::Log];

    /// What stands on it.
    pub fn title(self) -> &'static str {
        match self {
            Tab::Overview => "Overview",
            Tab::Requests => "Requests",
            Tab::Flows => "Flows",
            Tab::Transactions => "Transactions",
            Tab::Checks => "Checks",
            Tab::Errors => "Errors",
            Tab::Log => "Log",
        }
    }

    /// Its place, from 0.
    pub fn index(self) -> usize {
        Tab::ALL.iter().position(|tab| *tab == self).unwrap_or(0)
    }

    /// The one so many places on, round and round.
    pub fn after(self, places: usize) -> Tab {
        Tab::ALL[(self.index() + places) % Tab::ALL.len()]
    }
}

/// One second, as charts have it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// Requests a second.
    pub request_rate: f64,
    /// The 95th percentile of the response time in microseconds, if there was a response.
    pub p95_micros: Option<u64>,
    /// Requests and iterations that failed.
    pub errors: u64,
    /// Virtual users at work.
    pub vus: u64,
}

/// All that is known to the screen.
#[derive(Default)]
pub struct Model {
    /// What runs.
    pub name: String,
    /// The load, in words.
    pub load: String,
    /// Where the run is.
    pub phase: Phase,
    /// How far it is.
    pub progress: Option<Progress>,
    /// The latest seconds, the last one last.
    pub moments: VecDeque<Moment>,
    /// The measurements, taken apart.
    pub breakdown: Breakdown,
    /// What has to hold, judged up to now.
    pub thresholds: Vec<ThresholdLine>,
    /// What was said, the last line last.
    pub lines: VecDeque<String>,
    /// How many lines are no longer kept.
    pub lines_gone: usize,
    /// The page that is shown.
    pub tab: Tab,
    /// How many lines of it are above the screen; in the log, below it.
    pub scroll: usize,
    /// Whether the keys are explained.
    pub help: bool,
    /// What became of the last key, or what was said last.
    pub answer: Option<String>,
}

impl Model {
    /// Of a run that has not begun.
    pub fn new(name: String, plan: &Plan) -> Model {
        Model { name, load: plan.load(), ..Model::default() }
    }

    /// Something happened in the run with this plan.
    pub fn take(&mut self, message: Message, plan: &Plan) {
        match message {
            Message::Phase(phase) => self.phase = phase,
            Message::Progress(progress) => self.pass(*progress),
            Message::Measured(totals) => self.measured(&totals, plan),
            Message::Line(line) => self.said(line),
        }
    }

    /// Shows another page, from its beginning.
    pub fn turn_to(&mut self, tab: Tab) {
        (self.tab, self.scroll) = (tab, 0);
    }

    fn pass(&mut self, progress: Progress) {
        let failed = |progress: &Progress| progress.failed_requests + progress.failed_iterations;
        let before = self.progress.as_ref().map_or(0, failed);
        let moment = Moment {
            request_rate: progress.request_rate,
            p95_micros: progress.p95.map(|time| time.0 / 1_000),
            errors: failed(&progress).saturating_sub(before),
            vus: progress.vus,
        };
        push(&mut self.moments, moment, MOMENTS);
        self.progress = Some(progress);
    }

    fn measured(&mut self, totals: &Totals, plan: &Plan) {
        let generator = self.progress.as_ref().map(|progress| progress.generator.clone()).unwrap_or_default();
        let judgement = Demands::of_thresholds(&plan.thresholds).judge(totals, &generator);
        self.thresholds = ThresholdLine::all(&judgement, totals);
        self.breakdown = Breakdown::of(totals, &plan.shares());
    }

    fn said(&mut self, text: String) {
        self.lines_gone += usize::from(push(&mut self.lines, text, LINES));
    }
}

/// Appends, and drops the first if there are more than `most`; whether it did.
fn push<T>(queue: &mut VecDeque<T>, value: T, most: usize) -> bool {
    queue.push_back(value);
    queue.len() > most && queue.pop_front().is_some()
}
