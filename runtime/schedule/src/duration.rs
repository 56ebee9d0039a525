//! Durations as people write them: `30s`, `1m30s`, `500ms`. Must not know what a duration is for, nor what time it is.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::limits::MAX_DURATION;

/// Every unit with its length in nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Digits behind the decimal point that can still make a nanosecond of a day; what follows them is cut off.
const FRACTION_DIGITS: usize = 15;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DurationError {
    /// There is nothing to read.
    #[error("a duration is missing; write one as 30s, 1m30s or 500ms")]
    Empty,
    /// A number without a unit: seconds cannot be told from milliseconds.
    #[error("{text:?} has no unit; give a unit: {number}s")]
    NoUnit {
        /// What was written.
        text: String,
        /// The number that lacks the unit.
        number: String,
    },
    /// A unit that does not exist.
    #[error("{text:?} has an unknown unit {unit:?}; use d, h, m, s, ms, us or ns")]
    UnknownUnit {
        /// What was written.
        text: String,
        /// The unit in it.
        unit: String,
    },
    /// Time does not run backwards here.
    #[error("{text:?} is negative; a duration is at least 0s")]
    Negative {
        /// What was written.
        text: String,
    },
    /// Anything else.
    #[error("{text:?} is not a duration; write one as 30s, 1m30s or 500ms")]
    Malformed {
        /// What was written.
        text: String,
    },
    /// Longer than [`MAX_DURATION`].
    #[error("{text:?} is too long; a duration is at most 366 days (366d)")]
    TooLong {
        /// What was written.
        text: String,
    },
}

/// Reads a duration: numbers, each with its unit (`d`, `h`, `m`, `s`, `ms`, `us`, `ns`), added up.
///
/// # Errors
/// When a unit is missing or unknown, when the text is no duration at all, or when it is longer than [`MAX_DURATION`].
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DurationError::Empty);
    }
    if text.starts_with('-') {
        let text = text.to_owned();
        return Err(DurationError::Negative { text });
    }
    let mut total = 0_u128;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, behind) = split_at_end_of(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, behind) = split_at_end_of(behind, char::is_alphabetic);
        total = total.saturating_add(part(text, number, unit)?);
        rest = behind;
    }
    if total > MAX_DURATION.as_nanos() {
        let text = text.to_owned();
        return Err(DurationError::TooLong { text });
    }
    Ok(from_nanos(total))
}

/// Reads a duration from a command line, where a bare number is seconds, as with wrk and curl.
///
/// # Errors
/// As [`parse_duration`].
pub fn parse_typed_duration(text: &str) -> Result<Duration, DurationError> {
    match parse_duration(text) {
        Err(DurationError::NoUnit { .. }) if !text.contains(char::is_alphabetic) => parse_duration(&format!("{text}s")),
        other => other,
    }
}

/// One number with its unit, in nanoseconds. `text` is the whole, for the error.
fn part(text: &str, number: &str, unit: &str) -> Result<u128, DurationError> {
    let malformed = || DurationError::Malformed { text: text.to_owned() };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return Err(malformed());
    }
    if unit.is_empty() {
        return Err(if text.ends_with(number) {
            DurationError::NoUnit { text: text.to_owned(), number: number.to_owned() }
        } else {
            malformed()
        });
    }
    let Some((_, length)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(DurationError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() });
    };
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS)];
    let scale = fraction.bytes().fold(1_u128, |scale, _| scale * 10);
    // Saturating: a number with forty digits is as much too long as the largest one that fits.
    let whole = digits(whole).saturating_mul(*length);
    Ok(whole.saturating_add(digits(fraction).saturating_mul(*length) / scale))
}

/// The value of a text of decimal digits, the largest there is if it does not fit.
fn digits(text: &str) -> u128 {
    text.bytes().fold(0, |value: u128, digit| value.saturating_mul(10).saturating_add(u128::from(digit - b'0')))
}

/// Splits behind the longest beginning whose characters all satisfy `belongs`.
fn split_at_end_of(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// A duration of so many nanoseconds, the longest there is if they do not fit.
pub(crate) fn from_nanos(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    u64::try_from(nanos / SECOND)
        .map_or(Duration::MAX, |seconds| Duration::from_secs(seconds) + Duration::from_nanos((nanos % SECOND) as u64))
}

/// A duration that is read and written as people write it: `1m30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HumanDuration(pub Duration);

impl From<HumanDuration> for Duration {
    fn from(human: HumanDuration) -> Duration {
        human.0
    }
}

impl From<Duration> for HumanDuration {
    fn from(duration: Duration) -> HumanDuration {
        HumanDuration(duration)
    }
}

impl FromStr for HumanDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<HumanDuration, DurationError> {
        parse_duration(text).map(HumanDuration)
    }
}

