//! The numbers of one connection.

use squall_metrics::{Nanos, WebSocketCell};

/// Times that later ones are measured from.
#[derive(Debug)]
pub(super) struct Session {
    opened: Nanos,
    /// When the last byte of the latest message was written, unless a message has come since.
    sent: Option<Nanos>,
    /// When the latest message came.
    came: Option<Nanos>,
}

/// Messages that one read brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    messages: u64,
    response: Option<Nanos>,
    gap: Option<Nanos>,
}

impl Session {
    pub(super) fn new(opened: Nanos) -> Session {
        Session { opened, sent: None, came: None }
    }

    pub(super) fn duration(&self, now: Nanos) -> Nanos {
        now.since(self.opened)
    }

    /// The last byte of a message has been written.
    pub(super) fn note_sent(&mut self, at: Nanos) {
        self.sent = Some(at);
    }

    /// This many messages have come with one read.
    pub(super) fn note_arrival(&mut self, messages: u64, at: Nanos) -> Arrival {
        if messages == 0 {
            return Arrival::default();
        }
        let response = self.sent.take().map(|sent| at.since(sent));
        let gap = self.came.replace(at).map(|before| at.since(before));
        Arrival { messages, response, gap }
    }
}

impl Arrival {
    pub(super) fn record(self, cell: &mut WebSocketCell) {
        cell.messages_received += self.messages;
        if let Some(response) = self.response {
            cell.response.record(response);
        }
        if let Some(gap) = self.gap {
            cell.message_gap.record(gap);
        }
        // The others of the same read came together with the first.
        for _ in 1..self.messages {
            cell.message_gap.record(Nanos::ZERO);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_the_first_message_after_the_last_one_sent() {
        let mut session = Session::new(Nanos(0));
        session.note_sent(Nanos(100));
        session.note_sent(Nanos(150));
        let first = session.note_arrival(1, Nanos(170));
        assert_eq!(first, Arrival { messages: 1, response: Some(Nanos(20)), gap: None });
        // Nothing was sent since.
        let second = session.note_arrival(3, Nanos(200));
        assert_eq!(second, Arrival { messages: 3, response: None, gap: Some(Nanos(30)) });
        assert_eq!(session.note_arrival(0, Nanos(250)), Arrival::default());
        let mut cell = WebSocketCell::default();
        first.record(&mut cell);
        second.record(&mut cell);
        assert_eq!((cell.messages_received, cell.response.count(), cell.message_gap.count()), (4, 1, 3));
    }
}
