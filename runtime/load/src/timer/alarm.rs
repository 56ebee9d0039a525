//! A timer of the kernel that wakes the thread's runtime: `timerfd` on Linux. Knows the system's clock, not the run's.

#[cfg(target_os = "linux")]
pub(super) use linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub(super) use portable::Alarm;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use squall_metrics::Nanos;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    pub(in super::super) struct Alarm(AsyncFd<OwnedFd>);

    impl Alarm {
        pub(in super::super) fn new() -> io::Result<Alarm> {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            AsyncFd::with_interest(timer, Interest::READABLE).map(Alarm)
        }

        /// Goes off at `time` on the system's monotonic clock, once; at once if that is past.
        pub(in super::super) fn set(&self, time: Nanos) {
            let once = Itimerspec {
                it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
                // Zero would switch it off.
                it_value: Timespec {
                    tv_sec: i64::try_from(time.0 / 1_000_000_000).unwrap_or(i64::MAX),
                    tv_nsec: (time.0 % 1_000_000_000).max(1) as _,
                },
            };
            // It can fail for a time that is none, or a descriptor that is no timer; ours are.
            let _ = timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::ABSTIME, &once);
        }

        /// Waits until it goes off. Nothing is read from the descriptor: the runtime is told of every expiry anew, and
        /// setting the timer again clears it.
        pub(in super::super) async fn goes_off(&self) -> io::Result<()> {
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::cell::Cell;
    use std::io;
    use std::time::Duration;

    use squall_metrics::{Clock, Nanos};
    use tokio::sync::Notify;

    /// tokio's timer, where there is none of the kernel that can be waited for: 1 to 2 ms late.
    pub(in super::super) struct Alarm {
        now: Clock,
        time: Cell<Nanos>,
        changed: Notify,
    }

    impl Alarm {
        pub(in super::super) fn new() -> io::Result<Alarm> {
            Ok(Alarm { now: Clock::of_system(), time: Cell::new(Nanos::MAX), changed: Notify::new() })
        }

        pub(in super::super) fn set(&self, time: Nanos) {
            self.time.set(time);
            self.changed.notify_one();
        }

        #[expect(clippy::disallowed_methods, reason = "there is no better timer here")]
        pub(in super::super) async fn goes_off(&self) -> io::Result<()> {
            loop {
                let left = self.time.get().since(self.now.now());
                if left == Nanos::ZERO {
                    self.time.set(Nanos::MAX);
                    return Ok(());
                }
                tokio::select! {
                    () = tokio::time::sleep(Duration::from(left).min(Duration::from_secs(3_600))) => {}
                    () = self.changed.notified() => {}
                }
            }
        }
    }
}
