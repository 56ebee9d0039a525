//! The control API's view of a run. It observes the run's events like the terminal does, and keeps the latest. The run
//! never waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use squall_load::{Event, Observer, Progress};
use squall_metrics::{GeneratorVerdict, Nanos, ThresholdFigures, Totals, evaluate_thresholds};
use squall_plan::Threshold;
use squall_report::summary_export;
use tokio::sync::watch;

/// Phase of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the load.
    Starting,
    /// In it.
    Load,
    /// After it.
    Ended,
}

/// The run as of the last event.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its phase.
    pub phase: Phase,
    /// Its progress.
    pub progress: Progress,
}

/// Takes notes of a run.
pub struct RunState {
    seen: watch::Sender<Seen>,
    figures: watch::Sender<Value>,
    /// Whether a client waits for the figures.
    wanted: Arc<AtomicBool>,
    thresholds: Vec<Threshold>,
}

/// Reads the notes. Clones read the same.
#[derive(Clone)]
pub struct RunStateReader {
    seen: watch::Receiver<Seen>,
    figures: watch::Receiver<Value>,
    wanted: Arc<AtomicBool>,
}

impl RunState {
    /// For a run with these thresholds that has not begun.
    pub fn new(thresholds: &[Threshold]) -> RunState {
        let figures = json!({ "metrics": {}, "thresholds": [] });
        RunState {
            seen: watch::Sender::new(Seen { phase: Phase::Starting, progress: nothing_yet() }),
            figures: watch::Sender::new(figures),
            wanted: Arc::default(),
            thresholds: thresholds.to_vec(),
        }
    }

    /// A reader for the API's server.
    pub fn reader(&self) -> RunStateReader {
        let (seen, figures) = (self.seen.subscribe(), self.figures.subscribe());
        RunStateReader { seen, figures, wanted: Arc::clone(&self.wanted) }
    }

    fn enter(&self, phase: Phase) {
        self.seen.send_modify(|seen| seen.phase = phase);
    }

    /// Adding up many series takes a while, so it is done only on request.
    fn note_figures(&self, totals: &Totals) {
        if self.wanted.swap(false, Ordering::Relaxed) {
            let thresholds = evaluate_thresholds(&self.thresholds, totals);
            let thresholds: Vec<ThresholdFigures> = thresholds.iter().map(ThresholdFigures::from).collect();
            let mut summary = summary_export(totals, &[]);
            self.figures.send_replace(json!({ "metrics": summary["metrics"].take(), "thresholds": thresholds }));
        }
    }
}

impl Observer for RunState {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Load { .. } => self.enter(Phase::Load),
            Event::Teardown => self.enter(Phase::Ended),
            Event::Progress(progress) => self.seen.send_modify(|seen| seen.progress = (*progress).clone()),
            Event::Measured(totals) => self.note_figures(totals),
            Event::Setup
            | Event::Capacity(_)
            | Event::Recorded { .. }
            | Event::Log(_)
            | Event::LogRepeated(..)
            | Event::LogDropped(_)
            | Event::Warning(_)
            | Event::Stopping { .. } => {}
        }
    }
}

impl RunStateReader {
    /// The run as of the last event.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// `metrics` or `thresholds`, as of the next second. If no second ends within `patience` because there is no load,
    /// as of the last request.
    pub async fn figures(&self, part: &str, patience: Duration) -> Value {
        let mut figures = self.figures.clone();
        figures.mark_unchanged();
        self.wanted.store(true, Ordering::Relaxed);
        crate::within(patience, figures.changed()).await;
        let figures = figures.borrow();
        json!({ part: figures[part] })
    }
}

fn nothing_yet() -> Progress {
    Progress {
        elapsed: Nanos::ZERO,
        done: None,
        left: None,
        vus: 0,
        vus_max: 0,
        iterations: 0,
        iteration_rate: 0.0,
        dropped_iterations: 0,
        requests: 0,
        request_rate: 0.0,
        p95: None,
        failed_requests: 0,
        failed_iterations: 0,
        generator: GeneratorVerdict::default(),
        scenarios: Vec::new(),
    }
}
