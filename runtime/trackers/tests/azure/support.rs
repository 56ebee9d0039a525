//! A project, items for it, and a client that is not patient.

use std::time::Duration;

use squall_fake_trackers::{AzureFake, FakeServer, Process};
use squall_trackers::{AzureCredentials, AzureDevOps, AzureSettings, Patience, PushSettings, Pushed, Token, push};
use squall_work_items::{
    Assignment, Block, Fingerprint, ItemType, Link, Optimization, PerformanceTask, Record, TaskMetrics, WorkItem,
};

pub type Server = FakeServer<AzureFake>;

/// A fake project with this process.
pub async fn start(process: Process) -> Server {
    FakeServer::start(AzureFake::new(process)).await
}

/// Patience that does not slow tests down.
pub fn patience() -> Patience {
    Patience {
        exchange: Duration::from_secs(5),
        tries: 4,
        first_pause: Duration::from_micros(50),
        longest_pause: Duration::from_micros(400),
        searches: 5,
        read_backs: 3,
        largest_answer: 1 << 20,
    }
}

pub fn push_settings() -> PushSettings {
    PushSettings { patience: patience(), ..PushSettings::default() }
}

pub fn settings(server: &Server) -> AzureSettings {
    AzureSettings {
        project: format!("{}/{}", server.url, AzureFake::PROJECT).parse().unwrap(),
        credentials: AzureCredentials::PersonalAccessToken(Token::new(AzureFake::TOKEN).unwrap()),
        build: None,
        attachment: None,
        patience: patience(),
    }
}

pub fn client(server: &Server) -> AzureDevOps {
    AzureDevOps::new(settings(server)).unwrap()
}

/// Pushes with a new client, as a new process would.
pub async fn push_to(server: &Server, items: &[WorkItem]) -> Vec<Pushed> {
    push(&client(server), items, &push_settings()).await
}

/// Pushes one item, and returns its result.
pub async fn push_one(server: &Server, item: &WorkItem) -> Pushed {
    push_to(server, std::slice::from_ref(item)).await.remove(0)
}

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
                change: "Load \"products\" with a join".to_owned(),
                expected_improvement: "70%".to_owned(),
            }],
            acceptance_criteria: vec!["p95 is at most 200 ms".to_owned(), "one statement <per> request".to_owned()],
        },
        analysis: vec![
            Block::Paragraph("25 statements for each request.".to_owned()),
            Block::Code("SELECT *\n  FROM products".to_owned()),
        ],
        record: Record {
            fingerprint,
            run: run.to_owned(),
            load: None,
            endpoint: Some(endpoint.to_owned()),
            first_p95_ms: Some(p95),
            promised_p95_ms: Some(200.0),
        },
        assignment: Assignment::default(),
        links: vec![Link { title: "Report".to_owned(), url: "https://example.com/report?a=1&b=2".to_owned() }],
    }
}

pub fn bug(endpoint: &str, run: &str, p95: f64) -> WorkItem {
    let mut item = item(endpoint, run, p95);
    item.task.item_type = ItemType::Bug;
    item
}
