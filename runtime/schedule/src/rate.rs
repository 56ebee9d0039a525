//! Rates as people write them: `1000/s`, `90/m`, `5/100ms`, `0.5/s`. Must not know what happens at a rate.

mod level;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::duration::{DurationError, HumanDuration, from_nanos, parse_duration};
use crate::limits::MAX_DURATION;

pub use level::Level;

const SECOND: Duration = Duration::from_secs(1);

/// The units that a rate can be written in without a number before them.
const UNITS: [(&str, Duration); 5] = [
    ("s", SECOND),
    ("m", Duration::from_secs(60)),
    ("h", Duration::from_secs(3600)),
    ("ms", Duration::from_millis(1)),
    ("us", Duration::from_micros(1)),
];

/// Digits behind the decimal point of a rate; more of them are refused, for a rate is exact.
const FRACTION_DIGITS: usize = 9;

/// So many in a time, exactly. Rates are equal when they are the same pace, however written: `60/m` is `1/s`.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    count: u64,
    /// More than zero, and less than 2^64 nanoseconds.
    per: Duration,
}

impl Rate {
    /// Nothing at all.
    pub const ZERO: Rate = Rate::every_second(0);

    /// `count` in each `per`. `None` if `per` is zero or longer than [`MAX_DURATION`].
    pub fn new(count: u64, per: Duration) -> Option<Rate> {
        (!per.is_zero() && per <= MAX_DURATION).then_some(Rate { count, per })
    }

    /// `count` in each second.
    pub const fn every_second(count: u64) -> Rate {
        Rate { count, per: SECOND }
    }

    /// How many in each [`Rate::per`].
    pub fn count(self) -> u64 {
        self.count
    }

    /// The time in which there are [`Rate::count`].
    pub fn per(self) -> Duration {
        self.per
    }

    /// How many in a second, as nearly as a floating-point number can say.
    pub fn per_second(self) -> f64 {
        self.count as f64 / (self.per_nanos() as f64 / 1e9)
    }

    /// Whether it is nothing at all.
    pub fn is_zero(self) -> bool {
        self.count == 0
    }

    /// [`Rate::count`] and the nanoseconds of [`Rate::per`] in lowest terms; the latter is never zero.
    pub(crate) fn in_lowest_terms(self) -> (u64, u64) {
        let per = self.per_nanos();
        let divisor = greatest_common_divisor(self.count, per);
        (self.count / divisor, per / divisor)
    }

