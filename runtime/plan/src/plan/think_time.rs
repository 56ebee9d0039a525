//! How long a virtual user thinks between two iterations: `2s`, or evenly between two times, `1s..3s`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use squall_schedule::{HumanDuration, parse_duration};

/// A think time, to be drawn anew after each iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThinkTime {
    least: Duration,
    most: Duration,
}

impl ThinkTime {
    /// The time that a random number stands for: from the least to the most, each as likely as any other.
    pub fn drawn(self, random: u64) -> Duration {
        let range = (self.most - self.least).as_nanos();
        let part = (range * u128::from(random)) >> u64::BITS;
        self.least + Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

impl FromStr for ThinkTime {
    type Err = String;

    fn from_str(text: &str) -> Result<ThinkTime, String> {
        let read = |text: &str| parse_duration(text.trim()).map_err(|error| error.to_string());
        let (least, most) = match text.split_once("..") {
            Some((least, most)) => (read(least)?, read(most)?),
            None => (read(text)?, read(text)?),
        };
        if least > most {
            return Err(format!("{text:?} ends before it begins: write the shorter time first, 1s..3s"));
        }
        Ok(ThinkTime { least, most })
    }
}

impl fmt::Display for ThinkTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HumanDuration(self.least).fmt(f)?;
        if self.most > self.least { write!(f, "..{}", HumanDuration(self.most)) } else { Ok(()) }
    }
}

impl Serialize for ThinkTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ThinkTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ThinkTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_drawn_evenly_from_its_range() {
        let time: ThinkTime = "1s..3s".parse().unwrap();
        assert_eq!(time.drawn(0), Duration::from_secs(1));
        assert_eq!(time.drawn(1 << 63), Duration::from_secs(2));
        assert!(time.drawn(u64::MAX) <= Duration::from_secs(3));
        assert_eq!("500ms".parse::<ThinkTime>().unwrap().drawn(u64::MAX), Duration::from_millis(500));
        assert_eq!(time.to_string(), "1s..3s");
        assert!("3s..1s".parse::<ThinkTime>().unwrap_err().contains("ends before it begins"));
    }
}
