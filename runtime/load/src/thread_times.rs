//! How the calling thread spent its time: at work, asleep because there was nothing to do, or kept from running.

use std::cell::Cell;

use squall_metrics::{Clock, Nanos};

thread_local! {
    /// For how long this thread had slept when it last woke, and when it fell asleep.
    static SLEPT: Cell<Nanos> = const { Cell::new(Nanos::ZERO) };
    static ASLEEP_SINCE: Cell<Nanos> = const { Cell::new(Nanos::ZERO) };
}

/// The runtime calls it when nothing on this thread can go on.
pub(crate) fn falls_asleep() {
    ASLEEP_SINCE.set(Clock::of_system().now());
}

/// And this when something can.
pub(crate) fn wakes() {
    SLEPT.set(SLEPT.get() + Clock::of_system().now().since(ASLEEP_SINCE.get()));
}

/// Where this thread's clocks stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadTimes {
    clock: Nanos,
    slept: Nanos,
    processor: Nanos,
}

impl ThreadTimes {
    pub(crate) fn now() -> ThreadTimes {
        ThreadTimes { clock: Clock::of_system().now(), slept: SLEPT.get(), processor: processor_time() }
    }

    /// How long this thread was at work since `earlier`. Time awake is too much if something else had the processor;
    /// processor time is too much by falling asleep and waking, which on a virtual machine can be ten times the work
    /// itself, and which a thread with more to do does not do. So it is the lesser of the two.
    pub(crate) fn at_work_since(self, earlier: ThreadTimes) -> Nanos {
        let awake = self.clock.since(earlier.clock).since(self.slept.since(earlier.slept));
        let processor = self.processor.since(earlier.processor);
        if cfg!(unix) { awake.min(processor) } else { awake }
    }
}

/// Processor time, user and system, that this thread has had up to now.
#[cfg(unix)]
fn processor_time() -> Nanos {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Nanos(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(not(unix))]
fn processor_time() -> Nanos {
    Nanos::ZERO
}

/// How long this thread was ready to run, and something else ran. Zero where the system does not say.
pub(crate) fn run_delay() -> Nanos {
    // Three numbers: time on the processor, time waiting for one, and how often (Linux, Documentation/scheduler/sched-stats).
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Nanos(text.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_the_lesser_of_time_awake_and_processor_time() {
        let times = |clock, slept, processor| ThreadTimes {
            clock: Nanos(clock),
            slept: Nanos(slept),
            processor: Nanos(processor),
        };
        let begin = times(1_000, 500, 300);
        // Waking cost the processor more than what there was to do.
        assert_eq!(times(2_000, 1_400, 700).at_work_since(begin), Nanos(100));
        // Something else had the processor while there was work.
        assert_eq!(times(2_000, 500, 550).at_work_since(begin), Nanos(250));
    }

    #[test]
    fn a_sleep_is_not_work() {
        let begin = ThreadTimes::now();
        falls_asleep();
        let woken = Clock::of_system().now() + Nanos(1_000_000);
        while Clock::of_system().now() < woken {}
        wakes();
        let end = ThreadTimes::now();
        assert!(end.slept.since(begin.slept) >= Nanos(1_000_000));
        assert!(end.at_work_since(begin) <= end.clock.since(begin.clock).since(Nanos(1_000_000)));
    }
}
