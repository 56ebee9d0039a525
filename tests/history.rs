//! Runs are stored, survive a kill, and are reported, merged and compared again.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

/// Runs the minimal scenario and stores the run in `runs`. Returns its output.
fn kept(server: &Server, runs: &Path, more: &[&str]) -> String {
    let runs = runs.display().to_string();
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "--runs-dir", &runs]);
    squall.args(more).run().expect_code(0).out
}

fn asked(runs: &Path, arguments: &[&str], code: i32) -> String {
    Squall::new(arguments).args(&["--runs-dir", &runs.display().to_string()]).run().expect_code(code).out
}

#[test]
fn a_run_is_stored_and_its_summary_is_the_same_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs = folder.path().join("runs");
    let server = Server::start(|_| Reply::ok("hello"));
    let printed = kept(&server, &runs, &["-i", "50", "--threshold", "http_reqs=count>10", "--save-as", "main"]);
    assert_eq!(asked(&runs, &["report", "main"], 0), printed);
    let list = asked(&runs, &["runs", "list"], 0);
    assert!(list.contains("passed") && list.contains("main"), "{list}");
    let exported: Value = serde_json::from_str(&asked(&runs, &["runs", "export", "last"], 0)).expect("json");
    assert_eq!(exported["end"]["result"], "passed");
    assert_eq!(exported["totals"]["requests"][0]["count"], 50);
    let log = asked(&runs, &["runs", "export", "--format", "hlog"], 0);
    assert!(log.contains("Tag=response_time"), "{log}");

    kept(&server, &runs, &["-i", "30"]);
    asked(&runs, &["merge", "last", "last~1"], 0);
    let merged: Value = serde_json::from_str(&asked(&runs, &["runs", "export"], 0)).expect("json");
    assert_eq!(merged["totals"]["requests"][0]["count"], 80);

    assert!(asked(&runs, &["runs", "prune", "--keep", "0"], 0).contains("2 runs removed"));
    assert!(asked(&runs, &["runs", "show", "main"], 0).contains("http_reqs count>10"));
}

#[test]
fn a_stored_run_of_a_plan_gets_the_same_verdict_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let plan = format!(
        "name: Nightly check\ncomponent: {}\ntarget: {}\nusers: 1\nduration: 3s\n\
         response_time: {{ p95: <60s }}\nerror_rate: <1%\nthroughput: {{ target_rps: 9000000 }}\n\
         resource_limits: {{ memory_max: 100%, connection_pool: 100000 }}\n\
         monitoring: {{ process: {{ pid: {} }} }}\n",
        guest("minimal"),
        server.url(),
        std::process::id()
    );
    let file = folder.path().join("plan.yaml");
    std::fs::write(&file, plan).expect("a plan");
    let runs = folder.path().join("runs");
    let arguments = ["run", &file.display().to_string(), "--runs-dir", &runs.display().to_string()];
    let printed = Squall::new(&arguments).run().expect_code_or_busy(0).out;
    for text in ["█ OBJECTIVES", "response time p95", "! below target", "memory_max", "verdict:"] {
        assert!(printed.contains(text), "{text} is not in {printed}");
    }
    assert_eq!(asked(&runs, &["report"], 0), printed);
    let list = asked(&runs, &["runs", "list"], 0);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0].find("plan"), lines[1].find("Nightly check"), "{list}");

    // The merged run is judged, too, with the target's resources of both.
    Squall::new(&arguments).run().expect_code_or_busy(0);
    let readings = || -> Vec<usize> {
        let all = std::fs::read_dir(&runs).expect("runs").map(|run| run.expect("a run").path().join("target.ndjson"));
        all.filter_map(|path| Some(std::fs::read_to_string(path).ok()?.lines().count())).collect()
    };
    let of_both: usize = readings().iter().sum();
    asked(&runs, &["merge", "last", "last~1"], 0);
    assert!(of_both > 0 && readings().iter().sum::<usize>() == 2 * of_both, "{:?}", readings());
    let merged = asked(&runs, &["report"], 0);
    assert!(merged.contains("█ OBJECTIVES") && merged.contains("TARGET process"), "{merged}");
}

#[test]
fn no_save_stores_no_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_| Reply::ok("hello"));
    kept(&server, folder.path(), &["-i", "1", "--no-save"]);
    assert!(asked(folder.path(), &["runs", "list"], 0).starts_with("no runs in"));
    asked(folder.path(), &["report"], 104);
}

#[test]
fn measurements_survive_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let runs = folder.path().display().to_string();
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-d", "10m"]);
    let running = squall.args(&["--runs-dir", &runs]).start();
    let lines = || {
        let found = std::fs::read_dir(folder.path()).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let seconds = found.map(|path| path.join("seconds.ndjson")).find(|path| path.exists())?;
        Some(std::fs::read_to_string(seconds).ok()?.lines().count())
    };
    let give_up = Instant::now() + Duration::from_secs(60);
    while lines().unwrap_or(0) < 3 && Instant::now() < give_up {
        std::thread::sleep(Duration::from_millis(20));
    }
    let before = server.count();
    running.signal("KILL");
    let exported: Value = serde_json::from_str(&asked(folder.path(), &["runs", "export"], 0)).expect("json");
    assert_eq!(exported["end"], Value::Null);
    let csv = asked(folder.path(), &["runs", "export", "--format", "csv"], 0);
    let counted: u64 = csv.lines().skip(1).filter_map(|line| line.split(',').nth(2)?.parse::<u64>().ok()).sum();
    // At 200 requests a second at most: the last second, and those between the two looks.
    assert!(counted > 0 && counted + 400 >= before as u64, "{counted} of {before}");
    let report = asked(folder.path(), &["report"], 0);
    let requests = report.lines().find_map(|line| line.trim().strip_prefix("http_reqs")?.split_whitespace().nth(1));
    let reported: u64 = requests.expect("its requests").replace(',', "").parse().expect("a number");
    assert!(reported > 0 && reported <= counted, "{reported} of {counted}: {report}");
}

