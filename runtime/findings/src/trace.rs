//! A trace as a tree: the spans of one request, with the time that each has for itself.

use std::collections::HashMap;

use crate::evidence::TracedExchange;
use crate::level::Level;
use crate::span::{Span, SpanId, SpanKind, Work};

/// One request, seen from both sides.
#[derive(Clone, Debug)]
pub(crate) struct Trace<'a> {
    pub(crate) exchange: &'a TracedExchange,
    pub(crate) level: Level,
    /// In order of their beginning.
    pub(crate) spans: Vec<Node<'a>>,
    /// The target's first span: the request as its server saw it.
    pub(crate) root: usize,
}

/// A span in its tree.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) span: &'a Span,
    /// The place of its parent in the trace.
    pub(crate) parent: Option<usize>,
    /// Its time without that of its children, in nanoseconds.
    pub(crate) own: u64,
}

impl<'a> Trace<'a> {
    /// The trace of a request from its spans; `None` if no server reported it.
    pub(crate) fn of(exchange: &'a TracedExchange, level: Level, spans: &'a [Span]) -> Option<Trace<'a>> {
        let mut sorted: Vec<&Span> = spans.iter().collect();
        sorted.sort_by_key(|span| (span.began, std::cmp::Reverse(span.ended)));
        let (sorted, places) = each_call_once(sorted);
        let parents: Vec<Option<usize>> =
            sorted.iter().map(|span| span.parent.and_then(|parent| places.get(&parent).copied())).collect();
        let is_root = |place: &usize| parents[*place].is_none() && sorted[*place].kind == SpanKind::Server;
        let root = (0..sorted.len()).find(is_root)?;
        let own = own_times(&sorted, &parents);
        let nodes = sorted.into_iter().zip(parents).zip(own);
        let spans = nodes.map(|((span, parent), own)| Node { span, parent, own }).collect();
        Some(Trace { exchange, level, spans, root })
    }

    /// The request as its server saw it.
    pub(crate) fn server(&self) -> &'a Span {
        self.spans[self.root].span
    }

    /// The client's time, in nanoseconds.
    pub(crate) fn nanos(&self) -> f64 {
        self.exchange.duration.as_nanos() as f64
    }

    /// The time that the request spent before its server began with it, and after it was done, in nanoseconds: the
    /// network, and the server's queue.
    pub(crate) fn outside(&self) -> f64 {
        (self.nanos() - self.server().nanos() as f64).max(0.0)
    }

    /// The service's own work, without calls of others, in nanoseconds: that of the request's span, and of the spans within the
    /// service, as those of middleware.
    pub(crate) fn own_work(&self) -> f64 {
        let service = &self.server().service;
        let is_own = |(place, node): &(usize, &Node<'_>)| {
            *place == self.root
                || (node.span.work == Work::Other
                    && node.span.kind == SpanKind::Internal
                    && node.span.service == *service)
        };
        self.spans.iter().enumerate().filter(is_own).map(|(_, node)| node.own as f64).sum()
    }

    /// Calls of databases, in order of their beginning.
    pub(crate) fn database_calls(&self) -> impl Iterator<Item = &Node<'a>> {
        self.spans.iter().filter(|node| matches!(node.span.work, Work::Database { .. }))
    }

    /// Calls of other services by HTTP, in order of their beginning.
    pub(crate) fn http_calls(&self) -> impl Iterator<Item = &Node<'a>> {
        let is_call =
            |node: &&Node<'_>| node.span.kind == SpanKind::Client && matches!(node.span.work, Work::Http { .. });
        self.spans.iter().filter(is_call)
    }
}

/// What a span is known by: a statement, a call or, else, its name.
pub(crate) fn label(span: &Span) -> String {
    match &span.work {
        Work::Database { statement, .. } if !statement.is_empty() => statement.to_string(),
        Work::Http { method, route } if !route.is_empty() => format!("{method} {route}"),
        _ => span.name.to_string(),
    }
}

/// The statement of a call of a database: its template, or the span's name where the target does not say.
pub(crate) fn statement(span: &Span) -> Option<&str> {
    match &span.work {
        Work::Database { statement, .. } if statement.is_empty() => Some(&span.name),
        Work::Database { statement, .. } => Some(statement),
        _ => None,
    }
}

/// The spans without calls of a database that another span reports already, and the place of each span by its id. The
/// children of a call that is left out are those of its other span.
///
/// An object mapper and the driver below it are often instrumented both: two spans, nested or beside each other.
fn each_call_once(sorted: Vec<&Span>) -> (Vec<&Span>, HashMap<SpanId, usize>) {
    let mut kept: Vec<&Span> = Vec::with_capacity(sorted.len());
    let mut places = HashMap::with_capacity(sorted.len());
    // Of each service and statement, the call that ends last.
    let mut last_calls = HashMap::<(&str, &str), usize>::new();
    for span in sorted {
        let call = call_of(span);
        let last = call.and_then(|call| last_calls.get(&call).copied());
        let reported = last.filter(|place| kept[*place].scope != span.scope && span.ended <= kept[*place].ended);
        let place = reported.unwrap_or(kept.len());
        places.insert(span.id, place);
        if reported.is_some() {
            continue;
        }
        kept.push(span);
        if let Some(call) = call
            && last.is_none_or(|last| kept[last].ended <= span.ended)
        {
            last_calls.insert(call, place);
        }
    }
    (kept, places)
}

/// The service and the statement of a call of a database, if it says one.
fn call_of(span: &Span) -> Option<(&str, &str)> {
    match &span.work {
        Work::Database { statement, .. } if !statement.is_empty() => Some((&*span.service, &**statement)),
        _ => None,
    }
}

/// The time of each span that none of its children covers. Children may overlap, and outlive their parent.
fn own_times(spans: &[&Span], parents: &[Option<usize>]) -> Vec<u64> {
    let mut covered_until: Vec<u64> = spans.iter().map(|span| span.began.0).collect();
    let mut covered = vec![0; spans.len()];
    // In order of their beginning, so a child covers what lies beyond the ends of those before it.
    for (span, parent) in spans.iter().zip(parents) {
        let Some(parent) = *parent else { continue };
        let from = span.began.0.max(covered_until[parent]);
        let to = span.ended.0.min(spans[parent].ended.0);
        if to > from {
            covered[parent] += to - from;
            covered_until[parent] = to;
        }
    }
    spans.iter().zip(covered).map(|(span, covered)| span.nanos().saturating_sub(covered)).collect()
}
