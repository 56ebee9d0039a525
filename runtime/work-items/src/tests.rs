//! Items of known runs, and what later runs say of them.

mod forms;
mod progress;
mod schema;
mod world;

use serde_json::{Value, json};

use crate::{Assignment, ItemType, Settings, WorkItem, work_items};
use world::{document, run};

fn settings() -> Settings {
    Settings { run: "20261130T061539Z-1a2b".to_owned(), ..Settings::default() }
}

fn items_of(run: &Value) -> Vec<WorkItem> {
    work_items(&document(run), &settings())
}

#[test]
fn a_finding_is_a_task_with_the_figures_of_its_endpoint() {
    let items = items_of(&run());
    let task = &items[0].task;
    assert_eq!(task.title, "Perf: Optimize GET /products response time (missing index)");
    assert_eq!(task.item_type, ItemType::Task);
    assert_eq!(task.story_points, 2.0);
    // (850 - 200) / 850.
    let metrics = &task.metrics;
    assert_eq!([&metrics.current_p95, &metrics.target_p95, &metrics.improvement], ["850ms", "200ms", "76%"]);
    assert_eq!(task.bottlenecks_identified, ["GET /products reads 50,000 rows for 20"]);
    let change = &task.optimizations[0];
    // (800 - 480) / 800.
    assert_eq!(
        (change.change.as_str(), change.expected_improvement.as_str()),
        ("CREATE INDEX ON products (category);", "40%")
    );
    assert_eq!(
        task.acceptance_criteria,
        [
            "P95 response time of GET /products < 200ms",
            "response time p95 <200ms",
            "No increase in error rate: at most 1.00%",
            "`squall findings` of a new run under the same load no longer names missing index there",
            "Load test passing: `squall diagnose shop.wasm --target http://shop/` exits with code 0",
        ]
    );
    let record = &items[0].record;
    assert_eq!((record.first_p95_ms, record.promised_p95_ms), (Some(850.0), Some(510.0)));
}

#[test]
fn a_missed_objective_is_a_bug_that_names_what_is_in_the_way() {
    let items = items_of(&run());
    assert_eq!(items.len(), 2);
    let bug = &items[1].task;
    assert_eq!(bug.title, "Perf: response time p95 misses its target <200ms");
    assert_eq!(bug.item_type, ItemType::Bug);
    let metrics = &bug.metrics;
    assert_eq!([&metrics.current_p95, &metrics.target_p95, &metrics.improvement], ["700ms", "200ms", "71%"]);
    assert_eq!(bug.bottlenecks_identified, ["GET /products reads 50,000 rows for 20"]);
    assert_eq!(bug.optimizations[0].expected_improvement, "40%");
    assert!(bug.description.contains("5% of the samples took 700ms or longer."), "{}", bug.description);
}

#[test]
fn without_findings_the_bug_says_what_the_reports_recommend() {
    let mut run = run();
    run["findings"] = Value::Null;
    let items = items_of(&run);
    assert_eq!(items.len(), 1);
    let change = &items[0].task.optimizations[0];
    assert_eq!(
        (change.change.as_str(), change.expected_improvement.as_str()),
        ("Begin with GET /products.", "not computed")
    );
    run["verdict"]["issues"] = json!([]);
    assert!(items_of(&run)[0].task.optimizations[0].change.starts_with("Find the cause: `squall diagnose`"));
}

#[test]
fn a_run_that_missed_nothing_and_found_nothing_has_no_items() {
    let mut run = run();
    run["findings"]["findings"] = json!([]);
    run["thresholds"][0]["outcome"] = json!("passed");
    assert_eq!(items_of(&run), []);
}

/// Each row changes one figure of the run, and tells where the item changes.
#[test]
fn every_field_of_an_item_follows_the_run() {
    type Field = fn(&WorkItem) -> String;
    let rows: [(&str, Value, Field, &str); 10] = [
        ("/requests/0/response_time/p95", json!(1_000.0), |item| item.task.metrics.current_p95.clone(), "1s"),
        ("/requests/0/response_time/p95", json!(1_000.0), |item| item.task.metrics.improvement.clone(), "80%"),
        ("/thresholds/0/limit", json!(100.0), |item| item.task.metrics.target_p95.clone(), "100ms"),
        (
            "/findings/findings/0/cause",
            json!("n-plus-one"),
            |item| item.task.title.clone(),
            "Perf: Optimize GET /products response time (N+1 queries)",
        ),
        ("/findings/findings/0/cause", json!("n-plus-one"), |item| item.task.story_points.to_string(), "3"),
        ("/findings/findings/0/confidence", json!("hypothesis"), |item| item.task.story_points.to_string(), "3"),
        ("/findings/findings/0/title", json!("slow"), |item| item.task.bottlenecks_identified[0].clone(), "slow"),
        ("/findings/findings/0/change", json!("cache"), |item| item.task.optimizations[0].change.clone(), "cache"),
        (
            "/findings/findings/0/improvement/expected_p95_ms",
            json!(80.0),
            |item| item.task.optimizations[0].expected_improvement.clone(),
            "90%",
        ),
        (
            "/metrics/1/share",
            json!(0.0),
            |item| item.task.acceptance_criteria[2].clone(),
            "No increase in error rate: at most 0.00%",
        ),
    ];
    for (place, value, field, expected) in rows {
        let mut changed = run();
        *changed.pointer_mut(place).unwrap() = value;
        assert_ne!(field(&items_of(&run())[0]), expected, "{place} changes nothing");
        assert_eq!(field(&items_of(&changed)[0]), expected, "{place}");
    }
    for (place, text) in [
        ("/findings/findings/0/evidence/0", "7 scans"),
        ("/findings/findings/0/statement", "SELECT 1"),
        ("/findings/findings/0/plan/0", "Index Scan"),
        ("/findings/findings/0/traces/0", "00f067"),
        ("/findings/findings/0/improvement/arithmetic", "800ms minus 1ms"),
        ("/run/load", "20 VUs for 1m"),
        ("/run/began", "2026-12-01T00:00:00Z"),
        ("/run/target", "http://other/"),
    ] {
        let mut changed = run();
        *changed.pointer_mut(place).unwrap() = json!(text);
        let description = items_of(&changed)[0].task.description.clone();
        assert!(description.contains(text), "{place}: {description}");
    }
}

