//! Statements, tables and temporary files.

use std::time::Duration;

use squall_findings::database::{DatabaseReport, StatementUse};

use crate::support::{Cluster, finish, pause};

/// All uses of a statement.
fn uses<'a>(report: &'a DatabaseReport, statement: &str) -> Vec<&'a StatementUse> {
    let all = report.intervals.iter().flat_map(|interval| &interval.statements);
    all.filter(|used| used.statement == statement).collect()
}

fn calls(report: &DatabaseReport, statement: &str) -> u64 {
    uses(report, statement).iter().map(|used| used.calls).sum()
}

#[test]
fn repeated_statements_and_scans_of_whole_tables_are_seen_with_the_index_that_is_missing() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    let by_id = "SELECT name FROM products WHERE id = 7;";
    cluster.as_app(&by_id.repeat(30));
    // A session hands in its last counters when it ends.
    cluster.until("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'", "0");
    let reading = cluster.begin("squall");
    cluster.as_app(&by_id.repeat(50));
    cluster.as_app(&"SELECT count(*) FROM products WHERE category = 3 AND price < 1000;".repeat(3));
    cluster.as_app(&"SELECT id, name FROM products WHERE category = 5;".repeat(4));
    cluster.psql("app", "shop", "SELECT nonsense").unwrap_err();
    pause(Duration::from_secs(2));
    let report = finish(reading);

    assert_eq!(report.name, format!("postgresql://127.0.0.1:{}/shop", cluster.port()));
    assert_eq!((report.system.as_str(), report.most_sessions), ("postgresql", Some(97)));
    assert_eq!(report.not_seen, <[String; 0]>::default());
    let by_id = uses(&report, "SELECT name FROM products WHERE id = ?");
    let seen: Vec<_> = by_id.iter().map(|used| (used.calls, used.rows)).collect();
    assert_eq!(seen, [(50, 50)], "without those before");
    assert!(by_id[0].total > Duration::ZERO);
    let all: Vec<&StatementUse> = report.intervals.iter().flat_map(|interval| &interval.statements).collect();
    assert!(all.iter().all(|used| !used.statement.contains("pg_")), "the reader's own are left out: {all:#?}");
    let interval = &report.intervals[0];
    // Half a dozen implicit transactions, and those of the server's own processes.
    assert!((3..40).contains(&interval.commits) && interval.rollbacks == 1, "{interval:#?}");
    assert!(interval.ended.0 - interval.began.0 > 2_000_000_000);

    let products = &report.tables[0];
    assert_eq!((products.table.as_str(), products.rows), ("products", 100_000));
    assert_eq!((products.sequential_scans, products.sequential_rows), (7, 700_000));
    // Before version 15, counters of before arrive late.
    assert!((50..=80).contains(&products.index_scans) && products.bytes > 4_000_000, "{products:?}");

    let plan = report.plans.iter().find(|plan| plan.statement == "SELECT id, name FROM products WHERE category = ?");
    let plan = plan.unwrap_or_else(|| panic!("{:#?}", report.plans));
    assert!(plan.text.starts_with("Seq Scan on products (cost 0.00.."), "{}", plan.text);
    let [scan] = &*plan.scans else { panic!("{plan:#?}") };
    assert_eq!((scan.table.as_str(), scan.table_rows, scan.passing_rows), ("products", 100_000.0, 100.0));
    assert_eq!((scan.filter.as_str(), scan.columns.clone()), ("(category = $1)", vec!["category".to_owned()]));
    assert!(scan.cost > 1_500.0 && scan.cost <= plan.cost, "{scan:?}");
    assert!(scan.cost_with_index < scan.cost / 4.0, "{scan:?}");
}

#[test]
fn temporary_files_and_blocks_from_outside_of_memory_are_counted() {
    let Some(cluster) = Cluster::start_with(&["shared_preload_libraries=pg_stat_statements", "shared_buffers=1MB"])
    else {
        return;
    };
    cluster.make_products();
    let reading = cluster.begin("squall");
    cluster.as_app("SET work_mem = '64kB'; SELECT name FROM products ORDER BY name OFFSET 99999");
    pause(Duration::from_secs(1));
    let report = finish(reading);
    let files: u64 = report.intervals.iter().map(|interval| interval.temporary_files).sum();
    let bytes: u64 = report.intervals.iter().map(|interval| interval.temporary_bytes).sum();
    assert!(files >= 1 && bytes > 1_000_000, "{files}, {bytes}");
    let sorts = uses(&report, "SELECT name FROM products ORDER BY name OFFSET ?");
    assert!(sorts[0].temporary_blocks > 100 && sorts[0].blocks_read > 100, "{sorts:#?}");
}

#[test]
fn a_reset_of_the_servers_counters_loses_only_what_was_before_it() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    let by_id = "SELECT name FROM products WHERE id = 7;";
    cluster.as_app(&by_id.repeat(50));
    let reading = cluster.begin("squall");
    cluster.as_app(&by_id.repeat(10));
    cluster.run("SELECT pg_stat_statements_reset()");
    cluster.as_app(&by_id.repeat(20));
    let report = finish(reading);
    assert_eq!(calls(&report, "SELECT name FROM products WHERE id = ?"), 20);
}

#[test]
fn a_lost_connection_is_made_again_and_the_statements_are_still_counted() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    let by_id = "SELECT name FROM products WHERE id = 7;";
    let reading = cluster.begin("squall");
    cluster.as_app(&by_id.repeat(10));
    cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'squall'");
    cluster.until("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'squall'", "1");
    cluster.as_app(&by_id.repeat(10));
    let report = finish(reading);
    assert_eq!(calls(&report, "SELECT name FROM products WHERE id = ?"), 20, "{:?}", report.not_seen);
    assert!(
        report.not_seen.iter().any(|sentence| sentence.contains("the connection is lost")),
        "{:?}",
        report.not_seen
    );
}
