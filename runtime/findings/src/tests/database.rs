//! Causes in the database, and in its use.

use std::time::Duration;

use super::world::{Request, causes, evidence, healthy, only};
use crate::database::{
    BlockedStatement, DatabaseInterval, DatabaseReport, SessionSample, StatementPlan, StatementUse, TableScan,
    TableUse, template,
};
use crate::find;
use crate::finding::{Cause, CauseClass, Confidence};
use crate::span::{Span, SpanId, Work};

const BY_KIND: &str = "SELECT id FROM products WHERE kind = 7";

fn used(statement: &str, calls: u64, mean_ms: u64) -> StatementUse {
    StatementUse {
        statement: template(statement),
        calls,
        total: Duration::from_millis(calls * mean_ms),
        ..StatementUse::default()
    }
}

fn report(statements: Vec<StatementUse>) -> DatabaseReport {
    let interval = DatabaseInterval { statements, ..DatabaseInterval::default() };
    DatabaseReport { name: "postgresql://db/shop".to_owned(), intervals: vec![interval], ..DatabaseReport::default() }
}

fn samples(sample: SessionSample) -> Vec<SessionSample> {
    vec![sample; 50]
}

#[test]
fn a_healthy_target_has_no_findings() {
    let mut evidence = evidence(&[("GET /products", &healthy), ("GET /search", &healthy)]);
    evidence.databases.push(report(vec![used("SELECT id, name FROM products WHERE page = 3", 500, 1)]));
    let findings = find(&evidence);
    assert_eq!(causes(&findings), []);
    assert_eq!(findings.endpoints.len(), 2);
    assert!(findings.looked_at[0].contains("840 of 840 requests"), "{:?}", findings.looked_at);
}

#[test]
fn a_query_for_each_row_is_n_plus_one() {
    let work = |request: &mut Request, number: u64, _: bool| {
        let rows = 5 + number % 4 * 5;
        request.compute(1.0);
        request.query("SELECT id FROM products LIMIT 20", 1.0);
        (0..rows).for_each(|row| request.query(&format!("SELECT price FROM prices WHERE product = {row}"), 2.0));
        request.answer(200 + rows * 60);
    };
    let mut evidence = evidence(&[("GET /products", &work)]);
    let statements = vec![
        used("SELECT id FROM products LIMIT 20", 420, 1),
        used("SELECT price FROM prices WHERE product = 1", 5_250, 2),
    ];
    evidence.databases.push(report(statements));
    let findings = find(&evidence);
    let found = only(&findings);
    assert_eq!(
        (found.cause, found.class, found.confidence),
        (Cause::NPlusOne, CauseClass::Database, Confidence::Proved)
    );
    assert_eq!((found.endpoint.as_deref(), found.flow.as_deref()), (Some("GET /products"), Some("browse")));
    assert_eq!(found.statement.as_deref(), Some("SELECT price FROM prices WHERE product = ?"));
    assert!(found.evidence[2].contains("from 5 to 20, one for each 60 bytes"), "{:?}", found.evidence);
    // 20 calls of 2 ms beside 2.5 ms: one call in their place leaves 4.5 ms.
    let improvement = found.improvement.as_ref().unwrap();
    assert!(
        (improvement.p95_ms - 42.5).abs() < 0.1 && (improvement.expected_p95_ms - 4.5).abs() < 0.1,
        "{improvement:?}"
    );
}

/// As Kinto answers a batch of ten new records, with statements in turns.
#[test]
fn statements_in_turns_explain_their_own_calls_alone() {
    let batch = |insert_ms: f64| {
        move |request: &mut Request, _: u64, _: bool| {
            for item in 0..10 {
                request.compute(38.0);
                for check in 0..3 {
                    request.query(&format!("SELECT epoch FROM objects WHERE parent = {item}{check}"), 2.4);
                    request.query(&format!("INSERT INTO timestamps (parent) VALUES ({item}{check})"), insert_ms);
                }
            }
        }
    };
    // 30 calls of 2.35 ms: 13 % of 523 ms. From the first to the last of them it is 92 %.
    let quick = batch(2.35);
    assert_eq!(causes(&find(&evidence(&[("POST /batch", &quick)]))), []);

    let slow = batch(10.0);
    let findings = find(&evidence(&[("POST /batch", &slow)]));
    let found = only(&findings);
    assert_eq!(found.cause, Cause::NPlusOne);
    assert!(found.change.starts_with("Write all rows in one statement"), "{}", found.change);
    // 29 of 30 calls of 10 ms, of 752.5 ms.
    assert!((found.explains.unwrap().high - 0.385).abs() < 0.001, "{:?}", found.explains);
}

