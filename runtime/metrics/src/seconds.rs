//! The seconds of a load, numbered from 0: every thread cuts what it records at the same moments, whenever it reports.

use crate::clock::Nanos;
use crate::interval::Interval;

/// A thread's records of one second of the load, by the second's number.
pub type RecordedSecond = (u64, Interval);

/// Where the seconds of a load begin, on the run's clock.
///
/// Counting begins after the planned warm-up, and a second must not lie on both sides of that moment. So seconds are whole
/// from there on, and before it the first one is shortened where the warm-up has a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondGrid {
    load_begins: Nanos,
    length_of_first: Nanos,
}

impl SecondGrid {
    /// A whole second.
    pub const SECOND: Nanos = Nanos(1_000_000_000);

    /// The seconds of a load that begins at this moment and counts after this warm-up.
    pub fn new(load_begins: Nanos, warm_up: Nanos) -> SecondGrid {
        let fraction = warm_up.0 % SecondGrid::SECOND.0;
        let length_of_first = if fraction == 0 { SecondGrid::SECOND } else { Nanos(fraction) };
        SecondGrid { load_begins, length_of_first }
    }

    /// The number of the second that contains `time`. Times before the load belong to its first second.
    pub fn number_at(&self, time: Nanos) -> u64 {
        let second_begins = self.load_begins + self.length_of_first;
        if time < second_begins { 0 } else { 1 + time.since(second_begins).0 / SecondGrid::SECOND.0 }
    }

    /// The start of that second, on the run's clock.
    pub fn start_of(&self, number: u64) -> Nanos {
        match number.checked_sub(1) {
            None => self.load_begins,
            Some(whole) => {
                let whole = Nanos(whole.saturating_mul(SecondGrid::SECOND.0));
                self.load_begins + self.length_of_first + whole
            }
        }
    }

    /// The end of that second, on the run's clock.
    pub fn end_of(&self, number: u64) -> Nanos {
        self.start_of(number.saturating_add(1))
    }
}

/// The seconds of a load that a thread has recorded.
#[derive(Debug, Default)]
pub struct TakenSeconds {
    /// Records from before the load; empty from the second time on.
    pub before_load: Interval,
    /// Seconds that have ended, in order. Seconds without a sample are missing.
    pub seconds: Vec<RecordedSecond>,
    /// All seconds before this number have ended on the thread: they are final.
    pub complete_before: u64,
}

/// A thread's position in the seconds of a load.
#[derive(Debug)]
pub(crate) struct ThreadSeconds {
    /// `None` before the load begins.
    grid: Option<SecondGrid>,
    /// The current second, and its end.
    present: u64,
    end: Nanos,
    ended: TakenSeconds,
}

impl Default for ThreadSeconds {
    fn default() -> ThreadSeconds {
        ThreadSeconds { grid: None, present: 0, end: Nanos::MAX, ended: TakenSeconds::default() }
    }
}

impl ThreadSeconds {
    /// The most seconds that wait to be taken; older ones are merged.
    const MOST_WAITING: usize = 60;

    pub(crate) fn have_begun(&self) -> bool {
        self.grid.is_some()
    }

    pub(crate) fn begin(&mut self, grid: SecondGrid, before_load: Interval) {
        self.ended.before_load = before_load;
        self.end = grid.end_of(0);
        self.grid = Some(grid);
    }

    /// The end of the current second; `Nanos::MAX` before the load begins.
    #[inline]
    pub(crate) fn end(&self) -> Nanos {
        self.end
    }

    /// Ends the current second, with these records; `now` lies in the next one or a later one.
    pub(crate) fn advance_to(&mut self, now: Nanos, recorded: Interval) {
        let Some(grid) = self.grid else { return };
        let waiting = &mut self.ended.seconds;
        if waiting.len() >= ThreadSeconds::MOST_WAITING {
            let (_, oldest) = waiting.remove(0);
            waiting[0].1.merge(&oldest);
        }
        waiting.push((self.present, recorded));
        self.present = grid.number_at(now);
        self.end = grid.end_of(self.present);
    }

    pub(crate) fn take(&mut self) -> TakenSeconds {
        TakenSeconds { complete_before: self.present, ..std::mem::take(&mut self.ended) }
    }

    /// Takes everything, with the records of the current second.
    pub(crate) fn take_last(&mut self, rest: Interval) -> TakenSeconds {
        let mut taken = self.take();
        match self.grid {
            None => taken.before_load = rest,
            Some(_) => taken.seconds.push((self.present, rest)),
        }
        TakenSeconds { complete_before: u64::MAX, ..taken }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = SecondGrid::SECOND.0;

    #[test]
    fn a_load_has_whole_seconds_from_its_beginning() {
        let grid = SecondGrid::new(Nanos(7), Nanos::ZERO);
        assert_eq!((grid.start_of(0), grid.end_of(0)), (Nanos(7), Nanos(7 + SECOND)));
        assert_eq!(grid.start_of(5), Nanos(7 + 5 * SECOND));
        let numbers = [7, 6 + SECOND, 7 + SECOND, 7 + 5 * SECOND].map(|time| grid.number_at(Nanos(time)));
        assert_eq!(numbers, [0, 0, 1, 5]);
        assert_eq!(grid.number_at(Nanos(3)), 0, "before the load");
    }

    #[test]
    fn a_second_begins_where_the_warm_up_ends() {
        for warm_up in [SECOND, 2 * SECOND + SECOND / 2, SECOND / 4, 3 * SECOND + 1] {
            let grid = SecondGrid::new(Nanos(40), Nanos(warm_up));
            let number = grid.number_at(Nanos(40 + warm_up));
            assert_eq!(grid.start_of(number), Nanos(40 + warm_up));
            assert_eq!(grid.number_at(Nanos(40 + warm_up - 1)), number - 1);
        }
    }
}
