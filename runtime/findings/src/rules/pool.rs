//! Requests wait for a connection of a pool: the gap before their first call of the database grows with the load, while
//! the calls themselves do not.

use super::{LEAST_COST, LEAST_SHARE, finding_of, ms, percent};
use crate::database::{DatabaseReport, SessionSample};
use crate::endpoint::{Endpoint, LEAST_TRACES};
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::numbers::{mean, quantile};
use crate::span::Work;
use crate::trace::{Trace, label};

/// The gap under the load, in gaps without waiting.
const GROWTH: f64 = 3.0;
/// The share of what the request has become slower by that the gap must explain.
const OF_GROWTH: f64 = 0.5;
/// The share of a request under low load that the gap may have.
const MOST_ALONE: f64 = 0.3;
/// Connections that are taken for this share of the time are all taken.
const TAKEN: f64 = 0.7;
/// A number of sessions that stays this close to its greatest is a limit.
const PLATEAU: f64 = 0.85;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let waits = view.endpoints.iter().filter_map(|endpoint| Some((endpoint, wait_at(endpoint)?)));
    // One pool makes all its users wait: one finding, at the endpoint that loses most time, names the others.
    let mut waits: Vec<_> = waits.collect();
    let lost = |(endpoint, wait): &(&Endpoint<'_>, Wait)| wait.high * endpoint.high().count() as f64;
    waits.sort_by(|one, other| lost(other).total_cmp(&lost(one)));
    let Some((endpoint, wait)) = waits.first() else { return Vec::new() };
    let others: Vec<&str> = waits[1..].iter().map(|(endpoint, _)| endpoint.name.as_str()).collect();
    vec![describe(endpoint, *wait, &others, view)]
}

/// The wait for a connection, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Wait {
    alone: f64,
    high: f64,
}

fn wait_at(endpoint: &Endpoint<'_>) -> Option<Wait> {
    let uses_database = |trace: &Trace<'_>| trace.database_calls().next().is_some();
    if endpoint.high().filter(|trace| uses_database(trace)).count() < LEAST_TRACES {
        return None;
    }
    let alone = endpoint.alone(wait_in, 0.05);
    let high = endpoint.mean_high(wait_in);
    let cost = high - alone;
    let slower = match endpoint.mean_low(Trace::nanos) {
        Some(low) => endpoint.mean_high(Trace::nanos) - low,
        None => endpoint.mean_high(Trace::nanos),
    };
    let waits = cost >= LEAST_COST
        && high >= GROWTH * alone
        && cost >= OF_GROWTH * slower
        && cost >= LEAST_SHARE * endpoint.mean_high(Trace::nanos);
    // What it also spends under low load is work, and not a wait.
    let works = endpoint.mean_low(Trace::nanos).is_some_and(|low| alone > MOST_ALONE * low);
    // A busy processor stretches the calls as much as the gaps between them.
    let calls = |trace: &Trace<'_>| trace.database_calls().map(|node| node.span.nanos() as f64).sum::<f64>();
    let stretched = endpoint.mean_low(calls).is_some_and(|low| endpoint.mean_high(calls) > low + cost);
    (waits && !works && !stretched).then_some(Wait { alone, high })
}

/// The time from the beginning of the server's work to its first call of the database, without what other spans cover, and
/// what the pool's own spans say.
fn wait_in(trace: &Trace<'_>) -> f64 {
    let told: f64 =
        trace.spans.iter().filter(|node| node.span.work == Work::PoolWait).map(|node| node.own as f64).sum();
    if told > 0.0 {
        return told;
    }
    let Some(first) = trace.database_calls().next() else { return 0.0 };
    let service = &first.span.service;
    let root = trace.server();
    if root.service != *service {
        return 0.0;
    }
    let before = first.span.began.0.saturating_sub(root.began.0) as f64;
    let covered: u64 = trace
        .spans
        .iter()
        .enumerate()
        .filter(|(place, node)| *place != trace.root && node.parent == Some(trace.root))
        .map(|(_, node)| node.span.ended.0.min(first.span.began.0).saturating_sub(node.span.began.0))
        .sum();
    (before - covered as f64).max(0.0)
}

