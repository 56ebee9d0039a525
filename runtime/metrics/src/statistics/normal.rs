//! The normal distribution's tails.

/// The probability that a standard normal number lies at least as far from 0 as `z`, on either side: erfc(|z| / √2).
///
/// M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions*: series 7.1.6 near the middle, continued
/// fraction 7.1.14 in the tails, where the series would cancel out.
pub(super) fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    if x.is_nan() {
        return 1.0;
    }
    if x < 2.5 { 1.0 - erf_by_series(x) } else { erfc_by_fraction(x) }
}

fn erf_by_series(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..100 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

fn erfc_by_fraction(x: f64) -> f64 {
    // x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))), from the inside out.
    let fraction = (1..=100).rev().fold(x, |inner, n| x + f64::from(n) / 2.0 / inner);
    (-x * x).exp() / (fraction * std::f64::consts::PI.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2 * scipy.stats.norm.sf(z)`.
    #[test]
    fn known_tails() {
        for (z, expected) in [
            (0.0, 1.0),
            (0.5, 0.6170750774519738),
            (1.0, 0.31731050786291415),
            (-1.96, 0.04999579029644087),
            (2.5758293, 0.010000000102632378),
            (4.0, 6.334248366623973e-05),
            (6.0, 1.973175290075389e-09),
        ] {
            let got = two_sided(z);
            assert!((got - expected).abs() <= expected * 1e-9, "{z}: {got}");
        }
        assert_eq!(two_sided(f64::INFINITY), 0.0);
    }
}
