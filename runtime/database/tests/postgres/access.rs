//! Logins: what one that may only read sees, and what is said where it does not, or is refused.

use std::time::Duration;

use squall_database::Databases;

use crate::support::{Cluster, finish, pause};

#[test]
fn a_login_that_may_only_read_is_enough_and_nothing_else_is_tried() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    cluster.run("ALTER ROLE squall SET default_transaction_read_only = on");
    let reading = cluster.begin("squall");
    cluster.as_app("UPDATE products SET stock = stock - 1 WHERE category = 3 AND maker = 4");
    cluster.as_app("DELETE FROM products WHERE name = 'a; DROP TABLE products'");
    cluster.as_app("SELECT 1 FROM products WHERE price > 96 FOR UPDATE");
    cluster.as_app("INSERT INTO products SELECT id + 1000000, 1, 1, name, 1 FROM products WHERE id < 3");
    cluster.as_app("CREATE TABLE other (id int)");
    let mut holder = cluster.session();
    holder.send("BEGIN; UPDATE products SET stock = 1 WHERE id = 7");
    cluster.until("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'", "1");
    let mut waiting = cluster.session();
    waiting.send("UPDATE products SET stock = 2 WHERE id = 7");
    pause(Duration::from_secs(7));
    let report = finish(reading);

    assert_eq!(report.not_seen, <[String; 0]>::default());
    let plan = |start: &str| report.plans.iter().find(|plan| plan.statement.starts_with(start)).unwrap();
    assert_eq!(plan("UPDATE products SET stock = stock").scans[0].columns, ["category", "maker"]);
    assert_eq!(plan("DELETE").scans[0].columns, ["name"]);
    assert_eq!(plan("SELECT").scans[0].columns, ["price"]);
    assert_eq!((report.blocked.len(), report.intervals.len()), (1, 2), "{report:#?}");

    let log = cluster.log_of_reader();
    let statements: Vec<&str> = log
        .iter()
        .filter_map(|line| {
            let text = line.strip_prefix("LOG:  ")?;
            // `execute s0: ` of the extended protocol.
            text.strip_prefix("statement: ").or_else(|| Some(text.strip_prefix("execute ")?.split_once(": ")?.1))
        })
        .collect();
    assert!(statements.len() > 20, "{log:#?}");
    for statement in statements {
        let first = statement.trim_start().split(' ').next().unwrap();
        let is_read = match first {
            "SELECT" | "WITH" | "DEALLOCATE" => true,
            "PREPARE" => statement.starts_with("PREPARE squall AS SELECT"),
            "EXPLAIN" => statement.starts_with("EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE squall"),
            _ => false,
        };
        assert!(is_read, "{statement}");
    }
    assert!(!log.iter().any(|line| line.starts_with("ERROR")), "{log:#?}");
}

#[test]
fn what_a_login_does_not_see_is_said_with_the_remedy() {
    let Some(cluster) = Cluster::start_with(&[]) else { return };
    cluster.make_products();
    cluster.run("CREATE ROLE \"half seeing\" LOGIN");
    let url = format!("postgresql://half%20seeing@127.0.0.1:{}/shop", cluster.port());
    let databases = Databases::connect(&[url]).unwrap();
    assert_eq!(databases.problems(), []);
    let reading = databases.begin();
    let _idle = cluster.session();
    cluster.as_app("SELECT count(*) FROM products WHERE category = 3");
    pause(Duration::from_secs(2));
    let report = finish(reading);
    assert_eq!(report.not_seen.len(), 2, "{:#?}", report.not_seen);
    assert!(report.not_seen[0].ends_with("run GRANT pg_monitor TO \"half seeing\""), "{}", report.not_seen[0]);
    assert!(report.not_seen[1].contains("run CREATE EXTENSION pg_stat_statements"), "{}", report.not_seen[1]);
    assert_eq!(report.tables[0].sequential_scans, 1);
    assert!(report.sessions.last().unwrap().all >= 1);
    assert!(!report.intervals.is_empty());
}

#[test]
fn an_extension_that_is_not_loaded_and_a_table_that_may_not_be_read_are_said() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    cluster.run("REVOKE SELECT ON products FROM squall");
    let reading = cluster.begin("squall");
    cluster.as_app("SELECT count(*) FROM products WHERE category = 3");
    let report = finish(reading);
    assert_eq!(
        report.not_seen,
        ["the plan of one statement: permission denied for table products: run GRANT SELECT on it for this login"]
    );
    drop(cluster);

    let Some(cluster) = Cluster::start_with(&[]) else { return };
    cluster.run("CREATE EXTENSION pg_stat_statements");
    let report = finish(cluster.begin("squall"));
    assert!(report.not_seen[0].contains("shared_preload_libraries"), "{:?}", report.not_seen);
}

