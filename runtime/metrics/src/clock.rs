//! The run's only clock. All measuring and scheduling code asks here, so that tests can drive time.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds: a point in time since the run began, or the distance between two.
///
/// Eight bytes and plain arithmetic, where `Duration` has twelve and a carry; the request path makes many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// A duration of zero.
    pub const ZERO: Nanos = Nanos(0);
    /// Later than any run.
    pub const MAX: Nanos = Nanos(u64::MAX);

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// In milliseconds, the unit of time in thresholds and exports.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// In seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Nanos {
        Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(nanos: Nanos) -> Duration {
        Duration::from_nanos(nanos.0)
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, other: Nanos) -> Nanos {
        Nanos(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Nanos) {
        *self = *self + other;
    }
}

impl Sub for Nanos {
    type Output = Nanos;
    fn sub(self, other: Nanos) -> Nanos {
        self.since(other)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", Duration::from(*self))
    }
}

/// A monotonic clock that starts at zero when the run begins. Cheap to clone; clones agree.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The system's monotonic time at the start, kept as one number: `Instant` takes three times as long to subtract.
    Monotonic(Nanos),
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// A clock on the system's monotonic time, starting now.
    pub fn start() -> Clock {
        Clock(Source::Monotonic(system_time()))
    }

    /// A clock on the system's monotonic time that reads zero at that moment of it.
    pub fn starting_at(system: Nanos) -> Clock {
        Clock(Source::Monotonic(system))
    }

    /// The system's monotonic clock itself, which started some time before the run.
    pub fn of_system() -> Clock {
        Clock(Source::Monotonic(Nanos::ZERO))
    }

    /// A clock that stands still until its [`ManualClock`] is moved.
    pub fn manual() -> (Clock, ManualClock) {
        let time = Arc::new(AtomicU64::new(0));
        (Clock(Source::Manual(Arc::clone(&time))), ManualClock(time))
    }

    /// The time since the run began.
    #[inline]
    pub fn now(&self) -> Nanos {
        match &self.0 {
            Source::Monotonic(start) => system_time().since(*start),
            Source::Manual(time) => Nanos(time.load(Ordering::Relaxed)),
        }
    }

    /// A moment of the system's monotonic clock on this clock; zero for earlier ones. A manual clock has no other time.
    pub fn at_system_time(&self, system: Nanos) -> Nanos {
        match &self.0 {
            Source::Monotonic(start) => system.since(*start),
            Source::Manual(_) => system,
        }
    }

    /// `time` on the system's monotonic clock, for a timer of the kernel. `None` for a manual clock.
    pub fn on_system_clock(&self, time: Nanos) -> Option<Nanos> {
        match &self.0 {
            Source::Monotonic(start) => Some(*start + time),
            Source::Manual(_) => None,
        }
    }
}

#[inline]
fn system_time() -> Nanos {
    let time = clock_gettime(ClockId::Monotonic);
    Nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// Moves the time of a [`Clock::manual`]. Clones move the same.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Advances the clock by `by`.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(Nanos::from(by).0, Ordering::Relaxed);
    }

    /// Advances the clock to `time`, unless it is later already.
    pub fn advance_to(&self, time: Nanos) {
        self.0.fetch_max(time.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_advanced() {
        let (clock, hand) = Clock::manual();
        assert_eq!(clock.now(), Nanos::ZERO);
        hand.advance(Duration::from_millis(5));
        assert_eq!(clock.clone().now(), Nanos(5_000_000));
    }

    #[test]
    fn the_time_since_a_later_moment_is_zero() {
        assert_eq!(Nanos(1).since(Nanos(2)), Nanos::ZERO);
    }
}
