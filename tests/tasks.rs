//! Work items: printed, brought into a tracker and read back, found again by later runs, and what has come of them. The
//! tracker is a fake of Azure DevOps that fails as the real one does.

use serde_json::{Value, json};
use squall_fake_trackers::{AzureFake, Background, Process};
use tempfile::TempDir;

use crate::look_inside::{Shop, Target, target};
use crate::support::daemon::free_address;
use crate::support::program::{Ended, Squall};
use crate::support::server::{Reply, Server};

/// Runs of one load on a target at one address, all in one store, and a tracker for what they find.
struct Project {
    folder: TempDir,
    tracker: Background<AzureFake>,
}

impl Project {
    fn new() -> Project {
        let tracker = Background::start(|| AzureFake::new(Process::Agile));
        Project { folder: tempfile::tempdir().unwrap(), tracker }
    }

    fn runs_dir(&self) -> String {
        self.folder.path().join("runs").display().to_string()
    }

    fn squall(&self, arguments: &[&str]) -> Squall {
        Squall::new(arguments).args(&["--runs-dir", &self.runs_dir()])
    }

    /// A run that looks inside a target which needs that many queries for a request.
    fn run(&self, server: &Target, otlp: &str) {
        let arguments = ["run", &server.url(), "-c", "2", "-d", "3s", "--look-inside", "--otlp-listen", otlp];
        // A run that is not to be believed proves nothing gone, and this machine may be busy.
        let more = ["--threshold", "http_req_duration=p(95)<25", "--accept-bottleneck"];
        let ended = self.squall(&arguments).args(&more).run();
        assert!([0, 99].contains(&ended.code), "{}{}", ended.out, ended.err);
    }

    /// `squall tasks ACTION` with the tracker and its token.
    fn tasks(&self, action: &str, more: &[&str]) -> Ended {
        let place = format!("{}/{}", self.tracker.url, AzureFake::PROJECT);
        let arguments = ["tasks", action, "--azure-devops", &place];
        self.squall(&arguments).args(more).env("AZURE_DEVOPS_TOKEN", AzureFake::TOKEN).run()
    }

    fn pushed(&self, more: &[&str]) -> Vec<Value> {
        let ended = self.tasks("push", &[&["--json"], more].concat());
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
        serde_json::from_str(&ended.out).unwrap()
    }

