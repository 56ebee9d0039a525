//! What the system says of the calling thread: how long it ran, and how long it was kept from running.

use squall_metrics::Nanos;

/// Processor time, user and system, that this thread has had up to now.
#[cfg(unix)]
pub(crate) fn processor_time() -> Nanos {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(not(unix))]
pub(crate) fn processor_time() -> Nanos {
    Nanos::ZERO
}

/// How long this thread was ready to run, and something else ran. Zero where the system does not say.
pub(crate) fn kept_waiting() -> Nanos {
    // Three numbers: time on the processor, time waiting for one, and how often (Linux, Documentation/scheduler/sched-stats).
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Nanos(text.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0))
}