#[test]
fn repeated_calls_of_some_requests_are_shared_by_all() {
    let work = |request: &mut Request, number: u64, _: bool| {
        request.compute(10.0);
        let rows = if number.is_multiple_of(2) { 20 } else { 0 };
        (0..rows).for_each(|row| request.query(&format!("SELECT price FROM prices WHERE product = {row}"), 1.0));
    };
    let findings = find(&evidence(&[("GET /products", &work)]));
    let found = only(&findings);
    // Half of the requests take 10.5 ms, the others 20 ms more, of which one in 20 stays.
    assert!((found.explains.unwrap().high - 19.0 / 41.0).abs() < 0.001, "{:?}", found.explains);
}

/// SQLAlchemy's instrumentation and that of the driver report each statement, with the request as the parent of both.
#[test]
fn a_call_that_two_instrumentations_report_counts_once() {
    const ORDERS: &str = "SELECT id FROM orders WHERE customer = 7";
    let work = |request: &mut Request, _: u64, _: bool| {
        request.compute(40.0);
        request.query(ORDERS, 12.0);
    };
    let mut evidence = evidence(&[("GET /orders", &work)]);
    let is_call = |span: &&Span| matches!(span.work, Work::Database { .. });
    let driver = |span: &Span| Span { id: SpanId(span.id.0 + 1_000), scope: "driver".into(), ..span.clone() };
    let reported_again: Vec<Span> = evidence.spans.iter().filter(is_call).map(driver).collect();
    evidence.spans.extend(reported_again);
    evidence.spans.sort_by_key(|span| span.trace);
    let findings = find(&evidence);
    // 12 ms of 52.5 ms are less than a slow statement's share, and 24 ms would not be.
    assert_eq!(causes(&findings), []);
    let call = findings.endpoints[0].spans.iter().find(|part| part.name == template(ORDERS)).unwrap();
    assert!((call.count - 1.0).abs() < 1e-9 && (call.mean_ms - 12.0).abs() < 0.01, "{call:?}");
}

#[test]
fn a_few_quick_queries_of_a_slow_request_are_none() {
    let work = |request: &mut Request, _: u64, _: bool| {
        (0..6).for_each(|row| request.query(&format!("SELECT price FROM prices WHERE product = {row}"), 0.5));
        request.compute(40.0);
    };
    assert_eq!(causes(&find(&evidence(&[("GET /products", &work)]))), []);
}

#[test]
fn a_table_that_is_read_whole_misses_an_index() {
    let work = |request: &mut Request, _: u64, _: bool| {
        request.compute(1.0);
        request.query(BY_KIND, 40.0);
    };
    let mut evidence = evidence(&[("GET /search", &work), ("GET /products", &healthy)]);
    let scan = TableScan {
        table: "products".to_owned(),
        table_rows: 200_000.0,
        passing_rows: 20.0,
        filter: "(kind = $1)".to_owned(),
        columns: vec!["kind".to_owned()],
        cost: 4_000.0,
        cost_with_index: 40.0,
    };
    let plan =
        StatementPlan { statement: template(BY_KIND), text: "Seq Scan".to_owned(), cost: 4_000.0, scans: vec![scan] };
    let table = TableUse {
        table: "products".to_owned(),
        rows: 200_000,
        sequential_scans: 420,
        sequential_rows: 420 * 200_000,
        ..TableUse::default()
    };
    let whole = DatabaseReport { tables: vec![table], plans: vec![plan], ..report(vec![used(BY_KIND, 420, 39)]) };
    evidence.databases.push(whole.clone());
    let findings = find(&evidence);
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::MissingIndex, Confidence::ConfirmedByTwoSources));
    assert_eq!((found.endpoint.as_deref(), &*found.change), (Some("GET /search"), "CREATE INDEX ON products (kind);"));
    // 41.5 ms, of which 40 ms fall to a hundredth.
    let improvement = found.improvement.as_ref().unwrap();
    assert!((improvement.expected_p95_ms - 1.9).abs() < 0.1, "{improvement:?}");

    let mut with_index = whole;
    with_index.plans[0].scans[0].cost_with_index = 3_000.0;
    evidence.databases = vec![with_index];
    assert_ne!(
        find(&evidence).findings.first().map(|found| found.cause),
        Some(Cause::MissingIndex),
        "it would not help"
    );
}

