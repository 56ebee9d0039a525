//! The moment at which a request turns out to need the target that the run does not have: no such request can ever be made.

use std::sync::OnceLock;

use tokio::sync::Notify;

/// The first request that is only a path while the run has no target.
#[derive(Debug, Default)]
pub struct MissingTarget {
    problem: OnceLock<String>,
    told: Notify,
}

impl MissingTarget {
    /// A request cannot be made, for this reason.
    #[cold]
    pub fn report(&self, problem: &str) {
        if self.problem.set(problem.to_owned()).is_ok() {
            self.told.notify_one();
        }
    }

    /// What is wrong with that request, if there was one.
    pub fn problem(&self) -> Option<&str> {
        self.problem.get().map(String::as_str)
    }

    /// Waits for it. For one to wait.
    pub async fn reported(&self) {
        while self.problem.get().is_none() {
            self.told.notified().await;
        }
    }
}
