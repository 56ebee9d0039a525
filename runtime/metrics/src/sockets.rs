//! The numbers of sockets whose protocol the guest speaks. All times are of reads and writes of the socket: no guest's
//! time is in them.

use crate::cell::{Cell, Field};
use crate::histogram::Histogram;

/// The sockets of one name in one flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SocketCell {
    /// TCP connections that were opened, TLS included.
    pub connections: u64,
    /// Opening the TCP connection, and the way through a proxy.
    pub connecting: Histogram,
    /// The TLS handshake; only of connections with TLS.
    pub tls_handshaking: Histogram,
    /// From the open connection, TLS included, to its end.
    pub session_duration: Histogram,
    /// From the write of the last byte to the first read after it.
    pub response: Histogram,
    /// How often the host stopped reading, because the guest had not taken what had come.
    pub inbox_full: u64,
    /// Connections that were not opened, or that broke.
    pub errors: u64,
    /// Datagrams sent by UDP.
    pub datagrams_sent: u64,
    /// Datagrams received by UDP, those that were dropped included.
    pub datagrams_received: u64,
    /// Datagrams that were dropped, because the guest had not taken those before.
    pub datagrams_dropped: u64,
    /// From the write of the last datagram to the first one read after it.
    pub datagram_response: Histogram,
    /// UDP sockets that were not opened, and datagrams that came back as errors.
    pub datagram_errors: u64,
    /// Bytes written, below TLS, if any.
    pub sent: u64,
    /// Bytes read, below TLS, if any.
    pub received: u64,
}

impl Cell for SocketCell {
    const FIELDS: &'static [Field<SocketCell>] = &[
        Field::sum("connections", |cell| &cell.connections, |cell| &mut cell.connections),
        Field::trend("connecting", |cell| &cell.connecting, |cell| &mut cell.connecting),
        Field::trend("tls_handshaking", |cell| &cell.tls_handshaking, |cell| &mut cell.tls_handshaking),
        Field::trend("session_duration", |cell| &cell.session_duration, |cell| &mut cell.session_duration),
        Field::trend("response", |cell| &cell.response, |cell| &mut cell.response),
        Field::sum("inbox_full", |cell| &cell.inbox_full, |cell| &mut cell.inbox_full),
        Field::sum("errors", |cell| &cell.errors, |cell| &mut cell.errors),
        Field::sum("datagrams_sent", |cell| &cell.datagrams_sent, |cell| &mut cell.datagrams_sent),
        Field::sum("datagrams_received", |cell| &cell.datagrams_received, |cell| &mut cell.datagrams_received),
        Field::sum("datagrams_dropped", |cell| &cell.datagrams_dropped, |cell| &mut cell.datagrams_dropped),
        Field::trend("datagram_response", |cell| &cell.datagram_response, |cell| &mut cell.datagram_response),
        Field::sum("datagram_errors", |cell| &cell.datagram_errors, |cell| &mut cell.datagram_errors),
        Field::sum("sent", |cell| &cell.sent, |cell| &mut cell.sent),
        Field::sum("received", |cell| &cell.received, |cell| &mut cell.received),
    ];
}
