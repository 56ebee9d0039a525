//! `squall control status`: how a run goes, for people.

use squall_metrics::Nanos;
use squall_report::{count, duration, per_second};

use crate::status::RunStatus;

/// A few lines, each with its heading.
pub fn describe(status: &RunStatus) -> String {
    let mut lines = vec![
        ("status", state(status)),
        ("load", status.executor.clone()),
        ("vus", vus(status)),
        ("rate", rate(status)),
        ("iterations", iterations(status)),
        ("requests", requests(status)),
        ("generator", status.generator.health.name().to_owned()),
    ];
    lines.extend(status.generator.findings.iter().map(|finding| ("", finding.clone())));
    let line = |(heading, text): (&str, String)| match heading {
        "" => format!("{:>13} {text}\n", ""),
        heading => format!("{heading:>12}: {text}\n"),
    };
    lines.into_iter().map(line).collect()
}

fn state(status: &RunStatus) -> String {
    let seconds = |seconds: f64| duration(Nanos(seconds.max(0.0) as u64 * 1_000_000_000));
    let mut text = format!("{}, {} since the load began", status.status.name(), seconds(status.elapsed_seconds));
    if let Some(left) = status.remaining_seconds {
        text.push_str(&format!(", {} left", seconds(left)));
    }
    text
}

fn vus(status: &RunStatus) -> String {
    let requested = status.vus_target.map_or_else(String::new, |target| format!(", {target} requested"));
    format!("{} active{requested}, at most {}", status.vus, status.vus_max)
}

fn rate(status: &RunStatus) -> String {
    let requested = status.rate_target.map_or_else(String::new, |target| format!(", {} requested", per_second(target)));
    format!("{} iterations{requested}", per_second(status.iteration_rate))
}

fn iterations(status: &RunStatus) -> String {
    let number = |number: u64| count(number as f64);
    let (all, failed, dropped) = (status.iterations, status.failed_iterations, status.dropped_iterations);
    format!("{}, {} failed, {} dropped", number(all), number(failed), number(dropped))
}

fn requests(status: &RunStatus) -> String {
    let p95 = status.response_time_p95_ms.map_or_else(String::new, |millis| {
        format!(", p95 {} in the last second", duration(Nanos((millis * 1e6) as u64)))
    });
    format!("{}, {} failed{p95}", count(status.requests as f64), count(status.failed_requests as f64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_fits_on_a_few_lines() {
        let status = serde_json::from_value(json!({
            "status": "running", "paused": false, "executor": "externally-controlled", "elapsed_seconds": 72.034,
            "remaining_seconds": null, "vus": 10, "vus_target": 20, "vus_max": 100, "rate_target": null,
            "iteration_rate": 1234.5, "request_rate": 1234.5, "iterations": 123_456, "failed_iterations": 1,
            "dropped_iterations": 0, "requests": 123_456, "failed_requests": 0, "response_time_p95_ms": 12.3,
            "generator": { "health": "suspect", "findings": ["it was busy: add cores"] },
        }));
        assert_eq!(
            describe(&status.unwrap()),
            "      status: running, 1m12s since the load began\n\
             \x20       load: externally-controlled\n\
             \x20        vus: 10 active, 20 requested, at most 100\n\
             \x20       rate: 1,235/s iterations\n\
             \x20 iterations: 123,456, 1 failed, 0 dropped\n\
             \x20   requests: 123,456, 0 failed, p95 12.3ms in the last second\n\
             \x20  generator: suspect\n\
             \x20             it was busy: add cores\n"
        );
    }
}
