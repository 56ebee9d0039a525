//! Keeps a run while it goes on. A run is never worse for it: what cannot be kept is said, once, and the run goes on.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use squall_history::format::{AboutInfo, EndInfo, RunInfo, VERSION};
use squall_history::{Environment, HistoryError, RunWriter, Store, utc};
use squall_insight::Demands;
use squall_load::{Event, Observer};
use squall_metrics::Totals;
use squall_plan::Plan;
use squall_report::{Document, without_secrets};

use crate::console::Notifier;
use crate::facts::plan_record;
use crate::settings::KeepSettings;
use crate::stored_objectives::{limits_to_store, objectives_to_store};
use crate::test_run::TestRun;

/// Keeps what it hears.
pub(crate) struct Keep {
    store: Store,
    began: SystemTime,
    info: RunInfo,
    tags: Vec<String>,
    notifier: Arc<dyn Notifier>,
    state: State,
}

enum State {
    /// Nothing is kept before the load begins: then there is nothing to be kept.
    Waiting,
    Keeping(RunWriter),
    /// Not wanted, or not possible.
    Off,
}

impl Keep {
    /// Will keep a run, if `settings` say so.
    pub fn new(settings: &KeepSettings, began: SystemTime, info: RunInfo, notifier: Arc<dyn Notifier>) -> Keep {
        let state = if settings.enabled { State::Waiting } else { State::Off };
        Keep { store: settings.store.clone(), began, info, tags: settings.tags.clone(), notifier, state }
    }

    /// Where runs are kept.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// The run is over. Returns its name, if it was kept.
    pub fn end(mut self, totals: &Totals, document: &Document, end: &EndInfo) -> Option<String> {
        let State::Keeping(keeper) = std::mem::replace(&mut self.state, State::Off) else {
            return None;
        };
        let id = keeper.id().to_owned();
        let reported = keeper.summary(&document.to_json());
        let ended = reported.and_then(|()| keeper.end(totals, end));
        let tagged = ended.and_then(|()| self.tags.iter().try_for_each(|tag| self.store.tag(&id, tag, true)));
        self.heard(tagged).map(|()| id)
    }

    fn heard<T>(&mut self, result: Result<T, HistoryError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.notifier.notify(&format!(
                    "warning: this run is not kept any further: {error} (use --no-save to silence this)"
                ));
                self.state = State::Off;
                None
            }
        }
    }
}

impl Observer for Keep {
    fn on(&mut self, event: &Event<'_>) {
        match (event, &mut self.state) {
            (Event::Load { .. }, State::Waiting) => {
                let begun = self.store.begin(self.began, &self.info);
                if let Some(keeper) = self.heard(begun) {
                    self.state = State::Keeping(keeper);
                }
            }
            (Event::Measured(totals), State::Keeping(keeper)) => {
                let kept = keeper.measured(totals);
                self.heard(kept);
            }
            _ => {}
        }
    }
}

/// What is known of a run when it begins.
pub(crate) fn run_info(test: &TestRun, plan: &Plan, demands: &Demands, began: SystemTime) -> RunInfo {
    let record = plan_record(test).unwrap_or_default();
    RunInfo {
        objectives: objectives_to_store(demands),
        limits: limits_to_store(&demands.limits),
        format: VERSION,
        began: utc(began),
        began_ms: began.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64,
        scenario: test.name().to_owned(),
        plan: record.name,
        about: AboutInfo { test_type: record.test_type, questions: record.questions, environment: record.environment },
        digest: test.component.artifact.digest().to_string(),
        target: plan.target.as_ref().map(|target| target.as_str().to_owned()).unwrap_or_default(),
        load: plan.load(),
        open_load: plan.is_open(),
        seed: plan.seed,
        threads: plan.threads,
        planned_shares: plan.shares(),
        thresholds: plan.thresholds.iter().map(|threshold| (threshold.selector(), threshold.source.clone())).collect(),
        tags: plan.tags.clone(),
        command: test.command.iter().map(|argument| without_secrets(argument)).collect(),
        environment: Environment::here(),
    }
}
