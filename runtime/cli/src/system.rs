//! The system around the program: the time of day, environment variables, processor cores.

use std::time::SystemTime;

/// What the clock on the wall says.
#[expect(clippy::disallowed_methods, reason = "the time of day, once, for those who compare a run with their own logs")]
pub fn time_of_day() -> SystemTime {
    SystemTime::now()
}

/// The environment, as far as it is text.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
