//! What a later run says of an item: whether it is still there, and what has come of what was promised.

use squall_report::{Document, Unit};

use crate::derive::{Settings, is_finding_of_target, judged, work_items};
use crate::figures::{endpoint_p95, goal_of_threshold, overall_p95, percent, request_lines, time_of};
use crate::record::{Record, load_of};

/// What a later run says of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Whether it is still there.
    pub state: State,
    /// The p95 when the item was made, in milliseconds.
    pub first_p95_ms: Option<f64>,
    /// The p95 that was promised, in milliseconds.
    pub promised_p95_ms: Option<f64>,
    /// The p95 of the later run, in milliseconds.
    pub p95_ms: Option<f64>,
}

/// Whether an item is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The later run found it, too.
    StillThere,
    /// The later run looked for it, and it was not there.
    Gone,
    /// The later run cannot say: why.
    NotSeen(String),
}

/// What a run says of an item that was made of an earlier one.
pub fn progress(record: &Record, document: &Document, system: Option<&str>) -> Progress {
    let settings = Settings { system: system.map(str::to_owned), ..Settings::default() };
    let is_there = work_items(document, &settings).iter().any(|item| item.fingerprint == record.fingerprint);
    let state = if is_there { State::StillThere } else { absence(record, document, system) };
    // Under another load it would be compared with something else.
    let p95_ms = if is_same_load(record, document) { p95_of(record, document, system) } else { None };
    Progress { state, first_p95_ms: record.first_p95_ms, promised_p95_ms: record.promised_p95_ms, p95_ms }
}

fn is_same_load(record: &Record, document: &Document) -> bool {
    record.load.as_ref() == Some(&load_of(document))
}

/// Why a run does not have an item.
fn absence(record: &Record, document: &Document, system: Option<&str>) -> State {
    if !is_same_load(record, document) {
        return State::NotSeen("the run had another load".to_owned());
    }
    if document.generator.is_invalid() {
        return State::NotSeen("the generator was the bottleneck of the run".to_owned());
    }
    if !document.run.end.as_planned {
        return State::NotSeen(format!("the run ended {}", document.run.end.text));
    }
    if judged(document, system).any(|(fingerprint, _)| fingerprint == record.fingerprint) {
        return State::Gone;
    }
    if record.endpoint.is_none() && !is_finding_of_target(&record.fingerprint, system) {
        return State::NotSeen("the run was not held to it".to_owned());
    }
    if let Some(endpoint) = &record.endpoint
        && request_lines(document, endpoint).all(|line| line.count == 0)
        && time_of(document, endpoint).is_none()
    {
        return State::NotSeen(format!("the run made no request of {endpoint}"));
    }
    match &document.findings {
        Some(_) => State::Gone,
        None => State::NotSeen("the run did not look into the target: use --look-inside".to_owned()),
    }
}

fn p95_of(record: &Record, document: &Document, system: Option<&str>) -> Option<f64> {
    if let Some(endpoint) = &record.endpoint {
        return endpoint_p95(document, endpoint);
    }
    let threshold = judged(document, system).find(|(fingerprint, _)| *fingerprint == record.fingerprint);
    threshold.map_or_else(
        || overall_p95(document),
        |(_, line)| goal_of_threshold(document, line).map(|goal| goal.current_ms),
    )
}

impl Progress {
    /// By how much the p95 fell, as a share; negative if it grew.
    pub fn measured(&self) -> Option<f64> {
        fall(self.first_p95_ms?, self.p95_ms?)
    }

    /// By how much it was to fall.
    pub fn promised(&self) -> Option<f64> {
        fall(self.first_p95_ms?, self.promised_p95_ms?)
    }

    /// In a sentence: `gone; p95 850ms → 180ms: improved by 79%, promised 76%`.
    pub fn sentence(&self) -> String {
        let state = match &self.state {
            State::StillThere => "still there".to_owned(),
            State::Gone => "gone".to_owned(),
            State::NotSeen(reason) => format!("not seen: {reason}"),
        };
        [Some(state), self.figures()].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    fn figures(&self) -> Option<String> {
        let (first, now) = (Unit::Ms.text(self.first_p95_ms?), Unit::Ms.text(self.p95_ms?));
        let measured = self.measured()?;
        let change = if measured >= 0.0 { "improved" } else { "worse" };
        let promised = self.promised().map(|share| format!(", promised {}", percent(share))).unwrap_or_default();
        Some(format!("p95 {first} → {now}: {change} by {}{promised}", percent(measured.abs())))
    }
}

fn fall(from: f64, to: f64) -> Option<f64> {
    (from > 0.0).then(|| (from - to) / from)
}