#[test]
fn the_target_is_the_promise_where_no_objective_bounds_the_p95() {
    let mut run = run();
    run["thresholds"] = json!([]);
    let metrics = &items_of(&run)[0].task.metrics;
    assert_eq!([&metrics.current_p95, &metrics.target_p95, &metrics.improvement], ["850ms", "510ms", "40%"]);
    run["findings"]["findings"][0]["improvement"] = Value::Null;
    let metrics = &items_of(&run)[0].task.metrics;
    assert_eq!([&metrics.target_p95, &metrics.improvement], ["90ms", "89%"], "the p95 under low load");
    run["findings"]["endpoints"] = json!([]);
    let metrics = &items_of(&run)[0].task.metrics;
    assert_eq!([&metrics.target_p95, &metrics.improvement], ["850ms", "0%"], "it is to stay");
}

#[test]
fn the_objective_of_an_endpoint_or_its_flow_goes_before_that_of_all() {
    let mut run = run();
    let of = |tag: &str, limit: f64| {
        world::threshold(&format!("http_req_duration{{{tag}}}"), "p(95)", "<", limit, 850.0, "ms", "failed", false)
    };
    run["thresholds"].as_array_mut().unwrap().push(of("flow:browse", 300.0));
    assert_eq!(items_of(&run)[0].task.metrics.target_p95, "300ms");
    run["thresholds"].as_array_mut().unwrap().push(of("name:/products", 400.0));
    assert_eq!(items_of(&run)[0].task.metrics.target_p95, "400ms");
    // Two thresholds more that were missed.
    assert_eq!(items_of(&run).len(), 4);
}

#[test]
fn a_finding_keeps_its_identity_while_its_figures_change() {
    let mut later = run();
    later["findings"]["findings"][0]["title"] = json!("GET /products reads 60,000 rows for 20");
    later["findings"]["findings"][0]["evidence"] = json!(["15 sequential scans a second"]);
    later["thresholds"][0]["actual"] = json!(900.0);
    later["thresholds"][0]["limit"] = json!(150.0);
    later["objectives"][0]["target"] = json!("<150ms");
    let identities = |run: &Value| items_of(run).into_iter().map(|item| item.fingerprint).collect::<Vec<_>>();
    assert_eq!(identities(&later), identities(&run()));
    // The same index is missed most by another endpoint this time.
    later["findings"]["findings"][0]["endpoint"] = json!("GET /cart");
    assert_eq!(identities(&later), identities(&run()));
    later["findings"]["findings"][0]["change"] = json!("CREATE INDEX ON carts (user_id);");
    assert_ne!(identities(&later)[0], identities(&run())[0]);
    let statement = |cause: &str, statement: &str, endpoint: &str| {
        let mut run = run();
        let finding = &mut run["findings"]["findings"][0];
        finding["cause"] = json!(cause);
        finding["statement"] = json!(statement);
        finding["endpoint"] = json!(endpoint);
        identities(&run)[0].clone()
    };
    let known = statement("n-plus-one", "SELECT a FROM b WHERE c = $1", "GET /products");
    assert_eq!(statement("n-plus-one", "SELECT a FROM b\n WHERE c = ?", "GET /products"), known);
    assert_ne!(statement("n-plus-one", "SELECT a FROM b WHERE d = ?", "GET /products"), known);
    assert_ne!(statement("n-plus-one", "SELECT a FROM b WHERE c = ?", "GET /cart"), known);
    assert_eq!(statement("cpu", "", "GET /cart"), statement("cpu", "", "GET /products"));
    let other = Settings { system: Some("billing".to_owned()), ..settings() };
    assert_ne!(work_items(&document(&run()), &other)[0].fingerprint, identities(&run())[0]);
}

#[test]
fn two_findings_of_one_kind_at_one_place_are_one_item() {
    let mut run = run();
    run["findings"]["findings"].as_array_mut().unwrap().push(world::missing_index());
    assert_eq!(items_of(&run).len(), 2);
}

#[test]
fn titles_are_no_longer_than_trackers_take() {
    let mut run = run();
    run["findings"]["findings"][0]["endpoint"] = json!(format!("GET /{}", "ü".repeat(300)));
    let title = items_of(&run)[0].task.title.clone();
    assert_eq!(title.chars().count(), 255);
    assert!(title.ends_with('…'), "{title}");
}

#[test]
fn owners_and_areas_are_handed_on() {
    let assignment = Assignment { owner: Some("ada@example.com".to_owned()), ..Assignment::default() };
    let items = work_items(&document(&run()), &Settings { assignment: assignment.clone(), ..settings() });
    assert!(items.iter().all(|item| item.assignment == assignment));
}
