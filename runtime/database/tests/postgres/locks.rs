//! Sessions, and what they wait for.

use std::time::{Duration, Instant};

use crate::support::{Cluster, finish, pause};

const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";

#[test]
fn a_chain_of_waits_for_a_row_leads_to_the_idle_transaction_at_its_head() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    let (mut first, mut second, mut third) = (cluster.session(), cluster.session(), cluster.session());
    let reading = cluster.begin("squall");
    first.send("BEGIN; UPDATE products SET stock = stock - 1 WHERE id = 7");
    cluster.until("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'", "1");
    second.send("UPDATE products SET stock = 3 WHERE id = 7");
    cluster.until(WAITING, "1");
    third.send("DELETE FROM products WHERE id = 7");
    cluster.until(WAITING, "2");
    pause(Duration::from_millis(2_500));
    let report = finish(reading);

    let sample = report.sessions.last().unwrap();
    assert_eq!((sample.all, sample.active, sample.idle_in_transaction, sample.waiting_for_lock), (3, 2, 1, 2));
    assert_eq!(sample.waits.get("Lock"), Some(&2));
    let blocked: Vec<_> = report
        .blocked
        .iter()
        .map(|wait| {
            (
                wait.statement.as_str(),
                wait.blocker.as_str(),
                wait.blocker_is_idle,
                wait.table.as_deref(),
                wait.most_at_once,
            )
        })
        .collect();
    let head = "UPDATE products SET stock = stock - ? WHERE id = ?";
    assert_eq!(
        blocked,
        [
            ("UPDATE products SET stock = ? WHERE id = ?", head, true, Some("products"), 1),
            ("DELETE FROM products WHERE id = ?", head, true, Some("products"), 1),
        ]
    );
    assert!(report.blocked[0].longest > Duration::from_millis(1_500) && report.blocked[0].seen >= 2);
}

#[test]
fn a_table_that_is_locked_is_left_alone_and_the_rest_is_read() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    let reading = cluster.begin("squall");
    cluster.as_app(&"SELECT id FROM products WHERE category = 3;".repeat(3));
    let mut other = cluster.session();
    other.send("BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    cluster.until("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted", "1");
    pause(Duration::from_secs(1));
    #[expect(clippy::disallowed_methods, reason = "what a user would wait")]
    let began = Instant::now();
    let report = finish(reading);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!((report.tables[0].table.as_str(), report.tables[0].sequential_scans), ("products", 3));
    assert!(report.tables[0].bytes > 4_000_000, "by the last estimate");
    assert_eq!(report.plans, []);
    assert_eq!(
        report.not_seen,
        ["the plan of one statement: canceling statement due to lock timeout"],
        "{:#?}",
        report.not_seen
    );
}

#[test]
fn an_abandoned_reading_ends_at_once() {
    let Some(cluster) = Cluster::start() else { return };
    let reading = cluster.begin("squall");
    #[expect(clippy::disallowed_methods, reason = "what a user would wait")]
    let began = Instant::now();
    drop(reading);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    cluster.until("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'squall'", "0");
}
