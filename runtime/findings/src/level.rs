//! Low load and the load: the stretches of a run that are held against each other.

use std::time::Duration;

use crate::evidence::LoadSecond;

/// A second belongs to low load up to this share of the greatest intensity ...
const LOW: f64 = 0.25;
/// ... and to the load from this one on.
const HIGH: f64 = 0.8;
/// So many seconds of low load make a stretch of it.
const LEAST_LOW: usize = 3;

/// How hard the load was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Low,
    Between,
    High,
}

/// The level of each second of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels {
    seconds: Vec<(Duration, Level)>,
}

impl Levels {
    pub(crate) fn of(load: &[LoadSecond]) -> Levels {
        let greatest = load.iter().map(|second| second.intensity).fold(0.0, f64::max);
        let level = |second: &LoadSecond| match second.intensity / greatest {
            share if share >= HIGH => Level::High,
            share if share <= LOW => Level::Low,
            _ => Level::Between,
        };
        let mut seconds: Vec<_> = load.iter().map(|second| (second.at, level(second))).collect();
        if seconds.iter().filter(|(_, level)| *level == Level::Low).count() < LEAST_LOW {
            seconds.retain(|(_, level)| *level != Level::Low);
        }
        // The end of a load, when its users leave, is low load after the high one: queues and memory remember that.
        let last_high = seconds.iter().rposition(|(_, level)| *level == Level::High);
        seconds.truncate(last_high.map_or(seconds.len(), |last| last + 1));
        Levels { seconds }
    }

    /// The level at that time from the beginning of the load.
    pub(crate) fn at(&self, time: Duration) -> Level {
        let after = self.seconds.partition_point(|(at, _)| *at <= time);
        match after.checked_sub(1).map(|index| self.seconds[index]) {
            Some((at, level)) if time < at + Duration::from_secs(2) => level,
            _ => Level::Between,
        }
    }

    /// Whether there was a stretch of low load.
    pub(crate) fn have_low(&self) -> bool {
        self.seconds.iter().any(|(_, level)| *level == Level::Low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(intensities: &[f64]) -> Levels {
        let second = |(at, intensity): (u64, &f64)| LoadSecond {
            at: Duration::from_secs(at),
            intensity: *intensity,
            ..LoadSecond::default()
        };
        Levels::of(&(0..).zip(intensities).map(second).collect::<Vec<_>>())
    }

    #[test]
    fn a_short_baseline_before_the_load_is_low_load() {
        let levels = levels(&[1.0, 1.0, 1.0, 10.0, 20.0, 19.0, 3.0]);
        let at = |tenths: u64| levels.at(Duration::from_millis(tenths * 100));
        assert_eq!(
            [at(5), at(25), at(35), at(45), at(55)],
            [Level::Low, Level::Low, Level::Between, Level::High, Level::High]
        );
        assert_eq!(at(90), Level::Between, "after the load");
        assert!(levels.have_low());
    }

    #[test]
    fn a_second_of_ramping_up_is_no_baseline() {
        let levels = levels(&[2.0, 20.0, 20.0]);
        assert!(!levels.have_low());
        assert_eq!(levels.at(Duration::from_millis(1500)), Level::High);
    }
}
