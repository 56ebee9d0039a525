//! Statements, tables, plans, locks, and what a login does not see.

use std::time::Duration;

use squall_database::Databases;

use crate::support::{Server, finish, pause};

const WAITING: &str = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";

#[test]
fn statements_tables_and_plans_are_read_by_a_login_that_may_only_read() {
    let Some(server) = Server::start(&["--performance-schema=ON"]) else { return };
    server.make_products();
    let reading = server.begin();
    server.as_app(&"SELECT name FROM products WHERE id = 7;".repeat(50));
    server.as_app(&"SELECT name FROM products WHERE category = 5;".repeat(40));
    server.as_app("UPDATE products SET stock = stock - 1 WHERE name = 'product 7'");
    server.as_app("SELECT COUNT(*) FROM products p JOIN products q ON q.category = p.id WHERE p.id = 3");
    pause(Duration::from_millis(1_200));
    let report = finish(reading);

    assert_eq!((report.system.as_str(), report.most_sessions), ("mariadb", Some(151)));
    assert_eq!(report.not_seen, <[String; 0]>::default());
    let uses = |statement: &str| {
        let all = report.intervals.iter().flat_map(|interval| &interval.statements);
        let counts =
            all.filter(|used| used.statement.eq_ignore_ascii_case(statement)).map(|used| (used.calls, used.rows));
        counts.collect::<Vec<_>>()
    };
    assert_eq!(uses("SELECT name FROM products WHERE id = ?"), [(50, 50)], "{:#?}", report.intervals);
    assert_eq!(uses("SELECT name FROM products WHERE category = ?"), [(40, 4_000)]);
    let commits: u64 = report.intervals.iter().map(|interval| interval.commits).sum();
    assert!(commits >= 90, "{commits}");

    let [products] = &*report.tables else { panic!("{:#?}", report.tables) };
    assert!(products.table == "products" && products.rows > 90_000 && products.bytes > 4_000_000);
    assert!((42..=44).contains(&products.sequential_scans) && products.index_scans >= 50, "{products:?}");
    assert_eq!(products.rows_written, 1);

    let plan = |start: &str| {
        let found = report.plans.iter().find(|plan| plan.statement.to_lowercase().starts_with(start));
        found.unwrap_or_else(|| panic!("{start}: {:#?}", report.plans))
    };
    let by_category = plan("select name from products where category");
    let [scan] = &*by_category.scans else { panic!("{by_category:#?}") };
    assert_eq!(
        (scan.table.as_str(), &*scan.columns, scan.passing_rows),
        ("products", &["category".to_owned()][..], 100.0)
    );
    assert!(scan.cost_with_index < scan.cost / 50.0 && scan.cost <= by_category.cost, "{scan:?}");
    assert!(by_category.text.contains("ALL on products"), "{}", by_category.text);
    assert_eq!(plan("select name from products where id").scans, []);
    assert_eq!(plan("update products").scans[0].columns, ["name"]);
    let joined = &plan("select count").scans;
    assert_eq!((joined[0].table.as_str(), &*joined[0].columns), ("products", &["category".to_owned()][..]));

    let log = server.log_of_reader();
    assert!(log.len() > 20, "{log:#?}");
    for statement in &log {
        let first = statement.split(' ').next().unwrap();
        assert!(["SELECT", "SHOW", "SET", "USE", "EXPLAIN"].contains(&first), "{statement}");
    }
}

#[test]
fn a_wait_for_a_row_leads_to_the_idle_transaction_and_slow_statements_are_explained_without_counters() {
    let Some(server) = Server::start(&[]) else { return };
    server.make_products();
    let (mut first, mut second, mut slow) = (server.session(), server.session(), server.session());
    let reading = server.begin();
    first.send("BEGIN; UPDATE products SET stock = stock - 1 WHERE id = 7");
    server.until("SELECT COUNT(*) FROM information_schema.INNODB_TRX", "1");
    second.send("UPDATE products SET stock = 3 WHERE id = 7");
    server.until(WAITING, "1");
    slow.send("SELECT COUNT(*), SLEEP(4) FROM products WHERE category = 5 AND name = 'product 5'");
    pause(Duration::from_millis(3_500));
    let report = finish(reading);

    let sample = report.sessions.last().unwrap();
    assert_eq!((sample.all, sample.active, sample.idle_in_transaction, sample.waiting_for_lock), (3, 2, 1, 1));
    let [blocked] = &*report.blocked else { panic!("{:#?}", report.blocked) };
    assert_eq!(blocked.statement, "UPDATE products SET stock = ? WHERE id = ?");
    assert_eq!((blocked.table.as_deref(), blocked.blocker_is_idle), (Some("products"), true));
    assert!(blocked.longest > Duration::from_secs(2) && blocked.seen >= 2, "{blocked:?}");
    assert_eq!(report.not_seen.len(), 1, "{:#?}", report.not_seen);
    assert!(report.not_seen[0].contains("performance_schema=ON"), "{}", report.not_seen[0]);
    let plan = report.plans.iter().find(|plan| plan.statement.starts_with("SELECT COUNT")).unwrap();
    assert_eq!(plan.scans[0].columns, ["category", "name"]);
}

#[test]
fn what_a_login_does_not_see_and_a_refused_one_are_said() {
    let Some(server) = Server::start(&["--performance-schema=ON"]) else { return };
    server.run("CREATE USER blind@'127.0.0.1' IDENTIFIED BY 'secret'");
    server.run("GRANT SELECT ON shop.* TO blind@'127.0.0.1'");
    let databases = Databases::connect(&[server.url("blind")]).unwrap();
    let reading = databases.begin();
    pause(Duration::from_millis(1_500));
    let report = finish(reading);
    let said = report.not_seen.join("\n");
    assert!(said.contains("run GRANT SELECT ON performance_schema.* for this login"), "{said}");
    assert!(said.contains("run GRANT PROCESS ON *.* for this login"), "{said}");

    for (url, reason) in [
        (server.url("squall").replace("secret", "sesame"), "write the password into the URL or into MYSQL_PWD"),
        (server.url("squall").replace("/shop", "/nosuch"), "it has no database \"nosuch\" that the login may read"),
        (format!("{}?sslmode=require", server.url("squall")), "the server does not support TLS"),
        ("mysql://squall:sesame@127.0.0.1:1/shop".to_owned(), "refused"),
    ] {
        let databases = Databases::connect(std::slice::from_ref(&url)).unwrap();
        let [problem] = databases.problems() else { panic!("{url}") };
        let sentence = problem.to_string();
        assert!(sentence.contains(reason) && !sentence.contains("sesame"), "{sentence}");
    }
}

#[test]
fn a_connection_is_encrypted_if_that_is_asked_for_or_offered() {
    let Some(server) = Server::start_with_tls() else { return };
    server.run("CREATE USER guarded@'127.0.0.1' IDENTIFIED BY 'secret' REQUIRE SSL");
    server.run("GRANT SELECT ON shop.* TO guarded@'127.0.0.1'");
    let problem = |login: &str, mode: &str| {
        let databases = Databases::connect(&[format!("{}?sslmode={mode}", server.url(login))]).unwrap();
        databases.problems().first().map(|problem| problem.reason.clone())
    };
    assert_eq!(problem("guarded", "require"), None);
    assert_eq!(problem("guarded", "prefer"), None);
    assert_eq!(problem("squall", "disable"), None);
    assert!(problem("guarded", "disable").is_some_and(|reason| reason.contains("Access denied")));
    assert!(problem("squall", "verify-full").is_some_and(|reason| reason.contains("certificate")));
}
