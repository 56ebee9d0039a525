//! From sealed messages to messages: authentic, in sequence, whole.

use std::collections::HashMap;
use std::sync::Arc;

use crate::channel::Channel;
use crate::message::{Delivery, LARGEST_MESSAGE};
use crate::pack::Joiner;
use crate::seal::Sealer;
use crate::sequence::{Order, Sequences};

pub(crate) struct Receiver {
    sealer: Arc<Sealer>,
    delivery: Delivery,
    sequences: Sequences,
    joiners: HashMap<Channel, Joiner>,
    most: usize,
}

/// What a sealed message contained.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) messages: Vec<Vec<u8>>,
    /// Whether this end sent it.
    pub(crate) is_own: bool,
    /// What is missing before it, or wrong with it: a part of a sentence.
    pub(crate) problem: Option<String>,
}

impl Receiver {
    pub(crate) fn new(sealer: &Arc<Sealer>, delivery: Delivery) -> Receiver {
        Receiver {
            sealer: Arc::clone(sealer),
            delivery,
            sequences: Sequences::new(delivery),
            joiners: HashMap::new(),
            most: LARGEST_MESSAGE,
        }
    }

    /// Takes messages of at most this many bytes.
    pub(crate) fn with_most(self, most: usize) -> Receiver {
        Receiver { most, ..self }
    }

    pub(crate) fn receive(&mut self, channel: &Channel, sealed: &[u8]) -> Received {
        let problem = |text: String| Received { problem: Some(text), ..Received::default() };
        let opened = match self.sealer.open(channel, self.delivery, sealed) {
            Ok(opened) => opened,
            Err(error) => return problem(error.to_string()),
        };
        let is_own = opened.session == *self.sealer.session();
        let gap = match self.sequences.judge(channel, &opened) {
            Order::Next => None,
            Order::After(missing) => Some(format!("{missing} before number {} are missing", opened.sequence)),
            Order::Old(reason) => return problem(reason),
        };
        if self.delivery == Delivery::Passing {
            return Received { messages: vec![opened.content], is_own, problem: gap };
        }
        let joiner = self.joiners.entry(channel.clone()).or_insert_with(|| Joiner::new(self.most));
        // The first number of a session, or one after a gap, does not continue what was begun.
        if gap.is_some() || opened.sequence == 1 {
            joiner.clear();
        }
        match joiner.take(&opened.content) {
            Ok(messages) => Received { messages, is_own, problem: gap },
            Err(reason) => problem(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RunId;
    use crate::key::RunKey;
    use crate::pack::{Batch, split};

    #[test]
    fn repeats_reorders_gaps_and_forgeries_are_named() {
        let (run, key) = (RunId::new("r").unwrap(), RunKey::generate().unwrap());
        let sender = Sealer::new(&run, &key).unwrap();
        let mut receiver = Receiver::new(&Arc::new(Sealer::new(&run, &key).unwrap()), Delivery::Kept);
        let sealed = |sequence: u64| {
            let mut batch = Batch::new(100);
            assert!(batch.add(&sequence.to_be_bytes()));
            sender.seal(&Channel::All, Delivery::Kept, sequence, batch.content()).unwrap()
        };
        let mut receive = |sequence| receiver.receive(&Channel::All, &sealed(sequence));
        assert_eq!(receive(1).messages, [1_u64.to_be_bytes()]);
        assert_eq!(receive(1).problem.unwrap(), "number 1 again, after number 1");
        let after = receive(4);
        assert_eq!(after.messages, [4_u64.to_be_bytes()]);
        assert_eq!(after.problem.unwrap(), "2 before number 4 are missing");
        assert!(receive(3).messages.is_empty());
        let stranger = Sealer::new(&run, &RunKey::generate().unwrap()).unwrap();
        let forged = stranger.seal(&Channel::All, Delivery::Kept, 5, b"").unwrap();
        assert!(receiver.receive(&Channel::All, &forged).problem.unwrap().contains("not sealed with this run's token"));
        assert!(receiver.receive(&Channel::All, b"stop").problem.unwrap().contains("not a message of Squall"));
    }

    #[test]
    fn a_new_session_does_not_continue_a_message() {
        let (run, key) = (RunId::new("r").unwrap(), RunKey::generate().unwrap());
        let (first, second) = (Sealer::new(&run, &key).unwrap(), Sealer::new(&run, &key).unwrap());
        let mut receiver = Receiver::new(&Arc::new(Sealer::new(&run, &key).unwrap()), Delivery::Kept);
        let parts: Vec<Vec<u8>> = split(&[7; 30], 20).collect();
        let begun = first.seal(&Channel::All, Delivery::Kept, 1, &parts[0]).unwrap();
        assert!(receiver.receive(&Channel::All, &begun).problem.is_none());
        let rest = second.seal(&Channel::All, Delivery::Kept, 1, &parts[1]).unwrap();
        assert_eq!(receiver.receive(&Channel::All, &rest).problem.unwrap(), "its beginning is missing");
    }
}
