//! The result of receiving.

use std::collections::BTreeMap;
use std::sync::Arc;

use squall_findings::span::Span;

/// All that came until the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// The kept spans, sorted by trace, then by their beginning.
    pub spans: Vec<Span>,
    /// What came, and what became of it.
    pub counts: Counts,
    /// The spans of each service (`service.name`), of 100 services at most.
    pub services: BTreeMap<Arc<str>, ServiceSpans>,
    /// Sentences for the user: about requests that were refused, spans that were left out.
    pub problems: Vec<String>,
}

impl Received {
    /// What is left of a receiver that failed.
    pub(crate) fn lost() -> Received {
        Received {
            problems: vec!["the receiver of traces failed, and its spans are lost".to_owned()],
            ..Received::default()
        }
    }
}

/// Numbers of requests, spans and traces. Each span is in one of `kept`, `thinned`, `foreign`, `rejected`, `repeated`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Requests with traces that could be read, at least their beginning.
    pub requests: u64,
    /// Spans in them.
    pub spans: u64,
    /// Spans that are in the result.
    pub kept: u64,
    /// Spans of this run's requests that had no room: those of whole traces.
    pub thinned: u64,
    /// Spans that belong to no request of this run.
    pub foreign: u64,
    /// Spans without a valid id, or with attributes that cannot be read.
    pub rejected: u64,
    /// Spans that came twice.
    pub repeated: u64,
    /// Traces in the result.
    pub traces_kept: u64,
    /// The share of this run's traces that was kept, drawn by lot: 1, or ½, ¼ ... if there was no room for all.
    pub share_kept: f64,
    /// Requests with metrics or logs, which are not read.
    pub other_signals: u64,
    /// Requests that were refused: unreadable, too large, too slow, or at a moment of overload.
    pub refused: u64,
    /// Requests that were passed on to the user's collector.
    pub forwarded: u64,
    /// Requests that were to be passed on, and were not.
    pub not_forwarded: u64,
}

impl Counts {
    /// The number of this run's traces that came, whole or in part: an estimate if not all were kept.
    pub fn traces(&self) -> u64 {
        (self.traces_kept as f64 / self.share_kept).round() as u64
    }
}

/// The spans of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceSpans {
    /// Spans of this run's requests.
    pub ours: u64,
    /// Spans of other traces.
    pub foreign: u64,
}
