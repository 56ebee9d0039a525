//! The records of a load in segments from its beginning, so that the warm-up can be left out once its end is known:
//! `--warmup auto`.
//!
//! Memory is bounded: at [`Stretches::MOST`] segments, neighbours are merged in pairs, and from then on each is twice
//! as long. So a cut is exact to a sixteenth of the time that has passed, or 5 s.

use crate::clock::Nanos;
use crate::interval::Interval;

/// All records, in segments of equal length.
#[derive(Debug)]
pub struct Stretches {
    length: Nanos,
    recorded: Vec<Interval>,
}

impl Default for Stretches {
    fn default() -> Stretches {
        Stretches { length: Stretches::SHORTEST, recorded: Vec::new() }
    }
}

impl Stretches {
    /// The greatest number of segments.
    pub const MOST: usize = 32;
    /// The first length of a segment: the resolution of MSER-5.
    pub const SHORTEST: Nanos = Nanos(5_000_000_000);

    /// Adds the records of this time, counted from the beginning of the load.
    pub fn add(&mut self, at: Nanos, recorded: &Interval) {
        while (at.0 / self.length.0) as usize >= Stretches::MOST {
            self.join_neighbours();
        }
        let index = (at.0 / self.length.0) as usize;
        if self.recorded.len() <= index {
            self.recorded.resize_with(index + 1, Interval::default);
        }
        self.recorded[index].merge(recorded);
    }

    /// All records from `cut` on, or from the end of a segment after it, with the time of that.
    pub fn from(self, cut: Nanos) -> (Nanos, Interval) {
        let left_out = cut.0.div_ceil(self.length.0);
        let mut rest = Interval::default();
        self.recorded.iter().skip(left_out as usize).for_each(|recorded| rest.merge(recorded));
        (Nanos(left_out * self.length.0), rest)
    }

    fn join_neighbours(&mut self) {
        self.length = Nanos(self.length.0 * 2);
        let mut apart = std::mem::take(&mut self.recorded).into_iter();
        while let Some(mut first) = apart.next() {
            if let Some(second) = apart.next() {
                first.merge(&second);
            }
            self.recorded.push(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{FlowId, IterationEnd, Recorder, Registry};

    const SECOND: u64 = 1_000_000_000;

    /// One iteration in each second.
    fn recorded(seconds: u64) -> Stretches {
        let mut recorder = Recorder::new(Arc::new(Registry::new(10)));
        let mut stretches = Stretches::default();
        for second in 0..seconds {
            recorder.iteration(FlowId(0), IterationEnd::Completed, Nanos(SECOND), Nanos(0), "");
            stretches.add(Nanos(second * SECOND), &recorder.take());
        }
        stretches
    }

    fn iterations(recorded: &Interval) -> u64 {
        recorded.iterations.values().map(|cell| cell.count).sum()
    }

    #[test]
    fn a_beginning_can_be_left_out_afterwards() {
        let cut = |seconds, cut| {
            let (at, rest) = recorded(seconds).from(Nanos(cut * SECOND));
            (at.0 / SECOND, iterations(&rest))
        };
        assert_eq!(cut(100, 0), (0, 100));
        assert_eq!(cut(100, 25), (25, 75));
        assert_eq!(cut(100, 26), (30, 70), "a cut is never made too early");
        assert_eq!(cut(100, 200), (200, 0));
    }

    #[test]
    fn a_long_load_takes_no_more_memory_and_loses_no_records() {
        // 160 s fill the segments of 5 s; 1,000 s take segments of 40 s.
        let stretches = recorded(1_000);
        assert!(stretches.recorded.len() <= Stretches::MOST);
        let (at, rest) = stretches.from(Nanos(50 * SECOND));
        assert_eq!((at.0 / SECOND, iterations(&rest)), (80, 920));
    }
}
