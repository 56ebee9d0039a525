//! `--dashboard`: the report's page while the run goes on, for a browser on this machine. Where the run may be controlled
//! from outside, the page has buttons for that.
//!
//! The run never waits for it: while a page is open, the measurements are copied once a second and turned into a page
//! on the server's own thread. Without a page nothing is copied.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use squall_load::{Event, Observer, RunOutcome};
use squall_metrics::{GeneratorVerdict, Totals};
use squall_report::Ending;
use tokio::sync::watch;

use crate::background::{Background, runtime};
use crate::dashboard_pages::{DashboardPages, ShownRun};
use crate::error::ControlError;
use crate::pages::{PageRequest, PageResponse, ReservedPages};
use crate::run_state::RunState;
use crate::within;

/// Time that the end of the run waits for an open page to fetch the outcome.
const LAST_LOOK: Duration = Duration::from_millis(1_500);

/// The measurements so far.
pub(crate) struct Snapshot {
    pub(crate) totals: Totals,
    pub(crate) generator: GeneratorVerdict,
    /// The ending of the run, once it has ended.
    pub(crate) end: Option<Ending>,
}

pub(crate) type News = watch::Sender<Option<Arc<Snapshot>>>;

/// Hears of the run.
pub struct Dashboard {
    pub(crate) news: News,
    pub(crate) wanted: Arc<AtomicBool>,
    generator: GeneratorVerdict,
    /// Whether a page was ever open.
    watched: bool,
}

/// Where a run's dashboard is shown.
#[derive(Clone, Debug)]
pub enum DashboardPlace {
    /// At an address of its own.
    At(SocketAddr),
    /// In the pages of a server that has started the run, and may change it.
    Within(DashboardMount),
}

/// A place in a server's pages for the dashboards of its runs, one after the other.
#[derive(Clone, Debug, Default)]
pub struct DashboardMount(Arc<watch::Sender<Option<Arc<DashboardPages>>>>);

impl DashboardMount {
    /// Whether there has been a run.
    pub fn has_run(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Forgets the run.
    pub fn clear(&self) {
        self.0.send_replace(None);
    }

    /// The answer of the latest run's dashboard, if there has been a run.
    pub async fn answer(&self, request: PageRequest) -> Option<PageResponse> {
        let pages = self.0.borrow().clone()?;
        Some(pages.answer(request).await)
    }
}

/// A place that is taken for a dashboard.
pub enum ReservedDashboard {
    /// An address.
    At(ReservedPages),
    /// In another server.
    Within(DashboardMount),
}

/// A dashboard that can be looked at; until dropped.
pub struct OpenDashboard {
    told_the_end: watch::Receiver<bool>,
    server: Option<Background>,
}

impl ReservedDashboard {
    /// Takes the place.
    ///
    /// # Errors
    /// If an address is not of this machine, or not free.
    pub fn take(place: DashboardPlace) -> Result<ReservedDashboard, ControlError> {
        Ok(match place {
            DashboardPlace::At(address) => ReservedDashboard::At(ReservedPages::take("--dashboard", address)?),
            DashboardPlace::Within(mount) => ReservedDashboard::Within(mount),
        })
    }

    /// The line with the dashboard's address, for the terminal, if it has one of its own.
    pub fn heading(&self) -> Option<String> {
        match self {
            ReservedDashboard::At(pages) => Some(format!("    dashboard: {}", pages.url())),
            ReservedDashboard::Within(_) => None,
        }
    }

    /// Shows the run until the returned handle is dropped; in another server's pages, until its next run.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn open(self, dashboard: &Dashboard, state: &RunState, run: ShownRun) -> Result<OpenDashboard, ControlError> {
        let (told_the_end, end) = watch::channel(false);
        let home = matches!(self, ReservedDashboard::Within(_)).then_some("../");
        let pages = Arc::new(DashboardPages::new(dashboard, state, run, told_the_end, home));
        let server = match self {
            ReservedDashboard::At(reserved) => Some(reserved.serve("dashboard", move |request| {
                let pages = Arc::clone(&pages);
                async move { pages.answer(request).await }
            })?),
            ReservedDashboard::Within(mount) => {
                mount.0.send_replace(Some(pages));
                None
            }
        };
        Ok(OpenDashboard { told_the_end: end, server })
    }
}

impl OpenDashboard {
    /// Waits until an open page has fetched the outcome, then stops answering.
    pub fn close(mut self, mut dashboard: Dashboard, outcome: &RunOutcome, end: Ending) {
        dashboard.generator = outcome.generator.clone();
        dashboard.publish(&outcome.totals, Some(end));
        if let (true, Ok(runtime)) = (dashboard.watched, runtime()) {
            runtime.block_on(within(LAST_LOOK, self.told_the_end.wait_for(|told| *told)));
        }
        drop(self.server);
    }
}

impl Default for Dashboard {
    /// For a run that has not begun.
    fn default() -> Dashboard {
        let wanted = Arc::default();
        Dashboard { news: News::new(None), wanted, generator: GeneratorVerdict::default(), watched: false }
    }
}

impl Dashboard {
    fn publish(&self, totals: &Totals, end: Option<Ending>) {
        let (totals, generator) = (totals.clone(), self.generator.clone());
        self.news.send_replace(Some(Arc::new(Snapshot { totals, generator, end })));
    }
}

impl Observer for Dashboard {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Progress(progress) => self.generator = progress.generator.clone(),
            Event::Measured(totals) if self.wanted.swap(false, Ordering::Relaxed) => {
                self.watched = true;
                self.publish(totals, None);
            }
            _ => {}
        }
    }
}