    fn status(&self) -> Vec<Value> {
        let ended = self.tasks("status", &["--json"]).expect_code(0);
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Items of Squall's in the tracker.
    fn count(&self) -> usize {
        self.tracker.with(|fake| fake.tagged("squall").len())
    }
}

fn fields(items: &[Value], name: &str) -> Vec<String> {
    items.iter().map(|item| item[name].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn items_are_printed_in_three_forms() {
    let otlp = free_address();
    let project = Project::new();
    project.run(&target(otlp.clone(), 10), &otlp);
    let json = project.squall(&["tasks"]).run().expect_code(0);
    let tasks: Value = serde_json::from_str(&json.out).unwrap();
    let task = &tasks["performance_tasks"][0];
    assert_eq!(task["title"], "Perf: Optimize GET / response time (N+1 queries)", "{tasks:#}");
    assert_eq!((&task["type"], &task["story_points"]), (&"Task".into(), &3.into()));
    let markdown = project.squall(&["tasks", "--format", "markdown"]).run().expect_code(0);
    assert!(markdown.out.contains("## Perf: Optimize GET / response time"), "{}", markdown.out);
    let csv = project.squall(&["tasks", "--format", "csv"]).run().expect_code(0);
    assert!(csv.out.starts_with("title,type,description,story_points,"), "{}", csv.out);
    let schema = Squall::new(&["tasks", "schema"]).run().expect_code(0);
    assert_eq!(schema.out, include_str!("../docs/performance-tasks.schema.json"));
}

#[test]
fn a_file_says_whose_items_are_and_what_they_cost() {
    let otlp = free_address();
    let project = Project::new();
    project.run(&target(otlp.clone(), 10), &otlp);
    let file = project.folder.path().join("items.yaml");
    std::fs::write(&file, "owner: ada@example.com\ntags: [ perf ]\nstory_points: { n-plus-one: 13 }\n").unwrap();
    let file = file.display().to_string();
    let json = project.squall(&["tasks", "--work-items", &file]).run().expect_code(0);
    assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap()["performance_tasks"][0]["story_points"], 13);
    project.pushed(&["--work-items", &file, "--item-tag", "nightly"]);
    let item = project.tracker.with(|fake| json!(fake.tagged("perf")[0].fields));
    assert_eq!(item["Microsoft.VSTS.Scheduling.StoryPoints"].as_f64().unwrap_or(13.0), 13.0, "{item:#}");
    assert!(item["System.Tags"].as_str().unwrap().contains("nightly"), "{item:#}");
    std::fs::write(&file, "story_points: { n+1: 13 }\n").unwrap();
    let wrong = project.squall(&["tasks", "--work-items", &file]).run().expect_code(104);
    assert!(wrong.err.contains("no such kind \"n+1\"; kinds are missing-index"), "{}", wrong.err);
}

/// Found, pushed, found again, mended, and closed: one item for the finding, from beginning to end.
#[test]
fn an_item_lives_from_the_finding_to_the_mended_run() {
    let otlp = free_address();
    let project = Project::new();
    let server = target(otlp.clone(), 10);
    project.run(&server, &otlp);
    let planned = project.tasks("push", &["--dry-run"]).expect_code(0);
    assert!(planned.out.contains("would create: Perf: Optimize GET / response time"), "{}", planned.out);
    assert_eq!(project.count(), 0);

    let first = project.pushed(&[]);
    assert!(fields(&first, "status").iter().all(|status| status == "verified"), "{first:#?}");
    assert!(fields(&first, "action").iter().all(|action| action == "created"), "{first:#?}");
    assert_eq!(project.count(), first.len());
    let again = project.pushed(&[]);
    assert!(fields(&again, "action").iter().all(|action| action == "unchanged"), "{again:#?}");

    project.run(&server, &otlp);
    let second = project.pushed(&[]);
    assert_eq!(fields(&second, "action")[0], "updated", "{second:#?}");
    assert_eq!(fields(&second, "id")[0], fields(&first, "id")[0]);
    assert_eq!(fields(&project.status(), "state")[0], "still there");

    server.set(1);
    project.run(&server, &otlp);
    let gone = &project.status()[0];
    assert_eq!(gone["state"], "gone", "{gone:#}");
    // How much faster it is depends on the machine's other work; that the figures fit together does not.
    let [before, now, improvement] =
        ["p95_before_ms", "p95_now_ms", "improvement"].map(|key| gone[key].as_f64().unwrap());
    assert!((improvement - (1.0 - now / before)).abs() < 1e-9, "{gone:#}");
    assert!(gone["promised_improvement"].as_f64() > Some(0.5), "{gone:#}");
    let report = project.squall(&["report", "--report", "-.md"]).run().expect_code(0);
    assert!(report.out.contains("## Recommendations implemented"), "{}", report.out);
    assert_eq!(fields(&project.status(), "item_state")[0], "New", "nothing is closed by itself");
    let closed = project.tasks("push", &["--resolve-fixed"]).expect_code(0);
    assert!(closed.out.contains("resolved"), "{}", closed.out);
    assert_ne!(fields(&project.status(), "item_state")[0], "New");

    server.set(10);
    project.run(&server, &otlp);
    let back = project.pushed(&[]);
    assert_eq!((fields(&back, "action")[0].as_str(), &fields(&back, "id")[0]), ("reopened", &fields(&first, "id")[0]));
    // A busy machine may be a finding of its own, but none is there twice.
    for fingerprint in fields(&first, "fingerprint") {
        assert_eq!(project.tracker.with(move |fake| fake.tagged(&fingerprint).len()), 1, "no duplicate");
    }
}

#[test]
fn a_tracker_that_refuses_is_told_of_and_a_token_never_shown() {
    let otlp = free_address();
    let project = Project::new();
    project.run(&target(otlp.clone(), 10), &otlp);
    let place = format!("{}/{}", project.tracker.url, AzureFake::PROJECT);
    let without = project.squall(&["tasks", "push", "--azure-devops", &place]).run().expect_code(104);
    assert!(without.err.contains("set AZURE_DEVOPS_TOKEN"), "{}", without.err);
    let nowhere = project.squall(&["tasks", "push"]).run().expect_code(104);
    assert!(nowhere.err.contains("--azure-devops ORG/PROJECT"), "{}", nowhere.err);
    let token = project.folder.path().join("token");
    std::fs::write(&token, "wrong-hunter22\n").unwrap();
    let file = token.display().to_string();
    let refused = project.tasks("push", &["--token-file", &file]).expect_code(1);
    assert!(refused.out.contains("not created") && refused.out.contains("token"), "{}", refused.out);
    assert!(!refused.out.contains("hunter22") && !refused.err.contains("hunter22"));
    let clear = ["tasks", "push", "--azure-devops", "http://tracker.example.com/acme/Shop"];
    let clear = project.squall(&clear).env("AZURE_DEVOPS_TOKEN", "hunter22").run().expect_code(104);
    assert!(clear.err.contains("https") && !clear.err.contains("hunter22"), "{}", clear.err);
}

/// In Azure Pipelines: the job's own token, a link to the build, and the report beside the item.
#[test]
fn a_pipeline_s_items_link_to_its_build_and_bring_the_report() {
    let otlp = free_address();
    let project = Project::new();
    project.run(&target(otlp.clone(), 10), &otlp);
    let report = project.folder.path().join("report.html").display().to_string();
    project.squall(&["report", "last", "--report", &report]).run().expect_code(0);
    let (collection, name) = AzureFake::PROJECT.split_once('/').unwrap();
    let collection = format!("{}/{collection}/", project.tracker.url);
    let place = format!("{collection}{name}");
    let pushed = project
        .squall(&["tasks", "push", "--azure-devops", &place, "--attach", &report])
        .env("SYSTEM_COLLECTIONURI", &collection)
        .env("SYSTEM_TEAMPROJECT", name)
        .env("SYSTEM_ACCESSTOKEN", AzureFake::TOKEN)
        .env("BUILD_BUILDID", "812")
        .env("BUILD_BUILDNUMBER", "20261130.4")
        .run()
        .expect_code(0);
    assert!(pushed.out.contains("verified"), "{}", pushed.out);
    let item = project.tracker.with(|fake| json!(fake.tagged("squall")[0].relations)).to_string();
    for part in ["_build/results?buildId=812", "vstfs:///Build/Build/812", "AttachedFile"] {
        assert!(item.contains(part), "{part}: {item}");
    }
    let files = project.tracker.with(|fake| fake.attachments.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    assert_eq!(files, ["report.html"]);
}

#[test]
fn a_message_about_the_items_goes_to_a_webhook() {
    let otlp = free_address();
    let project = Project::new();
    project.run(&target(otlp.clone(), 10), &otlp);
    let receiver = Server::start(|_| Reply::ok("ok"));
    let url = format!("{}/hooks/hunter22", receiver.url());
    let told = project.squall(&["tasks", "push", "--webhook", &url]).run().expect_code(0);
    assert!(!told.out.contains("hunter22") && !told.err.contains("hunter22"), "{}{}", told.out, told.err);
    let message: Value = serde_json::from_slice(&receiver.requests()[0].body).unwrap();
    let title = "Perf: Optimize GET / response time (N+1 queries)";
    assert_eq!(message["performance_tasks"][0]["title"], title, "{message:#}");
    let slack = ["tasks", "push", "--webhook", &url, "--webhook-format", "slack", "--dry-run"];
    let slack = project.squall(&slack).run().expect_code(0);
    assert!(slack.out.contains("\"blocks\"") && receiver.count() == 1, "{}", slack.out);
}

#[test]
fn a_run_without_findings_and_misses_has_no_items() {
    let server = Server::start(|_| Reply::ok("hello"));
    let project = Project::new();
    project.squall(&["run", &server.url(), "-i", "5"]).run().expect_code_or_busy(0);
    let json = project.squall(&["tasks"]).run().expect_code(0);
    assert_eq!(json.out, "{\n  \"performance_tasks\": []\n}\n");
    let pushed = project.tasks("push", &[]).expect_code(0);
    assert_eq!(pushed.out, "no work items: nothing was found, and nothing was missed\n");
}

/// The whole way with a real application: a run against the shop with a fault, findings, items, the fault mended, a second
/// run, and what has come of what was promised.
#[test]
fn a_fault_of_the_shop_is_followed_until_it_is_mended() {
    let (otlp, address) = (free_address(), free_address());
    let project = Project::new();
    let run = |fault: &str| {
        let shop = Shop::start_at(&address, fault, &otlp)?;
        let url = format!("http://{address}/products?per_page=50");
        let arguments =
            ["diagnose", &url, "-c", "6", "-d", "12s", "--otlp-listen", &otlp, "--database", &shop.database];
        // Shop, database and generator share a machine; what counts here is what is said of the same machine twice.
        Some(project.squall(&arguments).args(&["--accept-bottleneck"]).run().expect_code(0))
    };
    if run("n-plus-one").is_none() {
        return;
    }
    let pushed = project.pushed(&[]);
    assert_eq!(pushed[0]["title"], "Perf: Optimize GET /products response time (N+1 queries)", "{pushed:#?}");
    let mended = run("").unwrap();
    assert!(mended.err.contains("recommendation implemented: GET /products runs the same query"), "{}", mended.err);
    let status = &project.status()[0];
    assert_eq!(status["state"], "gone", "{status:#}");
    assert!(status["improvement"].as_f64() > Some(0.5), "{status:#}");
}
