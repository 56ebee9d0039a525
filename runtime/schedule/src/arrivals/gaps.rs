//! The arrivals of a Poisson process of rate one: sums of exponential gaps. Each gap is a function of the seed and its
//! number alone, so that everybody who adds them up gets the same sums.

use crate::random::{mix, nth};

/// Bits after the binary point of a sum. Whole numbers, because their sums do not depend on rounding.
const FRACTION_BITS: u32 = 48;

/// Walks from gap to gap, adding them up.
#[derive(Debug, Clone)]
pub(super) struct Gaps {
    seed: u64,
    /// How many gaps are in the sum.
    added: u64,
    /// In units of 2^-[`FRACTION_BITS`] of the mean gap.
    sum: u128,
}

impl Gaps {
    pub(super) fn new(seed: u64) -> Gaps {
        // Mixed, so that this stream is not the one that others draw from the same seed.
        Gaps { seed: mix(seed ^ 0x6172_7269_7661_6c73), added: 0, sum: 0 }
    }

    /// The sum of the gaps up to and with number `index`, in units of which `unit` are one mean gap. `index` never
    /// decreases from call to call, and `unit` is less than 2^64.
    pub(super) fn area(&mut self, index: u64, unit: u128) -> u128 {
        while self.added <= index {
            self.sum += u128::from(gap(self.seed, self.added));
            self.added += 1;
        }
        let (whole, fraction) = (self.sum >> FRACTION_BITS, self.sum & ((1 << FRACTION_BITS) - 1));
        whole.saturating_mul(unit).saturating_add((fraction * unit) >> FRACTION_BITS)
    }
}

/// Exponential with mean one, as the logarithm of a uniform number (von Neumann, 1951). `libm` is the same to the last
/// bit on every machine, which the logarithm of a system's own library is not.
fn gap(seed: u64, number: u64) -> u64 {
    const TO_ONE: f64 = 1.0 / (1_u64 << 53) as f64;
    let uniform = ((nth(seed, number) >> 11) + 1) as f64 * TO_ONE; // from (0, 1]
    (-libm::log(uniform) * (1_u64 << FRACTION_BITS) as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_exponential() {
        const COUNT: usize = 100_000;
        for seed in [0, 1, 42, u64::MAX] {
            let scale = (1_u64 << FRACTION_BITS) as f64;
            let seed = Gaps::new(seed).seed;
            let mut gaps: Vec<f64> = (0..COUNT as u64).map(|number| gap(seed, number) as f64 / scale).collect();
            let mean = gaps.iter().sum::<f64>() / COUNT as f64;
            assert!((mean - 1.0).abs() < 4.0 / (COUNT as f64).sqrt(), "{mean}");
            gaps.sort_by(f64::total_cmp);
            // Kolmogorov and Smirnov: the greatest distance to the distribution function, times the root of the count,
            // is beyond 1.95 once in a thousand times.
            let distance = gaps.iter().enumerate().fold(0.0_f64, |greatest, (rank, gap)| {
                let expected = 1.0 - (-gap).exp();
                let below = (rank as f64 / COUNT as f64 - expected).abs();
                let above = ((rank + 1) as f64 / COUNT as f64 - expected).abs();
                greatest.max(below).max(above)
            });
            assert!(distance * (COUNT as f64).sqrt() < 1.95, "{distance}");
        }
    }
}
