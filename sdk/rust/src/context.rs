//! This virtual user, its iteration, and the options of the run.

use crate::host;

/// The number of this virtual user, from 1. It is 0 in `setup` and `teardown`.
#[must_use]
pub fn vu() -> u32 {
    host::vu()
}

/// The number of iterations that this virtual user has begun before this one.
#[must_use]
pub fn iteration() -> u64 {
    host::iteration()
}

/// The run's `--target`, without a slash at its end. Paths are below it by themselves; this is for what needs it in
/// words.
#[must_use]
pub fn target() -> Option<String> {
    host::target()
}

/// The value that the run was given with `-e KEY=VALUE`.
///
/// ```
/// # use squall::prelude::*;
/// # squall::testing::Host::new().option("PAGES", "3").run(|| {
/// let pages: u64 = env("PAGES").and_then(|text| text.parse().ok()).unwrap_or(5);
/// # assert_eq!(pages, 3);
/// # });
/// ```
#[must_use]
pub fn env(key: &str) -> Option<String> {
    host::option(key)
}

/// Asks for the end of the whole run, as a failure. This iteration continues; no new one begins.
pub fn abort(reason: &str) {
    host::abort(reason);
}
