//! Monitoring the target: processes, exporters and a Prometheus, real ones where available; limits that are judged; and
//! that monitoring never slows or fails a run.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::daemon::{Daemon, free_address};
use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

fn server() -> Server {
    Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)))
}

/// One user for some seconds, on a server of this process.
fn load(server: &Server, duration: &str, more: &[&str]) -> Squall {
    Squall::new(&["run", &server.url(), "-c", "1", "-d", duration, "--summary-json", "summary.json"]).args(more)
}

fn own_id() -> String {
    std::process::id().to_string()
}

fn document(ended: &Ended) -> Value {
    serde_json::from_str(&std::fs::read_to_string(ended.folder().join("summary.json")).unwrap()).unwrap()
}

/// The series of that name, from any source.
fn series<'a>(document: &'a Value, name: &str) -> &'a Value {
    let sources = document["target"].as_array().unwrap().iter();
    let mut all = sources.flat_map(|source| source["series"].as_array().unwrap());
    all.find(|series| series["name"] == name).unwrap_or_else(|| panic!("no {name} in {:#}", document["target"]))
}

#[test]
fn a_process_is_watched_on_the_time_axis_of_the_run() {
    let server = server();
    let more = ["--monitor-process", &own_id(), "--report", "report.html", "--report", "report.md"];
    let ended = load(&server, "4s", &more).run().expect_code_or_busy(0);
    let heading = format!("TARGET process {}", own_id());
    assert!(ended.out.contains(&heading), "{}", ended.out);
    let document = document(&ended);
    let memory = series(&document, "memory");
    assert!(memory["avg"].as_f64() > Some(1e6) && memory["limit"].as_f64() > memory["max"].as_f64(), "{memory}");
    assert!(series(&document, "cpu")["max"].as_f64() <= Some(1.05), "{document:#}");
    // The one user's connection, at least.
    assert!(series(&document, "connections")["max"].as_f64() >= Some(1.0));
    let points = |list: &Value| list.as_array().unwrap().len();
    assert_eq!(points(&memory["over_time"]), points(&document["timeline"]["at_s"]));
    assert!(memory["over_time"].as_array().unwrap().iter().any(Value::is_number));
    let read = |name: &str| std::fs::read_to_string(ended.folder().join(name)).unwrap();
    assert!(read("report.html").contains("The target's resources") && read("report.html").contains("over_time"));
    assert!(read("report.md").contains("## The target's resources"), "{}", read("report.md"));
    // It is stored, and reported again.
    let told = Squall::new(&["report", "last", "--runs-dir"]).args(&[&runs(&ended)]).run().expect_code(0);
    assert!(told.out.contains(&heading), "{}", told.out);
}

fn runs(ended: &Ended) -> String {
    ended.folder().join(".squall/runs").display().to_string()
}

#[test]
fn unusable_sources_are_reported_before_the_run() {
    let server = server();
    for (arguments, said) in [
        (&["--monitor-process", "4194999"][..], "there is no process 4194999"),
        (
            &["--monitor-process", "nosuch"],
            "no process of this machine is named \"nosuch\": write a number, or one of ",
        ),
        (&["--monitor-scrape", "127.0.0.1:9100"], "write an address like http://"),
        (&["--monitor-scrape", "not a url"], "write an address like http://"),
    ] {
        let ended = load(&server, "1s", arguments).run().expect_code(104);
        assert!(ended.err.contains(said), "{}", ended.err);
    }
    let ended = load(&server, "1s", &["--monitor-prometheus", "http://127.0.0.1:9"]).run().expect_code(2);
    assert!(ended.err.contains("--monitor-query"), "{}", ended.err);
    assert!(server.requests().is_empty());
}

#[test]
fn a_dead_source_is_a_gap_and_does_not_slow_the_run() {
    let server = server();
    // One refuses, one never answers, one is not an exporter.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/metrics", silent.local_addr().unwrap());
    let other = format!("{}/metrics", server.url());
    let more =
        ["--monitor-scrape", "http://127.0.0.1:9/metrics", "--monitor-scrape", &silent, "--monitor-scrape", &other];
    let ended = load(&server, "3s", &more).run().expect_code_or_busy(0);
    assert!(ended.err.contains("http://127.0.0.1:9/metrics cannot be monitored: cannot connect"), "{}", ended.err);
    assert!(ended.out.contains("gaps") && ended.out.contains("none of its metrics is understood"), "{}", ended.out);
    let document = document(&ended);
    let took = document["run"]["duration_ms"].as_f64().unwrap();
    assert!((2_900.0..4_900.0).contains(&took), "{took}");
    assert!(document["target"].as_array().unwrap().iter().all(|source| source["answered"] == 0));
}

