//! Moments of a reading: the time of day is read once, so that a clock that is set does not disturb the order.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use squall_findings::span::UnixNanos;

/// A clock that gives moments of the day and never runs backwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayClock {
    unix: Duration,
    started: Instant,
}

impl DayClock {
    #[expect(clippy::disallowed_methods, reason = "read once; spans, which moments are compared with, have it too")]
    pub(crate) fn start() -> DayClock {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        DayClock { unix, started: Instant::now() }
    }

    pub(crate) fn now(&self) -> UnixNanos {
        UnixNanos(u64::try_from((self.unix + self.started.elapsed()).as_nanos()).unwrap_or(u64::MAX))
    }
}
