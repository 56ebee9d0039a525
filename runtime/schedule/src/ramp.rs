//! When is each VU of a ramp wanted? A pure function of the stages, so that every worker thread computes the same answer
//! for its own VUs without talking to the others. Must not know clocks, threads or VUs that run.
//!
//! The line: within a stage the number of VUs goes straight from where it was to the stage's target; a stage of no
//! duration jumps. Rounding is k6's: going up, the fractional line is rounded down, so that a VU starts at the moment the
//! line reaches it; going down it is rounded up, so that a VU stops at the moment the line has left it. At the end of
//! the last stage no user is wanted any more. Everything is exact to the nanosecond.

use std::time::Duration;

use crate::duration::from_nanos;
use crate::executor;
use crate::stage::Stage;

/// A number of VUs over time. Memory: one small record per stage, however long or high the ramp is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ramp {
    slopes: Vec<Slope>,
    /// Nanoseconds from the start to the end of the last stage.
    end: u128,
    peak: u64,
}

/// One stage of more than no duration, placed in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slope {
    /// Nanoseconds from the start of the ramp.
    start: u128,
    /// Nanoseconds; never zero. 64 bits (584 years) keep every product below within 128.
    length: u64,
    from: u64,
    to: u64,
}

impl Ramp {
    /// A ramp that begins with `start` VUs and then follows the stages.
    pub fn new(start: u64, stages: &[Stage]) -> Ramp {
        let mut slopes = Vec::with_capacity(stages.len());
        let mut end = 0;
        let mut from = start;
        for stage in stages {
            let length = u64::try_from(stage.duration.as_nanos()).unwrap_or(u64::MAX);
            if length > 0 {
                slopes.push(Slope { start: end, length, from, to: stage.target });
            }
            end += u128::from(length);
            from = stage.target;
        }
        let peak = executor::peak(start, stages);
        Ramp { slopes, end, peak }
    }

    /// The number of VUs wanted at `time` after the start; none from [`Ramp::duration`] on.
    pub fn vus_at(&self, time: Duration) -> u64 {
        let time = time.as_nanos();
        if time >= self.end {
            return 0;
        }
        let begun = self.slopes.partition_point(|slope| slope.start <= time);
        begun.checked_sub(1).and_then(|current| self.slopes.get(current)).map_or(0, |slope| slope.vus_at(time))
    }

    /// The times in which VU number `vu`, counted from 0, is wanted: each from its first moment until, but not with, its
    /// second; in order, apart from each other. At any time exactly those VUs are wanted that are below
    /// [`Ramp::vus_at`].
    pub fn active_intervals(&self, vu: u64) -> impl Iterator<Item = (Duration, Duration)> + '_ {
        let mut pieces = self.slopes.iter().filter_map(move |slope| slope.interval(vu)).peekable();
        std::iter::from_fn(move || {
            let (from, mut until) = pieces.next()?;
            // A VU that is wanted across the border of two stages does not stop there.
            while let Some((_, end)) = pieces.next_if(|(next, _)| *next == until) {
                until = end;
            }
            Some((from_nanos(from), from_nanos(until)))
        })
    }

    /// The greatest number of VUs the ramp names.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// How long all stages take together.
    pub fn duration(&self) -> Duration {
        from_nanos(self.end)
    }
}

impl Slope {
    /// The number of VUs at a time within the slope.
    fn vus_at(&self, time: u128) -> u64 {
        // Rounding the way gone down is rounding the line down when it rises, and up when it falls.
        let gone = (time - self.start) * u128::from(self.height()) / u128::from(self.length);
        let gone = u64::try_from(gone).unwrap_or(u64::MAX);
        if self.rises() { self.from.saturating_add(gone) } else { self.from.saturating_sub(gone) }
    }

    /// When within the slope VU number `vu` is wanted, in nanoseconds from the start of the ramp.
    fn interval(&self, vu: u64) -> Option<(u128, u128)> {
        let end = self.start + u128::from(self.length);
        let (from, until) = match (vu < self.from, vu < self.to) {
            (true, true) => (self.start, end),
            (false, false) => return None,
            (false, true) => (self.moment(vu - self.from + 1), end),
            (true, false) => (self.start, self.moment(self.from - vu)),
        };
        (from < until).then_some((from, until))
    }

    /// The first nanosecond at which the line has gone `way` VUs.
    fn moment(&self, way: u64) -> u128 {
        self.start + (u128::from(way) * u128::from(self.length)).div_ceil(u128::from(self.height()))
    }

    fn rises(&self) -> bool {
        self.to >= self.from
    }