/// A run without a report, because it was merged or killed, is reported from its stored data.
#[test]
fn reports_are_made_of_merged_and_killed_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs = folder.path().join("runs");
    let server = Server::start(|_| Reply::ok("hello"));
    for _ in 0..2 {
        kept(&server, &runs, &["-i", "30", "--threshold", "http_reqs=count>10"]);
    }
    let report = |of: &str| -> Value {
        let file = folder.path().join(format!("{of}.json"));
        asked(&runs, &["report", of, "--report", &file.display().to_string()], 0);
        serde_json::from_str(&std::fs::read_to_string(file).expect("a report")).expect("json")
    };
    asked(&runs, &["merge", "last", "last~1"], 0);
    let merged = report("last");
    assert_eq!(merged["requests"][0]["count"], 60);
    assert_eq!(merged["run"]["end"]["as_planned"], true);
    assert_eq!(merged["verdict"]["status"], "good", "{}", merged["verdict"]);
    std::fs::remove_file(runs.join(newest(&runs)).join("end.json")).expect("an end");
    let killed = report("last");
    assert_eq!(killed["run"]["end"]["as_planned"], false);
    assert_eq!(killed["verdict"]["status"], "critical", "{}", killed["verdict"]);
    assert!(asked(&runs, &["report", "last"], 0).contains("verdict: Critical"));
}

/// The name of the last run: names begin with the time.
fn newest(runs: &Path) -> String {
    let names = std::fs::read_dir(runs).expect("runs").map(|run| run.expect("a run").file_name());
    names.filter_map(|name| name.into_string().ok()).max().expect("a run")
}

#[test]
fn a_slower_target_is_a_regression() {
    let folder = tempfile::tempdir().expect("a folder");
    let quick = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(20)));
    let slow = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(60)));
    for _ in 0..3 {
        kept(&quick, folder.path(), &["-i", "25", "--save-as", "before"]);
        kept(&slow, folder.path(), &["-i", "25", "--save-as", "after"]);
    }
    let text = asked(folder.path(), &["compare", "before", "after"], 99);
    assert!(text.contains("regression") && text.contains("3 runs before, 3 after"), "{text}");
    let back = asked(folder.path(), &["compare", "--baseline", "after", "before"], 0);
    assert!(back.contains("improved"), "{back}");
    let single = asked(folder.path(), &["compare", "last~1", "last"], 0);
    assert!(single.contains("suspected") && single.contains("prove nothing"), "{single}");
    let trend = asked(folder.path(), &["trend"], 0);
    assert!(trend.contains("3 runs of"), "{trend}");
    asked(folder.path(), &["compare", "before"], 104);
}

/// A plan that is run as two types of test, one of which misses its objective.
fn two_types(server: &Server, folder: &Path) {
    let plan = format!(
        "name: Shop\nobjectives: [ it answers in time ]\nenvironment: {{ dataset: 10k products }}\ncomponent: {}\ntarget: {}\n\
         users: 1\nduration: 1s\nresponse_time: {{ p95: <60s }}\n",
        guest("minimal"),
        server.url()
    );
    let file = folder.join("plan.yaml");
    std::fs::write(&file, plan).expect("a plan");
    let runs = folder.join("runs").display().to_string();
    let run = ["run", &file.display().to_string(), "--runs-dir", &runs];
    Squall::new(&run).args(&["--type", "load", "-d", "2s", "--save-as", "a"]).run().expect_code_or_busy(0);
    let missed = ["--type", "spike", "-d", "3s", "--save-as", "b", "--threshold", "response_time=p(95)<0.001"];
    Squall::new(&run).args(&missed).run().expect_code_or_busy(99);
}

#[test]
fn several_runs_make_one_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs = folder.path().join("runs");
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    two_types(&server, folder.path());

    let printed = asked(&runs, &["report", "a", "b"], 0);
    for text in ["█ RUNS OF Shop", "█ FINDINGS", "verdict: ", "2 runs: ", "█ RUN load, ", "█ RUN spike, "] {
        assert!(printed.contains(text), "{text} is not in {printed}");
    }
    let file = |name: &str| folder.path().join(name).display().to_string();
    let [page, markdown, json] = ["r.html", "r.md", "r.json"].map(file);
    // The second of the tags is the last run, too.
    let arguments = ["report", "a", "b", "last", "--report", &page, "--report", &markdown, "--report", &json];
    asked(&runs, &arguments, 0);
    let read = |path: &str| std::fs::read_to_string(path).expect("a report");
    let json: Value = serde_json::from_str(&read(&json)).expect("json");
    let all = json["runs"].as_array().expect("runs");
    assert_eq!((all.len(), &json["title"]), (2, &"Shop".into()));
    let types: Vec<&Value> = all.iter().map(|run| &run["summary"]["run"]["plan"]["test_type"]).collect();
    assert_eq!(types, ["load", "spike"]);
    for text in [read(&page), read(&markdown)] {
        for run in all {
            let sentence = run["summary"]["verdict"]["sentence"].as_str().expect("a sentence");
            let word = sentence.split(' ').next().expect("a word");
            assert!(text.contains(run["run"].as_str().expect("a name")) && text.contains(word), "{text}");
        }
        for once in ["it answers in time", "10k products"] {
            assert_eq!(text.matches(once).count(), 1, "{once}: {text}");
        }
    }
    asked(&runs, &["report", "a", "nothing"], 104);
}
