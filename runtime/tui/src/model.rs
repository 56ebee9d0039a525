//! The screen's content: a fold over the run's events and the keys. Knows no terminal.

use std::collections::VecDeque;

use squall_insight::Demands;
use squall_load::Progress;
use squall_metrics::Totals;
use squall_plan::Plan;
use squall_report::{Breakdown, ThresholdLine};

/// The most points of a chart: more than the columns of a screen.
const MOMENTS: usize = 500;
/// The most lines of the log.
const LINES: usize = 1_000;

/// An event.
pub enum Message {
    /// The run's progress.
    Phase(Phase),
    /// A second has passed.
    Progress(Box<Progress>),
    /// The measurements so far.
    Measured(Box<Totals>),
    /// A message.
    Line(String),
}

/// The run's phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The run has not begun.
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
    /// Requests by name.
    Requests,
    /// Results by flow, and by scenario.
    Flows,
    /// Transactions by name.
    Transactions,
    /// Checks by name.
    Checks,
    /// Errors by class.
    Errors,
    /// Messages.
    Log,
}

impl Tab {
    /// All pages in the order of their keys, 1 to 7.
    pub const ALL: [Tab; 7] =
        [Tab::Overview, Tab::Requests, Tab::Flows, Tab::Transactions, Tab::Checks, Tab::Errors, Tab::Log];

    /// The page's title.
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

    /// Its index, from 0.
    pub fn index(self) -> usize {
        Tab::ALL.iter().position(|tab| *tab == self).unwrap_or(0)
    }

    /// The page this many places further, cyclically.
    pub fn after(self, places: usize) -> Tab {
        Tab::ALL[(self.index() + places) % Tab::ALL.len()]
    }
}

/// One second in the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// Requests per second.
    pub request_rate: f64,
    /// The 95th percentile of the response time in microseconds, if there was a response.
    pub p95_micros: Option<u64>,
    /// Failed requests and iterations.
    pub errors: u64,
    /// Active virtual users.
    pub vus: u64,
}

/// The screen's whole content.
#[derive(Default)]
pub struct Model {
    /// The scenario's name.
    pub name: String,
    /// The load, in words.
    pub load: String,
    /// The run's phase.
    pub phase: Phase,
    /// The run's progress.
    pub progress: Option<Progress>,
    /// The latest seconds, the last one last.
    pub moments: VecDeque<Moment>,
    /// The measurements, summarized.
    pub breakdown: Breakdown,
    /// The thresholds, judged so far.
    pub thresholds: Vec<ThresholdLine>,
    /// The messages, the last line last.
    pub lines: VecDeque<String>,
    /// The number of lines that were dropped.
    pub lines_gone: usize,
    /// The current page.
    pub tab: Tab,
    /// The lines of it above the screen; in the log, below it.
    pub scroll: usize,
    /// Whether the help is open.
    pub help: bool,
    /// The answer to the last key, or the latest message.
    pub answer: Option<String>,
}

impl Model {
    /// The model of a run that has not begun.
    pub fn new(name: String, plan: &Plan) -> Model {
        Model { name, load: plan.load(), ..Model::default() }
    }

    /// Takes an event of the run with this plan.
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

/// Appends, and drops the first if there are more than `most`. Returns whether it did.
fn push<T>(queue: &mut VecDeque<T>, value: T, most: usize) -> bool {
    queue.push_back(value);
    queue.len() > most && queue.pop_front().is_some()
}
