//! Repeatable random numbers, each computed from its position alone.

use squall_plan::random::nth;

/// Turns neighbouring numbers into unrelated ones, zero included.
pub(crate) fn mix(number: u64) -> u64 {
    nth(number, 0)
}

/// A key that depends on all parts, and on their order.
pub(crate) fn key(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(0, |key, part| mix(key ^ mix(part)))
}
