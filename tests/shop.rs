//! The plan of `guest-examples/shop`, unchanged except for addresses and times, against a real application: a shop that
//! stores its orders in SQLite, behind nginx, monitored by a node exporter and a Prometheus that scrapes it.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::daemon::{Daemon, between_questions, free_address};
use crate::support::program::{Ended, Running, Squall, guest, root};

/// The application and its monitoring.
struct Shop {
    application: Daemon,
    nginx: Daemon,
    exporter: Daemon,
    prometheus: Daemon,
}

/// A file of the example, with other addresses.
fn example(name: &str, addresses: &[(&str, &str)]) -> String {
    let path = root().join("guest-examples/shop").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    addresses.iter().fold(text, |text, (printed, real)| {
        assert!(text.contains(printed), "{name} does not name {printed}");
        text.replace(printed, real)
    })
}

fn place(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

impl Shop {
    /// `None` if one of the servers is not installed.
    fn open() -> Option<Shop> {
        let application = application(free_address())?;
        let nginx = nginx(application.address())?;
        let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
        let arguments = [format!("--web.listen-address={address}")];
        let names = ("prometheus-node-exporter", "prometheus-node-exporter");
        let exporter = Daemon::start(names, &arguments, (address, folder), "/")?;
        let prometheus = prometheus(exporter.address())?;
        Some(Shop { application, nginx, exporter, prometheus })
    }

    /// The plan with these addresses, in less time and with fewer users; and with further changes.
    fn plan(&self, changes: &[(&str, &str)]) -> Squall {
        let process = format!("pid: {}", self.nginx.id());
        let mut replaced = vec![
            ("127.0.0.1:8080", self.nginx.address()),
            ("127.0.0.1:9090", self.prometheus.address()),
            ("127.0.0.1:9100", self.exporter.address()),
            ("name: nginx", &process),
            ("duration: 2m", "duration: 12s"),
            ("ramp_up: 20s", "ramp_up: 2s"),
            ("users: 30", "users: 6"),
            ("think_time: 1s..3s", "think_time: 50ms..150ms"),
            ("THINK: 0.5", "THINK: 0.02"),
        ];
        // The machine's speed and load, with other tests at the same time, are not asserted.
        let generous = [
            ("p50: <100ms, p95: <500ms, p99: <1000ms", "p50: <20s, p95: <20s, p99: <20s"),
            ("min_rps: 20, target_rps: 50", "min_rps: 0.1, target_rps: 0.2"),
            (
                "cpu_max: 90%, memory_max: 90%, connection_pool: 500",
                "cpu_max: 100%, memory_max: 100%, connection_pool: 100000",
            ),
            ("p(95)<20", "p(95)<20000"),
        ];
        let kept = generous.iter().filter(|(printed, _)| !changes.iter().any(|(changed, _)| printed.contains(changed)));
        replaced.extend(kept.copied());
        replaced.extend(changes.iter().copied());
        let squall = Squall::new(&["run", "plan.yaml", "--summary-json", "summary.json", "--report", "report.md"]);
        let squall = squall.args(&["--report", "report.html", "--seed", "1"]);
        std::fs::write(squall.folder().join("plan.yaml"), example("plan.yaml", &replaced)).unwrap();
        std::fs::write(squall.folder().join("users.csv"), example("users.csv", &[])).unwrap();
        std::fs::copy(guest("shop"), squall.folder().join("shop.wasm")).unwrap();
        squall
    }
}

/// The application's own counters.
fn counts(application: &Daemon, metric: &str) -> f64 {
    let page = application.get("/metrics");
    let line = page.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {metric} in {page}")).parse().unwrap()
}

/// Waits until this many requests have been answered.
fn until_asked(application: &Daemon, times: f64) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while counts(application, "shop_requests_total") < times {
        assert!(Instant::now() < give_up, "it never came to {times} requests");
        between_questions();
    }
}

fn application(address: String) -> Option<Daemon> {
    let folder = tempfile::tempdir().unwrap();
    let program = root().join("guest-examples/shop/server/shop.py").display().to_string();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let arguments = [program, "--port".into(), port, "--database".into(), place(&folder, "shop.db")];
    Daemon::start(("python3", "python3"), &arguments, (address, folder), "/")
}

