//! One query for each row of another: many calls of one statement, one after the other, under one span. Sentry's
//! detector asks for five of them; ours also that they matter, and come again in other traces.

use std::collections::{BTreeMap, BTreeSet};

use super::{finding_of, ms, percent, total_use};
use crate::database::DatabaseReport;
use crate::endpoint::{Endpoint, LEAST_TRACES, MILLISECOND};
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::numbers::{line, mean};
use crate::trace::{Trace, statement};

/// Calls of a statement under one span from which they count as repeated.
const LEAST_CALLS: usize = 5;
/// They matter if they take this share of the request ...
const LEAST_SHARE: f64 = 0.2;
/// ... or this long, in nanoseconds.
const LEAST_TIME: f64 = 50.0 * MILLISECOND;
/// The share of an endpoint's traces in which they come.
const LEAST_OF_TRACES: f64 = 0.2;
/// A straight line that explains this share of the variance is proof.
const PROOF: f64 = 0.9;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.endpoints.iter().filter_map(|endpoint| find_at(endpoint, view.databases)).collect()
}

/// Repeated calls in one trace.
#[derive(Clone, Copy, Debug, Default)]
struct Loop {
    calls: usize,
    /// The calls, and the gaps between two of them without another statement in between, in nanoseconds.
    nanos: f64,
}

impl Loop {
    /// The time that one call in place of all would save.
    fn saved(self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.nanos * (1.0 - 1.0 / self.calls as f64) }
    }
}

fn find_at(endpoint: &Endpoint<'_>, databases: &[DatabaseReport]) -> Option<Finding> {
    let high: Vec<&Trace<'_>> = endpoint.high().collect();
    let repeated = most_repeated(&high)?;
    let shows = |trace: &Trace<'_>| matters(loop_of(&repeated, trace), trace.nanos());
    let showing: Vec<&&Trace<'_>> = high.iter().filter(|trace| shows(trace)).collect();
    if showing.len() < LEAST_TRACES || (showing.len() as f64) < LEAST_OF_TRACES * high.len() as f64 {
        return None;
    }
    let calls = mean(showing.iter().map(|trace| loop_of(&repeated, trace).calls as f64));
    let nanos = mean(showing.iter().map(|trace| loop_of(&repeated, trace).nanos));
    let saved = |trace: &Trace<'_>| loop_of(&repeated, trace).saved();
    let explained = endpoint.explained_by(saved);
    if explained.high < super::LEAST_SHARE {
        return None;
    }
    let mut finding = finding_of(endpoint, Cause::NPlusOne, explained);
    finding.title = format!("{} runs the same query {calls:.0} times a request, one after the other", endpoint.name);
    finding.evidence.push(format!(
        "in {} of {} traces under the load: {calls:.0} calls of one statement on average, {} of the request's {}",
        showing.len(),
        high.len(),
        ms(nanos),
        ms(mean(showing.iter().map(|trace| trace.nanos())))
    ));
    if let Some(confirmation) = databases.iter().find_map(|database| confirm(database, &repeated, endpoint)) {
        finding.evidence.push(confirmation);
        finding.confidence = Confidence::ConfirmedByTwoSources;
    }
    if let Some(proof) = prove(&repeated, endpoint) {
        finding.evidence.push(proof);
        finding.confidence = Confidence::Proved;
    }
    finding.traces = endpoint.named(showing.into_iter().copied());
    finding.change = advise(&repeated).to_owned();
    let arithmetic = format!("one call in place of {calls:.0} leaves 1/{calls:.0} of the {} that they take", ms(nanos));
    finding.improvement = Some(endpoint.improvement(saved, &arithmetic));
    finding.statement = Some(repeated);
    Some(finding)
}

/// What to change: rows are read, or written, together.
fn advise(statement: &str) -> &'static str {
    let first = statement.split_whitespace().next().unwrap_or_default();
    if ["insert", "update", "delete", "merge", "replace"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return "Write all rows in one statement: an `INSERT` of several rows, `UPDATE … FROM (VALUES …)`, or the bulk \
                operations of the object mapper (`bulk_create`, `createMany`, `executemany`).";
    }
    "Ask for all rows in one statement: a join, `WHERE … IN (…)`, or the eager loading of the object mapper \
     (`selectinload`, `include`, `JOIN FETCH`)."
}

