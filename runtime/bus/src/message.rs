//! What users of the ends send and hear.

use std::process::ExitStatus;

use crate::id::AgentName;

/// The largest kept message, in bytes. Transports split and join it.
pub const LARGEST_MESSAGE: usize = 64 << 20;
/// The largest passing message, in bytes. It is never split.
pub const LARGEST_PASSING: usize = 256 << 10;
/// The largest file, in bytes.
pub const LARGEST_FILE: usize = 512 << 20;

/// How a message is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Delivered in order and exactly once. On NATS it is stored, and a coordinator that attaches later reads it, too.
    Kept,
    /// Delivered now or not at all: heartbeats, questions about clocks.
    Passing,
}

/// The agents that a message of the coordinator is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// All agents of the run. On NATS that includes those that join later, for kept messages.
    All,
    /// One agent.
    One(AgentName),
}

/// What the coordinator hears. Texts in it may come from other machines: print them with their control characters
/// escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message of an agent.
    Message {
        /// The sender.
        from: AgentName,
        /// How it was sent.
        delivery: Delivery,
        /// The content.
        bytes: Vec<u8>,
    },
    /// A kept message of a coordinator before this one, read back when attaching, in its place between those of agents.
    Own {
        /// The agents it was for.
        to: Recipient,
        /// The content.
        bytes: Vec<u8>,
    },
    /// All messages that were stored when this end attached have been heard.
    CaughtUp,
    /// A line that an agent's process wrote to its standard error.
    Said {
        /// The agent.
        from: AgentName,
        /// The line, without its end, cut after 4 KiB.
        line: String,
    },
    /// The pipe to an agent has ended. Nothing else comes from it.
    Gone {
        /// The agent.
        agent: AgentName,
        /// A part of a sentence, with the exit status.
        reason: String,
        /// The exit status, if it ended by itself.
        status: Option<ExitStatus>,
    },
    /// A message that was malformed, not authentic, too large or out of sequence. It was dropped.
    Dropped {
        /// The sender that it claims to have.
        from: String,
        /// A part of a sentence.
        reason: String,
    },
    /// The server does not answer, or stores nothing. Kept messages wait.
    Disconnected {
        /// A part of a sentence.
        reason: String,
    },
    /// The server answers again.
    Reconnected,
}

/// What an agent hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentHeard {
    /// A message of the coordinator.
    Message {
        /// How it was sent.
        delivery: Delivery,
        /// The content.
        bytes: Vec<u8>,
    },
    /// A message that was malformed, not authentic, too large or out of sequence. It was dropped.
    Dropped {
        /// A part of a sentence.
        reason: String,
    },
    /// The server does not answer, or stores nothing. Kept messages wait.
    Disconnected {
        /// A part of a sentence.
        reason: String,
    },
    /// The server answers again.
    Reconnected,
}

/// What both ends can hear of their transport.
#[derive(Clone, Debug)]
pub(crate) enum Notice {
    Dropped { from: String, reason: String },
    Disconnected { reason: String },
    Reconnected,
}

impl From<Notice> for Heard {
    fn from(notice: Notice) -> Heard {
        match notice {
            Notice::Dropped { from, reason } => Heard::Dropped { from, reason },
            Notice::Disconnected { reason } => Heard::Disconnected { reason },
            Notice::Reconnected => Heard::Reconnected,
        }
    }
}

impl From<Notice> for AgentHeard {
    fn from(notice: Notice) -> AgentHeard {
        match notice {
            Notice::Dropped { reason, .. } => AgentHeard::Dropped { reason },
            Notice::Disconnected { reason } => AgentHeard::Disconnected { reason },
            Notice::Reconnected => AgentHeard::Reconnected,
        }
    }
}
