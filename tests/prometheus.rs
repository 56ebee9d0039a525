//! `--out prometheus` and `--out openmetrics` against Debian's Prometheus (`apt-get install prometheus`), and the
//! dashboard in `deploy/grafana` against the stored series.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::daemon::{Daemon, between_questions, encoded, free_address};
use crate::support::program::{Squall, guest, root};
use crate::support::server::{Reply, Server};

struct Prometheus(Daemon);

impl Prometheus {
    /// A Prometheus that scrapes `target`.
    fn start(target: &str) -> Option<Prometheus> {
        let folder = tempfile::tempdir().unwrap();
        let settings = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n- job_name: squall\n  \
             static_configs: [{{targets: ['{target}']}}]\n"
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, settings).unwrap();
        let address = free_address();
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.path().join("data").display()),
            format!("--web.listen-address={address}"),
            "--web.enable-remote-write-receiver".to_owned(),
            "--enable-feature=native-histograms".to_owned(),
        ];
        let started = Daemon::start(("prometheus", "prometheus"), &arguments, (address, folder), "/-/ready");
        started.map(Prometheus)
    }

    fn output(&self) -> String {
        format!("prometheus=http://{}/api/v1/write", self.0.address())
    }

    /// The current value of an expression.
    fn all(&self, expression: &str) -> Vec<Value> {
        let answer = self.0.get(&format!("/api/v1/query?query={}", encoded(expression)));
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    fn number(&self, expression: &str) -> Option<f64> {
        self.all(expression).first()?["value"][1].as_str()?.parse().ok()
    }
}

/// A server that takes 20 ms.
fn server() -> Server {
    Server::start(|_| Reply::ok("hello").after(Duration::from_millis(20)))
}

#[test]
fn prometheus_has_the_measurements_under_k6s_names() {
    let Some(prometheus) = Prometheus::start("127.0.0.1:1") else { return };
    let server = server();
    let minimal = guest("minimal");
    let arguments = ["run", &minimal, "--target", &server.url(), "-u", "2", "-d", "3s", "--tag", "testid=t1"];
    let ended = Squall::new(&arguments).args(&["-o", &prometheus.output()]).exporting().run().expect_code_or_busy(0);
    assert!(!ended.err.contains("not delivered"), "{}", ended.err);
    let of = |expression: &str| prometheus.number(expression);
    assert_eq!(of("sum(k6_http_reqs_total{testid=\"t1\"})"), Some(ended.number("http_reqs", "count")));
    assert_eq!(of("k6_http_reqs_total{testid=\"t1\",method=\"GET\",status=\"200\",expected_response=\"true\"} > 0"), {
        Some(ended.number("http_reqs", "count"))
    });
    assert_eq!(of("k6_data_received_total"), Some(ended.number("data_received", "count")));
    assert_eq!(of("k6_vus_max"), Some(2.0));
    assert_eq!(of("k6_http_req_failed_rate"), Some(0.0));
    let median = of("k6_http_req_duration_med").unwrap();
    assert!((0.02..0.2).contains(&median), "in seconds: {median}");
    assert!(of("k6_http_req_duration_min").unwrap() <= median && of("k6_response_time_p99").unwrap() >= median);
    every_panel_shows_something(&prometheus);
    k6s_own_dashboard_finds_its_metrics(&prometheus);
}

/// The dashboard's expressions, as Grafana would send them.
fn every_panel_shows_something(prometheus: &Prometheus) {
    let text = std::fs::read_to_string(root().join("deploy/grafana/squall-prometheus.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut shown = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap().replace("$testid", "t1").replace("$statistic", "p95");
            let expression = expression.replace("$__rate_interval", "1m").replace("$__range", "15m");
            assert!(!prometheus.all(&expression).is_empty(), "{}: {expression}", panel["title"]);
            shown += 1;
        }
    }
    assert!(shown > 25, "{shown} expressions");
    // The labels that identify a run.
    assert!(text.contains("label_values(k6_vus, testid)"));
    assert!(!prometheus.all("k6_vus{testid=\"t1\"}").is_empty());
}

/// The names in `grafana/dashboards/k6-prometheus.json` of grafana/xk6-output-prometheus-remote (9cf0f9e), which is dashboard
/// 19665 of Grafana's collection.
fn k6s_own_dashboard_finds_its_metrics(prometheus: &Prometheus) {
    let plain = "checks_rate data_received_total data_sent_total http_req_duration_max http_req_duration_min \
                 http_req_duration_p95 http_req_duration_p99 http_req_failed_rate http_reqs_total vus";
    let of_statistics = ["http_req_blocked", "http_req_duration", "http_req_receiving", "http_req_sending"]
        .into_iter()
        .chain(["http_req_tls_handshaking", "http_req_waiting", "iteration_duration"])
        .flat_map(|name| ["p99", "p95", "min", "max"].map(|statistic| format!("{name}_{statistic}")));
    for name in plain.split_whitespace().map(str::to_owned).chain(of_statistics) {
        assert!(!prometheus.all(&format!("k6_{name}{{testid=\"t1\"}}")).is_empty(), "k6_{name}");
    }
    // A run without dropped iterations has no such series with k6, either.
    assert!(prometheus.all("k6_dropped_iterations_total").is_empty());
}

#[test]
fn native_histograms_hold_the_distribution() {
    let Some(prometheus) = Prometheus::start("127.0.0.1:1") else { return };
    let server = server();
    let minimal = guest("minimal");
    let arguments = ["run", &minimal, "--target", &server.url(), "-u", "2", "-d", "3s", "--out-native-histograms"];
    let ended = Squall::new(&arguments).args(&["-o", &prometheus.output()]).exporting().run().expect_code_or_busy(0);
    assert!(!ended.err.contains("not delivered"), "{}", ended.err);
    let count = prometheus.number("histogram_count(k6_http_req_duration_seconds)");
    assert_eq!(count, Some(ended.number("http_reqs", "count")));
    let mean = prometheus
        .number("histogram_sum(k6_http_req_duration_seconds) / histogram_count(k6_http_req_duration_seconds)");
    let expected = ended.number("http_req_duration", "avg") / 1e3;
    assert!((mean.unwrap() - expected).abs() < 1e-9 * expected + 1e-8, "{mean:?} for {expected}");
    let median = prometheus.number("histogram_quantile(0.5, k6_http_req_duration_seconds)").unwrap();
    let expected = ended.number("http_req_duration", "med") / 1e3;
    assert!((median / expected).log2().abs() <= 0.125, "within a bucket: {median} for {expected}");
}

#[test]
fn prometheus_can_scrape_the_metrics_itself() {
    let target = free_address();
    let Some(prometheus) = Prometheus::start(&target) else { return };
    let server = server();
    let minimal = guest("minimal");
    let squall = Squall::new(&["run", &minimal, "--target", &server.url(), "-u", "2", "-d", "60s"]);
    let mut running = squall.args(&["-o", &format!("openmetrics={target}")]).start();
    running.until_said("openmetrics: http://");
    let median = "histogram_quantile(0.5, sum by (le) (rate(k6_http_req_duration_seconds_bucket[10s])))";
    let began = Instant::now();
    let found = loop {
        if let Some(found) = prometheus.number(median).filter(|found| found.is_finite()) {
            break found;
        }
        assert!(began.elapsed() < Duration::from_secs(50), "nothing was fetched");
        between_questions();
    };
    assert!((0.01..=0.25).contains(&found), "in seconds: {found}");
    assert!(prometheus.number("sum(k6_http_reqs_total)").unwrap() > 0.0);
    running.signal("INT");
    running.wait().expect_code_or_busy(105);
}
