//! Limits the requests under way to one origin, for one virtual user as in a browser, or for all clients of a pool.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::url::Origin;

/// Maximum number of origins to remember without a request under way.
const MOST_SPARE: usize = 64;

/// The turns of one virtual user, or of one pool.
#[derive(Debug, Default)]
pub struct OriginLimit(RefCell<Vec<(Rc<Origin>, Arc<Semaphore>)>>);

impl OriginLimit {
    /// Waits for one of the `most` permits for requests to that origin. Waiting requests are served in order.
    pub(crate) async fn take(&self, origin: &Rc<Origin>, most: usize) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.places(origin, most.max(1)).acquire_owned().await.ok()
    }

    fn places(&self, origin: &Rc<Origin>, most: usize) -> Arc<Semaphore> {
        let mut known = self.0.borrow_mut();
        if let Some((_, places)) = known.iter().find(|(other, _)| other.same(origin)) {
            return Arc::clone(places);
        }
        if known.len() >= MOST_SPARE {
            known.retain(|(_, places)| Arc::strong_count(places) > 1 || places.available_permits() < most);
        }
        let places = Arc::new(Semaphore::new(most));
        known.push((Rc::clone(origin), Arc::clone(&places)));
        places
    }
}