#[test]
fn a_database_that_cannot_be_read_is_named_with_the_reason_and_without_the_password() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.run("SET password_encryption = 'scram-sha-256'; CREATE ROLE guarded LOGIN PASSWORD 'right'");
    let place = format!("127.0.0.1:{}", cluster.port());
    let name = format!("postgresql://{place}/shop");
    for (url, reason) in [
        (
            format!("postgresql://guarded:sesame@{place}/shop"),
            "password authentication failed for user \"guarded\": \
            write the password into the URL or into PGPASSWORD",
        ),
        (format!("postgresql://guarded@{place}/shop"), "write the password into the URL or into PGPASSWORD"),
        (format!("postgresql://nosuch:sesame@{place}/shop"), "role \"nosuch\" does not exist"),
        ("postgresql://squall:sesame@127.0.0.1:1/shop".to_owned(), "refused"),
    ] {
        let databases = Databases::connect(&[url.clone(), cluster.url("squall")]).unwrap();
        let [problem] = databases.problems() else { panic!("{url}: {databases:?}") };
        let sentence = problem.to_string();
        assert!(sentence.contains("cannot be looked into: ") && sentence.contains(reason), "{sentence}");
        assert!(!format!("{databases:?}{sentence}").contains("sesame"), "{databases:?}");
        let reports = databases.begin().finish();
        assert_eq!(reports.len(), 2, "the other one is read");
        assert!(reports[0].not_seen[0].contains(reason) && reports[1].not_seen.is_empty(), "{reports:#?}");
        assert_eq!(reports[1].name, name);
    }
    let right = Databases::connect(&[format!("postgresql://guarded:right@{place}/shop")]).unwrap();
    assert_eq!(right.problems(), []);
    let wrong = Databases::connect(&["mongodb://ada:sesame@host/shop"]).unwrap_err().to_string();
    assert!(wrong.contains("\"mongodb://host/shop\" is not a database's address"), "{wrong}");
}

#[test]
fn a_connection_is_encrypted_if_that_is_asked_for_or_offered() {
    let Some(cluster) = Cluster::start() else { return };
    let problem = |mode: &str| {
        let databases = Databases::connect(&[format!("{}?sslmode={mode}", cluster.url("squall"))]).unwrap();
        let problem = databases.problems().first().map(|problem| problem.reason.clone());
        let encrypted =
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'squall'";
        (problem, cluster.run(encrypted))
    };
    let (refused, _) = problem("require");
    assert!(refused.as_ref().is_some_and(|reason| reason.contains("does not support TLS")), "{refused:?}");
    assert_eq!(problem("prefer"), (None, "f".to_owned()));
    cluster.switch_tls_on();
    assert_eq!(problem("require"), (None, "t".to_owned()));
    assert_eq!(problem("prefer"), (None, "t".to_owned()));
    assert_eq!(problem("disable"), (None, "f".to_owned()));
    let (refused, _) = problem("verify-full");
    assert!(refused.as_ref().is_some_and(|reason| reason.contains("certificate")), "{refused:?}");
}

#[test]
fn without_counters_the_statements_that_sessions_execute_are_explained() {
    let Some(cluster) = Cluster::start_with(&[]) else { return };
    cluster.make_products();
    let (mut slow, mut long) = (cluster.session(), cluster.session());
    let reading = cluster.begin("squall");
    slow.send("SELECT id, pg_sleep(3) FROM products WHERE category = 3 LIMIT 1");
    long.send(&format!("SELECT pg_sleep(3), '{}'", "a".repeat(2_000)));
    pause(Duration::from_millis(2_500));
    let report = finish(reading);
    let said = report.not_seen.join("\n");
    assert!(said.contains("CREATE EXTENSION") && said.contains("raise track_activity_query_size"), "{said}");
    let [plan] = &*report.plans else { panic!("{report:#?}") };
    assert_eq!(plan.statement, "SELECT id, pg_sleep(?) FROM products WHERE category = ? LIMIT ?");
    assert_eq!(
        (plan.scans[0].filter.as_str(), &*plan.scans[0].columns),
        ("(category = ?)", &["category".to_owned()][..])
    );
}
