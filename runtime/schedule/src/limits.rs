//! The largest plan there can be, in one place, and the check of a number or duration against it. Every limit is far
//! above what one machine can do: it exists to catch a slip of the keyboard, and its error names it.

use std::time::Duration;

use thiserror::Error;

use crate::duration::HumanDuration;
use crate::rate::Rate;

/// The most virtual users a plan may ask for.
pub const MAX_VUS: u64 = 10_000_000;

/// The highest rate a plan may ask for: ten million a second.
pub const MAX_RATE: Rate = Rate::every_second(10_000_000);

/// The most stages a ramp may have.
pub const MAX_STAGES: usize = 1_000;

/// The longest duration that can be written anywhere in a plan, and the longest load: 366 days.
pub const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The most worker threads a plan may ask for.
pub const MAX_THREADS: usize = 1_024;

/// The most flows a mix may hold.
pub const MAX_FLOWS: usize = 1_000;

/// The most scenarios a plan may have.
pub const MAX_SCENARIOS: u64 = 100;

/// The most flows that all scenarios of a plan may have together: each has a number of sixteen bits.
pub const MAX_SCENARIO_FLOWS: u64 = 50_000;

/// An option whose value is too small or too large.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// A number that cannot be zero.
    #[error("{key} is 0; it must be at least 1")]
    Zero {
        /// The option.
        key: &'static str,
    },
    /// A rate that cannot be zero.
    #[error("{key} is 0; it must be more than 0, like 0.5/s")]
    NoRate {
        /// The option.
        key: &'static str,
    },
    /// A duration that cannot be zero.
    #[error("{key} is 0s; it must be longer")]
    NoTime {
        /// The option.
        key: &'static str,
    },
    /// A number beyond its limit.
    #[error("{key} is {value}; at most {limit} can be asked for")]
    TooMany {
        /// The option.
        key: &'static str,
        /// What was asked for.
        value: u64,
        /// The most that can be asked for.
        limit: u64,
    },
    /// A rate beyond [`MAX_RATE`].
    #[error("{key} is {value}; at most {MAX_RATE} can be asked for")]
    TooFast {
        /// The option.
        key: &'static str,
        /// What was asked for.
        value: Rate,
    },
    /// A duration beyond [`MAX_DURATION`].
    #[error("{key} is {}; at most 366 days (366d) can be asked for", HumanDuration(*value))]
    TooLong {
        /// The option.
        key: &'static str,
        /// What was asked for.
        value: Duration,
    },
}

/// A number from 1 up to a limit.
pub fn count(key: &'static str, value: u64, limit: u64) -> Result<u64, LimitError> {
    match value {
        0 => Err(LimitError::Zero { key }),
        _ if value > limit => Err(LimitError::TooMany { key, value, limit }),
        _ => Ok(value),
    }
}

/// A rate that may be zero.
pub fn rate(key: &'static str, value: Rate) -> Result<Rate, LimitError> {
    if value > MAX_RATE {
        return Err(LimitError::TooFast { key, value });
    }
    Ok(value)
}

/// A duration that may be zero.
pub fn duration(key: &'static str, value: Duration) -> Result<Duration, LimitError> {
    if value > MAX_DURATION {
        return Err(LimitError::TooLong { key, value });
    }
    Ok(value)
}

/// A duration of more than zero.
pub fn some_time(key: &'static str, value: Duration) -> Result<Duration, LimitError> {
    if value.is_zero() {
        return Err(LimitError::NoTime { key });
    }
    duration(key, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named() {
        assert_eq!(count("vus", MAX_VUS, MAX_VUS), Ok(MAX_VUS));
        let text = |error: LimitError| error.to_string();
        assert_eq!(rate("rate", MAX_RATE), Ok(MAX_RATE));
        assert_eq!(
            rate("rate", Rate::every_second(10_000_001)).map_err(text),
            Err("rate is 10000001/s; at most 10000000/s can be asked for".to_owned())
        );
        assert_eq!(
            count("vus", MAX_VUS + 1, MAX_VUS).map_err(text),
            Err("vus is 10000001; at most 10000000 can be asked for".to_owned())
        );
        assert_eq!(
            some_time("duration", Duration::ZERO).map_err(text),
            Err("duration is 0s; it must be longer".to_owned())
        );
        assert_eq!(
            duration("graceful_stop", MAX_DURATION + Duration::from_secs(1)).map_err(text),
            Err("graceful_stop is 8784h1s; at most 366 days (366d) can be asked for".to_owned())
        );
    }
}
