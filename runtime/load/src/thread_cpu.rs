//! The processor time of the calling thread.

use squall_metrics::Nanos;

/// Processor time, user and system, that this thread has had up to now.
#[cfg(unix)]
pub(crate) fn thread_cpu_time() -> Nanos {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writes, and the clock exists on every Unix that Squall is built for.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    if result != 0 {
        return Nanos::ZERO;
    }
    Nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(not(unix))]
pub(crate) fn thread_cpu_time() -> Nanos {
    Nanos::ZERO
}
