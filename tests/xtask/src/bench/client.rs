//! The clients: their commands, and the formats of their results.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::tools::Tools;
use super::{Bench, number, process};
use crate::guests;

/// Squall's exit code for "the generator was the bottleneck", which a benchmark intends.
const SATURATED: i32 = 98;
/// Extra time for a client before it is ended.
const GRACE: Duration = Duration::from_secs(30);

/// The tasks of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Race {
    /// A 12-byte body that is not read, many connections.
    Small,
    /// Ten headers out, 2 KB of JSON in, parsed.
    Json,
    /// One connection: the time of one request.
    Alone,
}

/// One program with its arguments.
pub struct Client {
    pub race: Race,
    pub name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    dialect: Dialect,
}

/// A client's options for the duration, and the format of its result.
#[derive(Clone, Copy)]
pub enum Dialect {
    /// Prose on standard output.
    Wrk,
    /// JSON on standard output.
    Oha,
    /// JSON on standard output.
    Locust,
    /// k6's summary, in a file. Squall speaks it too.
    Summary,
}

/// A client's result in one turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub requests_per_second: f64,
    pub requests_per_cpu_second: f64,
    /// The median latency, in milliseconds, by the client's own measurement.
    pub median: Option<f64>,
}

/// A client's report.
#[derive(Debug, PartialEq)]
struct Report {
    requests: f64,
    requests_per_second: f64,
    median: Option<f64>,
}

impl Race {
    pub const ALL: [Race; 3] = [Race::Small, Race::Json, Race::Alone];

    pub fn title(self) -> &'static str {
        match self {
            Race::Small => "12-byte body, not looked at",
            Race::Json => "10 headers out, 2 KB of JSON in, parsed",
            Race::Alone => "one connection",
        }
    }
}

/// All clients that are available, in the order of their turns.
pub fn all(bench: &Bench<'_>, tools: &Tools, port: u16, connections: u32) -> Vec<Client> {
    let target = format!("http://127.0.0.1:{port}");
    let page = format!("{target}/");
    let guest = |name: &str| guests::component(bench.repository, name).display().to_string();
    let script = |name: &str| bench.repository.path(format!("tests/xtask/k6/{name}.js")).display().to_string();
    let many = connections.to_string();

    let wrk = |race, arguments: &[&str]| Client::new(race, "wrk", &tools.wrk, Dialect::Wrk, arguments);
    let squall = |race, name, arguments: &[&str]| {
        let arguments = [&["run", "--quiet", "--no-save"], arguments].concat();
        Client::new(race, name, &bench.squall, Dialect::Summary, &arguments)
    };
    let k6 = |race, file: &str| {
        let target = format!("TARGET={target}");
        let arguments = ["run", "--quiet", "--no-usage-report", "--vus", &many, "--env", &target, &script(file)];
        tools.k6.as_ref().map(|program| Client::new(race, "k6", program, Dialect::Summary, &arguments))
    };
    let oha = tools.oha.as_ref().map(|program| {
        let arguments = ["--no-tui", "--output-format", "json", "-c", &many, &page];
        Client::new(Race::Small, "oha", program, Dialect::Oha, &arguments)
    });
    let (minimal, json) = (guest("minimal"), guest("json"));
    [
        Some(wrk(Race::Small, &["-t", "1", "-c", &many, &page])),
        Some(squall(Race::Small, "squall (Rust guest)", &[&minimal, "--target", &target, "-u", &many])),
        Some(squall(Race::Small, "squall (URL)", &[&page, "-c", &many])),
        oha,
        k6(Race::Small, "minimal"),
        Some(squall(Race::Json, "squall (Rust guest)", &[&json, "--target", &target, "-u", &many])),
        k6(Race::Json, "json"),
        Some(wrk(Race::Alone, &["-t", "1", "-c", "1", "--latency", &page])),
        Some(squall(Race::Alone, "squall (Rust guest)", &[&minimal, "--target", &target, "-u", "1"])),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Client {
    pub fn new(race: Race, name: &'static str, program: &Path, dialect: Dialect, arguments: &[&str]) -> Client {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Client { race, name, program: program.to_owned(), arguments, dialect }
    }

    /// Runs the client once, alone.
    pub fn take_turn(&self, folder: &Path, duration: Duration) -> Result<Turn> {
        let summary = folder.join("summary.json");
        let mut arguments = self.dialect.limits(duration, &summary);
        // Options may follow a subcommand, but must not come before it.
        let after = usize::from(matches!(self.dialect, Dialect::Summary));
        arguments = [&self.arguments[..after], &arguments, &self.arguments[after..]].concat();

        let finished = process::run_client(&self.program, &arguments, duration + GRACE, folder)?;
        if !matches!(finished.status.code(), Some(0 | SATURATED)) {
            bail!("{} failed ({}):\n{}{}", self.name, finished.status, finished.output, finished.errors);
        }
        let report = match self.dialect {
            Dialect::Wrk => read_wrk(&finished.output),
            Dialect::Oha => read_oha(&finished.output),
            Dialect::Locust => read_locust(&finished.output),
            Dialect::Summary => read_summary(&fs::read_to_string(&summary).unwrap_or_default()),
        };
        let report = report.with_context(|| format!("what {} says of itself:\n{}", self.name, finished.output))?;
        Ok(Turn {
            requests_per_second: report.requests_per_second,
            requests_per_cpu_second: report.requests / finished.cpu.as_secs_f64(),
            median: report.median,
        })
    }
}

impl Dialect {
    fn limits(self, duration: Duration, summary: &Path) -> Vec<String> {
        let duration = format!("{}s", duration.as_secs());
        match self {
            Dialect::Wrk => vec!["-d".to_owned(), duration],
            Dialect::Oha => vec!["-z".to_owned(), duration],
            Dialect::Locust => vec!["-t".to_owned(), duration],
            Dialect::Summary => {
                // The file of an earlier client must not be taken for this one's.
                let _ = fs::remove_file(summary);
                let file = summary.display().to_string();
                vec!["--duration".to_owned(), duration, "--summary-export".to_owned(), file]
            }
        }
    }
}

/// "612345 requests in 5.10s, 100MB read", and perhaps "50%   41.00us".
fn read_wrk(text: &str) -> Result<Report> {
    if let Some(line) = text.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors")) {
        bail!("requests failed: {}", line.trim());
    }
    let line = text.lines().find(|line| line.contains(" requests in ")).context("no count of requests")?;
    let (requests, _) = number::leading(line.trim()).context("no count of requests")?;
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).context("no rate")?;
    let (requests_per_second, _) = number::leading(rate.trim()).context("no rate")?;
    let median =
        text.lines().find_map(|line| line.trim().strip_prefix("50%")).and_then(|text| milliseconds(text.trim()));
    Ok(Report { requests, requests_per_second, median })
}