/// An exporter whose machine is always 60 % busy, with 750 of 1,000 bytes and 17 connections.
fn exporter() -> Server {
    let asked = AtomicU64::new(0);
    Server::start(move |_| {
        let asked = asked.fetch_add(1, Ordering::Relaxed) as f64;
        Reply::ok(&format!(
            "# HELP node_cpu_seconds_total Seconds.\nnode_cpu_seconds_total{{cpu=\"0\",mode=\"idle\"}} {}\n\
             node_cpu_seconds_total{{cpu=\"0\",mode=\"user\"}} {}\nnode_memory_MemTotal_bytes 1000\n\
             node_memory_MemAvailable_bytes 250\nnode_netstat_Tcp_CurrEstab 17\n",
            asked * 0.4,
            asked * 0.6
        ))
        .closing()
    })
}

fn plan(server: &Server, exporter: &Server, limits: &str) -> Squall {
    let squall = Squall::new(&["run", "plan.yaml", "--report", "report.md", "--summary-json", "summary.json"]);
    let text = format!(
        "component: {}\ntarget: {}\nusers: 1\nduration: 3s\nerror_rate: <50%\nresource_limits: {{ {limits} }}\n\
         monitoring:\n  scrape: [ {}/metrics ]\n",
        guest("minimal"),
        server.url(),
        exporter.url()
    );
    std::fs::write(squall.folder().join("plan.yaml"), text).unwrap();
    squall
}

#[test]
fn limits_that_hold_are_met() {
    let (server, exporter) = (server(), exporter());
    let ended = plan(&server, &exporter, "cpu_max: 70%, memory_max: 90%, connection_pool: 100").run();
    let ended = ended.expect_code_or_busy(0);
    assert!(ended.out.contains("cpu_max (p95)") && ended.out.contains("60.00%"), "{}", ended.out);
    assert!(ended.out.contains("75.00%") && !ended.out.contains("not measured"), "{}", ended.out);
    let document = document(&ended);
    assert_eq!(document["objectives"][1]["title"], "cpu_max (p95)");
    assert!((document["objectives"][1]["margin"].as_f64().unwrap() - 1.0 / 7.0).abs() < 1e-6, "{document:#}");
}

#[test]
fn a_limit_that_is_passed_fails_the_run() {
    let (server, exporter) = (server(), exporter());
    let ended = plan(&server, &exporter, "cpu_max: 50%, memory_max: 90%").run();
    let ended = ended.expect_code_or_busy(99);
    if ended.code == 99 {
        assert!(ended.err.contains("the target used more than cpu_max allows"), "{}", ended.err);
        assert!(ended.out.contains("✗ not met") && ended.out.contains("verdict: Critical"), "{}", ended.out);
        let report = std::fs::read_to_string(ended.folder().join("report.md")).unwrap();
        assert!(report.contains("Overall status: Critical"), "{report}");
        assert!(report.contains("cpu\\_max (p95) is 60.00%, target &lt;=50%"), "{report}");
    }
}

#[test]
fn a_limit_without_a_source_is_not_measured_and_never_met() {
    let (server, nobody) = (server(), Server::start(|_| Reply::status(503, "").closing()));
    let ended = plan(&server, &nobody, "cpu_max: 70%").run().expect_code_or_busy(0);
    if ended.code == 0 {
        assert!(ended.out.contains("- not measured") && ended.out.contains("verdict: Warning"), "{}", ended.out);
    }
    assert!(ended.err.contains("cannot be monitored: it answered 503"), "{}", ended.err);
}