/// The statement whose repeated calls take most time.
fn most_repeated(traces: &[&Trace<'_>]) -> Option<String> {
    let mut time = BTreeMap::<&str, f64>::new();
    for trace in traces {
        let statements: BTreeSet<&str> = trace.database_calls().filter_map(|node| statement(node.span)).collect();
        for statement in statements {
            let repeated = loop_of(statement, trace);
            if matters(repeated, trace.nanos()) {
                *time.entry(statement).or_default() += repeated.nanos;
            }
        }
    }
    time.into_iter().max_by(|one, other| one.1.total_cmp(&other.1)).map(|(statement, _)| statement.to_owned())
}

fn matters(repeated: Loop, request: f64) -> bool {
    repeated.calls >= LEAST_CALLS && (repeated.nanos >= LEAST_TIME || repeated.nanos >= LEAST_SHARE * request)
}

/// The calls of a statement in a trace that have one parent and do not overlap.
///
/// A request that runs several statements for each row spends its time in all of them: each has its own calls, and the
/// gap before a call belongs to none if another statement came last.
fn loop_of(wanted: &str, trace: &Trace<'_>) -> Loop {
    #[derive(Default)]
    struct Row {
        found: Loop,
        until: u64,
        is_last: bool,
    }
    let mut by_parent = BTreeMap::<Option<usize>, Row>::new();
    for node in trace.database_calls() {
        let row = by_parent.entry(node.parent).or_default();
        if statement(node.span) != Some(wanted) {
            row.is_last = false;
            continue;
        }
        let (began, ended) = (node.span.began.0, node.span.ended.0);
        if began < row.until {
            continue;
        }
        let from = if row.is_last { row.until } else { began };
        row.found.calls += 1;
        row.found.nanos += ended.saturating_sub(from) as f64;
        (row.until, row.is_last) = (ended, true);
    }
    by_parent.into_values().map(|row| row.found).max_by_key(|found| found.calls).unwrap_or_default()
}

/// What the database counted: without knowing traces, it saw the statement as often.
fn confirm(database: &DatabaseReport, repeated: &str, endpoint: &Endpoint<'_>) -> Option<String> {
    let used = total_use(database, repeated);
    let others = endpoint.high().flat_map(Trace::database_calls).filter_map(|node| statement(node.span));
    let others: BTreeSet<&str> = others.filter(|other| *other != repeated).collect();
    let fewest = others.iter().map(|other| total_use(database, other).calls).filter(|calls| *calls > 0).min();
    let per_other = used.calls as f64 / fewest? as f64;
    (per_other >= LEAST_CALLS as f64).then(|| {
        format!(
            "{} counted {} calls of it in the run, {per_other:.0} for each call of another statement of this endpoint",
            database.name, used.calls
        )
    })
}

/// The calls follow the size of the answer, along a straight line: that is what a loop over its rows does.
fn prove(repeated: &str, endpoint: &Endpoint<'_>) -> Option<String> {
    let points: Vec<(f64, f64)> = endpoint
        .traces
        .iter()
        .map(|trace| (trace.exchange.received as f64, loop_of(repeated, trace).calls as f64))
        .collect();
    let counts: BTreeSet<u64> = points.iter().map(|(_, calls)| *calls as u64).collect();
    let (fewest, most) = (*counts.first()?, *counts.last()?);
    let line = line(&points)?;
    let proves = counts.len() >= 3 && most >= 2 * fewest.max(1) && line.fit >= PROOF && line.slope > 0.0;
    proves.then(|| {
        format!(
            "the calls follow the size of the answer: from {fewest} to {most}, one for each {:.0} bytes, along a straight \
             line that explains {} of their variance",
            1.0 / line.slope,
            percent(line.fit)
        )
    })
}
