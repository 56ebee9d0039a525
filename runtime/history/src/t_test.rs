//! Student's t distribution, and what is made of it.

/// The probability that |t| is at least as great as `t`, with `degrees` of freedom: by the regularised incomplete beta
/// function, I_x(ν/2, 1/2) with x = ν / (ν + t²) (Abramowitz and Stegun, 26.7.1). Anything that is no number is 1.
pub fn two_sided_p(t: f64, degrees: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    if !(t.is_finite() && degrees > 0.0) {
        return 1.0;
    }
    regularised_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5)
}

/// The t that is exceeded on one side with probability `tail`, below 0.5: by bisection.
pub fn upper_quantile(tail: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided_p(high, degrees) / 2.0 > tail && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if two_sided_p(middle, degrees) / 2.0 > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// Means and spreads of two groups, compared with Welch's t: they need not vary alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// The second group's mean less the first's.
    pub difference: f64,
    /// The standard error of that.
    pub error: f64,
    /// Degrees of freedom, by Welch and Satterthwaite.
    pub degrees: f64,
    /// The two-sided p-value of no difference.
    pub p: f64,
}

/// Welch's test; none with fewer than two values a side.
pub fn welch(first: &[f64], second: &[f64]) -> Option<Welch> {
    let (a, b) = (spread(first)?, spread(second)?);
    let difference = b.0 - a.0;
    let (of_a, of_b) = (a.1 / first.len() as f64, b.1 / second.len() as f64);
    let error = (of_a + of_b).sqrt();
    if error == 0.0 {
        let p = if difference == 0.0 { 1.0 } else { 0.0 };
        return Some(Welch { difference, error, degrees: (first.len() + second.len() - 2) as f64, p });
    }
    let below = of_a * of_a / (first.len() - 1) as f64 + of_b * of_b / (second.len() - 1) as f64;
    let degrees = (of_a + of_b).powi(2) / below;
    Some(Welch { difference, error, degrees, p: two_sided_p(difference / error, degrees) })
}

/// Mean and variance (of a sample).
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, squares / (values.len() - 1) as f64))
}

/// I_x(a, b), by its continued fraction (Abramowitz and Stegun, 26.5.8), evaluated by the modified method of Lentz.
fn regularised_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges quickly only on this side.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - regularised_beta(1.0 - x, b, a);
    }
    let ln_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta).exp() / a;
    let tiny = 1e-300;
    let away = |value: f64| if value.abs() < tiny { tiny } else { value };
    let (mut c, mut d, mut fraction) = (1.0, 0.0, 1.0);
    for step in 0..500u32 {
        let m = f64::from(step / 2);
        let term = match step {
            0 => 1.0,
            _ if step % 2 == 0 => m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            _ => -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        };
        d = 1.0 / away(1.0 + term * d);
        c = away(1.0 + term / c);
        fraction *= c * d;
        if step > 0 && (1.0 - c * d).abs() < 1e-15 {
            break;
        }
    }
    front * (fraction - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From tables of Student's distribution.
    #[test]
    fn known_quantiles() {
        for (tail, degrees, t) in [(0.025, 1.0, 12.706_2), (0.025, 8.0, 2.306_0), (0.005, 4.0, 4.604_1)] {
            assert!((upper_quantile(tail, degrees) - t).abs() < 1e-4, "{tail} {degrees}");
            assert!((two_sided_p(t, degrees) - 2.0 * tail).abs() < 1e-5);
        }
        assert!((two_sided_p(1.959_964, 1e7) - 0.05).abs() < 1e-6, "the normal distribution, far out");
        assert_eq!((two_sided_p(f64::NAN, 3.0), two_sided_p(f64::INFINITY, 3.0)), (1.0, 0.0));
        assert_eq!(two_sided_p(0.0, 3.0), 1.0);
    }

    /// scipy.stats.ttest_ind([1, 2, 3, 4], [3, 5, 7, 9, 11], equal_var=False).
    #[test]
    fn known_test() {
        let welch = welch(&[1.0, 2.0, 3.0, 4.0], &[3.0, 5.0, 7.0, 9.0, 11.0]).unwrap();
        assert!((welch.difference - 4.5).abs() < 1e-12);
        assert!((welch.degrees - WELCH_DEGREES).abs() < 1e-6 && (welch.p - WELCH_P).abs() < 1e-6, "{welch:?}");
    }

    const WELCH_DEGREES: f64 = 5.520787746;
    const WELCH_P: f64 = 0.030286154;
}
