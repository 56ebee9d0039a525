//! Takes spans as they come from the wire, in either format: counts all, keeps those of this run's requests, reduced.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use squall_findings::span::{Span, SpanId, SpanKind, TraceId, UnixNanos};

use crate::attributes::Attributes;
use crate::received::{Counts, ServiceSpans};
use crate::receiver::RunPrefix;
use crate::store::Store;
use crate::strings::Strings;
use crate::work::describe_work;

/// The most services whose spans are counted by service.
const MOST_SERVICES: usize = 100;

/// A span on the wire, without its attributes. An id that is not valid is left out.
#[derive(Debug, Default)]
pub(crate) struct WireSpan<'a> {
    pub trace: Option<TraceId>,
    pub id: Option<SpanId>,
    pub parent: Option<SpanId>,
    pub name: Cow<'a, str>,
    /// OTLP's number of the kind.
    pub kind: u64,
    pub began: u64,
    pub ended: u64,
    /// OTLP's number of the status.
    pub status: u64,
}

pub(crate) struct Intake {
    run: RunPrefix,
    strings: Strings,
    store: Store,
    counts: Counts,
    services: BTreeMap<Arc<str>, ServiceSpans>,
    /// Spans of this run so far, for other threads.
    so_far: Arc<AtomicU64>,
    /// Of the spans that come now.
    service: Arc<str>,
    scope: Arc<str>,
    /// Spans of the present request that were refused.
    rejected: u64,
}

impl Intake {
    pub fn new(run: RunPrefix, room: usize, so_far: Arc<AtomicU64>) -> Intake {
        Intake {
            run,
            strings: Strings::default(),
            store: Store::with_room(room),
            counts: Counts::default(),
            services: BTreeMap::new(),
            so_far,
            service: "".into(),
            scope: "".into(),
            rejected: 0,
        }
    }

    /// Begins a request. The spans after it count as its own.
    pub fn begin_request(&mut self) {
        self.counts.requests += 1;
        self.rejected = 0;
    }

    /// The number of spans of the request that were refused.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    pub fn begin_service(&mut self, name: &str) {
        self.service = self.strings.share(name);
    }

    pub fn begin_scope(&mut self, name: &str) {
        self.scope = self.strings.share(name);
    }

    /// Counts a span, and keeps it if it is to be kept. Only then the attributes are read.
    pub fn take<'a, E>(
        &mut self,
        span: &WireSpan<'a>,
        read_attributes: impl FnOnce() -> Result<Attributes<'a>, E>,
    ) -> Result<(), E> {
        self.counts.spans += 1;
        let (Some(trace), Some(id)) = (span.trace, span.id) else {
            self.counts.rejected += 1;
            self.rejected += 1;
            return Ok(());
        };
        let is_ours = self.run.includes(trace);
        self.count_for_service(is_ours);
        if !is_ours {
            self.counts.foreign += 1;
            return Ok(());
        }
        self.so_far.fetch_add(1, Ordering::Relaxed);
        if self.store.accepts(trace) {
            let attributes = read_attributes().inspect_err(|_| self.counts.rejected += 1)?;
            let span = self.reduce(span, trace, id, &attributes);
            self.store.keep(span);
        }
        Ok(())
    }

    fn reduce(&mut self, span: &WireSpan<'_>, trace: TraceId, id: SpanId, attributes: &Attributes<'_>) -> Span {
        let kind = kind(span.kind);
        let work = describe_work(&span.name, &self.scope, kind, attributes, &mut self.strings);
        Span {
            trace,
            id,
            parent: span.parent,
            kind,
            service: Arc::clone(&self.service),
            scope: Arc::clone(&self.scope),
            name: self.strings.share(&span.name),
            began: UnixNanos(span.began),
            ended: UnixNanos(span.ended.max(span.began)),
            failed: span.status == 2,
            work,
        }
    }

    fn count_for_service(&mut self, is_ours: bool) {
        if !self.services.contains_key(&self.service) && self.services.len() >= MOST_SERVICES {
            return;
        }
        let service = self.services.entry(Arc::clone(&self.service)).or_default();
        let count = if is_ours { &mut service.ours } else { &mut service.foreign };
        *count += 1;
    }

    /// The counts that are complete when the last span has come, the spans themselves, the services, and whether there
    /// were too many different texts.
    pub fn finish(self) -> (Counts, Vec<Span>, BTreeMap<Arc<str>, ServiceSpans>, bool) {
        let (thinned, share_kept) = (self.store.thinned(), self.store.share());
        let (spans, repeated) = self.store.into_spans();
        let counts = Counts {
            kept: spans.len() as u64,
            thinned,
            repeated,
            traces_kept: spans.chunk_by(|one, next| one.trace == next.trace).count() as u64,
            share_kept,
            ..self.counts
        };
        (counts, spans, self.services, self.strings.is_full())
    }
}

fn kind(number: u64) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}
