//! The load from which the latency rises steeply: the knee of a curve.
//!
//! V. Satopää, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a Haystack" (ICDCS workshops 2011): both
//! axes scaled to 0 to 1, the knee of a curve that bends upwards is the point farthest below the straight line between
//! its ends. Every curve has such a point, so it only counts if the latency rises substantially after it.

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Requests per second, or users.
    pub load: f64,
    /// The latency there, in any unit.
    pub latency: f64,
}

/// Fewer points than this have no shape.
const FEWEST: usize = 5;
/// The latency after a knee is at least this many times that of the lowest load.
const RISES: f64 = 1.5;
/// A point that is less far below the line, as a share of the whole, is noise.
const DEPTH: f64 = 0.1;

/// The knee, if there is one. Points in order of their load.
pub fn knee(points: &[Point]) -> Option<Point> {
    let (first, last) = (points.first()?, points.last()?);
    let (width, height) = (last.load - first.load, last.latency - first.latency);
    if points.len() < FEWEST || width <= 0.0 || last.latency < RISES * first.latency {
        return None;
    }
    let below_line = |point: &Point| (point.load - first.load) / width - (point.latency - first.latency) / height;
    let deepest = points.iter().max_by(|one, other| below_line(one).total_cmp(&below_line(other)))?;
    (below_line(deepest) > DEPTH).then_some(*deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(latency: impl Fn(f64) -> f64) -> Vec<Point> {
        (1..10).map(|tenths| f64::from(tenths) / 10.0).map(|load| Point { load, latency: latency(load) }).collect()
    }

    /// 1 / (1 - load) from 0.1 to 0.9: its ends lie at (0.1, 1.111) and (0.9, 10), and the tangent is parallel to the line
    /// between them where (1 - load)² = 0.8 / 8.889, at 0.7.
    #[test]
    fn the_knee_of_a_queue_is_where_the_tangent_is_parallel_to_the_chord() {
        assert_eq!(knee(&points(|load| 1.0 / (1.0 - load))).map(|knee| knee.load), Some(0.7));
    }

    #[test]
    fn a_curve_that_does_not_rise_or_not_bend_has_no_knee() {
        assert_eq!(knee(&points(|load| 10.0 + load)), None, "hardly rises");
        assert_eq!(knee(&points(|load| 10.0 * load)), None, "straight");
        assert_eq!(knee(&points(|load| 1.0 / (1.0 - load))[..4]), None, "too few points");
        assert_eq!(knee(&[]), None);
    }
}
