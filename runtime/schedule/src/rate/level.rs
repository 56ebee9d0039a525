//! A number that is a rate only once its unit is known: `rate: 90` with `time_unit: 1m`, or the target of a stage.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use super::{Rate, RateError, SECOND};

/// What a load goes to, as written: with a unit a rate, without one a number whose meaning the executor decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A number of VUs, or of iterations per `time_unit`: `100`.
    Bare(u64),
    /// A rate with its own unit: `100/s`.
    Rate(Rate),
}

impl Level {
    /// The rate that it is where a bare number is one per `time_unit`, or per second if there is none.
    pub fn as_rate(self, time_unit: Option<Duration>) -> Rate {
        match self {
            Level::Bare(count) => Rate::new(count, time_unit.unwrap_or(SECOND)).unwrap_or(Rate::every_second(count)),
            Level::Rate(rate) => rate,
        }
    }
}

impl From<Rate> for Level {
    fn from(rate: Rate) -> Level {
        Level::Rate(rate)
    }
}

impl FromStr for Level {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Level, RateError> {
        match text.trim().parse() {
            Ok(number) => Ok(Level::Bare(number)),
            // A part of one cannot be a number of VUs, and per which unit it is must not be guessed.
            Err(_) if !text.contains('/') => Err(RateError::Malformed(text.to_owned())),
            Err(_) => text.parse().map(Level::Rate),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Level::Bare(number) => number.fmt(f),
            Level::Rate(rate) => rate.fmt(f),
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Level::Bare(number) => serializer.serialize_u64(*number),
            Level::Rate(rate) => rate.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        deserializer.deserialize_any(LevelVisitor)
    }
}

struct LevelVisitor;

impl Visitor<'_> for LevelVisitor {
    type Value = Level;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 0, or a rate, like \"1000/s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Level, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Level, E> {
        Ok(Level::Bare(number))
    }

    // Languages with one kind of number may write 10 as 10.0.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Level, E> {
        self.visit_str(&number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_makes_a_rate() {
        assert_eq!("100".parse(), Ok(Level::Bare(100)));
        assert_eq!("90/m".parse(), Ok(Level::Rate(Rate::new(90, Duration::from_secs(60)).unwrap())));
        assert_eq!(serde_json::from_str::<Level>("10.0").unwrap(), Level::Bare(10));
        assert_eq!(
            serde_json::from_str::<Level>("0.5").unwrap_err().to_string(),
            "\"0.5\" is not a rate; write one as 1000/s, 90/m or 0.5/s at line 1 column 3"
        );
        let minute = Some(Duration::from_secs(60));
        assert_eq!(Level::Bare(90).as_rate(minute).to_string(), "90/m");
        assert_eq!(Level::Bare(90).as_rate(None).to_string(), "90/s");
    }
}
