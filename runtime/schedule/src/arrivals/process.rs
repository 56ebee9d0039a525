//! Whether arrivals come evenly or at random.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::unknown_value::UnknownChoice;

/// How arrivals are spread in time around their rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ArrivalProcess {
    /// `constant`: evenly, as k6 does it.
    #[default]
    Constant,
    /// `poisson`: independently of each other, as those of many users who know nothing of each other.
    Poisson,
}

impl ArrivalProcess {
    /// Every process, as users write it.
    pub const NAMES: &[&str] = &["constant", "poisson"];
}

impl FromStr for ArrivalProcess {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<ArrivalProcess, UnknownChoice> {
        match text {
            "constant" => Ok(ArrivalProcess::Constant),
            "poisson" => Ok(ArrivalProcess::Poisson),
            _ => Err(UnknownChoice::new("arrival process", text, ArrivalProcess::NAMES)),
        }
    }
}

impl fmt::Display for ArrivalProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ArrivalProcess::Constant => "constant",
            ArrivalProcess::Poisson => "poisson",
        })
    }
}