fn read_oha(text: &str) -> Result<Report> {
    let number = |keys: &[&str]| number::in_json(text, keys).with_context(|| format!("no {}", keys.join(".")));
    let requests = number(&["statusCodeDistribution", "200"])?;
    let median = number::in_json(text, &["latencyPercentiles", "p50"]).map(|seconds| seconds * 1000.0);
    Ok(Report { requests, requests_per_second: number(&["summary", "requestsPerSec"])?, median })
}

/// A list of requests, here one URL. Times are in seconds of the wall clock.
fn read_locust(text: &str) -> Result<Report> {
    let number = |key| number::in_json(text, &[key]).with_context(|| format!("no {key}"));
    let failed = number("num_failures")?;
    if failed > 0.0 {
        bail!("{failed} requests failed");
    }
    let requests = number("num_requests")?;
    let seconds = number("last_request_timestamp")? - number("start_time")?;
    Ok(Report { requests, requests_per_second: requests / seconds, median: None })
}

fn read_summary(text: &str) -> Result<Report> {
    let number =
        |metric, key| number::in_json(text, &["metrics", metric, key]).with_context(|| format!("no {metric}.{key}"));
    let failed = number("http_req_failed", "value")?;
    if failed > 0.0 {
        bail!("{:.2} % of the requests failed", failed * 100.0);
    }
    Ok(Report {
        requests: number("http_reqs", "count")?,
        requests_per_second: number("http_reqs", "rate")?,
        median: Some(number("http_req_duration", "med")?),
    })
}

/// Reads wrk's "41.00us", "1.20ms", "1.00s".
fn milliseconds(text: &str) -> Option<f64> {
    let (number, unit) = number::leading(text)?;
    match unit {
        "us" => Some(number / 1000.0),
        "ms" => Some(number),
        "s" => Some(number * 1000.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRK: &str = "  Latency Distribution\n     50%   41.00us\n     75%    1.02ms\n  612345 requests in 5.10s, 100.00MB \
                       read\nRequests/sec: 120067.50\nTransfer/sec:     19.61MB\n";

    #[test]
    fn reads_what_clients_report() {
        let expected = Report { requests: 612345.0, requests_per_second: 120067.5, median: Some(0.041) };
        assert_eq!(read_wrk(WRK).unwrap(), expected);

        let text = r#"{"summary": {"successRate": 1.0, "requestsPerSec": 8.5}, "latencyPercentiles": {"p50": 0.002},
            "statusCodeDistribution": {"200": 17}}"#;
        let expected = Report { requests: 17.0, requests_per_second: 8.5, median: Some(2.0) };
        assert_eq!(read_oha(text).unwrap(), expected);

        let text = r#"[{"name": "/", "last_request_timestamp": 1012.0, "start_time": 1007.0, "num_requests": 50,
            "num_failures": 0}]"#;
        let expected = Report { requests: 50.0, requests_per_second: 10.0, median: None };
        assert_eq!(read_locust(text).unwrap(), expected);

        let text = r#"{"metrics": {"http_req_duration": {"med": 0.5}, "http_req_failed": {"value": 0},
            "http_reqs": {"count": 50, "rate": 10}}}"#;
        // The keys are looked for in any order, each from the beginning.
        let expected = Report { requests: 50.0, requests_per_second: 10.0, median: Some(0.5) };
        assert_eq!(read_summary(text).unwrap(), expected);
    }

    #[test]
    fn failed_requests_are_not_a_result() {
        assert!(read_wrk(&format!("{WRK}  Non-2xx or 3xx responses: 12\n")).is_err());
        assert!(
            read_summary(r#"{"metrics": {"http_req_failed": {"value": 0.01}, "http_reqs": {"count": 1}}}"#).is_err()
        );
        assert!(read_summary("").is_err());
    }
}
