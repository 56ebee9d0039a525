//! A worker thread's timer: think times, arrivals, stages and deadlines all wait here, for a point on the run's clock.
//!
//! tokio's own timer counts milliseconds and is 1 to 2 ms late. This one is a single timer of the kernel for each thread,
//! always set to the earliest of the times that are waited for: some tens of microseconds late, no processor time
//! while nothing is due, nothing shared between threads. With [`Pacing::Spin`] it wakes a little too early and looks at
//! the clock until the moment has come, letting everything else on the thread go on meanwhile.
//! Must not know what is being waited for.

mod alarm;
mod coarse;
pub(crate) mod virtual_time;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use squall_guest::Timer;
use squall_metrics::{Clock, ManualClock, Nanos};
use squall_plan::Pacing;

use alarm::Alarm;
pub(crate) use coarse::{Beat, within};

/// How long before the moment spinning begins: longer than the kernel usually takes to wake a thread.
const SPIN: Nanos = Nanos(80_000);

/// A worker thread's timer. Clones are the same timer.
#[derive(Clone)]
pub(crate) struct WorkerTimer(Rc<Waiting>);

struct Waiting {
    clock: Clock,
    pacing: Pacing,
    is_virtual: bool,
    alarm: Alarm,
    /// Who waits, by time and, for equal times, by number.
    sleepers: RefCell<BTreeMap<(Nanos, u64), Waker>>,
    next_number: Cell<u64>,
    /// What the alarm is set to, or zero while it need not be set: the reader of the clock sets it afterwards.
    alarm_at: Cell<Nanos>,
}

impl WorkerTimer {
    /// A timer for the calling thread, which must be inside its runtime.
    ///
    /// # Errors
    /// If the system gives no timer.
    pub(crate) fn start(clock: Clock, pacing: Pacing) -> std::io::Result<WorkerTimer> {
        let timer = WorkerTimer::new(clock, pacing, false)?;
        tokio::task::spawn_local(ring(Rc::clone(&timer.0)));
        Ok(timer)
    }

    /// A timer for the calling thread, on a clock that `hand` moves whenever nothing else can happen there.
    ///
    /// # Errors
    /// If the system gives no timer.
    pub(crate) fn start_virtual(clock: Clock, hand: &ManualClock) -> std::io::Result<WorkerTimer> {
        let timer = WorkerTimer::new(clock, Pacing::Timer, true)?;
        virtual_time::add(&timer, hand);
        Ok(timer)
    }

    fn new(clock: Clock, pacing: Pacing, is_virtual: bool) -> std::io::Result<WorkerTimer> {
        Ok(WorkerTimer(Rc::new(Waiting {
            alarm: Alarm::new()?,
            clock,
            pacing,
            is_virtual,
            sleepers: RefCell::default(),
            next_number: Cell::new(0),
            alarm_at: Cell::new(Nanos::MAX),
        })))
    }

    /// A beat for what is not measured.
    pub(crate) fn every_second(&self) -> Beat {
        if self.0.is_virtual { Beat::of_clock(self.clone(), self.0.clock.now()) } else { Beat::real() }
    }

    /// The clock that it goes by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Whether its time passes only when nothing else can happen.
    pub(crate) fn is_virtual(&self) -> bool {
        self.0.is_virtual
    }

    /// Ready when the clock has reached `time`.
    pub(crate) fn until(&self, time: Nanos) -> Sleep {
        Sleep { waiting: Rc::clone(&self.0), time, number: None }
    }
}

impl Timer for WorkerTimer {
    fn sleep_until(&self, time: Nanos) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(self.until(time))
    }

    fn is_virtual(&self) -> bool {
        self.0.is_virtual
    }
}

/// Wakes all that are due, each time the alarm goes off.
async fn ring(waiting: Rc<Waiting>) {
    while waiting.alarm.goes_off().await.is_ok() {
        waiting.alarm_at.set(Nanos::ZERO);
        loop {
            let now = waiting.clock.now();
            waiting.wake_due(now);
            let next = waiting.earliest();
            if waiting.pacing == Pacing::Spin && next.since(now) <= SPIN {
                tokio::task::yield_now().await;
            } else {
                waiting.set_alarm(next);
                break;
            }
        }
    }
}

impl Waiting {
    fn wake_due(&self, now: Nanos) {
        loop {
            let first =
                self.sleepers.borrow_mut().first_entry().filter(|entry| entry.key().0 <= now).map(|e| e.remove());
            match first {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    fn earliest(&self) -> Nanos {
        self.sleepers.borrow().first_key_value().map_or(Nanos::MAX, |((time, _), _)| *time)
    }

    fn set_alarm(&self, time: Nanos) {
        self.alarm_at.set(time);
        if time == Nanos::MAX {
            return;
        }
        let time = if self.pacing == Pacing::Spin { time.since(SPIN) } else { time };
        // A clock that tests drive has no alarm: its sleepers are polled.
        if let Some(time) = self.clock.on_system_clock(time) {
            self.alarm.set(time);
        }
    }

    fn lie_down(&self, time: Nanos, waker: &Waker) -> u64 {
        let number = self.next_number.get();
        self.next_number.set(number + 1);
        self.sleepers.borrow_mut().insert((time, number), waker.clone());
        if time < self.alarm_at.get() {
            self.set_alarm(time);
        }
        number
    }
}

/// Waits for a time. Dropped before, it leaves nothing behind.
pub(crate) struct Sleep {
    waiting: Rc<Waiting>,
    time: Nanos,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.waiting.clock.now() >= self.time {
            return Poll::Ready(());
        }
        match self.number {
            None => self.number = Some(self.waiting.lie_down(self.time, context.waker())),
            Some(number) => {
                let mut sleepers = self.waiting.sleepers.borrow_mut();
                if let Some(waker) = sleepers.get_mut(&(self.time, number)) {
                    waker.clone_from(context.waker());
                }
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.waiting.sleepers.borrow_mut().remove(&(self.time, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::runtime;

    fn with_timer<T>(pacing: Pacing, test: impl AsyncFnOnce(WorkerTimer, Clock) -> T) -> T {
        runtime().unwrap().block_on(async {
            let clock = Clock::start();
            test(WorkerTimer::start(clock.clone(), pacing).unwrap(), clock).await
        })
    }

    #[test]
    fn nobody_wakes_early_and_the_order_is_that_of_the_times() {
        for pacing in [Pacing::Timer, Pacing::Spin] {
            with_timer(pacing, async |timer, clock| {
                let woken = Rc::new(RefCell::new(Vec::new()));
                let sleepers: Vec<_> = [3u64, 1, 2]
                    .into_iter()
                    .map(|millis| {
                        let (timer, clock, woken) = (timer.clone(), clock.clone(), Rc::clone(&woken));
                        tokio::task::spawn_local(async move {
                            let time = Nanos(millis * 1_000_000);
                            timer.until(time).await;
                            assert!(clock.now() >= time);
                            woken.borrow_mut().push(millis);
                        })
                    })
                    .collect();
                for sleeper in sleepers {
                    sleeper.await.unwrap();
                }
                assert_eq!(*woken.borrow(), [1, 2, 3]);
            });
        }
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        with_timer(Pacing::Timer, async |timer, clock| {
            for _ in 0..10 {
                let long = timer.until(clock.now() + Nanos(3_600_000_000_000));
                let short = timer.until(clock.now() + Nanos(100_000));
                tokio::select! {
                    () = long => panic!("an hour has not passed"),
                    () = short => {}
                }
            }
            assert!(timer.0.sleepers.borrow().is_empty());
        });
    }
}
