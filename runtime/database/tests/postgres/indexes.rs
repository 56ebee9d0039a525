//! The cost of an index that is missing, against what PostgreSQL says once it is there.

use crate::support::{Cluster, finish};

/// A statement whose scan an index would serve.
struct Case {
    statement: &'static str,
    /// As `pg_stat_statements` has it.
    prepared: &'static str,
    columns: &'static [&'static str],
}

#[test]
fn the_cost_with_an_index_is_what_the_planner_says_once_it_is_there() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.make_products();
    cluster.as_app(
        "CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, placed timestamptz NOT NULL, state text NOT NULL)",
    );
    cluster.as_app(
        "INSERT INTO orders SELECT n, (n * 7919) % 5000, timestamptz '2030-01-01' + n * interval '1 minute', \
         (ARRAY['open', 'paid', 'sent', 'lost'])[n % 4 + 1] FROM generate_series(1, 200000) n",
    );
    cluster.as_app("CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city int NOT NULL)");
    cluster.as_app("INSERT INTO customers SELECT n, 'customer ' || n, n % 50 FROM generate_series(1, 5000) n");
    cluster.run("VACUUM ANALYZE");
    let cases = [
        Case {
            statement: "SELECT name FROM products WHERE category = 3",
            prepared: "SELECT name FROM products WHERE category = $1",
            columns: &["category"],
        },
        Case {
            statement: "SELECT name FROM products WHERE category = 3 AND maker = 4",
            prepared: "SELECT name FROM products WHERE category = $1 AND maker = $2",
            columns: &["category", "maker"],
        },
        Case {
            statement: "SELECT id FROM products WHERE name = 'product 77'",
            prepared: "SELECT id FROM products WHERE name = $1",
            columns: &["name"],
        },
        Case {
            statement: "SELECT name FROM products WHERE maker = 4",
            prepared: "SELECT name FROM products WHERE maker = $1",
            columns: &["maker"],
        },
        Case {
            statement: "SELECT name FROM products WHERE category = 3 AND name LIKE 'p%'",
            prepared: "SELECT name FROM products WHERE category = $1 AND name LIKE $2",
            columns: &["category"],
        },
        Case {
            statement: "SELECT id FROM orders WHERE placed >= '2030-02-01' AND placed < '2030-02-02'",
            prepared: "SELECT id FROM orders WHERE placed >= $1 AND placed < $2",
            columns: &["placed"],
        },
        Case {
            statement: "SELECT max(o.state) FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = 7",
            prepared: "SELECT max(o.state) FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = $1",
            columns: &["customer"],
        },
        Case {
            statement: "SELECT o.state FROM customers c JOIN orders o ON o.customer = c.id WHERE c.name = 'customer 7'",
            prepared: "SELECT o.state FROM customers c JOIN orders o ON o.customer = c.id WHERE c.name = $1",
            columns: &["customer"],
        },
        Case {
            statement: "SELECT c.name, (SELECT max(o.state) FROM orders o WHERE o.customer = c.id) FROM customers c \
                        WHERE c.id < 4 AND c.id > 0",
            prepared: "SELECT c.name, (SELECT max(o.state) FROM orders o WHERE o.customer = c.id) FROM customers c \
                       WHERE c.id < $1 AND c.id > $2",
            columns: &["customer"],
        },
    ];
    let reading = cluster.begin("squall");
    for case in &cases {
        cluster.as_app(case.statement);
    }
    let report = finish(reading);
    assert_eq!(report.not_seen, <[String; 0]>::default());
    for case in &cases {
        let template = squall_findings::database::template(case.statement);
        let plan = report.plans.iter().find(|plan| plan.statement == template).unwrap_or_else(|| panic!("{template}"));
        let scan = plan.scans.iter().find(|scan| scan.columns == case.columns);
        let scan = scan.unwrap_or_else(|| panic!("{plan:#?}"));
        let expected = plan.cost - scan.cost + scan.cost_with_index;
        let told = cost_with_index(&cluster, &scan.table, case);
        println!("{template}\n    {} {:.1} -> {told:.1}, foretold {expected:.1}", scan.table, plan.cost);
        assert!(expected > told / 2.0 && expected < told * 2.0, "{template}: {expected} is not {told}\n{plan:#?}");
    }
}

/// The planner's cost of the whole statement, with the index.
fn cost_with_index(cluster: &Cluster, table: &str, case: &Case) -> f64 {
    let columns = case.columns.join(", ");
    let parameters = vec!["NULL"; case.prepared.matches('$').count()].join(", ");
    let printed = cluster.run(&format!(
        "BEGIN; CREATE INDEX made ON {table} ({columns}); ANALYZE {table}; SET plan_cache_mode = force_generic_plan; \
         PREPARE one AS {}; EXPLAIN EXECUTE one ({parameters}); ROLLBACK",
        case.prepared
    ));
    let root = printed.lines().find(|line| line.contains("(cost=")).unwrap();
    root.split("..").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}
