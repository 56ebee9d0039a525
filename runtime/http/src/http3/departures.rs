//! The times at which the last bytes of requests left.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use squall_metrics::Nanos;

use super::udp::Traffic;

/// Requests of one connection that wait for the time at which they left.
///
/// A request hands its last byte to QUIC, which sends it with the next datagrams. Their time is noted by the socket, and
/// belongs to all requests that wait for it.
#[derive(Debug, Default)]
pub(super) struct Departures(RefCell<Vec<Rc<Cell<Option<Nanos>>>>>);

impl Departures {
    /// A request has handed over its last byte. Its time of departure appears in the cell, after [`Departures::settle`].
    pub(super) fn wait(&self, traffic: &Traffic) -> Rc<Cell<Option<Nanos>>> {
        self.settle(traffic);
        let departure = Rc::<Cell<Option<Nanos>>>::default();
        self.0.borrow_mut().push(Rc::clone(&departure));
        traffic.await_departure();
        departure
    }

    /// Gives the time of the first write since the last wait to those who wait for it.
    pub(super) fn settle(&self, traffic: &Traffic) {
        if let Some(departed) = traffic.departure() {
            for waiting in self.0.borrow_mut().drain(..) {
                waiting.set(Some(departed));
            }
        }
    }
}
