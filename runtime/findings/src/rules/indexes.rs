//! A table is read whole for a few of its rows: the database's own plan says so, and its statistics of the table confirm
//! that it was done.

use super::{endpoint_of_statement, finding, finding_of, ms, percent, time_of, total_use};
use crate::database::{DatabaseReport, StatementPlan, TableScan, TableUse};
use crate::endpoint::Endpoint;
use crate::find::View;
use crate::finding::{Cause, Confidence, Finding};
use crate::trace::Trace;

/// Tables with fewer rows are read whole by right.
const LEAST_ROWS: f64 = 10_000.0;
/// A filter that lets more through needs no index.
const MOST_PASSING: f64 = 0.1;
/// An index is worth it where it leaves at most this share of the cost.
const MOST_COST: f64 = 0.5;
/// A statement that takes less on average, in milliseconds, hurts no request.
const LEAST_MEAN_MS: f64 = 3.0;

/// The findings, and the statements that they explain.
pub(super) fn find(view: &View<'_>) -> (Vec<Finding>, Vec<String>) {
    let plans = view.databases.iter().flat_map(|database| database.plans.iter().map(move |plan| (database, plan)));
    let scans = plans.filter_map(|(database, plan)| Some((database, plan, worst_scan(plan)?)));
    let found = scans.filter_map(|(database, plan, scan)| find_in(view, database, plan, scan));
    let found: Vec<Finding> = found.collect();
    let explained = found.iter().filter_map(|finding| finding.statement.clone()).collect();
    (found.into_iter().fold(Vec::new(), merge), explained)
}

/// One index may serve several statements: that is one finding, at the endpoint that gains most.
fn merge(mut all: Vec<Finding>, found: Finding) -> Vec<Finding> {
    let gain = |finding: &Finding| {
        finding.improvement.as_ref().map_or(0.0, |improvement| improvement.p95_ms - improvement.expected_p95_ms)
    };
    match all.iter_mut().find(|other| other.change == found.change) {
        None => all.push(found),
        Some(other) => {
            let (mut best, rest) =
                if gain(other) >= gain(&found) { (other.clone(), found) } else { (found, other.clone()) };
            if rest.endpoint != best.endpoint {
                let explained = rest.explains.map(|explained| percent(explained.high)).unwrap_or_default();
                best.evidence.push(format!(
                    "the same index serves {}, where it explains {explained} of the time",
                    rest.endpoint.as_deref().unwrap_or("another statement")
                ));
            }
            *other = best;
        }
    }
    all
}

/// The scan of a plan that an index would help most.
fn worst_scan(plan: &StatementPlan) -> Option<&TableScan> {
    let is_wasteful = |scan: &&TableScan| {
        scan.table_rows >= LEAST_ROWS
            && scan.passing_rows <= MOST_PASSING * scan.table_rows
            && !scan.columns.is_empty()
            && scan.cost_with_index <= MOST_COST * scan.cost
    };
    plan.scans.iter().filter(is_wasteful).max_by(|one, other| one.cost.total_cmp(&other.cost))
}

fn find_in(view: &View<'_>, database: &DatabaseReport, plan: &StatementPlan, scan: &TableScan) -> Option<Finding> {
    let used = total_use(database, &plan.statement);
    let mean_ms = used.total.as_secs_f64() * 1e3 / used.calls.max(1) as f64;
    let endpoint = endpoint_of_statement(view, &plan.statement);
    // A statement that no request of the load makes is none of its business.
    if used.calls == 0 || mean_ms < LEAST_MEAN_MS || (endpoint.is_none() && !view.endpoints.is_empty()) {
        return None;
    }
    // What the rest of the plan costs stays.
    let left = ((plan.cost - scan.cost + scan.cost_with_index) / plan.cost.max(scan.cost)).clamp(0.0, 1.0);
    let mut finding = match endpoint {
        Some(endpoint) => of_endpoint(endpoint, &plan.statement, left, scan)?,
        None => finding(Cause::MissingIndex),
    };
    let columns = scan.columns.join(", ");
    let place = finding
        .endpoint
        .as_deref()
        .map(|endpoint| format!("{endpoint} reads"))
        .unwrap_or("A statement reads".to_owned());
    finding.title =
        format!("{place} the whole table {} for {} of its rows: no index on ({columns})", scan.table, few(scan));
    finding.evidence.insert(
        0,
        format!(
            "EXPLAIN: sequential scan of {} with the filter {}, which keeps {:.0} of {:.0} rows; the statement took {mean_ms:.1} ms on \
             average over {} calls",
            scan.table, scan.filter, scan.passing_rows, scan.table_rows, used.calls
        ),
    );
    if let Some(read) = database.tables.iter().find(|table| table.table == scan.table).and_then(confirm) {
        finding.evidence.push(format!("{}: {read}", database.name));
        finding.confidence = Confidence::ConfirmedByTwoSources;
    }
    finding.evidence.push(format!("estimated cost {:.0}, with an index {:.0}", scan.cost, scan.cost_with_index));
    finding.change = format!("CREATE INDEX ON {} ({columns});", scan.table);
    finding.statement = Some(plan.statement.clone());
    finding.plan = plan.text.lines().map(str::to_owned).collect();
    Some(finding)
}

fn of_endpoint(endpoint: &Endpoint<'_>, statement: &str, left: f64, scan: &TableScan) -> Option<Finding> {
    let saved = |trace: &Trace<'_>| time_of(statement, trace) * (1.0 - left);
    let explained = endpoint.explained_by(saved);
    if explained.high < super::LEAST_SHARE {
        return None;
    }
    let mut finding = finding_of(endpoint, Cause::MissingIndex, explained);
    let showing = || endpoint.high().filter(|trace| saved(trace) > 0.0);
    finding.evidence.push(format!(
        "in the traces of {}, the statement takes {}, {} of the request",
        endpoint.name,
        ms(endpoint.mean_high(|trace| time_of(statement, trace))),
        percent(explained.high)
    ));
    finding.traces = endpoint.named(showing());
    let arithmetic = format!(
        "by the database's own estimate the statement's cost falls to {} (scan of {:.0} to {:.0})",
        percent(left),
        scan.cost,
        scan.cost_with_index
    );
    finding.improvement = Some(endpoint.improvement(saved, &arithmetic));
    Some(finding)
}

/// `0.1 %`.
fn few(scan: &TableScan) -> String {
    let share = 100.0 * scan.passing_rows / scan.table_rows.max(1.0);
    if share < 0.1 { "less than 0.1 %".to_owned() } else { format!("{share:.1} %") }
}

/// What the table's statistics say.
fn confirm(table: &TableUse) -> Option<String> {
    let rows_a_scan = table.sequential_rows as f64 / table.sequential_scans.max(1) as f64;
    (table.sequential_scans > 0 && rows_a_scan >= 0.5 * LEAST_ROWS).then(|| {
        format!(
            "{} was read whole {} times during the load, {rows_a_scan:.0} rows each time",
            table.table, table.sequential_scans
        )
    })
}
