//! Items to push.

use squall_work_items::{
    Assignment, Block, Fingerprint, ItemType, Link, Optimization, PerformanceTask, Record, TaskMetrics, WorkItem,
};

/// A finding at an endpoint in a run, with its p95 in milliseconds.
pub fn item(endpoint: &str, run: &str, p95: f64) -> WorkItem {
    let fingerprint = Fingerprint::of(&["n-plus-one", endpoint]);
    WorkItem {
        fingerprint: fingerprint.clone(),
        task: PerformanceTask {
            title: format!("Perf: Optimize {endpoint} response time (N+1 queries)"),
            item_type: ItemType::Task,
            description: "25 statements for each request.".to_owned(),
            story_points: 3.0,
            metrics: TaskMetrics {
                current_p95: format!("{p95}ms"),
                target_p95: "200ms".to_owned(),
                improvement: "76%".to_owned(),
            },
            bottlenecks_identified: vec!["N+1 queries: SELECT * FROM t WHERE a < 1 & b > 2".to_owned()],
            optimizations: vec![Optimization {
                change: "Load \"products\" with a_join".to_owned(),
                expected_improvement: "70%".to_owned(),
            }],
            acceptance_criteria: vec!["p95 is at most 200 ms".to_owned(), "one statement <per> request".to_owned()],
        },
        analysis: vec![
            Block::Paragraph("25 statements for each request.".to_owned()),
            Block::Code("SELECT *\n  FROM products".to_owned()),
        ],
        record: record(&fingerprint, run, p95),
        assignment: Assignment::default(),
        links: vec![Link { title: "Report".to_owned(), url: "https://example.com/report?a=1&b=2".to_owned() }],
    }
}

pub fn bug(endpoint: &str, run: &str, p95: f64) -> WorkItem {
    let mut item = item(endpoint, run, p95);
    item.task.item_type = ItemType::Bug;
    item
}

fn record(fingerprint: &Fingerprint, run: &str, p95: f64) -> Record {
    let fingerprint = fingerprint.clone();
    let (run, endpoint) = (run.to_owned(), Some("GET /a".to_owned()));
    Record { fingerprint, run, load: None, endpoint, first_p95_ms: Some(p95), promised_p95_ms: Some(200.0) }
}

/// An item all of whose texts try to be markup, mentions or commands.
pub fn hostile(run: &str) -> WorkItem {
    let texts = ["/close", "/assign @ada", "@ada [~ada] <!channel>", "{noformat}{code}h1. x", "fixes #1 !1 ~bug", "\\"];
    let mut item = item("GET /x", run, 850.0);
    item.task.title = "Perf: /close @ada <b> *x*".to_owned();
    item.analysis = texts.iter().map(|text| Block::Paragraph((*text).to_owned())).collect();
    item.analysis.extend(texts.iter().map(|text| Block::Code(format!("{text}\n/reopen"))));
    item.analysis.push(Block::Heading(String::new()));
    item.task.bottlenecks_identified = texts.iter().map(|text| (*text).to_owned()).collect();
    item.assignment.tags = vec!["a,b c".to_owned(), "Squall".to_owned(), " ".to_owned()];
    item
}
