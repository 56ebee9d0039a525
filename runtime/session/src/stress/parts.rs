//! The parts of a ramp, from when to when. Must not know what was measured in them.

use std::ops::Range;
use std::time::Duration;

use squall_plan::Executor;

/// The stages of a ramp, from when to when; none of a load without stages.
pub fn parts(executor: &Executor) -> Vec<Range<Duration>> {
    let mut from = Duration::ZERO;
    let part = |time: Duration| {
        let span = from..from + time;
        from = span.end;
        span
    };
    executor.stages().iter().map(|stage| stage.duration).map(part).collect()
}

/// Those that last.
pub fn lasting_parts(executor: &Executor) -> Vec<Range<Duration>> {
    parts(executor).into_iter().filter(|span| !span.is_empty()).collect()
}
