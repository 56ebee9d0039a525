//! What is read of a real PostgreSQL while its target works: statements, tables, plans, sessions and locks.

mod support;

use std::time::Duration;

use squall_database::{Databases, ReadingHandle};
use squall_findings::database::{DatabaseReport, StatementUse};
use support::{Cluster, pause};

fn begin(cluster: &Cluster, login: &str) -> ReadingHandle {
    let databases = Databases::connect(&[cluster.url(login)]).unwrap();
    assert_eq!(databases.problems(), []);
    databases.begin()
}

fn finish(reading: ReadingHandle) -> DatabaseReport {
    let [report] = <[DatabaseReport; 1]>::try_from(reading.finish()).unwrap();
    report
}

/// All uses of a statement.
fn uses<'a>(report: &'a DatabaseReport, statement: &str) -> Vec<&'a StatementUse> {
    let all = report.intervals.iter().flat_map(|interval| &interval.statements);
    all.filter(|used| used.statement == statement).collect()
}

fn make_products(cluster: &Cluster) {
    cluster.as_app(
        "CREATE TABLE products (id int PRIMARY KEY, category int NOT NULL, name text NOT NULL, price numeric NOT NULL)",
    );
    cluster.as_app(
        "INSERT INTO products SELECT n, (n * 7919) % 1000, 'product ' || n, n % 97 FROM generate_series(1, 100000) n",
    );
    cluster.run("VACUUM ANALYZE products");
}

#[test]
fn repeated_statements_and_scans_of_whole_tables_are_seen_with_the_index_that_is_missing() {
    let Some(cluster) = Cluster::start() else { return };
    make_products(&cluster);
    let reading = begin(&cluster, "squall");
    let by_id = "SELECT name FROM products WHERE id = 7;".repeat(50);
    cluster.as_app(&by_id);
    cluster.as_app(&"SELECT count(*) FROM products WHERE category = 3 AND price < 1000;".repeat(3));
    cluster.as_app(&"SELECT id, name FROM products WHERE category = 5;".repeat(4));
    pause(Duration::from_secs(2));
    let report = finish(reading);

    assert_eq!((report.system.as_str(), report.most_sessions), ("postgresql", Some(97)));
    assert_eq!(report.not_seen, <[String; 0]>::default());
    let by_id = uses(&report, "SELECT name FROM products WHERE id = ?");
    assert_eq!(by_id.iter().map(|used| (used.calls, used.rows)).collect::<Vec<_>>(), [(50, 50)]);
    assert!(by_id[0].total > Duration::ZERO);
    assert!(
        report.intervals.iter().flat_map(|interval| &interval.statements).all(|used| !used.statement.contains("pg_"))
    );

    let products = &report.tables[0];
    assert_eq!((products.table.as_str(), products.rows), ("products", 100_000));
    assert_eq!((products.sequential_scans, products.sequential_rows), (7, 700_000));
    assert!(products.index_scans == 50 && products.bytes > 4_000_000);

    let plan = report.plans.iter().find(|plan| plan.statement == "SELECT id, name FROM products WHERE category = ?");
    let plan = plan.unwrap_or_else(|| panic!("{:#?}", report.plans));
    assert!(plan.text.starts_with("Seq Scan on products (cost 0.00.."), "{}", plan.text);
    let [scan] = &*plan.scans else { panic!("{plan:#?}") };
    assert_eq!((scan.table.as_str(), scan.table_rows, scan.passing_rows), ("products", 100_000.0, 100.0));
    assert_eq!((scan.filter.as_str(), scan.columns.clone()), ("(category = $1)", vec!["category".to_owned()]));
    assert!(scan.cost > 1_500.0 && scan.cost <= plan.cost, "{scan:?}");
    assert!(scan.cost_with_index < scan.cost / 4.0, "{scan:?}");
}