fn nginx(application: &str) -> Option<Daemon> {
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let settings = example("server/nginx.conf", &[("127.0.0.1:8081", application), ("127.0.0.1:8080", &address)]);
    std::fs::write(place(&folder, "nginx.conf"), settings).unwrap();
    // One process, which is easier to monitor and to end than a master with its worker.
    let one = ["-g".to_owned(), "master_process off;".to_owned()];
    let arguments = ["-p".to_owned(), folder.path().display().to_string(), "-c".to_owned(), "nginx.conf".to_owned()];
    Daemon::start(("nginx", "nginx"), &[&arguments[..], &one].concat(), (address, folder), "/")
}

fn prometheus(exporter: &str) -> Option<Daemon> {
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let settings = example("server/prometheus.yml", &[("127.0.0.1:9100", exporter)]);
    std::fs::write(place(&folder, "prometheus.yml"), settings).unwrap();
    let arguments = [
        format!("--config.file={}", place(&folder, "prometheus.yml")),
        format!("--storage.tsdb.path={}", place(&folder, "data")),
        format!("--web.listen-address={address}"),
    ];
    Daemon::start(("prometheus", "prometheus"), &arguments, (address, folder), "/-/ready")
}

fn read(ended: &Ended, name: &str) -> String {
    std::fs::read_to_string(ended.folder().join(name)).unwrap()
}

fn summary(ended: &Ended) -> Value {
    serde_json::from_str(&read(ended, "summary.json")).unwrap()
}

fn status<'a>(summary: &'a Value, title: &str) -> &'a str {
    let all = summary["objectives"].as_array().unwrap();
    let of_title = all.iter().find(|line| line["title"].as_str().is_some_and(|found| found.starts_with(title)));
    of_title.unwrap_or_else(|| panic!("no {title} in {all:#?}"))["status"].as_str().unwrap()
}

fn counter(summary: &Value, name: &str) -> f64 {
    let all = summary["metrics"].as_array().unwrap();
    let metric = all.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name} in {all:#?}"));
    metric["sum"].as_f64().unwrap_or_else(|| panic!("{metric}"))
}

/// Starts it, and waits until the load has run for a while.
fn half_way(shop: &Shop, squall: Squall) -> Running {
    let before = counts(&shop.application, "shop_requests_total");
    let mut running = squall.start();
    running.until_said("load:");
    until_asked(&shop.application, before + 100.0);
    running
}

#[test]
fn the_printed_plan_runs_against_a_real_application() {
    let Some(shop) = Shop::open() else { return };
    let before = counts(&shop.application, "shop_requests_total");
    let ended = shop.plan(&[]).run().expect_code_or_busy(0);
    let summary = summary(&ended);
    let valid = ended.code == 0;
    if valid {
        let verdict = summary["verdict"]["status"].as_str();
        assert!(verdict == Some("good") || verdict == Some("warning"), "{verdict:?}");
        for title in ["response time p50", "response time p95", "response time p99", "throughput", "error rate"] {
            assert_eq!(status(&summary, title), "met", "{title}: {}", ended.out);
        }
        for title in ["cpu_max", "memory_max", "connection_pool"] {
            assert!(["met", "close"].contains(&status(&summary, title)), "{title}: {}", ended.out);
        }
    }
    // The application counted the same requests and orders.
    assert_eq!(
        counts(&shop.application, "shop_requests_total") - before,
        counter(&summary, "http_reqs"),
        "{}",
        ended.out
    );
    assert_eq!(counts(&shop.application, "shop_orders_total"), counter(&summary, "orders_placed"), "{}", ended.out);
    // The plan's mix, exact except for the iterations that were cut off.
    let flows = summary["flows"].as_array().unwrap();
    for (name, share) in [("browse", 0.6), ("search", 0.25), ("checkout", 0.15)] {
        let flow = flows.iter().find(|flow| flow["name"] == name).unwrap();
        assert!((flow["planned_share"].as_f64().unwrap() - share).abs() < 1e-9, "{flow}");
        assert!((flow["achieved_share"].as_f64().unwrap() - share).abs() < 0.05, "{flow}");
    }
    // Its own timings are there: a part of the waiting time.
    let timings = summary["server_timings"].as_array().unwrap();
    let names: Vec<&str> = timings.iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["app", "db"]);
    assert!(ended.out.contains("server_timing{name:db}"), "{}", ended.out);
    // All sources have answered (Prometheus once for each query), and are drawn on the run's time axis.
    let sources = summary["target"].as_array().unwrap();
    assert_eq!(sources.len(), 4, "{sources:#?}");
    for source in sources {
        assert!(source["answered"].as_u64() > Some(0), "{source}");
    }
    let html = read(&ended, "report.html");
    assert!(html.contains("over_time") && html.contains("The target's resources"));
    let report = read(&ended, "report.md");
    for text in ["## Objectives", "## The target's resources", "## What the server says its work took", "cpu\\_max"] {
        assert!(report.contains(text), "{text} is missing: {report}");
    }
}