    fn height(&self) -> u64 {
        self.to.abs_diff(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn stage(duration: Duration, target: u64) -> Stage {
        Stage { duration, target }
    }

    fn intervals(ramp: &Ramp, vu: u64) -> Vec<(Duration, Duration)> {
        ramp.active_intervals(vu).collect()
    }

    #[test]
    fn up_and_down_as_k6_rounds() {
        let ramp = Ramp::new(0, &[stage(seconds(10), 10), stage(seconds(10), 0)]);
        let vus = [0, 1, 9, 10, 11, 19].map(|second| ramp.vus_at(seconds(second)));
        assert_eq!(vus, [0, 1, 9, 10, 9, 1]);
        assert_eq!(ramp.vus_at(Duration::from_millis(1_999)), 1);
        assert_eq!(ramp.vus_at(Duration::from_millis(10_001)), 10);
        assert_eq!(ramp.vus_at(seconds(20)), 0);
        assert_eq!(intervals(&ramp, 0), [(seconds(1), seconds(20))]);
        assert_eq!(intervals(&ramp, 8), [(seconds(9), seconds(12))]);
        assert_eq!(intervals(&ramp, 9), [(seconds(10), seconds(11))]);
        assert_eq!(intervals(&ramp, 10), []);
        assert_eq!((ramp.peak(), ramp.duration()), (10, seconds(20)));
    }

    #[test]
    fn a_stage_of_no_duration_jumps() {
        let stages = [stage(seconds(1), 5), stage(Duration::ZERO, 3), stage(seconds(1), 3)];
        let ramp = Ramp::new(5, &stages);
        assert_eq!(ramp.vus_at(Duration::from_millis(999)), 5);
        assert_eq!(ramp.vus_at(seconds(1)), 3);
        assert_eq!(intervals(&ramp, 2), [(seconds(0), seconds(2))]);
        assert_eq!(intervals(&ramp, 3), [(seconds(0), seconds(1))]);
    }

    #[test]
    fn a_vu_can_be_wanted_again() {
        let stages = [4, 0, 4].map(|target| stage(seconds(4), target));
        let ramp = Ramp::new(0, &stages);
        let twice = [(seconds(2), seconds(7)), (seconds(10), seconds(12))];
        assert_eq!(intervals(&ramp, 1), twice);
    }

    #[test]
    fn nothing_and_the_absurd_do_not_panic() {
        let empty = Ramp::new(7, &[]);
        assert_eq!(empty.vus_at(Duration::ZERO), 0);
        assert_eq!(intervals(&empty, 0), []);
        let absurd = Ramp::new(u64::MAX, &[stage(Duration::MAX, 0), stage(Duration::MAX, u64::MAX)]);
        absurd.vus_at(seconds(1));
        absurd.vus_at(Duration::MAX);
        assert_eq!(intervals(&absurd, 0).len(), 2);
    }

    fn stages() -> impl Strategy<Value = Vec<Stage>> {
        let duration = prop_oneof![
            1 => Just(Duration::ZERO),
            4 => (1_u64..2_000).prop_map(Duration::from_nanos),
            4 => (1_u64..60_000).prop_map(Duration::from_millis),
        ];
        prop::collection::vec((duration, 0_u64..40), 0..8).prop_map(|stages| {
            let stages = stages.into_iter();
            stages.map(|(duration, target)| stage(duration, target)).collect()
        })
    }

    proptest! {
        #[test]
        fn the_vus_wanted_are_those_that_are_active(
            start in 0_u64..40,
            stages in stages(),
            place in 0.0_f64..1.05,
        ) {
            let ramp = Ramp::new(start, &stages);
            let time = ramp.duration().mul_f64(place);
            let mut times = vec![time];
            // The moments at which something changes are where rounding goes wrong: those, and one nanosecond before.
            for vu in 0..ramp.peak() {
                for (from, until) in ramp.active_intervals(vu) {
                    times.extend([from, until]);
                    times.extend([from, until].map(|time| time.saturating_sub(Duration::from_nanos(1))));
                }
            }
            for time in times {
                let active = (0..ramp.peak() + 2).filter(|vu| {
                    ramp.active_intervals(*vu).any(|(from, until)| from <= time && time < until)
                });
                let active: Vec<u64> = active.collect();
                let wanted: Vec<u64> = (0..ramp.vus_at(time)).collect();
                prop_assert_eq!(active, wanted, "at {:?}", time);
            }
        }

        #[test]
        fn intervals_are_ordered_apart_and_within_the_ramp(start in 0_u64..40, stages in stages()) {
            let ramp = Ramp::new(start, &stages);
            for vu in 0..ramp.peak() {
                let mut last = None;
                for (from, until) in ramp.active_intervals(vu) {
                    prop_assert!(from < until && until <= ramp.duration());
                    prop_assert!(last.is_none_or(|last| last < from));
                    last = Some(until);
                }
            }
        }

        #[test]
        fn the_number_of_vus_stays_within_one_of_the_line(
            from in 0_u64..1_000,
            to in 0_u64..1_000,
            place in 0.0_f64..1.0,
        ) {
            let ramp = Ramp::new(from, &[stage(seconds(100), to)]);
            let time = seconds(100).mul_f64(place);
            prop_assume!(time < seconds(100));
            let line = from as f64 + (to as f64 - from as f64) * time.as_secs_f64() / 100.0;
            prop_assert!((ramp.vus_at(time) as f64 - line).abs() < 1.0 + 1e-6);
        }
    }
}
