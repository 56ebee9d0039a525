//! The cost of one exchange. Every moment belongs to exactly one phase, so the phases add up to the whole.

use squall_metrics::{Nanos, Phases};

/// Stage of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Waiting for a connection.
    Blocked,
    Connecting,
    TlsHandshaking,
    Sending,
    Waiting,
    Receiving,
}

/// The times and the bytes of one exchange. It reads no clock: callers pass the time.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    start: Nanos,
    /// Up to when the time has been given to phases.
    mark: Nanos,
    stage: Stage,
    phases: Phases,
    /// Bytes on the connection, below TLS.
    pub sent: u64,
    pub received: u64,
}

impl Stopwatch {
    /// Starts, blocked.
    pub(crate) fn start(start: Nanos) -> Stopwatch {
        Stopwatch { start, mark: start, stage: Stage::Blocked, phases: Phases::default(), sent: 0, received: 0 }
    }

    /// Starts, blocked, with a request that should have been made `late_by` ago. No phase has that time; the whole has.
    pub(crate) fn start_late(start: Nanos, late_by: Nanos) -> Stopwatch {
        Stopwatch { start: start.since(late_by), ..Stopwatch::start(start) }
    }

    /// The present phase has lasted until `now`, and goes on.
    #[inline]
    pub(crate) fn lap(&mut self, now: Nanos) {
        let passed = now.since(self.mark);
        let phase = match self.stage {
            Stage::Blocked => &mut self.phases.blocked,
            Stage::Connecting => &mut self.phases.connecting,
            Stage::TlsHandshaking => &mut self.phases.tls_handshaking,
            Stage::Sending => &mut self.phases.sending,
            Stage::Waiting => &mut self.phases.waiting,
            Stage::Receiving => &mut self.phases.receiving,
        };
        *phase += passed;
        self.mark = now;
    }

    /// The present phase has ended at `now`, and another begins.
    #[inline]
    pub(crate) fn enter(&mut self, stage: Stage, now: Nanos) {
        self.lap(now);
        self.stage = stage;
    }

    /// The present phase took no time worth reading the clock for, and another begins.
    #[inline]
    pub(crate) fn enter_at_once(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// End of the last lap.
    pub(crate) fn last_lap(&self) -> Nanos {
        self.mark
    }

    pub(crate) fn phases(&self) -> Phases {
        self.phases
    }

    /// From the start to the last lap: the sum of all phases, and the delay before the request.
    pub(crate) fn elapsed(&self) -> Nanos {
        self.mark.since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_add_up_even_when_one_comes_twice() {
        let mut watch = Stopwatch::start(Nanos(100));
        watch.enter_at_once(Stage::Sending);
        watch.enter(Stage::Blocked, Nanos(110));
        watch.enter(Stage::Connecting, Nanos(115));
        watch.enter(Stage::Sending, Nanos(145));
        watch.enter(Stage::Waiting, Nanos(150));
        watch.enter(Stage::Receiving, Nanos(250));
        watch.lap(Nanos(251));
        let phases = watch.phases();
        assert_eq!(phases.sending, Nanos(15));
        assert_eq!(phases.blocked + phases.connecting + phases.tls_handshaking + phases.duration(), watch.elapsed());
        assert_eq!(watch.elapsed(), Nanos(151));
    }

    #[test]
    fn being_late_is_part_of_the_whole_but_of_no_phase() {
        let mut watch = Stopwatch::start_late(Nanos(1_000), Nanos(400));
        watch.enter(Stage::Sending, Nanos(1_010));
        watch.lap(Nanos(1_030));
        assert_eq!(watch.elapsed(), Nanos(430));
        assert_eq!(watch.phases().blocked + watch.phases().duration(), Nanos(30));
    }
}
