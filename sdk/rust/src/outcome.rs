//! The results of flows, `start` and `teardown`.

use std::fmt::Display;

/// A type that a flow may return: nothing, or a `Result<(), E>` whose error can be shown.
#[diagnostic::on_unimplemented(
    message = "a flow cannot return `{Self}`",
    label = "returns `{Self}`",
    note = "flows, `start` and `teardown` return `()`, `squall::Outcome`, or any `Result<(), E>` where `E: Display`"
)]
pub trait Completion {
    /// The result for the host.
    ///
    /// # Errors
    ///
    /// The text of the error that the function returned.
    fn complete(self) -> Result<(), String>;
}

impl Completion for () {
    fn complete(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> Completion for Result<(), E> {
    fn complete(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}