#[test]
fn statements_that_wait_for_locks_are_contention() {
    const UPDATE: &str = "UPDATE stock SET count = count - 1 WHERE product = 1";
    let work = |request: &mut Request, _: u64, is_high: bool| {
        request.compute(1.0);
        request.query(UPDATE, if is_high { 80.0 } else { 2.0 });
        request.compute(1.0);
    };
    let mut evidence = evidence(&[("POST /checkout", &work)]);
    let sample = SessionSample { all: 20, active: 18, waiting_for_lock: 15, ..SessionSample::default() };
    let blocked = BlockedStatement {
        statement: template(UPDATE),
        blocker: template(UPDATE),
        blocker_is_idle: true,
        table: Some("stock".to_owned()),
        seen: 600,
        longest: Duration::from_millis(300),
        most_at_once: 15,
    };
    let report = report(vec![used(UPDATE, 420, 70)]);
    evidence.databases.push(DatabaseReport { sessions: samples(sample), blocked: vec![blocked], ..report });
    let findings = find(&evidence);
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::LockContention, Confidence::ConfirmedByTwoSources));
    assert!(found.title.contains("stock") && found.change.contains("commit at once"), "{found:?}");
    let improvement = found.improvement.as_ref().unwrap();
    assert!((improvement.expected_p95_ms - 4.5).abs() < 0.1, "{improvement:?}");
}

#[test]
fn a_gap_before_the_first_query_that_grows_is_an_exhausted_pool() {
    let work = |request: &mut Request, _: u64, is_high: bool| {
        request.compute(if is_high { 120.0 } else { 1.0 });
        request.query("SELECT id FROM orders LIMIT 1", 1.0);
        request.http("partner/rate", 30.0);
        request.compute(1.0);
    };
    let mut evidence = evidence(&[("GET /orders", &work)]);
    let sample = SessionSample { all: 4, active: 1, idle_in_transaction: 3, ..SessionSample::default() };
    evidence.databases.push(DatabaseReport { sessions: samples(sample), ..report(Vec::new()) });
    let findings = find(&evidence);
    let found = only(&findings);
    assert_eq!((found.cause, found.confidence), (Cause::PoolExhaustion, Confidence::ConfirmedByTwoSources));
    assert!(found.evidence.iter().any(|line| line.contains("never had more than 4 sessions, for 20 users")));
    assert!(found.change.contains("before the slow part of GET /orders"), "{}", found.change);
}

#[test]
fn statements_that_are_slow_by_themselves_are_told_with_their_reason() {
    const SUMMARY: &str = "SELECT kind, sum(price) FROM orders GROUP BY kind";
    let work = |request: &mut Request, _: u64, _: bool| {
        request.compute(1.0);
        request.query(SUMMARY, 90.0);
    };
    let mut evidence = evidence(&[("GET /best", &work)]);
    evidence.databases.push(report(vec![used(SUMMARY, 420, 89)]));
    assert_eq!(only(&find(&evidence)).cause, Cause::SlowStatement);

    evidence.databases[0].intervals[0].statements[0].temporary_blocks = 420 * 500;
    assert_eq!(only(&find(&evidence)).cause, Cause::TemporaryFiles);

    evidence.databases[0].intervals[0].statements[0].temporary_blocks = 0;
    evidence.databases[0].tables =
        vec![TableUse { table: "orders".to_owned(), rows: 5_000, dead_rows: 200_000, ..TableUse::default() }];
    let findings = find(&evidence);
    assert_eq!(only(&findings).cause, Cause::DeadRows);
    assert!(only(&findings).change.contains("VACUUM orders"));
}

#[test]
fn one_index_for_two_statements_is_one_finding() {
    let other = "SELECT count(*) FROM products WHERE kind = 9";
    let work = |statement: &'static str, ms: f64| {
        move |request: &mut Request, _: u64, _: bool| {
            request.compute(1.0);
            request.query(statement, ms);
        }
    };
    let (slow, slower) = (work(other, 40.0), work(BY_KIND, 60.0));
    let mut evidence = evidence(&[("GET /count", &slow), ("GET /search", &slower)]);
    let plan = |statement: &str| StatementPlan {
        statement: template(statement),
        text: "Seq Scan".to_owned(),
        cost: 4_000.0,
        scans: vec![TableScan {
            table: "products".to_owned(),
            table_rows: 200_000.0,
            passing_rows: 20.0,
            filter: "(kind = $1)".to_owned(),
            columns: vec!["kind".to_owned()],
            cost: 4_000.0,
            cost_with_index: 40.0,
        }],
    };
    let plans = vec![plan(other), plan(BY_KIND)];
    evidence.databases.push(DatabaseReport { plans, ..report(vec![used(other, 420, 39), used(BY_KIND, 420, 59)]) });
    let findings = find(&evidence);
    let found = only(&findings);
    assert_eq!((found.cause, found.endpoint.as_deref()), (Cause::MissingIndex, Some("GET /search")));
    assert!(found.evidence.last().unwrap().starts_with("the same index serves GET /count, where it explains"));
}
