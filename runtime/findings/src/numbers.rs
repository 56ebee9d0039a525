//! Small statistics over traced requests: means, percentiles, straight lines.

/// The mean; 0 of nothing.
pub(crate) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for value in values {
        sum += value;
        count += 1;
    }
    if count == 0 { 0.0 } else { sum / f64::from(count) }
}

/// The value below which that share lies, by the nearest rank; 0 of nothing.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// A straight line through points, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// What y grows by, for each unit of x.
    pub(crate) slope: f64,
    /// The share of the variance of y that the line explains, 0 to 1.
    pub(crate) fit: f64,
}

/// The line through those points; `None` with fewer than three of them, or if all have one x.
pub(crate) fn line(points: &[(f64, f64)]) -> Option<Line> {
    if points.len() < 3 {
        return None;
    }
    let x_mean = mean(points.iter().map(|(x, _)| *x));
    let y_mean = mean(points.iter().map(|(_, y)| *y));
    let xx: f64 = points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    let yy: f64 = points.iter().map(|(_, y)| (y - y_mean).powi(2)).sum();
    let xy: f64 = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    if xx <= f64::EPSILON {
        return None;
    }
    let fit = if yy <= f64::EPSILON { 0.0 } else { xy * xy / (xx * yy) };
    Some(Line { slope: xy / xx, fit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values = || (1..=100).map(f64::from);
        assert_eq!((quantile(values(), 0.95), quantile(values(), 0.5), quantile(values(), 0.0)), (95.0, 50.0, 1.0));
        assert_eq!((quantile([], 0.95), mean([])), (0.0, 0.0));
    }

    #[test]
    fn a_line_has_its_slope_and_its_fit() {
        let exact = line(&[(1.0, 5.0), (2.0, 7.0), (3.0, 9.0)]).unwrap();
        assert!((exact.slope - 2.0).abs() < 1e-9 && (exact.fit - 1.0).abs() < 1e-9);
        let none = line(&[(1.0, 5.0), (2.0, 9.0), (3.0, 5.0)]).unwrap();
        assert!(none.slope.abs() < 1e-9 && none.fit < 1e-9);
        assert_eq!(line(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
    }
}
