//! The words of coordinator and agents. In JSON, so that they can be read where they are stored; what agents record
//! travels in frames (`frame.rs`).

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use squall_data::FeedUse;
use squall_guest::{Level, LogLine};
use squall_load::{SteeringOrder, TakenOver};
use squall_metrics::FlowId;
use squall_plan::AgentPlace;

use crate::manifest::Manifest;

/// What the coordinator says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToAgent {
    /// What does its clock show?
    Ping { number: u32, sent: u64 },
    /// The run, and the agent's place in it; no place for one that waits for others to be lost.
    Welcome { manifest: Box<Manifest>, place: Option<AgentPlace>, threads: Option<usize> },
    /// It cannot take part.
    Refused { reason: String },
    /// The results of `setup`, by component.
    Prepare { setup_data: Vec<Blob> },
    /// The load begins at that moment of the agent's monotonic clock.
    Begin { at: u64 },
    /// How the load is steered.
    Steer(SteeringOrder),
    /// All that this agent ever took over, and its place in that.
    TakeOver { parts: Vec<TakenOver>, place: Option<AgentPlace> },
    /// Its part is another's: it was taken for lost.
    Dismissed,
    /// The coordinator is there.
    Alive,
    /// The run is over.
    Over,
    /// For a coordinator that attaches later.
    Note(Note),
}

/// What a coordinator that attaches later must know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Note {
    /// The run, and the most agents that may take part.
    Run { manifest: Box<Manifest>, agents: usize },
    /// Its agents have these names and threads.
    Agents { agents: Vec<AgentNote> },
    /// The load began at this time of day, in nanoseconds since 1970.
    Begun { time_of_day: u64 },
    /// That agent was lost at this time of the load.
    Lost { agent: String, at: Duration, reason: String },
    /// That agent came at this time of the load.
    Joined { agent: String, at: Duration, threads: usize },
}

/// An agent, for a coordinator that attaches later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AgentNote {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) threads: usize,
    pub(crate) clock_error: Option<Duration>,
}

/// What an agent says, but for frames.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToCoordinator {
    /// It is there.
    Join { version: String, host: String, cores: usize },
    /// Its clock showed that.
    Pong { number: u32, sent: u64, answered: u64 },
    /// The components are compiled, the data is read.
    Prepared { threads: usize, took: Duration },
    /// Its virtual users are there.
    Ready,
    /// It is still there.
    Alive,
    /// A guest's line, and how often it was written again.
    Log { line: WireLine, times: u64 },
    /// Lines that had no room.
    LogDropped(u64),
    /// Something that the user should know.
    Warning(String),
    /// It cannot take part, or go on.
    Failed(String),
    /// Its part is over.
    Ended {
        took: Duration,
        used: Vec<FeedUse>,
        /// Whether it ended by itself, because it heard no coordinator.
        was_alone: bool,
    },
}

/// Bytes in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Blob, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map(Blob).map_err(de::Error::custom)
    }
}

/// A guest's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WireLine {
    level: u8,
    vu: u32,
    flow: u16,
    text: String,
}

const LEVELS: [Level; 4] = [Level::Debug, Level::Info, Level::Warn, Level::Error];

impl From<LogLine> for WireLine {
    fn from(line: LogLine) -> WireLine {
        let level = LEVELS.iter().position(|level| *level == line.level).unwrap_or_default();
        WireLine { level: level as u8, vu: line.vu, flow: line.flow.0, text: line.text }
    }
}

impl From<WireLine> for LogLine {
    fn from(line: WireLine) -> LogLine {
        let level = LEVELS.get(usize::from(line.level)).copied().unwrap_or(Level::Info);
        LogLine { level, vu: line.vu, flow: FlowId(line.flow), text: line.text }
    }
}

/// A message in bytes.
pub(crate) fn to_bytes(message: &impl Serialize) -> Vec<u8> {
    // Maps with keys that are no texts cannot be written; there are none.
    serde_json::to_vec(message).unwrap_or_default()
}
