//! A random order of `0..length`, computed position by position: a shuffled deck that is never stored.
//!
//! A Feistel network permutes the next larger domain of an even number of bits. A result outside of `length` is sent
//! through again until it falls inside (cycle walking), which keeps it a permutation; the domain is at most four times
//! as large, so that takes fewer than four turns on average.

use crate::chance::{key, mix};

const ROUNDS: u64 = 4;

/// An order of `0..length`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permutation {
    length: u64,
    /// Half of the bits of the domain.
    bits: u32,
    seed: u64,
}

impl Permutation {
    /// The order that belongs to a seed.
    pub(crate) fn new(length: u64, seed: u64) -> Permutation {
        let needed = u64::BITS - length.saturating_sub(1).leading_zeros();
        Permutation { length, bits: needed.div_ceil(2).max(1), seed }
    }

    /// The number at a position below the length.
    pub(crate) fn at(&self, place: u64) -> u64 {
        debug_assert!(place < self.length);
        let mut place = self.encrypt(place);
        while place >= self.length {
            place = self.encrypt(place);
        }
        place
    }

    fn encrypt(&self, number: u64) -> u64 {
        let mask = (1 << self.bits) - 1;
        let (mut left, mut right) = (number >> self.bits, number & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (mix(right ^ key([self.seed, round])) & mask));
        }
        left << self.bits | right
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_taken_once(length in 1u64..3_000, seed in any::<u64>()) {
            let order = Permutation::new(length, seed);
            let mut seen = vec![false; length as usize];
            for place in 0..length {
                let row = order.at(place);
                prop_assert!(row < length);
                prop_assert!(!std::mem::replace(&mut seen[row as usize], true), "{row} comes twice");
            }
        }

        #[test]
        fn long_ones_work_too(length in (1u64 << 32)..u64::MAX, seed in any::<u64>(), place in any::<u64>()) {
            let order = Permutation::new(length, seed);
            let (one, other) = (place % length, (place ^ 1) % length);
            prop_assert!(order.at(one) < length);
            prop_assert_eq!(order.at(one) == order.at(other), one == other);
        }
    }

    #[test]
    fn seeds_make_different_orders() {
        let order = |seed| (0..100).map(|place| Permutation::new(100, seed).at(place)).collect::<Vec<_>>();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_ne!(order(1), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn every_row_is_as_likely_at_every_place() {
        // 10 rows at the first place over 20,000 seeds: 2,000 each, give or take 42; five times that is chance enough.
        let mut counts = [0u32; 10];
        for seed in 0..20_000 {
            counts[Permutation::new(10, seed).at(0) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (1_790..=2_210).contains(count)), "{counts:?}");
    }
}
