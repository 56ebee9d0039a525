//! One stage of a ramp: how long, and how many VUs or which rate at its end. Must not know how a ramp is walked through.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::duration::{DurationError, HumanDuration, parse_duration};
use crate::rate::{Level, Rate, RateError};

/// One piece of a ramp: the number of VUs moves in a straight line from where the stage before ended to `target`. With
/// [`Rate`] as its target, it is the rate that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage<Target = u64> {
    /// How long the stage takes; with zero the number of VUs, or the rate, jumps.
    pub duration: Duration,
    /// The number of VUs, or the rate, at the end of the stage.
    pub target: Target,
}

/// A stage of a ramp of rates.
pub type RateStage = Stage<Rate>;

/// A stage as it is written, of either kind: the executor decides what a bare number is.
pub type StageSpec = Stage<Level>;

/// Why a text is not a stage.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StageError {
    /// There is no colon, or nothing behind it.
    #[error("{0:?} is not a stage; write a duration and a number of VUs: 30s:100")]
    Malformed(String),
    /// The part before the colon is not a duration.
    #[error("the duration of stage {stage:?} cannot be read: {source}")]
    Duration {
        /// What was written.
        stage: String,
        /// What is wrong with the duration.
        source: DurationError,
    },
    /// The part behind the colon is not a number.
    #[error(
        "the target of stage {stage:?} is not a whole number of VUs: {target:?}; \
         write it as 30s:100, or as a rate: 30s:100/s"
    )]
    Target {
        /// What was written.
        stage: String,
        /// The part behind the colon.
        target: String,
    },
    /// The part behind the colon is not a rate.
    #[error("the target of stage {stage:?} cannot be read: {source}")]
    Rate {
        /// What was written.
        stage: String,
        /// What is wrong with the rate.
        source: RateError,
    },
}

impl FromStr for StageSpec {
    type Err = StageError;

    fn from_str(text: &str) -> Result<StageSpec, StageError> {
        let malformed = || StageError::Malformed(text.to_owned());
        let (duration, target) = text.split_once(':').ok_or_else(malformed)?;
        let target = target.trim();
        if target.is_empty() {
            return Err(malformed());
        }
        Ok(Stage {
            duration: parse_duration(duration)
                .map_err(|source| StageError::Duration { stage: text.to_owned(), source })?,
            target: target.parse().map_err(|source| bad_target(text, target, source))?,
        })
    }
}

fn bad_target(stage: &str, target: &str, source: RateError) -> StageError {
    let stage = stage.to_owned();
    if target.contains('/') {
        StageError::Rate { stage, source }
    } else {
        StageError::Target { stage, target: target.to_owned() }
    }
}

impl<Target: fmt::Display> fmt::Display for Stage<Target> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", HumanDuration(self.duration), self.target)
    }
}

impl<Target: Serialize> Serialize for Stage<Target> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut stage = serializer.serialize_struct("Stage", 2)?;
        stage.serialize_field("duration", &HumanDuration(self.duration))?;
        stage.serialize_field("target", &self.target)?;
        stage.end()
    }
}

/// A stage as it is written by [`Serialize`], with a target that needs no interpretation.
#[derive(Deserialize)]
struct ResolvedStage<Target> {
    duration: HumanDuration,
    target: Target,
}

impl<'de> Deserialize<'de> for Stage<u64> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stage<u64>, D::Error> {
        let ResolvedStage { duration, target } = ResolvedStage::deserialize(deserializer)?;
        Ok(Stage { duration: duration.0, target })
    }
}

impl<'de> Deserialize<'de> for RateStage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RateStage, D::Error> {
        let ResolvedStage { duration, target } = ResolvedStage::deserialize(deserializer)?;
        Ok(Stage { duration: duration.0, target })
    }
}

impl<'de> Deserialize<'de> for StageSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StageSpec, D::Error> {
        deserializer.deserialize_any(StageVisitor)
    }
}

struct StageVisitor;

impl<'de> Visitor<'de> for StageVisitor {
    type Value = StageSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stage, as \"30s:100\" or {duration: \"30s\", target: 100}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<StageSpec, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StageSpec, A::Error> {
        let (mut duration, mut target) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "duration" => duration = Some(map.next_value::<HumanDuration>()?.0),
                "target" => target = Some(map.next_value::<Level>()?),
                _ => {
                    return Err(de::Error::custom(format_args!(
                        "unknown key {key:?} in a stage: a stage has duration and target"
                    )));
                }
            }
        }
        Ok(Stage {
            duration: duration.ok_or_else(|| de::Error::custom("a stage has no duration: add one, like 30s"))?,
            target: target
                .ok_or_else(|| de::Error::custom("a stage has no target: add the number of VUs at its end"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: StageSpec = Stage { duration: Duration::from_secs(30), target: Level::Bare(100) };

    #[test]
    fn reads_both_forms() {
        assert_eq!("30s:100".parse(), Ok(STAGE));
        assert_eq!(STAGE.to_string(), "30s:100");
        for json in [r#""30s:100""#, r#"{"duration":"30s","target":100}"#] {
            assert_eq!(serde_json::from_str::<StageSpec>(json).unwrap(), STAGE);
        }
        assert_eq!(serde_json::to_string(&STAGE).unwrap(), r#"{"duration":"30s","target":100}"#);
        let rate = StageSpec { target: Level::Rate(Rate::every_second(100)), ..STAGE };
        assert_eq!("30s:100/s".parse(), Ok(rate));
        assert_eq!(serde_json::from_str::<StageSpec>(r#"{"duration":"30s","target":"100/s"}"#).unwrap(), rate);
        assert_eq!(rate.to_string(), "30s:100/s");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("30s", "\"30s\" is not a stage; write a duration and a number of VUs: 30s:100"),
            ("30s:", "\"30s:\" is not a stage; write a duration and a number of VUs: 30s:100"),
            ("30:100", "the duration of stage \"30:100\" cannot be read: \"30\" has no unit; give a unit: 30s"),
            (
                "30s:-1",
                "the target of stage \"30s:-1\" is not a whole number of VUs: \"-1\"; \
                 write it as 30s:100, or as a rate: 30s:100/s",
            ),
            (
                "30s:-1/s",
                "the target of stage \"30s:-1/s\" cannot be read: \
                 \"-1/s\" is not a rate; write one as 1000/s, 90/m or 0.5/s",
            ),
        ] {
            let error = text.parse::<StageSpec>().map_err(|error| error.to_string());
            assert_eq!(error, Err(message.to_owned()));
        }
        for (json, message) in [
            (r#"{"duration":"30s"}"#, "a stage has no target"),
            (r#"{"target":1}"#, "a stage has no duration"),
            (r#"{"time":"30s"}"#, "unknown key \"time\" in a stage"),
            ("7", "expected a stage, as \"30s:100\""),
        ] {
            let error = serde_json::from_str::<StageSpec>(json).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
