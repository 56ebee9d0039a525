//! One line that says how the run goes.

use std::time::Duration;

use squall_metrics::Nanos;

use crate::format::{count, duration, per_second};
use crate::style::Style;

/// The figures of one moment.
#[derive(Clone, Copy, Debug)]
pub struct ProgressFigures {
    /// Virtual users at work.
    pub vus: u64,
    /// Virtual users at most.
    pub vus_max: u64,
    /// Iterations up to now.
    pub iterations: u64,
    /// Requests a second, lately.
    pub request_rate: f64,
    /// The 95th percentile of the response time, lately.
    pub p95: Option<Nanos>,
    /// Failed requests up to now.
    pub failed_requests: u64,
    /// Failed iterations up to now.
    pub failed_iterations: u64,
}

/// `50/50 VUs  12,345 iterations  4,321/s  p95 12.3ms  0 errors`.
pub fn progress_line(figures: &ProgressFigures, style: Style) -> String {
    let p95 = figures.p95.map_or_else(|| "-".to_owned(), duration);
    let errors = figures.failed_requests + figures.failed_iterations;
    let errors_text = match errors {
        0 => "no errors".to_owned(),
        1 => style.bad("1 error"),
        more => style.bad(&format!("{} errors", count(more as f64))),
    };
    format!(
        "{}/{} VUs  {} iterations  {} requests  p95 {p95}  {errors_text}",
        figures.vus,
        figures.vus_max,
        count(figures.iterations as f64),
        per_second(figures.request_rate),
    )
}

/// `1m20s, 40s left`: whole seconds since the load began, and those that remain, where the plan says.
pub fn elapsed_and_left(elapsed: Nanos, left: Option<Duration>) -> String {
    let seconds = |time: Nanos| Nanos(time.0 / 1_000_000_000 * 1_000_000_000);
    let elapsed = duration(seconds(elapsed));
    match left {
        Some(left) if left.is_zero() => format!("{elapsed}, ending"),
        Some(left) => format!("{elapsed}, {} left", duration(seconds(left.into()))),
        None => elapsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_a_sentence() {
        let figures = ProgressFigures {
            vus: 50,
            vus_max: 50,
            iterations: 12_345,
            request_rate: 4321.0,
            p95: Some(Nanos(12_300_000)),
            failed_requests: 1,
            failed_iterations: 2,
        };
        assert_eq!(
            progress_line(&figures, Style::Plain),
            "50/50 VUs  12,345 iterations  4,321/s requests  p95 12.3ms  3 errors"
        );
    }
}
