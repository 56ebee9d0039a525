//! Requests over HTTP/2: streams of connections that several requests use at the same time.
//!
//! A connection has no task of its own. Of the requests that wait on it, one reads for all: the reader. When it ends, the
//! next one takes its place. So a connection that carries one request at a time costs no wake-up more than HTTP/1.1.
//!
//! This module must not know which connection a request gets: `streams` decides that.

mod connection;
mod exchange;

pub(crate) use connection::Multiplexed;
pub(crate) use exchange::exchange;
