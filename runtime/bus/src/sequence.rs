//! Sequence numbers: repeats, gaps and messages of an earlier session are found.

use std::collections::{HashMap, HashSet};

use crate::channel::Channel;
use crate::message::Delivery;
use crate::seal::{Opened, Session};

/// What the number of an authentic message means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It is the next one.
    Next,
    /// It is a later one: this many are missing. Passing messages may be.
    After(u64),
    /// It is not newer than the last one, or of a session that another one has replaced. The reason is a part of a
    /// sentence.
    Old(String),
}

/// The numbers seen in each channel, of messages with one delivery.
pub(crate) struct Sequences {
    delivery: Delivery,
    seen: HashMap<Channel, Seen>,
}

#[derive(Default)]
struct Seen {
    session: Option<Session>,
    last: u64,
    replaced: HashSet<Session>,
}

impl Sequences {
    pub(crate) fn new(delivery: Delivery) -> Sequences {
        Sequences { delivery, seen: HashMap::new() }
    }

    /// Judges a message, and remembers it.
    pub(crate) fn judge(&mut self, channel: &Channel, opened: &Opened) -> Order {
        let seen = self.seen.entry(channel.clone()).or_default();
        if seen.session != Some(opened.session) {
            if seen.replaced.contains(&opened.session) {
                return Order::Old("its sender has been replaced by another one of that name".to_owned());
            }
            seen.replaced.extend(seen.session.replace(opened.session));
            seen.last = 0;
        }
        if opened.sequence <= seen.last {
            return Order::Old(format!("number {} again, after number {}", opened.sequence, seen.last));
        }
        let missing = opened.sequence - seen.last - 1;
        seen.last = opened.sequence;
        match self.delivery {
            Delivery::Kept if missing > 0 => Order::After(missing),
            _ => Order::Next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(session: u8, sequence: u64) -> Opened {
        Opened { session: [session; 16], sequence, content: Vec::new() }
    }

    #[test]
    fn repeats_and_gaps_of_kept_messages_are_found() {
        let mut sequences = Sequences::new(Delivery::Kept);
        let mut judge = |sequence| sequences.judge(&Channel::All, &message(1, sequence));
        assert_eq!(judge(1), Order::Next);
        assert_eq!(judge(2), Order::Next);
        assert_eq!(judge(2), Order::Old("number 2 again, after number 2".to_owned()));
        assert_eq!(judge(5), Order::After(2));
        assert_eq!(judge(3), Order::Old("number 3 again, after number 5".to_owned()));
        assert_eq!(judge(6), Order::Next);
    }

    #[test]
    fn passing_messages_may_be_missing_but_not_repeated() {
        let mut sequences = Sequences::new(Delivery::Passing);
        assert_eq!(sequences.judge(&Channel::All, &message(1, 4)), Order::Next);
        assert!(matches!(sequences.judge(&Channel::All, &message(1, 4)), Order::Old(_)));
    }

    #[test]
    fn a_new_session_replaces_the_one_before_it() {
        let mut sequences = Sequences::new(Delivery::Kept);
        assert_eq!(sequences.judge(&Channel::All, &message(1, 1)), Order::Next);
        assert_eq!(sequences.judge(&Channel::All, &message(2, 1)), Order::Next);
        assert!(matches!(sequences.judge(&Channel::All, &message(1, 2)), Order::Old(_)));
        assert_eq!(sequences.judge(&Channel::All, &message(2, 2)), Order::Next);
    }
}
