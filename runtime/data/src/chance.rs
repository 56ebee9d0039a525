//! Chance that can be repeated, and drawn at any place without drawing what comes before.

/// SplitMix64's mixing (Steele, Lea, Flood 2014): neighbouring numbers have nothing in common afterwards.
pub(crate) fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A key that depends on all parts, and on their order.
pub(crate) fn key(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(0, |key, part| mix(key ^ mix(part)))
}

/// A number below `limit`, uniform up to a bias far below what a test can see.
pub(crate) fn below(limit: u64, random: u64) -> u64 {
    ((u128::from(random) * u128::from(limit)) >> 64) as u64
}
