//! What wakes a worker thread when an iteration is due.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use squall_schedule::UnknownChoice;

use crate::options::kinds::{Named, words_schema};

/// How a worker thread waits for the next moment at which something is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Pacing {
    /// `timer`: asleep, until a timer of the kernel wakes it; late by some tens of microseconds.
    #[default]
    Timer,
    /// `spin`: awake, looking at the clock; late by less than one, and takes a whole core for each worker thread.
    Spin,
}

impl Pacing {
    const NAMES: &[&str] = &["timer", "spin"];
}

impl Named for Pacing {
    const VALUE: &'static str = "HOW";

    fn schema() -> Value {
        words_schema(Pacing::NAMES)
    }
}

impl FromStr for Pacing {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Pacing, UnknownChoice> {
        match text {
            "timer" => Ok(Pacing::Timer),
            "spin" => Ok(Pacing::Spin),
            _ => Err(UnknownChoice::new("pacing", text, Pacing::NAMES)),
        }
    }
}

impl fmt::Display for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Pacing::Timer => "timer",
            Pacing::Spin => "spin",
        })
    }
}
