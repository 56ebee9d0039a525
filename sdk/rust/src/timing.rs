//! The run's clock, and waiting. No time passes but the host's, so tests can drive it.

use std::ops::Range;
use std::time::Duration;

use crate::{host, random};

/// A length of time: a [`Duration`], or a number of seconds (`1.5`, `2`). Negative numbers and NaN count as 0.
pub trait Seconds {
    /// The length as a duration.
    fn duration(self) -> Duration;
}

impl Seconds for Duration {
    fn duration(self) -> Duration {
        self
    }
}

impl Seconds for f64 {
    fn duration(self) -> Duration {
        // A cast saturates, and turns negative numbers and NaN into 0.
        Duration::from_nanos((self * 1e9) as u64)
    }
}

impl Seconds for i32 {
    fn duration(self) -> Duration {
        Duration::from_secs(self.max(0) as u64)
    }
}

impl Seconds for u64 {
    fn duration(self) -> Duration {
        Duration::from_secs(self)
    }
}

/// The time since the run began.
#[must_use]
pub fn now() -> Duration {
    Duration::from_nanos(host::now())
}

/// Waits: `sleep(1.5)`, `sleep(Duration::from_millis(20))`. Part of the iteration's duration, of no request's latency.
pub fn sleep(time: impl Seconds) {
    match nanoseconds(time.duration()) {
        0 => {}
        nanoseconds => host::sleep(nanoseconds),
    }
}

/// Think time: waits for a random time between the two, uniformly: `think(1.0..3.0)`.
pub fn think<T: Seconds>(range: Range<T>) {
    let (least, most) = (range.start.duration(), range.end.duration());
    if most > least {
        sleep(least + (most - least).mul_f64(random::fraction()));
    } else {
        sleep(least);
    }
}

/// Pacing: waits until that much time has passed since this iteration began, or not at all if it has.
pub fn pace(time: impl Seconds) {
    host::pace(nanoseconds(time.duration()));
}

/// Nanoseconds, as many as the contract can carry (584 years).
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn seconds_come_in_many_shapes() {
        assert_eq!(1.5.duration(), Duration::from_millis(1500));
        assert_eq!(2.duration(), Duration::from_secs(2));
        assert_eq!((-2).duration(), Duration::ZERO);
        assert_eq!((-0.5).duration(), Duration::ZERO);
        assert_eq!(f64::NAN.duration(), Duration::ZERO);
    }

    #[test]
    fn think_time_is_between_its_bounds() {
        let mut times = Vec::new();
        for seed in 0..50 {
            let report = Host::new().seed(seed).run(|| think(1.0..3.0));
            times.push(report.slept.as_secs_f64());
        }
        assert!(times.iter().all(|time| (1.0..3.0).contains(time)));
        assert!(times.iter().any(|&time| time < 1.5) && times.iter().any(|&time| time > 2.5));
    }

    #[test]
    fn no_think_time_is_no_host_call() {
        let report = Host::new().run(|| {
            think(0.0..0.0);
            sleep(-1.0);
        });
        assert_eq!(report.slept, Duration::ZERO);
    }

    #[test]
    fn pace_fills_the_iteration_up() {
        let report = Host::new().run(|| {
            sleep(0.25);
            pace(1);
            pace(0.5);
            assert_eq!(now(), Duration::from_secs(1));
        });
        assert_eq!(report.slept, Duration::from_secs(1));
    }
}