#[test]
fn a_killed_run_has_the_resources_of_the_target() {
    let (server, exporter) = (server(), exporter());
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().display().to_string();
    let scrape = format!("{}/metrics", exporter.url());
    let running = load(&server, "10m", &["--monitor-scrape", &scrape, "--runs-dir", &runs]).start();
    let kept = || {
        let found = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path().join("target.ndjson"));
        found.filter_map(|path| std::fs::read_to_string(path).ok()).map(|text| text.lines().count()).sum::<usize>()
    };
    wait_for(|| kept() >= 3);
    running.signal("KILL");
    let told = Squall::new(&["report", "--runs-dir", &runs]).run().expect_code(0);
    assert!(told.out.contains("TARGET http://") && told.out.contains("max=60.00%"), "{}", told.out);
}

#[test]
fn reports_are_written_while_the_run_goes_on() {
    let server = server();
    let mut running = load(&server, "10m", &["--report-every", "1s", "--report", "report.md"]).start();
    running.until_said("load:");
    let report = running.folder().join("report.md");
    wait_for(|| std::fs::read_to_string(&report).is_ok_and(|text| text.contains("it ended not yet")));
    running.signal("INT");
    let ended = running.wait();
    assert!(ended.out.contains("  after 1"), "{}", ended.out);
    let last = std::fs::read_to_string(ended.folder().join("report.md")).unwrap();
    assert!(last.contains("it ended early") && last.matches("# Performance report").count() == 1, "{last}");
}

#[track_caller]
fn wait_for(there: impl Fn() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !there() {
        assert!(Instant::now() < give_up, "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn node_exporter() -> Option<Daemon> {
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let arguments = [format!("--web.listen-address={address}")];
    let program = ("prometheus-node-exporter", "prometheus-node-exporter");
    Daemon::start(program, &arguments, (address, folder), "/")
}

/// A Prometheus that reads the exporter once a second.
fn prometheus(exporter: &str) -> Option<Daemon> {
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let place = |name: &str| folder.path().join(name).display().to_string();
    let settings = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
         scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{exporter}']}}]}}]\n"
    );
    std::fs::write(place("prometheus.yml"), settings).unwrap();
    let arguments = [
        format!("--config.file={}", place("prometheus.yml")),
        format!("--storage.tsdb.path={}", place("data")),
        format!("--web.listen-address={address}"),
    ];
    Daemon::start(("prometheus", "prometheus"), &arguments, (address, folder), "/-/ready")
}

#[test]
fn a_real_node_exporter_is_understood() {
    let Some(exporter) = node_exporter() else { return };
    let (server, address) = (server(), format!("http://{}/metrics", exporter.address()));
    let ended = load(&server, "4s", &["--monitor-scrape", &address]).run().expect_code_or_busy(0);
    let document = document(&ended);
    for name in ["cpu", "memory", "disk_read", "network_received", "connections", "descriptors"] {
        assert!(series(&document, name)["max"].as_f64() >= Some(0.0), "{name}");
    }
    let cpu = series(&document, "cpu")["max"].as_f64();
    assert!(cpu > Some(0.0) && cpu <= Some(1.0), "{cpu:?}");
    let total = std::fs::read_to_string("/proc/meminfo").unwrap();
    let total: f64 = total.lines().next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(series(&document, "memory")["limit"].as_f64(), Some(total * 1024.0));
}

#[test]
fn a_real_prometheus_is_asked() {
    let Some(exporter) = node_exporter() else { return };
    let Some(prometheus) = prometheus(exporter.address()) else { return };
    let (server, url) = (server(), format!("http://{}", prometheus.address()));
    // It answers only after it has read the exporter a few times.
    let more = [
        "--monitor-prometheus",
        &url,
        "--monitor-query",
        "cpu=1 - avg(rate(node_cpu_seconds_total{mode=\"idle\"}[5s]))",
        "--monitor-query",
        "memory=1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
        "--monitor-query",
        "load_average=node_load1",
        "--monitor-query",
        "many=node_cpu_seconds_total",
        "--monitor-query",
        "broken=sum(",
    ];
    let ended = load(&server, "12s", &more).run().expect_code_or_busy(0);
    let document = document(&ended);
    for name in ["cpu", "memory"] {
        let share = series(&document, name)["max"].as_f64();
        assert!(share > Some(0.0) && share <= Some(1.0), "{name}: {share:?}");
        assert_eq!(series(&document, name)["unit"], "share");
    }
    assert!(series(&document, "load_average")["max"].is_number());
    assert!(ended.out.contains("results: make it one, with sum() or avg()"), "{}", ended.out);
    assert!(ended.out.contains("it answered 400"), "{}", ended.out);
}
