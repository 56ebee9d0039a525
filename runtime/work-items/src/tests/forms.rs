//! The published shape, Markdown and CSV.

use serde_json::{Value, json};

use super::{items_of, world::run};
use crate::{PerformanceTasks, items_csv, items_json, items_markdown};

/// The example of the documentation.
pub fn example() -> Value {
    json!({ "performance_tasks": [{
        "title": "Perf: Optimize [Component] response time", "type": "Task", "description": "[analysis and plan]",
        "story_points": 5,
        "metrics": { "current_p95": "850ms", "target_p95": "200ms", "improvement": "76%" },
        "bottlenecks_identified": ["N+1 query in user lookup"],
        "optimizations": [{ "change": "Add eager loading for user relations", "expected_improvement": "40%" }],
        "acceptance_criteria": ["P95 response time < 200ms", "No increase in error rate", "Load test passing"]
    }] })
}

#[test]
fn the_published_example_reads_and_writes_unchanged() {
    let tasks: PerformanceTasks = serde_json::from_value(example()).unwrap();
    let written = serde_json::to_string(&tasks).unwrap();
    assert_eq!(written, serde_json::to_string(&serde_json::from_str::<PerformanceTasks>(&written).unwrap()).unwrap());
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), example());
}

#[test]
fn what_is_not_in_the_shape_is_refused() {
    let mut more = example();
    more["performance_tasks"][0]["severity"] = json!("high");
    assert!(serde_json::from_value::<PerformanceTasks>(more).is_err());
    let mut less = example();
    less["performance_tasks"][0].as_object_mut().unwrap().remove("metrics");
    assert!(serde_json::from_value::<PerformanceTasks>(less).is_err());
}

#[test]
fn json_has_exactly_the_published_fields() {
    let written: Value = serde_json::from_str(&items_json(&items_of(&run()))).unwrap();
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for task in written["performance_tasks"].as_array().unwrap() {
        assert_eq!(fields(task), fields(&example()["performance_tasks"][0]));
        assert_eq!(fields(&task["metrics"]), fields(&example()["performance_tasks"][0]["metrics"]));
    }
}

#[test]
fn markdown_has_a_chapter_for_each_item() {
    let text = items_markdown(&items_of(&run()));
    for expected in [
        "## Perf: Optimize GET /products response time (missing index)\n\nTask, 2 story points\n",
        "### Statement\n\n    SELECT * FROM products WHERE category = $1\n",
        "- CREATE INDEX ON products (category); (expected improvement: 40%)\n",
        "- P95 response time of GET /products &lt; 200ms\n",
        "## Perf: response time p95 misses its target &lt;200ms\n\nBug, 3 story points\n",
    ] {
        assert!(text.contains(expected), "{expected}\n---\n{text}");
    }
    assert_eq!(items_markdown(&[]), "No work items: nothing was found, and nothing was missed.\n");
}

#[test]
fn csv_has_a_row_for_each_item_and_no_formulas() {
    let mut run = run();
    run["findings"]["findings"][0]["change"] = json!("=HYPERLINK(\"http://evil\")");
    let text = items_csv(&items_of(&run)).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next(), Some("title"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(&rows[0][4], "850ms");
    assert_eq!(&rows[0][8], "'=HYPERLINK(\"http://evil\")");
}
