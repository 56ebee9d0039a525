//! What a coordinator knows of an agent.

use std::time::Duration;

use squall_bus::AgentName;
use squall_metrics::{Health, Nanos};

use crate::clock::ClockOffset;
use crate::message::AgentNote;

/// How far an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It has come; its clock is being asked.
    Came,
    /// It compiles the components and reads the data.
    Preparing,
    /// It has done so.
    Prepared,
    /// Its virtual users are there.
    Ready,
    /// Nothing more comes of it.
    Over,
}

/// An agent.
#[derive(Debug)]
pub(super) struct KnownAgent {
    pub(super) name: AgentName,
    pub(super) host: String,
    pub(super) stage: Stage,
    pub(super) threads: usize,
    pub(super) offset: Option<ClockOffset>,
    pub(super) answers: u32,
    pub(super) last_heard: Nanos,
    pub(super) requests: u64,
    pub(super) health: Health,
    /// When it came, in a load that had begun.
    pub(super) joined: Option<Duration>,
    /// When and why it was taken for lost.
    pub(super) lost: Option<(Duration, String)>,
}

impl KnownAgent {
    pub(super) fn new(name: AgentName, host: String, now: Nanos) -> KnownAgent {
        KnownAgent {
            name,
            host,
            stage: Stage::Came,
            threads: 0,
            offset: None,
            answers: 0,
            last_heard: now,
            requests: 0,
            health: Health::Ok,
            joined: None,
            lost: None,
        }
    }

    /// What a coordinator that attaches must know of it.
    pub(super) fn to_note(&self) -> AgentNote {
        AgentNote {
            name: self.name.as_str().to_owned(),
            host: self.host.clone(),
            threads: self.threads,
            clock_error: self.offset.map(|offset| offset.error),
        }
    }

    /// Takes in an answer about its clock.
    pub(super) fn hear_clock(&mut self, offset: ClockOffset) {
        self.answers += 1;
        self.offset = Some(self.offset.map_or(offset, |known| known.better(offset)));
    }
}
