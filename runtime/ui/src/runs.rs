//! The kept runs, for the page: a line for each, and their reports.

use serde::Deserialize;
use squall_history::{HistoryError, RunResult, Store, StoredRun};
use squall_report::html_report;
use squall_session::{kept_document, trend_to};

/// The most runs that are listed.
const LISTED: usize = 30;

/// A kept run in a line.
pub(crate) struct RunLine {
    pub(crate) id: String,
    pub(crate) began: String,
    pub(crate) scenario: String,
    pub(crate) load: String,
    /// The verdict's word in small letters, if the run has one.
    pub(crate) verdict: Option<String>,
    pub(crate) ended: String,
}

/// What of a run's summary is listed.
#[derive(Deserialize)]
struct Judged {
    verdict: JudgedStatus,
}

#[derive(Deserialize)]
struct JudgedStatus {
    status: String,
}

/// The latest runs, the latest first. Those that cannot be read are left out.
pub(crate) fn latest(store: &Store) -> Result<Vec<RunLine>, HistoryError> {
    let ids = store.ids()?;
    Ok(ids.iter().rev().take(LISTED).filter_map(|id| store.open(id).ok()).map(line).collect())
}

fn line(run: StoredRun) -> RunLine {
    let summary = run.summary().ok().flatten();
    let judged = summary.and_then(|text| serde_json::from_str::<Judged>(&text).ok());
    RunLine {
        verdict: judged.map(|judged| judged.verdict.status),
        ended: match run.end.as_ref().map(|end| end.result) {
            None => "goes on, or was killed".to_owned(),
            Some(RunResult::Interrupted | RunResult::StoppedByApi) => "stopped".to_owned(),
            Some(result) => result.to_string(),
        },
        id: run.id,
        began: run.info.began,
        scenario: run.info.scenario,
        load: run.info.load,
    }
}

/// The report of a run as a page; none if there is no run of that name.
///
/// # Errors
/// If it cannot be read: a sentence.
pub(crate) fn report(store: &Store, id: &str) -> Result<Option<String>, String> {
    let ids = store.ids().map_err(|error| error.to_string())?;
    if !ids.iter().any(|kept| kept == id) {
        return Ok(None);
    }
    let read = || {
        let run = store.open(id)?;
        let totals = run.totals()?;
        kept_document(&run, &totals)
    };
    let mut document = read().map_err(|error: squall_session::Error| error.to_string())?;
    document.trend = trend_to(store, id, &|_| {});
    Ok(Some(html_report(&document)))
}
