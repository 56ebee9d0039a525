//! A trace to be drawn: a bar for each span.

use serde::{Deserialize, Serialize};

use crate::trace::{Trace, label};

/// Spans that are drawn; where there are more, only the first ones.
const MOST_BARS: usize = 60;

/// The spans of a request on its time axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waterfall {
    /// The trace's id.
    pub trace: String,
    /// The request's time for the client, in milliseconds.
    pub duration_ms: f64,
    /// The bars, in the order of their beginning; the first is that of the server.
    pub bars: Vec<Bar>,
    /// Spans that have no bar.
    pub left_out: u64,
}

/// A span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bar {
    /// A statement, a call, or the span's name.
    pub name: String,
    /// The service.
    pub service: String,
    /// Its depth below the server's span.
    pub depth: u32,
    /// Its beginning after that of the server's span, in milliseconds.
    pub at_ms: f64,
    /// Its duration, in milliseconds.
    pub duration_ms: f64,
    /// Whether it failed.
    pub failed: bool,
}

impl Waterfall {
    pub(crate) fn of(trace: &Trace<'_>) -> Waterfall {
        let began = trace.server().began.0;
        let depth = |place: usize| {
            std::iter::successors(trace.spans[place].parent, |parent| trace.spans[*parent].parent)
                .take(MOST_BARS)
                .count()
        };
        let bar = |place: usize| {
            let span = trace.spans[place].span;
            Bar {
                name: label(span),
                service: span.service.to_string(),
                depth: depth(place) as u32,
                at_ms: span.began.0.saturating_sub(began) as f64 / 1e6,
                duration_ms: span.nanos() as f64 / 1e6,
                failed: span.failed,
            }
        };
        Waterfall {
            trace: trace.exchange.trace.to_string(),
            duration_ms: trace.nanos() / 1e6,
            bars: (0..trace.spans.len().min(MOST_BARS)).map(bar).collect(),
            left_out: trace.spans.len().saturating_sub(MOST_BARS) as u64,
        }
    }
}
