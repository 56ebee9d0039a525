//! Waiting for machines. Nothing here paces or measures anything.

use std::future::Future;
use std::time::Duration;

/// Waits for `future`, but not longer than `limit`.
#[expect(clippy::disallowed_methods, reason = "no measured path: deadlines of seconds, and pauses between attempts")]
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// Lets this time pass.
pub(crate) async fn pause(time: Duration) {
    within(time, std::future::pending::<()>()).await;
}
