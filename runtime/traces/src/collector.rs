//! What all connections share: the spans, the counts, and the room for bodies. It lives on the receiver's thread alone.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use bytes::Bytes;

use crate::body::{Room, gunzip};
use crate::forward::Forward;
use crate::intake::Intake;
use crate::received::{Counts, Received};
use crate::refusal::{Refusal, RefusalKind, Refusals};
use crate::{otlp_json, otlp_protobuf};

/// The kind of data in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// Its path over HTTP.
    pub fn path(self) -> &'static str {
        match self {
            Signal::Traces => "/v1/traces",
            Signal::Metrics => "/v1/metrics",
            Signal::Logs => "/v1/logs",
        }
    }
}

/// The form of a request's message, and of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Protobuf,
    Json,
}

/// A request's body.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    pub signal: Signal,
    pub format: Format,
    pub is_gzip: bool,
    pub body: Bytes,
}

pub(crate) struct Collector {
    intake: RefCell<Intake>,
    refusals: RefCell<Refusals>,
    other_signals: Cell<u64>,
    forward: Option<Forward>,
    pub room: Room,
}

impl Collector {
    pub fn new(intake: Intake, forward: Option<Forward>) -> Collector {
        Collector {
            intake: RefCell::new(intake),
            refusals: RefCell::default(),
            other_signals: Cell::new(0),
            forward,
            room: Room::default(),
        }
    }

    /// Takes what a request has. Returns the number of spans that were rejected.
    pub fn take(&self, export: &Export) -> Result<u64, Refusal> {
        if let Some(forward) = &self.forward {
            forward.offer(export);
        }
        if export.signal != Signal::Traces {
            self.other_signals.set(self.other_signals.get() + 1);
            return Ok(0);
        }
        let body = if export.is_gzip { Cow::Owned(gunzip(&export.body)?) } else { Cow::Borrowed(&*export.body) };
        let mut intake = self.intake.borrow_mut();
        intake.begin_request();
        let read = match export.format {
            Format::Protobuf => otlp_protobuf::read_traces(&body, &mut intake).map_err(|error| error.to_string()),
            Format::Json => {
                otlp_json::read_traces(&body, &mut intake).map_err(|error| otlp_json::describe_error(&error))
            }
        };
        read.map_err(|reason| RefusalKind::Unreadable.because(format!("not traces: {reason}")))?;
        Ok(intake.rejected())
    }

    /// Counts a refusal.
    pub fn note(&self, refusal: &Refusal) {
        self.refusals.borrow_mut().add(refusal);
    }

    /// Gives requests that are to be passed on some more time.
    pub async fn end(&self) {
        if let Some(forward) = &self.forward {
            forward.end().await;
        }
    }

    pub fn finish(self) -> Received {
        let refusals = self.refusals.into_inner();
        let forwarded = self.forward.map(|forward| forward.result()).unwrap_or_default();
        let (counts, spans, services, texts_full) = self.intake.into_inner().finish();
        let counts = Counts {
            other_signals: self.other_signals.get(),
            refused: refusals.count(),
            forwarded: forwarded.delivered,
            not_forwarded: forwarded.lost,
            ..counts
        };
        let mut problems: Vec<String> = refusals.sentences().collect();
        problems.extend(describe_losses(&counts, texts_full));
        problems.extend(forwarded.problem);
        Received { spans, counts, services, problems }
    }
}

/// Sentences about spans that are not in the result.
fn describe_losses(counts: &Counts, texts_full: bool) -> Vec<String> {
    let mut sentences = Vec::new();
    let ours = counts.spans - counts.foreign - counts.rejected;
    if counts.rejected > 0 {
        sentences.push(format!("{} of {} spans had no valid id, and were left out", counts.rejected, counts.spans));
    }
    if ours == 0 && counts.foreign > 0 {
        sentences.push(format!(
            "{} spans came, and none belongs to a request of this run: let the target continue traces by the header \
             traceparent",
            counts.foreign
        ));
    }
    if counts.thinned > 0 {
        let share = counts.share_kept * 100.0;
        sentences.push(format!(
            "{} of {ours} spans had no room: {share:.2} % of the traces were kept, whole ones, drawn by lot",
            counts.thinned
        ));
    }
    if texts_full {
        sentences.push(
            "the names and statements of spans had more different texts than there is room for: the rest is \"(other)\""
                .to_owned(),
        );
    }
    sentences
}