fn describe(endpoint: &Endpoint<'_>, wait: Wait, others: &[&str], view: &View<'_>) -> Finding {
    let saved = |trace: &Trace<'_>| (wait_in(trace) - wait.alone).max(0.0);
    let explained = endpoint.explained_by(saved);
    let mut finding = finding_of(endpoint, Cause::PoolExhaustion, explained);
    finding.title = format!("{} waits {} for a database connection", endpoint.name, ms(wait.high));
    let compared = if endpoint.low().is_some() { "under low load" } else { "in the fastest traces" };
    finding.evidence.push(format!(
        "before its first call of the database it spends {} under the load and {} {compared}: {} of the request",
        ms(wait.high),
        ms(wait.alone),
        percent(explained.high)
    ));
    finding.evidence.push(format!(
        "the calls of the database themselves take {}",
        ms(endpoint.mean_high(|trace| trace.database_calls().map(|node| node.span.nanos() as f64).sum()))
    ));
    if !others.is_empty() {
        finding.evidence.push(format!("the same wait is seen at {}", others.join(", ")));
    }
    if let Some((name, held)) = longest_hold(view) {
        finding.evidence.push(held);
        finding.change = format!(
            "Give the connection back before the slow part of {name}, or ask for it after; a larger pool only moves the queue."
        );
    } else {
        finding.change =
            "Hold connections for as short a time as possible, then make the pool larger if the database bears it."
                .to_owned();
    }
    if let Some(plateau) = view.databases.iter().find_map(|database| plateau(database, view)) {
        finding.evidence.push(plateau);
        finding.confidence = Confidence::ConfirmedByTwoSources;
    }
    finding.traces = endpoint.named(endpoint.high().filter(|trace| saved(trace) > 0.0));
    finding.improvement = Some(
        endpoint.improvement(saved, &format!("without the wait, {} in place of {}", ms(wait.alone), ms(wait.high))),
    );
    finding
}

/// The endpoint that does something else for longest between its calls of the database and its end, and what that is.
fn longest_hold(view: &View<'_>) -> Option<(String, String)> {
    let holds = view.endpoints.iter().filter_map(|endpoint| {
        let held = mean(endpoint.high().filter_map(|trace| call_after_database(trace).map(|(nanos, _)| nanos)));
        let callee = endpoint.high().find_map(|trace| call_after_database(trace).map(|(_, callee)| callee))?;
        (held >= LEAST_COST).then_some((endpoint, held, callee))
    });
    let (endpoint, held, callee) = holds.max_by(|one, other| one.1.total_cmp(&other.1))?;
    let text = format!(
        "{} calls {callee} after it has used the database, for {}: its connection may be held meanwhile",
        endpoint.name,
        ms(held)
    );
    Some((endpoint.name.clone(), text))
}

fn call_after_database(trace: &Trace<'_>) -> Option<(f64, String)> {
    let first = trace.database_calls().next()?.span.began;
    let call = trace.http_calls().filter(|node| node.span.began >= first).max_by_key(|node| node.span.nanos())?;
    Some((call.span.nanos() as f64, label(call.span)))
}

/// The database sees as many sessions all the time, fewer than the load has users, or sessions that idle in transactions.
fn plateau(database: &DatabaseReport, view: &View<'_>) -> Option<String> {
    let most = database.sessions.iter().map(|sample| sample.all).max().filter(|most| *most > 0)?;
    let users = view.load.iter().map(|second| second.intensity).fold(0.0, f64::max);
    let near = database.sessions.iter().filter(|sample| sample.all as f64 >= PLATEAU * most as f64).count();
    let is_level = near as f64 >= 0.5 * database.sessions.len() as f64 && (most as f64) < users;
    let taken = |sample: &SessionSample| (sample.active + sample.idle_in_transaction) as f64 / sample.all.max(1) as f64;
    let all_taken = quantile(database.sessions.iter().map(taken), 0.75) >= TAKEN;
    (is_level && all_taken).then(|| {
        let idle = database.sessions.iter().map(|sample| sample.idle_in_transaction).max().unwrap_or_default();
        let active = database.sessions.iter().map(|sample| sample.active).max().unwrap_or_default();
        format!(
            "{} never had more than {most} sessions, for {users:.0} users: at most {active} of them executing, up to {idle} idle in a \
             transaction",
            database.name
        )
    })
}