    fn per_nanos(self) -> u64 {
        u64::try_from(self.per.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Euclid's; not zero unless both numbers are.
pub(crate) fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Ord for Rate {
    fn cmp(&self, other: &Rate) -> Ordering {
        let across = |rate: &Rate, other: &Rate| u128::from(rate.count) * u128::from(other.per_nanos());
        across(self, other).cmp(&across(other, self))
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Rate) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Rate) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rate {}

/// Why a text is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RateError {
    /// The part before the slash is not a number.
    #[error("{0:?} is not a rate; write one as 1000/s, 90/m or 0.5/s")]
    Malformed(String),
    /// The part behind the slash is not a time.
    #[error("the unit of the rate {rate:?} cannot be read: {source}")]
    Unit {
        /// What was written.
        rate: String,
        /// What is wrong with the time.
        source: DurationError,
    },
    /// The part behind the slash is no time at all.
    #[error("the rate {0:?} is per no time; write it per second: 1000/s")]
    NoTime(String),
    /// More digits than fit.
    #[error("the rate {0:?} has too many digits; write at most 9 behind the point, or use a longer unit: 5/h")]
    TooFine(String),
}

impl FromStr for Rate {
    type Err = RateError;

    /// Reads a number and its unit; without a unit it is per second.
    fn from_str(text: &str) -> Result<Rate, RateError> {
        let written = || text.to_owned();
        let (number, unit) = match text.split_once('/') {
            Some((number, unit)) => (number.trim(), read_unit(text, unit.trim())?),
            None => (text.trim(), SECOND),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(RateError::Malformed(written()));
        }
        if fraction.len() > FRACTION_DIGITS {
            return Err(RateError::TooFine(written()));
        }
        let count: u64 = digits.parse().map_err(|_| RateError::TooFine(written()))?;
        if unit.is_zero() {
            return Err(RateError::NoTime(written()));
        }
        if fraction.is_empty() {
            return Rate::new(count, unit).ok_or_else(|| RateError::TooFine(written()));
        }
        // 0.5 a second are 5 in ten seconds, or 1 in two.
        let scale = fraction.bytes().fold(1_u64, |scale, _| scale * 10);
        let divisor = greatest_common_divisor(count, scale);
        let per = from_nanos(unit.as_nanos() * u128::from(scale / divisor));
        Rate::new(count / divisor, per).ok_or_else(|| RateError::TooFine(written()))
    }
}

/// The time behind the slash: `s`, `m`, `100ms`.
fn read_unit(rate: &str, unit: &str) -> Result<Duration, RateError> {
    let known = UNITS.iter().find(|(name, _)| *name == unit);
    known
        .map_or_else(|| parse_duration(unit), |(_, length)| Ok(*length))
        .map_err(|source| RateError::Unit { rate: rate.to_owned(), source })
}

impl fmt::Display for Rate {
    /// Exact: `1000/s`, `90/m`, `5/100ms`, `0.5/s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = UNITS.iter().find(|(_, length)| *length == self.per) {
            return write!(f, "{}/{name}", self.count);
        }
        // A part of a second's worth that ends after three digits is easier read so: 0.5/s, not 1/2s.
        let thousandth = self.count.checked_mul(1_000).map(|count| (count, self.per.as_secs()));
        match thousandth {
            Some((count, seconds)) if seconds > 0 && self.per.subsec_nanos() == 0 && count % seconds == 0 => {
                let (whole, fraction) = (count / seconds / 1_000, count / seconds % 1_000);
                let fraction = format!("{fraction:03}");
                match fraction.trim_end_matches('0') {
                    "" => write!(f, "{whole}/s"),
                    fraction => write!(f, "{whole}.{fraction}/s"),
                }
            }
            _ => write!(f, "{}/{}", self.count, HumanDuration(self.per)),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        deserializer.deserialize_any(RateVisitor)
    }
}

struct RateVisitor;

impl Visitor<'_> for RateVisitor {
    type Value = Rate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate, like \"1000/s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Rate, E> {
        Ok(Rate::every_second(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Rate, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes_what_people_write() {
        for (text, count, millis, shown) in [
            ("1000/s", 1000, 1_000, "1000/s"),
            ("1000", 1000, 1_000, "1000/s"),
            ("90/m", 90, 60_000, "90/m"),
            ("5/100ms", 5, 100, "5/100ms"),
            (" 7 / 2h ", 7, 7_200_000, "7/2h"),
            ("0.5/s", 1, 2_000, "0.5/s"),
            ("12.50/s", 25, 2_000, "12.5/s"),
            (".25", 1, 4_000, "0.25/s"),
            ("1.5/m", 3, 120_000, "0.025/s"),
            ("0/s", 0, 1_000, "0/s"),
        ] {
            let read = rate(text);
            assert_eq!((read.count(), read.per()), (count, Duration::from_millis(millis)), "{text}");
            assert_eq!(read.to_string(), shown);
        }
        assert_eq!(rate("60/m"), rate("1/s"));
        assert!(rate("59/m") < rate("1/s") && rate("1/100ms") > rate("9/s"));
        assert_eq!(rate("5/100ms").per_second(), 50.0);
        assert_eq!(serde_json::from_str::<Rate>("1000").unwrap(), rate("1000/s"));
        assert_eq!(serde_json::from_str::<Rate>("0.5").unwrap(), rate("0.5/s"));
        assert_eq!(serde_json::to_string(&rate("90/m")).unwrap(), r#""90/m""#);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("fast", "\"fast\" is not a rate; write one as 1000/s, 90/m or 0.5/s"),
            ("/s", "\"/s\" is not a rate; write one as 1000/s, 90/m or 0.5/s"),
            ("-5/s", "\"-5/s\" is not a rate; write one as 1000/s, 90/m or 0.5/s"),
            (
                "5/",
                "the unit of the rate \"5/\" cannot be read: a duration is missing; write one as 30s, 1m30s or 500ms",
            ),
            ("5/10", "the unit of the rate \"5/10\" cannot be read: \"10\" has no unit; give a unit: 10s"),
            ("5/0s", "the rate \"5/0s\" is per no time; write it per second: 1000/s"),
            (
                "0.0123456789/s",
                "the rate \"0.0123456789/s\" has too many digits; \
                 write at most 9 behind the point, or use a longer unit: 5/h",
            ),
        ] {
            assert_eq!(text.parse::<Rate>().map_err(|error| error.to_string()), Err(message.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(count in any::<u64>(), small in 0_u64..2_000, per in 1_u64..10_000_000_000_000) {
            for rate in [Rate::new(count, Duration::from_nanos(per)), Rate::new(small, Duration::from_secs(per % 500 + 1))] {
                let rate = rate.unwrap();
                prop_assert_eq!(rate.to_string().parse(), Ok(rate), "{}", rate);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,20}", near in "[0-9./smh]{0,40}") {
            let _ = text.parse::<Rate>();
            let _ = near.parse::<Rate>();
        }
    }
}
