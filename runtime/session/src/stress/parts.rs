//! The parts of a ramp, from when to when. Must not know what was measured in them.

use std::ops::Range;
use std::time::Duration;

use squall_plan::Executor;

/// The stages of a ramp that last, from when to when; none of a load without stages.
pub fn lasting_parts(executor: &Executor) -> Vec<Range<Duration>> {
    let mut from = Duration::ZERO;
    let part = |time: Duration| {
        let span = from..from + time;
        from = span.end;
        span
    };
    executor.stages().iter().map(|stage| stage.duration).filter(|time| !time.is_zero()).map(part).collect()
}
