//! Which percentile a number of samples can carry.
//!
//! A percentile has a distribution-free confidence interval between two order statistics (H. A. David and
//! H. N. Nagaraja, *Order Statistics*, section 7.1). It has an upper end at all only if the greatest of `n` samples lies
//! above the true percentile often enough: all `n` lie below it with probability pⁿ, and a two-sided 95 % interval
//! allows 2.5 % for that. So pⁿ ≤ 0.025: p50 needs 6 samples, p90 36, p95 72, p99 368, p99.9 3,688. With fewer, the
//! number that would be printed is the greatest sample under another name.

/// The share outside a two-sided 95 % interval, on either side.
const LEFT_OUT: f64 = 0.025;

/// The number of samples that a percentile (`percent`, 0 to 100) needs to be worth printing. The least and the greatest
/// sample, 0 and 100, are observed rather than estimated: one is enough.
pub fn needed_samples(percent: f64) -> u64 {
    // The lower half mirrors the upper: there the least sample must lie below.
    let share = percent.max(100.0 - percent) / 100.0;
    if share >= 1.0 {
        return 1;
    }
    (LEFT_OUT.ln() / share.ln()).ceil() as u64
}

/// Whether `samples` are enough for a percentile (`percent`, 0 to 100).
pub fn can_carry(percent: f64, samples: u64) -> bool {
    samples >= needed_samples(percent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_sample_sizes() {
        for (percent, samples) in
            [(50.0, 6), (75.0, 13), (90.0, 36), (95.0, 72), (99.0, 368), (99.9, 3_688), (99.99, 36_887), (5.0, 72)]
        {
            assert_eq!(needed_samples(percent), samples, "p{percent}");
            assert!(can_carry(percent, samples));
            assert!(!can_carry(percent, samples - 1));
        }
    }

    #[test]
    fn extremes_need_one_sample() {
        assert!(can_carry(100.0, 1) && can_carry(0.0, 1));
        assert!(!can_carry(100.0, 0));
    }

    proptest! {
        #[test]
        fn it_is_the_least_count_that_satisfies_the_formula(percent in 50.0f64..99.99) {
            let needed = needed_samples(percent) as f64;
            prop_assert!((percent / 100.0).powf(needed) <= LEFT_OUT + 1e-12);
            prop_assert!((percent / 100.0).powf(needed - 1.0) > LEFT_OUT - 1e-12);
        }
    }
}