#[test]
fn a_dead_target_is_distinguished_from_a_slow_one() {
    let Some(mut shop) = Shop::open() else { return };
    let running = half_way(&shop, shop.plan(&[]));
    shop.application.stop();
    let ended = running.wait().expect_code_or_busy(99);
    let summary = summary(&ended);
    if ended.code == 99 {
        assert_eq!(status(&summary, "error rate"), "missed", "{}", ended.out);
        assert!(ended.out.contains("verdict: Critical"), "{}", ended.out);
    }
    // nginx still runs, and reports that its backend does not.
    assert!(ended.out.contains("status 502: "), "{}", ended.out);
    assert!(read(&ended, "report.md").contains("http\\_req\\_failed is"), "{}", read(&ended, "report.md"));
}

#[test]
fn a_prometheus_that_goes_away_is_a_gap_and_no_more() {
    let Some(mut shop) = Shop::open() else { return };
    let running = half_way(&shop, shop.plan(&[]));
    shop.prometheus.stop();
    let ended = running.wait().expect_code_or_busy(0);
    let summary = summary(&ended);
    let sources = summary["target"].as_array().unwrap();
    let gone = sources.iter().find(|source| source["source"].as_str().unwrap().contains(shop.prometheus.address()));
    let gone = gone.unwrap_or_else(|| panic!("{sources:#?}"));
    assert!(gone["answered"].as_u64() < gone["asked"].as_u64(), "{gone}");
    // The exporter saw the same, so the limits are still judged.
    if ended.code == 0 {
        assert!(["met", "close"].contains(&status(&summary, "cpu_max")), "{}", ended.out);
    }
    assert!(ended.err.contains("cannot be monitored"), "{}", ended.err);
}

#[test]
fn missed_objectives_are_reported_and_decide_the_exit_code() {
    let Some(shop) = Shop::open() else { return };
    let impossible = [
        ("p50: <100ms, p95: <500ms, p99: <1000ms", "p50: <20s, p95: <1us, p99: <20s"),
        (
            "cpu_max: 90%, memory_max: 90%, connection_pool: 500",
            "cpu_max: 100%, memory_max: 0.01%, connection_pool: 100000",
        ),
    ];
    let ended = shop.plan(&impossible).run().expect_code_or_busy(99);
    if ended.code == 99 {
        let summary = summary(&ended);
        assert_eq!((status(&summary, "response time p95"), status(&summary, "memory_max")), ("missed", "missed"));
        assert_eq!(status(&summary, "response time p50"), "met");
        assert!(ended.err.contains("the target used more than memory_max allows"), "{}", ended.err);
        assert!(read(&ended, "report.md").contains("Overall status: Critical"));
    }
}

/// A deployment in the middle of a long test: for a while there is no application, then there is a new one.
#[test]
fn a_soak_survives_a_restart_of_the_target() {
    let address = free_address();
    let Some(mut first) = application(address.clone()) else { return };
    let squall = Squall::new(&["run", "plan.yaml", "--summary-json", "summary.json"]);
    let plan = format!(
        "component: {}\ntarget: http://{address}\ntype: soak\nusers: 2\nduration: 10s\nramp_up: 1s\n\
         min_iteration_duration: 20ms\nerror_rate: <100%\n",
        guest("minimal"),
    );
    std::fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    let mut running = squall.start();
    running.until_said("load:");
    until_asked(&first, 20.0);
    first.stop();
    let second = application(address).unwrap();
    until_asked(&second, 20.0);
    let ended = running.wait().expect_code_or_busy(0);
    let summary = summary(&ended);
    assert!(summary["run"]["duration_ms"].as_f64() >= Some(9_900.0), "{}", ended.out);
    // Requests without an application were refused, and the others were answered by the old one or the new one.
    assert!(ended.out.contains("connect") || ended.out.contains("reset"), "{}", ended.out);
    assert!(counts(&second, "shop_requests_total") >= 20.0);
    assert!(ended.out.contains("too short to tell"), "{}", ended.out);
}
