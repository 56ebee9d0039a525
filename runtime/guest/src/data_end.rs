//! The moment at which data has come to its end, where that is to be the end of the run.

use std::sync::OnceLock;

use tokio::sync::Notify;

/// The feed that came to its end, and ended the run. The first one counts.
#[derive(Debug, Default)]
pub struct DataEnd {
    name: OnceLock<String>,
    told: Notify,
}

impl DataEnd {
    /// No row of that data is left.
    pub fn reach(&self, name: &str) {
        if self.name.get().is_none() {
            // Another thread may be first.
            let _ = self.name.set(name.to_owned());
            self.told.notify_one();
        }
    }

    /// The name of the feed, if any has come to its end.
    pub fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    /// Waits for it. For one to wait.
    pub async fn reached(&self) {
        while self.name.get().is_none() {
            self.told.notified().await;
        }
    }
}
