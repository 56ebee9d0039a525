//! The dashboard's answers: the page, its updates, and the control API below it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::Serialize;
use squall_insight::{Demands, Judgement};
use squall_metrics::{Registry, Totals};
use squall_plan::Executor;
use squall_report::{Document, LiveUpdate, RunFacts, live_page};
use tokio::sync::watch;

use crate::api::Routes;
use crate::api_error::ApiError;
use crate::command::Controls;
use crate::dashboard::{Dashboard, Snapshot};
use crate::pages::{PageRequest, PageResponse, json, page, plain};
use crate::run_state::RunState;
use crate::status::RunStatus;
use crate::within;

/// Time that a request for news waits for them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The run that a dashboard shows.
pub struct ShownRun {
    /// Its plan, and what changes it.
    pub controls: Controls,
    /// What it is held to.
    pub demands: Demands,
    /// What neither plan nor measurement says.
    pub facts: RunFacts,
    /// Whether the page may change it.
    pub may_change: bool,
}

/// Answers requests for a run's pages.
pub(crate) struct DashboardPages {
    news: watch::Receiver<Option<Arc<Snapshot>>>,
    wanted: Arc<AtomicBool>,
    routes: Routes,
    demands: Demands,
    facts: RunFacts,
    may_change: bool,
    /// Set to true once a page has fetched the outcome.
    told_the_end: watch::Sender<bool>,
    /// The path of the page that has started the run.
    home: Option<&'static str>,
}

impl std::fmt::Debug for DashboardPages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DashboardPages").finish_non_exhaustive()
    }
}

/// The changes that the page may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Allowed {
    /// None: it only shows the run.
    None,
    /// It can stop the run.
    Stop,
    /// It can also pause it, and change the number of virtual users.
    Vus,
    /// It can also pause it, and change the rate.
    Rate,
}

/// An answer to a request for news.
#[derive(Serialize)]
struct Update {
    #[serde(flatten)]
    page: LiveUpdate,
    status: RunStatus,
    allowed: Allowed,
}

impl DashboardPages {
    pub(crate) fn new(
        dashboard: &Dashboard,
        state: &RunState,
        run: ShownRun,
        told_the_end: watch::Sender<bool>,
        home: Option<&'static str>,
    ) -> DashboardPages {
        DashboardPages {
            news: dashboard.news.subscribe(),
            wanted: Arc::clone(&dashboard.wanted),
            routes: Routes { controls: run.controls, state: state.reader() },
            demands: run.demands,
            facts: run.facts,
            may_change: run.may_change,
            told_the_end,
            home,
        }
    }

    pub(crate) async fn answer(&self, request: PageRequest) -> PageResponse {
        match (&request.method, request.path.as_str()) {
            (&Method::GET, "") => {
                let snapshot = self.news.borrow().clone();
                page(live_page(&self.document(snapshot.as_deref()), self.home))
            }
            (&Method::GET, "updates") => self.update().await,
            (_, path) if path.starts_with("v1/") => json(self.control(request).await),
            (_, "" | "updates") => plain(StatusCode::METHOD_NOT_ALLOWED, "this can only be read"),
            _ => plain(StatusCode::NOT_FOUND, "there is no such page"),
        }
    }

    /// The control API, as far as the page may use it.
    async fn control(&self, request: PageRequest) -> Result<serde_json::Value, ApiError> {
        if request.method != Method::GET && !self.may_change {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "this page only shows the run: start it with --control, too, to change it from here",
            ));
        }
        let has_ended = self.news.borrow().as_ref().is_some_and(|snapshot| snapshot.end.is_some());
        if request.method != Method::GET && has_ended {
            return Err(ApiError::new(StatusCode::CONFLICT, "the run has ended: it cannot be changed any more"));
        }
        let (method, path) = (request.method.clone(), format!("/{}", request.path));
        self.routes.result_of(&method, &path, request.into_body()).await
    }

    fn allowed(&self) -> Allowed {
        match self.routes.controls.controlled() {
            _ if !self.may_change => Allowed::None,
            Some(Executor::ExternallyControlled { rate: Some(_), .. }) => Allowed::Rate,
            Some(_) => Allowed::Vus,
            None => Allowed::Stop,
        }
    }

    async fn update(&self) -> PageResponse {
        let mut news = self.news.clone();
        news.mark_unchanged();
        let ended = news.borrow().as_ref().is_some_and(|snapshot| snapshot.end.is_some());
        if !ended {
            self.wanted.store(true, Ordering::Relaxed);
            within(PATIENCE, news.changed()).await;
        }
        let snapshot = news.borrow().clone();
        let ended = snapshot.as_ref().is_some_and(|snapshot| snapshot.end.is_some());
        let update = Update {
            page: LiveUpdate::of(&self.document(snapshot.as_deref()), ended),
            status: self.routes.run_status(),
            allowed: self.allowed(),
        };
        if ended {
            self.told_the_end.send_replace(true);
        }
        // Texts, numbers and lists always are JSON.
        json(Ok(serde_json::to_value(&update).unwrap_or_default()))
    }

    fn document(&self, snapshot: Option<&Snapshot>) -> Document {
        let nothing;
        let (totals, judgement) = match snapshot {
            Some(Snapshot { totals, generator, .. }) => (totals, self.demands.judge(totals, generator)),
            None => {
                nothing = Totals::new(Arc::new(Registry::new(1)), "", Vec::new());
                (&nothing, Judgement::default())
            }
        };
        let end = snapshot.and_then(|snapshot| snapshot.end.clone()).unwrap_or_else(|| self.facts.end.clone());
        let facts = RunFacts { end, ..self.facts.clone() };
        Document::new(totals, &judgement, Vec::new(), &self.routes.controls.plan().into(), &facts)
    }
}
