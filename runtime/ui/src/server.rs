//! The server of the page: its routes, and the test that is carried out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use squall_control::{
    ApiError, Background, ControlError, DashboardMount, PageRequest, PageResponse, ReservedPages, json as as_json,
    page, plain,
};
use squall_history::Store;
use tokio::sync::watch;

use crate::folder::Folder;
use crate::form::{SentForm, TestForm};
use crate::stage::Stage;
use crate::{page as pages, runs};

/// An address that is taken for the page.
pub struct ReservedUi {
    pages: ReservedPages,
    folder: Folder,
    store: Store,
}

/// The page, while it can be used; until dropped. `Test` is what a checked form becomes.
pub struct OpenUi<Test> {
    tests: Receiver<Test>,
    stage: Arc<watch::Sender<Stage>>,
    dashboard: DashboardMount,
    _server: Background,
}

/// Answers requests.
struct Ui<Test, Check> {
    folder: Folder,
    store: Store,
    check: Check,
    tests: SyncSender<Test>,
    stage: Arc<watch::Sender<Stage>>,
    dashboard: DashboardMount,
}

impl ReservedUi {
    /// Takes the address, for the tests of that folder and the runs of that store.
    ///
    /// # Errors
    /// If it is not of this machine, or not free.
    pub fn take(address: SocketAddr, folder: Folder, store: Store) -> Result<ReservedUi, ControlError> {
        Ok(ReservedUi { pages: ReservedPages::take("--listen", address)?, folder, store })
    }

    /// The address for a browser, with its secret.
    pub fn url(&self) -> String {
        self.pages.url()
    }

    /// Answers until the returned handle is dropped. `check` makes a test of a form, or says why there is none.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn serve<Test, Check>(self, check: Check) -> Result<OpenUi<Test>, ControlError>
    where
        Test: Send + 'static,
        Check: Fn(TestForm) -> Result<Test, String> + Send + Sync + 'static,
    {
        // One test at a time.
        let (sender, tests) = sync_channel(1);
        let (stage, dashboard) = (Arc::new(watch::Sender::new(Stage::Idle)), DashboardMount::default());
        let ui = Arc::new(Ui {
            folder: self.folder,
            store: self.store,
            check,
            tests: sender,
            stage: Arc::clone(&stage),
            dashboard: dashboard.clone(),
        });
        let server = self.pages.serve("ui", move |request| {
            let ui = Arc::clone(&ui);
            async move { ui.answer(request).await }
        })?;
        Ok(OpenUi { tests, stage, dashboard, _server: server })
    }
}

impl<Test> OpenUi<Test> {
    /// The next test that is asked for, if one is within that time. Its end must be told.
    pub fn next_test(&self, patience: Duration) -> Option<Test> {
        self.tests.recv_timeout(patience).ok()
    }

    /// Where the test's dashboard belongs.
    pub fn dashboard(&self) -> DashboardMount {
        self.dashboard.clone()
    }

    /// The test is over: what it came to, or why it did not begin.
    pub fn test_ended(&self, result: Result<String, String>) {
        self.stage.send_modify(|stage| *stage = std::mem::take(stage).ended(result));
    }
}

impl<Test: Send, Check: Fn(TestForm) -> Result<Test, String>> Ui<Test, Check> {
    async fn answer(&self, request: PageRequest) -> PageResponse {
        let path = request.path.clone();
        if let Some(of_run) = path.strip_prefix("run/") {
            let answer = self.dashboard.answer(request.at(of_run.to_owned())).await;
            return answer.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "no test has begun yet"));
        }
        match (&request.method, path.as_str()) {
            (&Method::GET, "") => self.home(),
            (&Method::GET, "state") => as_json(Ok(json!(self.stage()))),
            (&Method::POST, "start") => as_json(self.start(request).await),
            (&Method::GET, path) => match path.strip_prefix("runs/") {
                Some(id) => self.report(id),
                None => plain(StatusCode::NOT_FOUND, "there is no such page"),
            },
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, "this can only be read"),
        }
    }

    fn home(&self) -> PageResponse {
        let store = self.store.root().display().to_string();
        match runs::latest(&self.store) {
            Ok(runs) => page(pages::home(&self.folder.tests(), &runs, &store)),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    fn report(&self, id: &str) -> PageResponse {
        match runs::report(&self.store, id) {
            Ok(Some(report)) => page(report),
            Ok(None) => plain(StatusCode::NOT_FOUND, "there is no such run"),
            Err(sentence) => plain(StatusCode::INTERNAL_SERVER_ERROR, &sentence),
        }
    }

    fn stage(&self) -> Stage {
        let stage = self.stage.borrow().clone();
        if self.dashboard.has_run() { stage.seen() } else { stage }
    }

    async fn start(&self, request: PageRequest) -> Result<Value, ApiError> {
        let refuse = |status, sentence| ApiError::new(status, sentence);
        let body = request.body().await?;
        let form = SentForm::read(&body).map_err(|sentence| refuse(StatusCode::BAD_REQUEST, sentence))?;
        if self.stage.borrow().is_busy() {
            let sentence = "a test goes on already: stop it, or wait for its end";
            return Err(refuse(StatusCode::CONFLICT, sentence.to_owned()));
        }
        let test = form.check(&self.folder).and_then(&self.check);
        let test = test.map_err(|sentence| refuse(StatusCode::BAD_REQUEST, sentence))?;
        self.dashboard.clear();
        self.stage.send_replace(Stage::Preparing { test: form.name().to_owned() });
        if self.tests.try_send(test).is_err() {
            self.stage.send_replace(Stage::Idle);
            return Err(refuse(StatusCode::CONFLICT, "Squall is about to end".to_owned()));
        }
        Ok(json!(self.stage()))
    }
}
