//! How fast one thread opens connections, so that the start of a load does not storm the target.

use std::cell::Cell;

use squall_metrics::{Clock, Nanos};

use crate::config::ConnectPace;
use crate::deadline::pause;

/// The starts of the connections of one thread.
#[derive(Debug)]
pub(crate) struct Pacer {
    interval: Nanos,
    /// The earliest time for the next start.
    next: Cell<Nanos>,
}

impl Pacer {
    pub(crate) fn new(pace: ConnectPace) -> Pacer {
        Pacer { interval: pace.interval.into(), next: Cell::default() }
    }

    /// Waits for the time at which the next connection may start. Waits end in the order in which they began.
    pub(crate) async fn wait(&self, clock: &Clock) {
        let wait = self.take_turn(clock.now());
        if wait > Nanos::ZERO {
            pause(wait.into()).await;
        }
    }

    /// Takes the next turn. Returns how far off it is. Time in which no connection was opened is not made up for.
    fn take_turn(&self, now: Nanos) -> Nanos {
        let turn = self.next.get().max(now);
        self.next.set(turn + self.interval);
        turn.since(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn turns_are_an_interval_apart_and_none_are_saved_up() {
        let pacer = Pacer::new(ConnectPace { interval: Duration::from_nanos(10) });
        let waits = |now, count| (0..count).map(|_| pacer.take_turn(Nanos(now)).0).collect::<Vec<_>>();
        assert_eq!(waits(100, 3), [0, 10, 20]);
        assert_eq!(waits(105, 1), [25]);
        assert_eq!(waits(1_000, 2), [0, 10]);
    }
}
