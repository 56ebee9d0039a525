//! How much of the beginning of a load is left out of the results.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use squall_schedule::{DurationError, HumanDuration, parse_duration};

use crate::options::kinds::{Named, time_schema, words_schema};

/// How long a load warms up before what it measures counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Warmup {
    /// `none`: everything counts.
    #[default]
    None,
    /// `30s`: what begins in this time does not count. Never zero.
    For(Duration),
    /// `auto`: until response times have settled.
    Auto,
}

impl Warmup {
    /// The least time in which the end of a warm-up can be found: the twenty batches of 5 s that MSER-5 wants.
    pub const AUTO_TAKES: Duration = Duration::from_secs(100);
}

impl Named for Warmup {
    const VALUE: &'static str = "TIME";

    fn schema() -> Value {
        json!({ "anyOf": [words_schema(&["none", "auto"]), time_schema()] })
    }
}

impl FromStr for Warmup {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Warmup, DurationError> {
        match text.trim() {
            "auto" => Ok(Warmup::Auto),
            "none" => Ok(Warmup::None),
            time => parse_duration(time).map(|time| if time.is_zero() { Warmup::None } else { Warmup::For(time) }),
        }
    }
}

impl fmt::Display for Warmup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warmup::None => f.pad("none"),
            Warmup::For(time) => HumanDuration(*time).fmt(f),
            Warmup::Auto => f.pad("auto"),
        }
    }
}
