//! The one-way channels of a run. Each has a sequence of its own.

use crate::id::{AgentName, RunId};
use crate::message::{Delivery, Recipient};

/// A direction, with its sender or recipient.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    /// From the coordinator to all agents.
    All,
    /// From the coordinator to one agent.
    One(AgentName),
    /// From an agent to the coordinator.
    Agent(AgentName),
    /// A file of the coordinator's, by the digest of its name.
    File(String),
}

impl From<Recipient> for Channel {
    fn from(recipient: Recipient) -> Channel {
        match recipient {
            Recipient::All => Channel::All,
            Recipient::One(agent) => Channel::One(agent),
        }
    }
}

impl Channel {
    /// The subject of its messages, below the run's.
    pub(crate) fn subject(&self, run: &RunId, delivery: Delivery) -> String {
        let root = root(delivery);
        match self {
            Channel::All => format!("{root}.{run}.all"),
            Channel::One(agent) => format!("{root}.{run}.one.{agent}"),
            Channel::Agent(agent) => format!("{root}.{run}.agent.{agent}"),
            Channel::File(token) => format!("{root}.{run}.file.{token}"),
        }
    }

    /// The channel of a subject of this run. `None` for all other subjects.
    pub(crate) fn of_subject(subject: &str, run: &RunId, delivery: Delivery) -> Option<Channel> {
        let rest = subject.strip_prefix(root(delivery))?.strip_prefix('.')?;
        let rest = rest.strip_prefix(run.as_str())?.strip_prefix('.')?;
        match rest.split_once('.') {
            None => (rest == "all").then_some(Channel::All),
            Some(("one", name)) => AgentName::new(name).ok().map(Channel::One),
            Some(("agent", name)) => AgentName::new(name).ok().map(Channel::Agent),
            Some(_) => None,
        }
    }

    /// The sender, for people.
    pub(crate) fn sender(&self) -> &str {
        match self {
            Channel::Agent(agent) => agent.as_str(),
            _ => "coordinator",
        }
    }
}

/// The first token of subjects. Those of kept messages are the stream's.
pub(crate) fn root(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Kept => "squall",
        Delivery::Passing => "squall-passing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_back() {
        let run = RunId::new("r-1").unwrap();
        let agent = AgentName::new("a").unwrap();
        for channel in [Channel::All, Channel::One(agent.clone()), Channel::Agent(agent)] {
            for delivery in [Delivery::Kept, Delivery::Passing] {
                let subject = channel.subject(&run, delivery);
                assert_eq!(Channel::of_subject(&subject, &run, delivery), Some(channel.clone()), "{subject}");
            }
        }
        for other in ["squall.r-1", "squall.r-2.all", "squall.r-1.agent.A", "squall.r-1.one.a.b", "x.r-1.all"] {
            assert_eq!(Channel::of_subject(other, &run, Delivery::Kept), None, "{other}");
        }
    }
}
