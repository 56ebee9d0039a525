//! Waiting on threads that carry no load, where tokio's timer is exact enough.

use std::time::Duration;

/// Waits for a time.
#[expect(clippy::disallowed_methods, reason = "this thread carries no load: it may wake a little late")]
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The result of a future, if it comes in time.
#[expect(clippy::disallowed_methods, reason = "this thread carries no load: it may wake a little late")]
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}
