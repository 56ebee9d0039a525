//! The quantiles of Student's t distribution for the intervals of fits.

/// The 97.5 % quantiles for 1 to 30 degrees of freedom (`scipy.stats.t.ppf(0.975, n)`).
const TABLE: [f64; 30] = [
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
    2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
    2.0452, 2.0423,
];

/// Half the width of a 95 % interval, in standard errors. Above 30 degrees of freedom the first two terms of the
/// Cornish-Fisher expansion, which are within 0.001 there.
pub(crate) fn t_95(freedom: usize) -> f64 {
    match freedom {
        0 => f64::INFINITY,
        1..=30 => TABLE[freedom - 1],
        _ => {
            let z: f64 = 1.959_964;
            let n = freedom as f64;
            z + (z.powi(3) + z) / (4.0 * n) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * n * n)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_quantiles() {
        assert_eq!(super::t_95(6), 2.4469);
        assert!((super::t_95(31) - 2.0395).abs() < 0.001);
        assert!((super::t_95(120) - 1.9799).abs() < 0.001);
    }
}
