//! Open connections without a request.

use std::cell::RefCell;
use std::rc::Rc;

use crate::connect::Connection;
use crate::url::Origin;

/// Open connections without a request; the one used last is at the end.
#[derive(Default)]
pub(crate) struct Idle(RefCell<Vec<Connection>>);

/// The result of a search for an idle connection.
pub(crate) struct Found {
    /// The connection that was used last, if one is still good.
    pub connection: Option<Connection>,
    /// Whether there were only such as the server has closed.
    pub was_closed: bool,
}

impl Idle {
    /// The connection to an origin that was used last.
    #[inline]
    pub(crate) fn take(&self, origin: &Rc<Origin>) -> Found {
        let mut idle = self.0.borrow_mut();
        let mut was_closed = false;
        while let Some(last) = idle.iter().rposition(|connection| connection.origin.same(origin)) {
            let mut connection = idle.remove(last);
            if !connection.transport.is_stale() {
                return Found { connection: Some(connection), was_closed: false };
            }
            was_closed = true;
        }
        Found { connection: None, was_closed }
    }

    /// Keeps at most `most` connections, over all origins; the oldest goes first.
    pub(crate) fn keep(&self, connection: Connection, most: usize) {
        let mut idle = self.0.borrow_mut();
        if idle.len() >= most {
            idle.remove(0);
        }
        // Most clients have one connection, and there are many clients.
        idle.reserve_exact(1);
        idle.push(connection);
    }

    /// Closes all.
    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

#[cfg(test)]
impl Idle {
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn all_are_stale(&self) -> bool {
        self.0.borrow_mut().iter_mut().all(|connection| connection.transport.is_stale())
    }
}
