//! The trials. Each puts a load on a server of known behaviour and compares Squall's figures with the truth.

mod baseline;

use std::time::Duration;

use squall_metrics::{Health, Nanos};
use squall_plan::{Level, Options};
use squall_report::{count, duration, per_second};

use crate::check::{Check, Verdict};
use crate::environment::{Environment, Seen};
use crate::error::Error;
use crate::known_server::{Programme, Stall};

const SECOND: Duration = Duration::from_secs(1);
/// The remedy for a machine that is too busy, or too slow.
const BUSY: &str =
    "something else takes this machine's processor time, or there is too little of it: see docs/measurement.md";
const WRONG: &str = "run it again on a quiet machine; if it fails there too, it is a bug of Squall's: please report it";

/// Later than this is not on time.
const LATE: Nanos = Nanos(1_000_000);

/// Tolerated relative difference between a programmed and a measured time.
const TOLERANCE: f64 = 0.01;

/// Delay of the iterations' starts, and whether all of them start.
pub fn pacing(environment: &Environment) -> Result<Vec<Check>, Error> {
    const RATE: u64 = 10_000;
    const LENGTH: Duration = Duration::from_secs(5);
    let seen = environment.measure(Programme::default(), open(RATE, LENGTH, 50))?;
    let planned = RATE * LENGTH.as_secs();
    let lag = seen.squall.totals.trend("schedule_lag");
    let (p50, p99) = (lag.percentile(50.0), lag.percentile(99.0));
    Ok(vec![
        everything_counted(&seen, planned),
        Check {
            what: format!("late starts at {}", per_second(RATE as f64)),
            expected: "p50 < 0.1 ms, p99 < 1 ms".to_owned(),
            measured: format!("p50 {}, p99 {}", duration(p50), duration(p99)),
            verdict: Verdict::of(p50 < Nanos(100_000) && p99 < LATE),
            remedy: BUSY,
        },
    ])
}

/// Planned, begun, answered and counted must be the same number: nothing lost, nothing twice.
fn everything_counted(seen: &Seen, planned: u64) -> Check {
    let squall = seen.squall.totals.counter("http_reqs") as u64;
    let dropped = seen.squall.totals.counter("dropped_iterations") as u64;
    let given_up = if dropped > 0 { format!(", {} given up", count(dropped as f64)) } else { String::new() };
    Check {
        what: "requests counted".to_owned(),
        expected: count(planned as f64),
        measured: format!(
            "{} here, {} at the server{given_up}",
            count(squall as f64),
            count(seen.server.requests as f64)
        ),
        verdict: Verdict::of(squall == seen.server.requests && squall + dropped == planned),
        remedy: WRONG,
    }
}

/// Time that Squall adds to the shortest possible exchange.
pub fn latency_floor(environment: &Environment) -> Result<Vec<Check>, Error> {
    let bare = baseline::median_exchange(SECOND)?;
    let closed = Options { vus: Some(1), duration: Some(2 * SECOND), ..Options::default() };
    let seen = environment.measure(Programme::default(), closed)?;
    let median = seen.squall.totals.trend("http_req_duration").percentile(50.0);
    let most = bare.as_secs_f64() * 2.0 + 50e-6;
    Ok(vec![Check {
        what: "least latency, one user".to_owned(),
        expected: format!("{} (a bare socket)", duration(bare)),
        measured: format!("p50 {}", duration(median)),
        verdict: Verdict::of(median.as_secs_f64() <= most),
        remedy: BUSY,
    }])
}

/// A latency that is known to be there must be found, no less and hardly more.
pub fn programmed_latency(environment: &Environment) -> Result<Vec<Check>, Error> {
    const LATENCY: Duration = Duration::from_millis(20);
    let programme = Programme { latency: LATENCY, stall: None };
    let seen = environment.measure(programme, open(200, 4 * SECOND, 50))?;
    let line = |percent: f64| {
        let (truth, measured) =
            (seen.server.times.percentile(percent), seen.squall.totals.trend("response_time").percentile(percent));
        let (least, most) = (truth.as_secs_f64() * (1.0 - TOLERANCE), truth.as_secs_f64() * (1.0 + TOLERANCE) + 0.5e-3);
        Check {
            what: format!("a latency of {}, p{percent}", duration(LATENCY.into())),
            expected: format!("{} (the server's own)", duration(truth)),
            measured: duration(measured),
            verdict: Verdict::of((least..most).contains(&measured.as_secs_f64())),
            remedy: BUSY,
        }
    };
    Ok(vec![line(50.0), line(95.0)])
}

