//! `--dashboard`: the report's page while the run goes on. It is for a browser on this machine. Unlike the control API
//! it answers web pages, so its secret is in the address; it is read-only.
//!
//! The run never waits for it: while a page is open, the measurements are copied once a second and turned into a page
//! on the server's own thread. Without a page nothing is copied.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use squall_insight::{Demands, Judgement};
use squall_load::{Event, Observer, RunOutcome};
use squall_metrics::{GeneratorVerdict, Registry, Totals};
use squall_plan::Plan;
use squall_report::{Document, Ending, LiveUpdate, RunFacts, live_page};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::background::{Background, runtime};
use crate::error::ControlError;
use crate::guard::names_this_machine;
use crate::server::serve_until;
use crate::token::Token;
use crate::{only_loopback, within};

/// Time that a request for news waits for them.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time that the end of the run waits for an open page to fetch the outcome.
const LAST_LOOK: Duration = Duration::from_millis(1_500);

/// The measurements so far.
struct Snapshot {
    totals: Totals,
    generator: GeneratorVerdict,
    /// The ending of the run, once it has ended.
    end: Option<Ending>,
}

type News = watch::Sender<Option<Arc<Snapshot>>>;

/// Hears of the run.
pub struct Dashboard {
    news: News,
    wanted: Arc<AtomicBool>,
    generator: GeneratorVerdict,
    /// Whether a page was ever open.
    watched: bool,
}

/// An address that is taken for a dashboard.
pub struct ReservedDashboard {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

/// Answers requests for pages.
struct Pages {
    path: String,
    news: watch::Receiver<Option<Arc<Snapshot>>>,
    wanted: Arc<AtomicBool>,
    plan: Plan,
    demands: Demands,
    facts: RunFacts,
    /// Set to true once a page has fetched the outcome.
    told_the_end: watch::Sender<bool>,
}

/// A dashboard that can be looked at; until dropped.
pub struct OpenDashboard {
    told_the_end: watch::Receiver<bool>,
    server: Background,
}

impl ReservedDashboard {
    /// Takes the address.
    ///
    /// # Errors
    /// If it is not of this machine, or not free.
    pub fn take(address: SocketAddr) -> Result<ReservedDashboard, ControlError> {
        only_loopback("--dashboard", address)?;
        let failed = |error: io::Error| ControlError::of_address("--dashboard", address, &error);
        let token = Token::random().map_err(failed)?;
        let runtime = runtime().map_err(failed)?;
        let listener = runtime.block_on(TcpListener::bind(address)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(ReservedDashboard { runtime, listener, address, token })
    }

    /// The line with the dashboard's address, for the terminal.
    pub fn heading(&self) -> String {
        format!("    dashboard: http://{}/{}/", self.address, self.token.secret())
    }

    /// Shows the run until the returned handle is dropped.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn open(
        self,
        dashboard: &Dashboard,
        plan: Plan,
        demands: Demands,
        facts: RunFacts,
    ) -> Result<OpenDashboard, ControlError> {
        let (told_the_end, end) = watch::channel(false);
        let pages = Arc::new(Pages {
            path: format!("/{}/", self.token.secret()),
            news: dashboard.news.subscribe(),
            wanted: Arc::clone(&dashboard.wanted),
            plan,
            demands,
            facts,
            told_the_end,
        });
        let (listener, address) = (self.listener, self.address);
        let answer = move |request| {
            let pages = Arc::clone(&pages);
            async move { pages.answer(request).await }
        };
        let server = Background::begin("dashboard", self.runtime, move |end| serve_until(end, listener, answer))
            .map_err(|error| ControlError::Setting(format!("--dashboard {address}: {error}")))?;
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

impl Pages {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // A page whose name resolves to this machine (DNS rebinding) would share the dashboard's origin.
        if !names_this_machine(request.headers()) {
            return plain(StatusCode::FORBIDDEN, "the Host header must name this machine");
        }
        let asked = request.uri().path().strip_prefix(self.path.as_str());
        match (request.method(), asked) {
            (&Method::GET, Some("")) => self.page(),
            (&Method::GET, Some("updates")) => self.update().await,
            (_, Some(_)) => plain(StatusCode::METHOD_NOT_ALLOWED, "the dashboard can be read alone"),
            (_, None) => plain(StatusCode::NOT_FOUND, "look at the address that squall has printed"),
        }
    }

    fn page(&self) -> Response<Full<Bytes>> {
        let page = live_page(&self.document(self.news.borrow().clone().as_deref()), "updates");
        respond(StatusCode::OK, "text/html; charset=utf-8", page)
    }

    async fn update(&self) -> Response<Full<Bytes>> {
        let mut news = self.news.clone();
        news.mark_unchanged();
        let ended = news.borrow().as_ref().is_some_and(|snapshot| snapshot.end.is_some());
        if !ended {
            self.wanted.store(true, Ordering::Relaxed);
            within(PATIENCE, news.changed()).await;
        }
        let snapshot = news.borrow().clone();
        let ended = snapshot.as_ref().is_some_and(|snapshot| snapshot.end.is_some());
        let update = LiveUpdate::of(&self.document(snapshot.as_deref()), ended);
        if ended {
            self.told_the_end.send_replace(true);
        }
        // Texts, numbers and lists always are JSON.
        respond(StatusCode::OK, "application/json", serde_json::to_string(&update).unwrap_or_default())
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
        Document::new(totals, &judgement, Vec::new(), &(&self.plan).into(), &facts)
    }
}

fn plain(status: StatusCode, sentence: &str) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
}

fn respond(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address is a secret, and no other page may frame this one.
    for (name, value) in
        [("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")]
    {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
