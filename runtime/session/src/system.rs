//! The system around the program: the time of day, environment variables, processor cores.

use std::time::SystemTime;

/// The time of day.
#[expect(clippy::disallowed_methods, reason = "the time of day, once, for those who compare a run with their own logs")]
pub fn time_of_day() -> SystemTime {
    SystemTime::now()
}

/// The environment, as far as it is text.
pub fn environment_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The number of processor cores; 1 where the system does not say.
pub fn processor_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