/// A stall of 2 s in 60 s at 100 requests/s, run twice as fast: tools that measure from the moment of sending miss it.
pub fn stall(environment: &Environment) -> Result<Vec<Check>, Error> {
    const RATE: u64 = 200;
    const LENGTH: Duration = Duration::from_secs(30);
    /// Between two arrivals, so that it does not depend on microseconds which is the first to see it.
    const STALL: Stall = Stall { after: Duration::from_micros(10_002_500), length: Duration::from_secs(1) };
    let programme = Programme { latency: Duration::ZERO, stall: Some(STALL) };
    // Fewer users than arrivals during the stall, so most arrivals wait here, where a tool that measures from sending
    // does not see it. And fewer than the server's backlog of connections (128): a client that is turned away there
    // tries again after a second, and that would be measured, too.
    let seen = environment.measure(programme, open(RATE, LENGTH, 50))?;
    let truth = p99_of_stall(RATE, LENGTH, STALL);
    let measured = seen.squall.totals.trend("response_time").percentile(99.0);
    let of_sending = seen.squall.totals.trend("http_req_duration").percentile(99.0);
    let off = (measured.as_secs_f64() / truth.as_secs_f64() - 1.0).abs();
    Ok(vec![Check {
        what: format!("p99 with a stall of {} in {}", duration(STALL.length.into()), duration(LENGTH.into())),
        expected: format!("{} ±1%", duration(truth)),
        measured: format!("{} (from sending: {})", duration(measured), duration(of_sending)),
        verdict: Verdict::of(off <= TOLERANCE),
        remedy: BUSY,
    }])
}

/// The 99th percentile (nearest rank) of the response times of even arrivals at a server that answers immediately,
/// except during the stall.
fn p99_of_stall(rate: u64, length: Duration, stall: Stall) -> Nanos {
    let arrivals = rate * length.as_secs();
    let (from, to) = (stall.after.as_secs_f64(), (stall.after + stall.length).as_secs_f64());
    let mut waits: Vec<f64> = (0..arrivals)
        .map(|number| number as f64 / rate as f64)
        .map(|at| if (from..to).contains(&at) { to - at } else { 0.0 })
        .collect();
    waits.sort_by(f64::total_cmp);
    let rank = (0.99 * arrivals as f64).ceil() as usize;
    Nanos((waits[rank - 1] * 1e9).round() as u64)
}

/// The machine's limits: the highest rate it reaches, and the highest at which all iterations start on time.
pub fn highest_rate(environment: &Environment) -> Result<Vec<Check>, Error> {
    const CONNECTIONS: u64 = 50;
    /// Each halves the remaining interval: 4 leave a sixteenth.
    const STEPS: u32 = 4;
    let closed = Options { vus: Some(CONNECTIONS), duration: Some(2 * SECOND), ..Options::default() };
    let totals = environment.measure(Programme::default(), closed)?.squall.totals;
    let reached = totals.counter("http_reqs") / totals.elapsed.as_secs_f64().max(1e-9);
    let (mut on_time, mut too_much) = (0.0, reached);
    for _ in 0..STEPS {
        let rate = (on_time + too_much) / 2.0;
        let seen = environment.measure(Programme::default(), open((rate as u64).max(1), 3 * SECOND, CONNECTIONS))?;
        if is_on_time(&seen) { on_time = rate } else { too_much = rate }
    }
    let threads = environment.threads();
    let threads = if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") };
    Ok(vec![
        Check {
            what: "highest rate, closed load".to_owned(),
            expected: "-".to_owned(),
            measured: format!("{} on {threads}", per_second(reached.round())),
            verdict: Verdict::Told,
            remedy: BUSY,
        },
        Check {
            what: "highest rate on time".to_owned(),
            expected: "late starts p99 < 1 ms".to_owned(),
            measured: format!("{} on {threads}", per_second(on_time.round())),
            verdict: Verdict::of(on_time > 0.0),
            remedy: BUSY,
        },
    ])
}

/// Whether the requested load was generated on time.
fn is_on_time(seen: &Seen) -> bool {
    let late = seen.squall.totals.trend("schedule_lag").percentile(99.0);
    late < LATE && seen.squall.generator.health < Health::Bottleneck
}

fn open(rate: u64, length: Duration, users: u64) -> Options {
    Options {
        rate: Some(Level::Bare(rate)),
        duration: Some(length),
        pre_allocated_vus: Some(users),
        max_vus: Some(users),
        ..Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_stall_has_the_known_answer() {
        // 2 s in 60 s at 100/s: 200 of 6,000 requests wait, 2 s to 10 ms. 60 are above the 99th percentile.
        let stall = Stall { after: Duration::from_secs(20), length: Duration::from_secs(2) };
        assert_eq!(p99_of_stall(100, Duration::from_secs(60), stall), Nanos(1_400_000_000));
        // No stall: no request waits.
        let none = Stall { after: Duration::from_secs(20), length: Duration::ZERO };
        assert_eq!(p99_of_stall(100, Duration::from_secs(60), none), Nanos::ZERO);
        // Too short for the 99th percentile to notice.
        let short = Stall { after: Duration::from_secs(20), length: Duration::from_millis(500) };
        assert_eq!(p99_of_stall(100, Duration::from_secs(60), short), Nanos::ZERO);
    }
}
