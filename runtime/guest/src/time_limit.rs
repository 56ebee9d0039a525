//! The time limit of an iteration. It holds for guests that compute as for those that wait: a computing guest yields
//! every 5 to 10 ms, and is not called back when its time is over.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use squall_metrics::Nanos;

use crate::worker::WorkerContext;

/// The time allowed was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed(pub(crate) Nanos);

/// A limit for consecutive iterations. Few come near it, so the alarm stays set across iterations, and is set again
/// only when it goes off too early.
pub(crate) struct TimeLimit {
    allowed: Option<Nanos>,
    alarm: Option<Alarm>,
}

struct Alarm {
    at: Nanos,
    wait: Pin<Box<dyn Future<Output = ()>>>,
    /// The task that it wakes.
    waker: Waker,
}

impl Alarm {
    fn set(at: Nanos, worker: &WorkerContext, waker: &Waker) -> Alarm {
        Alarm { at, wait: worker.timer.sleep_until(at), waker: waker.clone() }
    }

    /// Whether it has gone off; if not, it wakes the task when it does.
    fn has_gone_off(&mut self, context: &mut Context<'_>) -> bool {
        self.waker.clone_from(context.waker());
        self.wait.as_mut().poll(context).is_ready()
    }
}

impl TimeLimit {
    pub(crate) fn new(allowed: Option<Nanos>) -> TimeLimit {
        TimeLimit { allowed, alarm: None }
    }

    /// Lets `work` go on until the time allowed since `started` is over. After that it is for the caller to drop it.
    #[inline]
    pub(crate) async fn hold<F: Future>(
        &mut self,
        worker: &WorkerContext,
        started: Nanos,
        mut work: Pin<&mut F>,
    ) -> Result<F::Output, Elapsed> {
        let Some(allowed) = self.allowed else {
            return Ok(work.await);
        };
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if self.is_over(started + allowed, worker, context) => Poll::Ready(Err(Elapsed(allowed))),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Whether `deadline`, which is never earlier than the last one, has passed; if not, the task is woken when it has.
    fn is_over(&mut self, deadline: Nanos, worker: &WorkerContext, context: &mut Context<'_>) -> bool {
        // Nearly always: it is set, and there is time. To ask the clock is all that this costs.
        if let Some(alarm) = &self.alarm
            && alarm.waker.will_wake(context.waker())
            && worker.clock.now() < alarm.at
        {
            return false;
        }
        loop {
            let alarm = self.alarm.get_or_insert_with(|| Alarm::set(deadline, worker, context.waker()));
            if !alarm.has_gone_off(context) {
                return false;
            }
            let at = alarm.at;
            self.alarm = None;
            if at >= deadline {
                return true;
            }
        }
    }
}
