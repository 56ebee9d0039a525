//! Who gets which row, and what follows the last.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use squall_schedule::UnknownChoice;

/// Which row of a feed comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Policy {
    /// `sequential`: one after the other; all VUs take from the same order.
    #[default]
    Sequential,
    /// `random`: any, drawn for each VU; the same ones again with the same seed.
    Random,
    /// `shuffle`: all in a random order, each once before any comes again; all VUs take from it.
    Shuffle,
    /// `unique-per-vu`: each VU has rows of its own.
    UniquePerVu,
    /// `once-each`: each row at most once in the whole run.
    OnceEach,
}

/// What follows the last row; with `unique-per-vu`, the last row of a VU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AtEnd {
    /// `recycle`: the first one again.
    Recycle,
    /// `stop`: the end of the run, as planned.
    Stop,
    /// `error`: an error, for the scenario to deal with.
    Error,
}

/// A policy, and an end that it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("at-end={at_end} does not go with policy={policy}: {}", why(*policy))]
pub struct EndlessPolicy {
    policy: Policy,
    at_end: AtEnd,
}

fn why(policy: Policy) -> &'static str {
    match policy {
        Policy::OnceEach => "no row may come again; use stop or error, or policy=sequential",
        _ => "rows that are drawn never come to an end; use policy=shuffle",
    }
}

impl Policy {
    /// All of them.
    pub const ALL: [Policy; 5] =
        [Policy::Sequential, Policy::Random, Policy::Shuffle, Policy::UniquePerVu, Policy::OnceEach];
    const NAMES: &[&str] = &["sequential", "random", "shuffle", "unique-per-vu", "once-each"];

    /// What follows the last row unless told otherwise.
    pub fn usual_end(self) -> AtEnd {
        if self == Policy::OnceEach { AtEnd::Stop } else { AtEnd::Recycle }
    }

    /// Whether the policy has such an end.
    ///
    /// # Errors
    /// If it has not: once each cannot begin again, and chance never ends.
    pub fn check_end(self, at_end: AtEnd) -> Result<(), EndlessPolicy> {
        match (self, at_end) {
            (Policy::OnceEach, AtEnd::Recycle) | (Policy::Random, AtEnd::Stop | AtEnd::Error) => {
                Err(EndlessPolicy { policy: self, at_end })
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Policy {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Policy, UnknownChoice> {
        let place = Policy::NAMES.iter().position(|name| *name == text.replace('_', "-"));
        place.map(|place| Policy::ALL[place]).ok_or_else(|| UnknownChoice::new("policy", text, Policy::NAMES))
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Policy::NAMES[*self as usize])
    }
}

impl AtEnd {
    const NAMES: &[&str] = &["recycle", "stop", "error"];
}

impl FromStr for AtEnd {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<AtEnd, UnknownChoice> {
        match text {
            "recycle" => Ok(AtEnd::Recycle),
            "stop" => Ok(AtEnd::Stop),
            "error" => Ok(AtEnd::Error),
            _ => Err(UnknownChoice::new("at-end", text, AtEnd::NAMES)),
        }
    }
}

impl fmt::Display for AtEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(AtEnd::NAMES[*self as usize])
    }
}
