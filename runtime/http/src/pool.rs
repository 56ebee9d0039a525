//! Connections that the clients of one thread share instead of owning one each, as services do with a pool for their
//! backends.
//!
//! A client that sends holds one of at most `most` permits for the origin, and opens a connection only if none is idle.
//! Permits are granted in the order of the requests for them. The pool belongs to one thread, so clients of other
//! threads are never waited for. Connections of HTTP/2 are shared by the requests that are under way at the same time; there
//! are at most `most` of them, too.

use std::rc::Rc;

use tokio::sync::OwnedSemaphorePermit;

use crate::connect::Connection;
use crate::http2::Multiplexed;
use crate::http3::QuicConnection;
use crate::idle::{Found, Idle};
use crate::origin_limit::OriginLimit;
use crate::streams::Streams;
use crate::url::Origin;

/// Number of full pools whose idle connections are kept: one per origin, up to this number of origins.
const MOST_ORIGINS: usize = 64;

/// The connections of one thread.
pub(crate) struct Pool {
    /// To one origin.
    most: usize,
    places: OriginLimit,
    idle: Idle,
    /// Those of HTTP/2, which need no permit.
    pub(crate) streams: Streams<Multiplexed>,
    /// The same of HTTP/3.
    pub(crate) quic: Streams<QuicConnection>,
}

impl Pool {
    pub(crate) fn new(most: usize, most_streams: usize) -> Pool {
        let (streams, quic) = (Streams::new(most, most_streams), Streams::new(most, most_streams));
        Pool { most, places: OriginLimit::default(), idle: Idle::default(), streams, quic }
    }

    /// Waits for a place among those that have a connection to this origin.
    pub(crate) async fn place(&self, origin: &Rc<Origin>) -> Option<OwnedSemaphorePermit> {
        self.places.take(origin, self.most).await
    }

    /// Requires a permit.
    pub(crate) fn take(&self, origin: &Rc<Origin>) -> Found {
        self.idle.take(origin)
    }

    /// Requires that the permit is still held: otherwise there could be one connection too many for a moment.
    pub(crate) fn keep(&self, connection: Connection) {
        self.idle.keep(connection, self.most.saturating_mul(MOST_ORIGINS));
    }
}
