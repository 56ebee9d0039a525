//! Statements wait for each other's locks: samples of the database's sessions see them waiting, and who holds the lock.

use super::{endpoint_of_statement, finding, finding_of, ms, percent, short, time_of};
use crate::database::{BlockedStatement, DatabaseReport};
use crate::endpoint::{Endpoint, MILLISECOND};
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::trace::Trace;

/// Sessions that were seen waiting.
const LEAST_SEEN: u64 = 5;
/// The share of samples in which a session waited.
const LEAST_OF_SAMPLES: f64 = 0.2;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.databases.iter().filter_map(|database| find_in(view, database)).collect()
}

fn find_in(view: &View<'_>, database: &DatabaseReport) -> Option<Finding> {
    let waiting = database.sessions.iter().filter(|sample| sample.waiting_for_lock > 0).count();
    let share = waiting as f64 / database.sessions.len().max(1) as f64;
    let blocked = database.blocked.iter().max_by_key(|blocked| blocked.seen)?;
    if blocked.seen < LEAST_SEEN || share < LEAST_OF_SAMPLES {
        return None;
    }
    let mut finding = match endpoint_of_statement(view, &blocked.statement) {
        Some(endpoint) => of_endpoint(endpoint, blocked)?,
        None => finding(Cause::LockContention),
    };
    let table = blocked.table.as_deref().map(|table| format!(" of {table}")).unwrap_or_default();
    let place = finding.endpoint.as_deref().unwrap_or("A statement");
    finding.title = format!("{place} waits for locks{table} that other transactions hold");
    finding.evidence.insert(
        0,
        format!(
            "{}: in {} of {} samples of its sessions some waited for a lock, up to {} at once, the longest for {:.0} ms or more",
            database.name,
            waiting,
            database.sessions.len(),
            blocked.most_at_once,
            blocked.longest.as_secs_f64() * 1e3
        ),
    );
    let idle = match blocked.blocker_is_idle {
        true => {
            "its transaction open, and executing nothing: the application does something else meanwhile; its last statement"
        }
        false => "executing",
    };
    finding.evidence.insert(1, format!("at the head of the chain: a session {idle} {}", short(&blocked.blocker)));
    finding.change = match blocked.blocker_is_idle {
        true => "Take the lock last and commit at once: no calls of other services and no computing between the locked row and \
                 COMMIT."
            .to_owned(),
        false => "Shorten the transaction that holds the lock, or spread what it locks: one row for all is a queue.".to_owned(),
    };
    finding.statement = Some(blocked.statement.clone());
    Some(finding)
}

/// In traces, the statement takes now longer than it does when it need not wait.
fn of_endpoint(endpoint: &Endpoint<'_>, blocked: &BlockedStatement) -> Option<Finding> {
    let time = |trace: &Trace<'_>| time_of(&blocked.statement, trace);
    // Without low load, the fastest tenth is what did not wait.
    let alone = endpoint.alone(time, 0.1);
    let saved = |trace: &Trace<'_>| (time(trace) - alone).max(0.0);
    let explained = endpoint.explained_by(saved);
    let mut finding = finding_of(endpoint, Cause::LockContention, explained);
    let high = endpoint.mean_high(time);
    if high > 2.0 * alone && high - alone > 5.0 * MILLISECOND {
        finding.evidence.push(format!(
            "in the traces of {} the waiting statement takes {}, and {} where it need not wait: {} of the request",
            endpoint.name,
            ms(high),
            ms(alone),
            percent(explained.high)
        ));
        finding.confidence = Confidence::ConfirmedByTwoSources;
    }
    finding.traces = endpoint.named(endpoint.high().filter(|trace| saved(trace) > 0.0));
    let arithmetic = format!("without the wait the statement takes {} in place of {}", ms(alone), ms(high));
    finding.improvement = Some(endpoint.improvement(saved, &arithmetic));
    Some(finding)
}
