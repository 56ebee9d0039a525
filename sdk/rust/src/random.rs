//! Chance that can be repeated: seeded by the run's `--seed` and the virtual user's number.

use std::ops::{Bound, RangeBounds};

use crate::host;

/// The next random number; all 64 bits are uniform.
#[must_use]
pub fn random() -> u64 {
    host::random()
}

/// A random whole number from the range: `random_in(1..=100)`. A range that is empty gives its start.
#[must_use]
pub fn random_in(range: impl RangeBounds<u64>) -> u64 {
    let first = match range.start_bound() {
        Bound::Included(&first) => first,
        Bound::Excluded(&before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let last = match range.end_bound() {
        Bound::Included(&last) => last,
        Bound::Excluded(&end) => end.saturating_sub(1),
        Bound::Unbounded => u64::MAX,
    };
    if last <= first {
        return first;
    }
    let span = u128::from(last - first) + 1;
    // The high half of the product is uniform over the span, up to a bias far below any test's resolution.
    let offset = (u128::from(random()) * span) >> 64;
    first + offset as u64
}

/// A random item of a slice.
///
/// # Panics
///
/// When the slice is empty, as indexing does.
#[must_use]
pub fn pick<T>(items: &[T]) -> &T {
    &items[random_in(0..items.len() as u64) as usize]
}

/// A uniform number from 0 (included) to 1 (excluded).
pub(crate) fn fraction() -> f64 {
    // An f64 holds 53 bits exactly.
    (random() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn ranges_are_met_at_both_ends() {
        Host::new().run(|| {
            let mut seen = [false; 3];
            for _ in 0..100 {
                seen[random_in(5..=7) as usize - 5] = true;
                assert!(random_in(5..7) < 7);
            }
            assert_eq!(seen, [true; 3]);
            assert_eq!(random_in(9..=9), 9);
            assert_eq!(random_in(9..9), 9);
            let _ = random_in(..);
        });
    }

    #[test]
    fn a_seed_can_be_repeated() {
        let draw = |seed| {
            let mut numbers = Vec::new();
            Host::new().seed(seed).run(|| numbers = vec![random(), random()]);
            numbers
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn fractions_stay_below_one() {
        Host::new().run(|| assert!((0..1000).map(|_| fraction()).all(|f| (0.0..1.0).contains(&f))));
    }
}
