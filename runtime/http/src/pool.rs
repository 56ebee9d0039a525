//! Connections that the clients of one thread share, in place of one for each: as services do that keep a pool to what they call.
//!
//! There are never more than so many to one origin: who sends holds a place, and opens a connection only if none is idle. Places
//! are given in the order in which they were asked for. It belongs to one thread, so nobody else is ever waited for.

use std::rc::Rc;

use tokio::sync::OwnedSemaphorePermit;

use crate::connect::Connection;
use crate::idle::{Found, Idle};
use crate::origin_limit::OriginLimit;
use crate::url::Origin;

/// How many full pools' worth of idle connections are kept: one for each origin, if there are not more.
const MOST_ORIGINS: usize = 64;

/// The connections of one thread.
pub(crate) struct Pool {
    /// To one origin.
    most: usize,
    places: OriginLimit,
    idle: Idle,
}

impl Pool {
    pub(crate) fn new(most: usize) -> Pool {
        Pool { most, places: OriginLimit::default(), idle: Idle::default() }
    }

    /// Waits for a place among those that have a connection to this origin.
    pub(crate) async fn place(&self, origin: &Rc<Origin>) -> Option<OwnedSemaphorePermit> {
        self.places.take(origin, self.most).await
    }

    /// For who has a place.
    pub(crate) fn take(&self, origin: &Rc<Origin>) -> Found {
        self.idle.take(origin)
    }

    /// For who still has the place: else there would be one too many for a moment.
    pub(crate) fn keep(&self, connection: Connection) {
        self.idle.keep(connection, self.most.saturating_mul(MOST_ORIGINS));
    }
}
