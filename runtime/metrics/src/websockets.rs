//! The numbers of WebSockets. All times are of reads and writes of the socket: no guest's time is in them.

use crate::cell::{Cell, Field};
use crate::histogram::Histogram;
use crate::interval::RateCell;

/// The WebSockets of one name in one flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebSocketCell {
    /// From the call to the server's answer to the handshake, or to the failure: the name's lookup, TCP and TLS included.
    pub connecting: Histogram,
    /// Connections that were asked for and not refused here.
    pub sessions: u64,
    /// Those of them that did not come about.
    pub failed: u64,
    /// From the server's consent to the end of the connection.
    pub session_duration: Histogram,
    /// Text and binary messages whose last byte was written.
    pub messages_sent: u64,
    /// Text and binary messages that came whole.
    pub messages_received: u64,
    /// From the write of a ping's last byte to the read that brought its pong.
    pub ping: Histogram,
    /// From the write of the last byte of the latest message to the read that completed the first message after it.
    pub response: Histogram,
    /// Between the reads that completed a message and the next one.
    pub message_gap: Histogram,
    /// How often the host stopped reading, because the guest had not taken what had come.
    pub inbox_full: u64,
    /// Connections that ended otherwise than by a close of the guest, or by one of the server that said nothing of a fault.
    pub closed_unexpectedly: u64,
    /// Bytes written below TLS, the handshake included.
    pub sent: u64,
    /// Bytes read below TLS, the handshake included.
    pub received: u64,
}

impl WebSocketCell {
    /// The handshakes that failed; as in `http_req_failed`, a pass is one of them.
    pub(crate) fn failures(&self) -> RateCell {
        RateCell { passes: self.failed, fails: self.sessions - self.failed }
    }
}

impl Cell for WebSocketCell {
    const FIELDS: &'static [Field<WebSocketCell>] = &[
        Field::trend("connecting", |cell| &cell.connecting, |cell| &mut cell.connecting),
        Field::sum("sessions", |cell| &cell.sessions, |cell| &mut cell.sessions),
        Field::sum("failed", |cell| &cell.failed, |cell| &mut cell.failed),
        Field::trend("session_duration", |cell| &cell.session_duration, |cell| &mut cell.session_duration),
        Field::sum("messages_sent", |cell| &cell.messages_sent, |cell| &mut cell.messages_sent),
        Field::sum("messages_received", |cell| &cell.messages_received, |cell| &mut cell.messages_received),
        Field::trend("ping", |cell| &cell.ping, |cell| &mut cell.ping),
        Field::trend("response", |cell| &cell.response, |cell| &mut cell.response),
        Field::trend("message_gap", |cell| &cell.message_gap, |cell| &mut cell.message_gap),
        Field::sum("inbox_full", |cell| &cell.inbox_full, |cell| &mut cell.inbox_full),
        Field::sum("closed_unexpectedly", |cell| &cell.closed_unexpectedly, |cell| &mut cell.closed_unexpectedly),
        Field::sum("sent", |cell| &cell.sent, |cell| &mut cell.sent),
        Field::sum("received", |cell| &cell.received, |cell| &mut cell.received),
    ];
}
