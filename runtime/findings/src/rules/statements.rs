//! Statements that take long by themselves, and what the database says of the reason: temporary files, dead rows.

use std::collections::BTreeSet;

use super::{
    LEAST_COST, LEAST_SHARE, calls_per_request, endpoint_of_statement, finding_of, ms, percent, time_of, total_use,
};
use crate::database::{DatabaseReport, TableUse};
use crate::endpoint::MILLISECOND;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::trace::{Trace, statement};

/// The share of a statement's time, as the application sees it, that the database has to confirm.
const OF_DATABASE: f64 = 0.4;
/// The time from which on a statement counts whose reason the database tells, in nanoseconds.
const LEAST_WITH_REASON: f64 = 2.0 * MILLISECOND;
/// A statement that sorts on disk writes at least this many blocks a call.
const LEAST_TEMPORARY_BLOCKS: u64 = 8;
/// Dead rows that are worth a vacuum, and their share of the live ones.
const LEAST_DEAD: u64 = 10_000;
const LEAST_DEAD_SHARE: f64 = 0.5;

pub(super) fn find(view: &View<'_>, explained: &[&str]) -> Vec<Finding> {
    let mut statements = BTreeSet::<&str>::new();
    for endpoint in &view.endpoints {
        statements.extend(endpoint.high().flat_map(Trace::database_calls).filter_map(|node| statement(node.span)));
    }
    statements.into_iter().filter(|one| !explained.contains(one)).filter_map(|one| find_one(view, one)).collect()
}

fn find_one(view: &View<'_>, statement: &str) -> Option<Finding> {
    let endpoint = endpoint_of_statement(view, statement)?;
    let time = |trace: &Trace<'_>| time_of(statement, trace);
    let (mean, explained) = (endpoint.mean_high(time), endpoint.explained_by(time));
    // Time that comes with the load alone is a wait, which has other causes.
    let by_itself = endpoint.mean_low(time).unwrap_or(mean);
    let reason = view.databases.iter().find_map(|database| reason(database, statement));
    let least = if reason.is_some() { LEAST_WITH_REASON } else { LEAST_COST };
    if by_itself < least || explained.high < 2.0 * LEAST_SHARE {
        return None;
    }
    // An application that waits for a processor sees its calls stretched; the database knows better.
    let of_database = view.databases.iter().map(|database| total_use(database, statement)).find(|used| used.calls > 0);
    let is_stretched = of_database.is_some_and(|used| {
        let a_request = used.total.as_nanos() as f64 / used.calls as f64 * calls_per_request(endpoint, statement);
        a_request < OF_DATABASE * mean
    });
    if is_stretched {
        return None;
    }
    let (cause, title, change) = match &reason {
        Some(Reason::TemporaryFiles(_)) => (
            Cause::TemporaryFiles,
            "sorts or joins on disk",
            "Give the statement more memory (`work_mem`), or fewer rows to sort: an index in the order that it asks for, or a limit."
                .to_owned(),
        ),
        Some(Reason::DeadRows { table, .. }) => (
            Cause::DeadRows,
            "reads dead rows along",
            format!("VACUUM {table}; and let autovacuum come more often (`autovacuum_vacuum_scale_factor`)."),
        ),
        None => (
            Cause::SlowStatement,
            "waits for a slow statement",
            "Compute it less often (a materialised view, a cache), or over fewer rows.".to_owned(),
        ),
    };
    let mut finding = finding_of(endpoint, cause, explained);
    finding.title = format!("{} {title}: {} a request", endpoint.name, ms(mean));
    finding.evidence.push(format!(
        "in its traces the statement takes {}, {} of the request, in {:.1} calls",
        ms(mean),
        percent(explained.high),
        calls_per_request(endpoint, statement)
    ));
    for database in view.databases {
        let used = total_use(database, statement);
        if used.calls > 0 {
            let mean_ms = used.total.as_secs_f64() * 1e3 / used.calls as f64;
            finding.evidence.push(format!("{}: {mean_ms:.1} ms on average over {} calls", database.name, used.calls));
            finding.confidence = Confidence::ConfirmedByTwoSources;
        }
        if let Some(plan) = database.plans.iter().find(|plan| plan.statement == statement) {
            finding.plan = plan.text.lines().map(str::to_owned).collect();
        }
    }
    match reason {
        Some(Reason::TemporaryFiles(text)) | Some(Reason::DeadRows { text, .. }) => finding.evidence.push(text),
        None => {}
    }
    finding.traces = endpoint.named(endpoint.high().filter(|trace| time(trace) > 0.0));
    finding.change = change;
    finding.improvement = Some(endpoint.improvement(time, "at best, without the statement's time"));
    finding.statement = Some(statement.to_owned());
    Some(finding)
}

enum Reason {
    TemporaryFiles(String),
    DeadRows { table: String, text: String },
}

fn reason(database: &DatabaseReport, statement: &str) -> Option<Reason> {
    let used = total_use(database, statement);
    if used.calls > 0 && used.temporary_blocks >= LEAST_TEMPORARY_BLOCKS * used.calls {
        let blocks = used.temporary_blocks / used.calls;
        return Some(Reason::TemporaryFiles(format!(
            "{}: each call writes and reads {blocks} blocks of temporary files",
            database.name
        )));
    }
    let is_bloated = |table: &&TableUse| {
        table.dead_rows >= LEAST_DEAD && table.dead_rows as f64 >= LEAST_DEAD_SHARE * table.rows as f64
    };
    let names = |table: &&TableUse| {
        statement.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == table.table)
    };
    let table = database.tables.iter().filter(is_bloated).find(names)?;
    Some(Reason::DeadRows {
        table: table.table.clone(),
        text: format!(
            "{}: {} has {} dead rows for {} live ones",
            database.name, table.table, table.dead_rows, table.rows
        ),
    })
}
