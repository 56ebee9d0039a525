//! State shared by the virtual users of one worker thread, and by all threads of a run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::OnceLock;

use squall_data::DataSet;
use squall_http::{MissingTarget, Network};
use squall_metrics::{Clock, Nanos, Recorder};

use crate::data_end::DataEnd;
use crate::log::LogSink;
use crate::progress::{Progress, ScenarioFacts};
use crate::schemas::Schemas;
use crate::secrets::Secrets;

/// Settings that are the same for the whole run.
#[derive(Debug, Default)]
pub struct RunContext {
    /// Values of `--secret`.
    pub secrets: Secrets,
    /// The `--target`, without a slash at the end.
    pub target: Option<String>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Values of `--data`.
    pub data: DataSet,
    /// Set when data comes to an end that is to be the end of the run.
    pub data_end: DataEnd,
    /// Set when a guest asks for the end of the run.
    pub abort: Abort,
    /// Set when a request needs a target, and there is none.
    pub missing_target: Arc<MissingTarget>,
    /// The run's progress.
    pub progress: Progress,
    /// The gRPC schemas that guests have asked for.
    pub schemas: Schemas,
}

/// A guest's wish to end the run. The first one counts.
#[derive(Debug, Default)]
pub struct Abort(OnceLock<String>);

impl Abort {
    /// Asks for the end of the run.
    pub fn request(&self, reason: String) {
        // Only the first reason counts.
        let _ = self.0.set(reason);
    }

    /// Why the run is to end, if it is.
    pub fn reason(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Waits for points in time. The load generator has the timer; guests only sleep by it.
pub trait Timer {
    /// Ready when the run's clock has reached that time.
    fn sleep_until(&self, time: Nanos) -> Pin<Box<dyn Future<Output = ()>>>;
    /// Whether time passes only while all users wait, so that it stands still for a guest that computes.
    fn is_virtual(&self) -> bool;
}

/// State shared by the virtual users of one scenario on one worker thread. Belongs to that thread.
pub struct WorkerContext {
    /// The run's clock.
    pub clock: Clock,
    /// The thread's recorder.
    pub recorder: Rc<RefCell<Recorder>>,
    /// The thread's network.
    pub network: Rc<Network>,
    /// The thread's timer.
    pub timer: Rc<dyn Timer>,
    /// The sink of guests' log lines.
    pub log: LogSink,
    /// State shared by all threads.
    pub run: Arc<RunContext>,
    /// Values of `-e`, and the plan's environment for this scenario.
    pub options: Arc<BTreeMap<String, String>>,
    /// Number of this scenario's first flow among those of the plan.
    pub first_flow: u16,
    /// Facts about this scenario; none in `setup` and `teardown`.
    pub scenario: Option<ScenarioFacts>,
    /// The number of the worker thread.
    pub number: usize,
}

impl WorkerContext {
    /// The user's value of that name.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.run.secrets.get(name).or_else(|| self.options.get(name).map(String::as_str))
    }

    /// The same for the virtual users of another scenario.
    pub fn of_scenario(
        &self,
        scenario: ScenarioFacts,
        options: Arc<BTreeMap<String, String>>,
        first_flow: u16,
    ) -> Rc<WorkerContext> {
        Rc::new(WorkerContext {
            clock: self.clock.clone(),
            recorder: Rc::clone(&self.recorder),
            network: Rc::clone(&self.network),
            timer: Rc::clone(&self.timer),
            log: self.log.clone(),
            run: Arc::clone(&self.run),
            options,
            first_flow,
            scenario: Some(scenario),
            number: self.number,
        })
    }
}
