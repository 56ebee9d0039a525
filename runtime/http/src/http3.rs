//! Requests over HTTP/3: streams of QUIC connections (quinn), each on a UDP socket of its own.
//!
//! QUIC's packets are sent and read by tasks of its own on the same thread. Times are those of the socket's reads and writes:
//! the socket notes them, and each request looks up which are its own.
//!
//! This module must not know which connection a request gets: `streams` decides that.

mod connection;
mod departures;
mod exchange;
mod open;
mod peer;
mod udp;

pub(crate) use connection::QuicConnection;
pub(crate) use exchange::exchange;
