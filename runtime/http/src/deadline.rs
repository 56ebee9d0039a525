//! Time limits. The one file of this crate that may use tokio's timers.
//!
//! Nearly no request comes near its limit, so a request does not pay for a timer of its own: a [`Timer`] stays armed
//! from one request to the next, and only when it goes off is it asked whether anything is really late. It is as exact
//! as tokio's timers are: a limit is noticed up to a few milliseconds late.
#![expect(clippy::disallowed_methods, reason = "limits may be noticed late; nothing is measured by these timers")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use squall_metrics::{Clock, Nanos};
use tokio::time::{Sleep, sleep, timeout};

/// The time allowed was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// A timer that is used for one request after the other.
pub(crate) struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// The moment that it is armed for, on its user's clock.
    armed: Nanos,
}

impl Timer {
    fn new(deadline: Nanos, remaining: Duration) -> Timer {
        Timer { sleep: Box::pin(sleep(remaining)), armed: deadline }
    }

    /// Whether `deadline` is over; if not, the task is woken when it is, or earlier.
    fn is_over(&mut self, deadline: Nanos, context: &mut Context<'_>) -> bool {
        if self.armed > deadline {
            self.arm(deadline);
        }
        while self.sleep.as_mut().poll(context).is_ready() {
            if self.armed >= deadline {
                return true;
            }
            // It was armed for a request that has long been answered.
            self.arm(deadline);
        }
        false
    }

    /// Moves the timer by the difference between `deadline` and the armed time. That needs no look at a clock.
    fn arm(&mut self, deadline: Nanos) {
        let armed = self.sleep.deadline();
        let moved = match deadline > self.armed {
            true => armed.checked_add(deadline.since(self.armed).into()),
            false => armed.checked_sub(self.armed.since(deadline).into()),
        };
        self.sleep.as_mut().reset(moved.unwrap_or(armed));
        self.armed = deadline;
    }
}

/// Runs `future` until `deadline`, which is `remaining` from now. `spare` lends a timer, and has one afterwards if one
/// was needed at all.
pub(crate) async fn limit<F: Future>(
    spare: &Cell<Option<Timer>>,
    deadline: Nanos,
    remaining: Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut timer = None;
    let outcome = poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        let timer = timer.get_or_insert_with(|| spare.take().unwrap_or_else(|| Timer::new(deadline, remaining)));
        if timer.is_over(deadline, context) { Poll::Ready(Err(Elapsed)) } else { Poll::Pending }
    })
    .await;
    if timer.is_some() {
        spare.set(timer);
    }
    outcome
}

/// Polls until `deadline`, which may move while it is waited for.
pub(crate) async fn limit_moving<T>(
    spare: &Cell<Option<Timer>>,
    clock: &Clock,
    deadline: impl Fn() -> Nanos,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Result<T, Elapsed> {
    let mut timer = None;
    let outcome = poll_fn(|context| {
        if let Poll::Ready(output) = poll(context) {
            return Poll::Ready(Ok(output));
        }
        let deadline = deadline();
        let timer = timer.get_or_insert_with(|| {
            spare.take().unwrap_or_else(|| Timer::new(deadline, deadline.since(clock.now()).into()))
        });
        if timer.is_over(deadline, context) { Poll::Ready(Err(Elapsed)) } else { Poll::Pending }
    })
    .await;
    if timer.is_some() {
        spare.set(timer);
    }
    outcome
}

/// Waits: for rare operations.
pub(crate) async fn pause(time: Duration) {
    sleep(time).await;
}

/// Runs `future` for at most `limit`, with a timer of its own: for rare operations.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    timeout(limit, future).await.map_err(|_| Elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    fn millis(millis: u64) -> Nanos {
        Nanos(millis * 1_000_000)
    }

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // A limit that is never noticed would be waited for without end.
        runtime.block_on(within(Duration::from_secs(30), test)).unwrap();
    }

    /// Waits for a limit, which may be noticed late, but not early.
    async fn await_limit(clock: &Clock, spare: &Cell<Option<Timer>>, remaining: u64) {
        let deadline = clock.now() + millis(remaining);
        let outcome = limit(spare, deadline, Duration::from_millis(remaining), pending::<()>()).await;
        assert_eq!(outcome, Err(Elapsed));
        // tokio counts whole milliseconds.
        assert!(clock.now() + millis(2) >= deadline);
    }

    #[test]
    fn an_immediate_result_needs_no_timer() {
        run(async {
            let spare = Cell::new(None);
            assert_eq!(limit(&spare, millis(5), Duration::from_millis(5), async { 7 }).await, Ok(7));
            assert!(spare.take().is_none());
        });
    }

    #[test]
    fn one_timer_serves_later_and_earlier_limits() {
        run(async {
            let (clock, spare) = (Clock::start(), Cell::new(None));
            await_limit(&clock, &spare, 20).await;
            await_limit(&clock, &spare, 10).await;
            // Armed for an hour by a future that ends soon; then a short limit follows.
            let soon_done = sleep(Duration::from_millis(1));
            let hour = Duration::from_secs(3600);
            assert_eq!(limit(&spare, clock.now() + hour.into(), hour, soon_done).await, Ok(()));
            await_limit(&clock, &spare, 10).await;
            // Armed for a moment that passes unnoticed; then something longer comes.
            let short = Duration::from_millis(5);
            let soon_done = sleep(Duration::from_millis(1));
            assert_eq!(limit(&spare, clock.now() + short.into(), short, soon_done).await, Ok(()));
            await_limit(&clock, &spare, 40).await;
        });
    }
}