impl fmt::Display for HumanDuration {
    /// Exact, and without parts that are zero: `1h`, `1m30s`, `1.5s`, `250us`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        if seconds == 0 && nanos > 0 {
            return match nanos {
                1_000_000.. => write_decimal(f, nanos / 1_000_000, nanos % 1_000_000, 6, "ms"),
                1_000.. => write_decimal(f, nanos / 1_000, nanos % 1_000, 3, "us"),
                _ => write!(f, "{nanos}ns"),
            };
        }
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        if rest > 0 || nanos > 0 || seconds == 0 {
            write_decimal(f, rest as u32, nanos, 9, "s")?;
        }
        Ok(())
    }
}

/// Writes `whole.fraction` with its unit; `fraction` counts units of ten to the minus `places`.
fn write_decimal(f: &mut fmt::Formatter<'_>, whole: u32, fraction: u32, places: usize, unit: &str) -> fmt::Result {
    if fraction == 0 {
        return write!(f, "{whole}{unit}");
    }
    let fraction = format!("{fraction:0places$}");
    write!(f, "{whole}.{}{unit}", fraction.trim_end_matches('0'))
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HumanDuration, D::Error> {
        deserializer.deserialize_any(HumanDurationVisitor)
    }
}

struct HumanDurationVisitor;

impl Visitor<'_> for HumanDurationVisitor {
    type Value = HumanDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration as text, like \"30s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<HumanDuration, E> {
        text.parse().map_err(E::custom)
    }

    // A bare number is refused with the same advice as bare digits in a text.
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<HumanDuration, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<HumanDuration, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<HumanDuration, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, nanos) in [
            ("30s", 30_000_000_000),
            ("1m30s", 90_000_000_000),
            ("500ms", 500_000_000),
            ("1h", 3_600_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("0s", 0),
            ("366d", 366 * 86_400_000_000_000),
            ("0.000000001d", 86_400),
            (" 1h1m1s1ms1us1ns ", 3_661_001_001_001),
        ] {
            assert_eq!(parse_duration(text), Ok(from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("", "a duration is missing; write one as 30s, 1m30s or 500ms"),
            ("30", "\"30\" has no unit; give a unit: 30s"),
            ("1m30", "\"1m30\" has no unit; give a unit: 30s"),
            ("10x", "\"10x\" has an unknown unit \"x\"; use d, h, m, s, ms, us or ns"),
            ("-5s", "\"-5s\" is negative; a duration is at least 0s"),
            ("soon", "\"soon\" is not a duration; write one as 30s, 1m30s or 500ms"),
            ("1.2.3s", "\"1.2.3s\" is not a duration; write one as 30s, 1m30s or 500ms"),
            ("367d", "\"367d\" is too long; a duration is at most 366 days (366d)"),
        ] {
            let error = parse_duration(text).map_err(|error| error.to_string());
            assert_eq!(error, Err(message.to_owned()), "{text}");
        }
        let forty_digits = format!("{}s", "9".repeat(40));
        assert!(matches!(parse_duration(&forty_digits), Err(DurationError::TooLong { .. })));
    }

    #[test]
    fn writes_what_people_read() {
        for (nanos, text) in [
            (0, "0s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h"),
            (3_601_000_000_000, "1h1s"),
            (1_500_000_000, "1.5s"),
            (60_000_000_001, "1m0.000000001s"),
            (500_000_000, "500ms"),
            (1_500_000, "1.5ms"),
            (250_000, "250us"),
            (7, "7ns"),
        ] {
            assert_eq!(HumanDuration(from_nanos(nanos)).to_string(), text);
        }
    }

    #[test]
    fn a_number_in_a_file_needs_a_unit_too() {
        let error = serde_json::from_str::<HumanDuration>("30").unwrap_err();
        assert!(error.to_string().contains("give a unit: 30s"), "{error}");
        let error = serde_json::from_str::<HumanDuration>("true").unwrap_err();
        assert!(error.to_string().contains("a duration as text"), "{error}");
        assert_eq!(serde_json::to_string(&HumanDuration(Duration::from_secs(90))).unwrap(), "\"1m30s\"");
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read_back(nanos in 0..MAX_DURATION.as_nanos()) {
            let duration = from_nanos(nanos);
            prop_assert_eq!(parse_duration(&HumanDuration(duration).to_string()), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}", numbers in "[0-9.hmsnuµd -]{0,40}") {
            let _ = parse_duration(&text);
            let _ = parse_duration(&numbers);
        }
    }

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(parse_typed_duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_typed_duration("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_typed_duration("1m30s"), Ok(Duration::from_secs(90)));
        assert!(
            parse_typed_duration("1m30").is_err()
                && parse_typed_duration("-5").is_err()
                && parse_typed_duration("").is_err()
        );
    }
}
