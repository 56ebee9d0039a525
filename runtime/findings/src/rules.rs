//! The rules, one for each cause. A rule names what it saw, with its numbers, or nothing.

mod calls;
mod growth;
mod indexes;
mod locks;
mod n_plus_one;
mod outside;
mod pool;
mod resources;
mod statements;
mod waits;
mod workers;

use crate::database::{DatabaseReport, StatementUse};
use crate::endpoint::{Endpoint, MILLISECOND};
use crate::find::View;
use crate::finding::{Cause, Confidence, Explained, Finding};
use crate::numbers::mean;
use crate::trace::{Trace, statement};

/// A cause that explains less of an endpoint's time is none.
const LEAST_SHARE: f64 = 0.15;
/// A cause that costs a request less is none, in nanoseconds.
const LEAST_COST: f64 = 10.0 * MILLISECOND;

/// Everything that the rules find. A cause that another one explains is left out.
pub(crate) fn apply(view: &View<'_>) -> Vec<Finding> {
    if view.endpoints.is_empty() && view.databases.is_empty() {
        let resources = resources::find(view).into_iter().chain(waits::find(view));
        return outside::find(view).into_iter().chain(resources).collect();
    }
    let locks = locks::find(view);
    let (indexes, by_index) = indexes::find(view);
    let mut explained: Vec<&str> = Vec::new();
    explained.extend(locks.iter().filter_map(|finding| finding.statement.as_deref()));
    explained.extend(by_index.iter().map(String::as_str));
    let n_plus_one = n_plus_one::find(view);
    explained.extend(n_plus_one.iter().filter_map(|finding| finding.statement.as_deref()));
    let statements = statements::find(view, &explained);
    let calls = calls::find(view);
    let pool = pool::find(view);
    let workers = workers::find(view);
    let growth = growth::find(view);
    let waits = waits::find(view);
    let mut resources = resources::find(view);
    resources.retain(|found| {
        let explains_it = |other: &Finding| found.cause == Cause::Cpu && other.endpoint == found.endpoint;
        !(found.confidence == Confidence::Hypothesis && growth.iter().any(explains_it))
    });
    [locks, indexes, n_plus_one, statements, calls, pool, workers, growth, resources, waits]
        .into_iter()
        .flatten()
        .collect()
}

/// A finding about an endpoint, still without evidence.
fn finding_of(endpoint: &Endpoint<'_>, cause: Cause, explains: Explained) -> Finding {
    let (example_low, example) = endpoint.examples();
    Finding {
        endpoint: Some(endpoint.name.clone()),
        flow: endpoint.flow(),
        explains: Some(explains),
        example_low,
        example,
        ..finding(cause)
    }
}

/// A finding about no endpoint.
fn finding(cause: Cause) -> Finding {
    Finding {
        cause,
        class: cause.class(),
        title: String::new(),
        endpoint: None,
        flow: None,
        confidence: Confidence::SingleSource,
        explains: None,
        evidence: Vec::new(),
        statement: None,
        plan: Vec::new(),
        traces: Vec::new(),
        example_low: None,
        example: None,
        change: String::new(),
        improvement: None,
    }
}

/// The time of a statement's calls in a trace, in nanoseconds.
fn time_of(wanted: &str, trace: &Trace<'_>) -> f64 {
    let calls = trace.database_calls().filter(|node| statement(node.span) == Some(wanted));
    calls.map(|node| node.span.nanos() as f64).sum()
}

/// The endpoint that spends most time on a statement under the load.
fn endpoint_of_statement<'v, 'a>(view: &'v View<'a>, wanted: &str) -> Option<&'v Endpoint<'a>> {
    let time = |endpoint: &Endpoint<'a>| endpoint.high().map(|trace| time_of(wanted, trace)).sum::<f64>();
    let slowest = view.endpoints.iter().max_by(|one, other| time(one).total_cmp(&time(other)))?;
    (time(slowest) > 0.0).then_some(slowest)
}

/// A statement's use over a whole report.
fn total_use(database: &DatabaseReport, wanted: &str) -> StatementUse {
    let mut total = StatementUse { statement: wanted.to_owned(), ..StatementUse::default() };
    for interval in &database.intervals {
        for used in interval.statements.iter().filter(|used| used.statement == wanted) {
            total.calls += used.calls;
            total.total += used.total;
            total.rows += used.rows;
            total.blocks_read += used.blocks_read;
            total.temporary_blocks += used.temporary_blocks;
        }
    }
    total
}

/// Requests of the endpoint, as its traces show: calls of the statement in a request, on average.
fn calls_per_request(endpoint: &Endpoint<'_>, wanted: &str) -> f64 {
    let calls = |trace: &Trace<'_>| trace.database_calls().filter(|node| statement(node.span) == Some(wanted)).count();
    mean(endpoint.high().map(|trace| calls(trace) as f64))
}

/// `12.3 ms`, or `230 ms`.
fn ms(nanos: f64) -> String {
    let ms = nanos / MILLISECOND;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// `42 %`.
fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A statement in a sentence: not more than a line of it.
fn short(statement: &str) -> String {
    const MOST: usize = 100;
    match statement.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &statement[..end]),
        None => statement.to_owned(),
    }
}
