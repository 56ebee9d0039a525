//! The loop closed: findings of earlier runs that a later run looked for and did not find, with what was promised and what
//! came of it.

use squall_findings::Confidence;
use squall_history::{HistoryError, Store, StoredRun};
use squall_metrics::plain;
use squall_report::{Document, Implemented};
use squall_work_items::{Fingerprint, Settings, State, WorkItem, progress, work_items};

use crate::trend::alike;

/// Earlier runs that are looked at: each of them has to be read.
const LOOK_BACK: usize = 50;

/// A finding of an earlier run.
struct Found {
    item: WorkItem,
    title: String,
    gone_since: Option<String>,
}

/// What of earlier runs of the same kind has been implemented, by that run. `warn` hears of runs that are left out because
/// they are damaged.
pub fn implemented_by(store: &Store, id: &str, document: &Document, warn: &dyn Fn(&str)) -> Vec<Implemented> {
    let Ok(run) = store.open(id) else { return Vec::new() };
    if document.findings.is_none() {
        return Vec::new();
    }
    let mut found: Vec<Found> = Vec::new();
    for (earlier, document) in earlier_runs(store, &run, warn) {
        take_note(&mut found, &earlier, &document);
    }
    found.iter().filter_map(|found| implemented(found, id, document)).collect()
}

/// The documents of runs of the same kind that looked into the target, the oldest first.
fn earlier_runs(store: &Store, like: &StoredRun, warn: &dyn Fn(&str)) -> Vec<(String, Document)> {
    let leave_out = |error: &HistoryError| warn(&plain(&format!("warning: left out: {error}")));
    let ids = store.ids().inspect_err(leave_out).unwrap_or_default();
    let before = ids.into_iter().filter(|id| *id < like.id).rev();
    let runs = before.filter_map(|id| store.open(&id).inspect_err(leave_out).ok());
    let looked = runs.filter(|run| alike(run, like)).filter_map(|run| Some((run.id.clone(), read(&run)?)));
    let mut documents: Vec<(String, Document)> = looked.take(LOOK_BACK).collect();
    documents.reverse();
    documents
}

fn read(run: &StoredRun) -> Option<Document> {
    let document = Document::from_json(&run.summary().ok()??).ok()?;
    (document.findings.is_some() && !document.generator.is_invalid()).then_some(document)
}

/// Adds what a run found, and notes what it no longer found.
fn take_note(found: &mut Vec<Found>, run: &str, document: &Document) {
    for known in found.iter_mut() {
        match progress(&known.item.record, document, None).state {
            State::StillThere => known.gone_since = None,
            State::Gone => {
                known.gone_since.get_or_insert_with(|| run.to_owned());
            }
            State::NotSeen(_) => {}
        }
    }
    let sure = sure_findings(document);
    let settings = Settings { run: run.to_owned(), ..Settings::default() };
    for item in work_items(document, &settings) {
        let is_new = found.iter().all(|known| known.item.fingerprint != item.fingerprint);
        if let Some((_, title)) = sure.iter().find(|(fingerprint, _)| *fingerprint == item.fingerprint)
            && is_new
        {
            found.push(Found { item, title: title.clone(), gone_since: None });
        }
    }
}

/// A hypothesis may come and go by chance: its absence proves nothing.
fn sure_findings(document: &Document) -> Vec<(Fingerprint, String)> {
    let findings = document.findings.iter().flat_map(|findings| &findings.findings);
    let sure = findings.filter(|finding| finding.confidence > Confidence::Hypothesis);
    sure.map(|finding| (squall_work_items::fingerprint_of(finding, None), finding.title.clone())).collect()
}

fn implemented(found: &Found, run: &str, document: &Document) -> Option<Implemented> {
    let now = progress(&found.item.record, document, None);
    if now.state != State::Gone {
        return None;
    }
    let record = &found.item.record;
    Some(Implemented {
        title: found.title.clone(),
        change: found.item.task.optimizations.first()?.change.clone(),
        endpoint: record.endpoint.clone(),
        found_in: record.run.clone(),
        gone_since: found.gone_since.clone().unwrap_or_else(|| run.to_owned()),
        before_ms: now.first_p95_ms?,
        promised_ms: now.promised_p95_ms,
        now_ms: now.p95_ms?,
    })
}
