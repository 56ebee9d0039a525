//! Waiting, in the threads of outputs: nothing here paces or measures anything.

use std::future::Future;
use std::time::Duration;

/// Waits for `future`, but not longer than `limit`.
#[expect(clippy::disallowed_methods, reason = "an output measures nothing, and a few milliseconds do not matter to it")]
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// Lets this time pass.
pub(crate) async fn pause(time: Duration) {
    within(time, std::future::pending::<()>()).await;
}
