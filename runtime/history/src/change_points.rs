//! When, in a history of runs, the level changed: the algorithm of Hunter (Fleming and others, ICPE 2023,
//! <https://doi.org/10.1145/3578244.3583719>), which is Apache Otava now. Its answers are Otava's: `tests/otava.rs`.
//!
//! Windows that overlap by half are split where the energy distance between the two sides is greatest (E-Divisive,
//! Matteson and James, <https://arxiv.org/abs/1306.4933>), as long as Student's t test finds the sides different at ten
//! times the p-value that is wanted. These points are weak. Then the worst are taken away, one by one, until all that are
//! left are significant and large enough. As Otava does, the t test is fed with the deviations of the populations, not
//! the samples, which makes it call a little more. Where it gets a p-value that is no number (equal values on both
//! sides), this takes 1.

use crate::t_test::two_sided_p;

/// What counts as a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How many runs are looked at together.
    pub window: usize,
    /// The p-value from which on it is no chance.
    pub p: f64,
    /// The least change that matters, as a share.
    pub least_magnitude: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { window: 50, p: 0.001, least_magnitude: 0.05 }
    }
}

/// A place at which the level changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first value of the new level.
    pub index: usize,
    /// The mean since the change point before.
    pub before: f64,
    /// The mean until the next.
    pub after: f64,
    /// The p-value of no change.
    pub p: f64,
}

impl ChangePoint {
    /// The change as a share: 0.1 for 10 % more. Zero where the level before was zero.
    pub fn change(&self) -> f64 {
        if self.before == 0.0 { 0.0 } else { self.after / self.before - 1.0 }
    }

    /// The change, or the way back, whichever is the greater: how large it is whatever its direction.
    fn magnitude(&self) -> f64 {
        let back = if self.after == 0.0 { 0.0 } else { self.before / self.after - 1.0 };
        self.change().abs().max(back.abs())
    }
}

/// What a series shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Changes that are significant and large enough.
    pub certain: Vec<ChangePoint>,
    /// Everything that may become one: an early warning.
    pub weak: Vec<ChangePoint>,
}

/// Finds where the level of `series` changed.
pub fn change_points(series: &[f64], settings: Settings) -> Changes {
    let weak = split(series, settings.window.max(2), relaxed(settings.p));
    Changes { certain: merge(series, weak.clone(), settings), weak }
}

/// The p-value for weak points.
fn relaxed(p: f64) -> f64 {
    match p {
        p if p < 0.05 => p * 10.0,
        p if p < 0.5 => p * 2.0,
        p => p,
    }
}

fn split(series: &[f64], window: usize, p: f64) -> Vec<ChangePoint> {
    let mut indices: Vec<usize> = Vec::new();
    let mut start = 0;
    while start < series.len() {
        let end = (start + window).min(series.len());
        let found = split_window(&series[start..end], p);
        let last = found.last().map_or(0, |index| index + start);
        indices.extend(found.into_iter().map(|index| index + start));
        start = last.max(start + window / 2);
    }
    indices.sort_unstable();
    indices.dedup();
    points(series, &indices)
}

/// Splits again and again, always where the distance is greatest, until that is not significant.
fn split_window(series: &[f64], p: f64) -> Vec<usize> {
    let distances = Distances::of(series);
    let mut indices: Vec<usize> = Vec::new();
    loop {
        let candidates = intervals(series.len(), &indices).into_iter().filter(|(from, to)| to - from > 1);
        let farthest = candidates.map(|(from, to)| (from, to, distances.best_split(from, to)));
        // The first of equals, as Otava takes it.
        let best = farthest.reduce(|best, next| if next.2.1 > best.2.1 { next } else { best });
        let Some((from, to, (index, _))) = best else {
            return indices;
        };
        if test(&series[from..index], &series[index..to]).p > p {
            return indices;
        }
        indices.push(index);
        indices.sort_unstable();
    }
}

/// What lies between the indices.
fn intervals(length: usize, indices: &[usize]) -> Vec<(usize, usize)> {
    let starts = std::iter::once(0).chain(indices.iter().copied());
    let ends = indices.iter().copied().chain([length]);
    starts.zip(ends).collect()
}

/// Each index as a change between its neighbours.
fn points(series: &[f64], indices: &[usize]) -> Vec<ChangePoint> {
    let stretches = intervals(series.len(), indices);
    let sides = stretches.iter().zip(stretches.iter().skip(1));
    sides
        .map(|(left, right)| ChangePoint { index: left.1, ..test(&series[left.0..left.1], &series[right.0..right.1]) })
        .collect()
}

/// Takes away what is not significant or too small, the worst first. As Otava does, the two points behind it are then
/// measured anew, and the one before it is not.
fn merge(series: &[f64], mut kept: Vec<ChangePoint>, settings: Settings) -> Vec<ChangePoint> {
    while let Some(place) = worst(&kept, settings) {
        kept.remove(place);
        let indices: Vec<usize> = kept.iter().map(|point| point.index).collect();
        let anew = points(series, &indices);
        for neighbour in [place, place + 1] {
            if let (Some(old), Some(new)) = (kept.get_mut(neighbour), anew.get(neighbour)) {
                *old = *new;
            }
        }
    }
    kept
}

fn worst(points: &[ChangePoint], settings: Settings) -> Option<usize> {
    let first = |a: (usize, f64), b: (usize, f64)| if b.1 > a.1 { b } else { a };
    let (place, p) = points.iter().map(|point| point.p).enumerate().reduce(first)?;
    if p >= settings.p {
        return Some(place);
    }
    let smallest = points.iter().map(|point| -point.magnitude()).enumerate().reduce(first);
    smallest.filter(|(_, magnitude)| -magnitude <= settings.least_magnitude).map(|(place, _)| place)
}

/// Student's t test with pooled variance, on deviations of the population.
fn test(left: &[f64], right: &[f64]) -> ChangePoint {
    let ((before, left_variance), (after, right_variance)) = (moments(left), moments(right));
    let (n, m) = (left.len() as f64, right.len() as f64);
    let degrees = n + m - 2.0;
    let pooled = ((n - 1.0) * left_variance + (m - 1.0) * right_variance) / degrees;
    let t = (before - after) / (pooled * (1.0 / n + 1.0 / m)).sqrt();
    ChangePoint { index: 0, before, after, p: two_sided_p(t, degrees) }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count)
}

/// How far the values of a window are from each other: for each, the sums of its distances to the first ones.
struct Distances {
    sums: Vec<Vec<f64>>,
}

impl Distances {
    fn of(series: &[f64]) -> Distances {
        let sums = series.iter().map(|value| {
            let distances = series.iter().scan(0.0, |sum, other| {
                *sum += (value - other).abs();
                Some(*sum)
            });
            std::iter::once(0.0).chain(distances).collect()
        });
        Distances { sums: sums.collect() }
    }

    /// The distances of value `of` to those in `from..to`, added up.
    fn sum(&self, of: usize, from: usize, to: usize) -> f64 {
        self.sums[of][to] - self.sums[of][from]
    }

    /// Where `from..to` falls apart best, and how far: the energy distance between what is before the index and what is
    /// from there to some end, at the best end.
    fn best_split(&self, from: usize, to: usize) -> (usize, f64) {
        // Within `from..end`, for each end.
        let mut within = vec![0.0; to + 1];
        for end in from + 1..=to {
            within[end] = within[end - 1] + self.sum(end - 1, from, end - 1);
        }
        let mut best = (from + 1, f64::NEG_INFINITY);
        for split in from + 1..to {
            let mut within_right = 0.0;
            for end in split + 1..=to {
                within_right += self.sum(end - 1, split, end - 1);
                let between = within[end] - within[split] - within_right;
                let (n, m) = ((split - from) as f64, (end - split) as f64);
                let left = if n > 1.0 { m / (n - 1.0) * within[split] } else { 0.0 };
                let right = if m > 1.0 { n / (m - 1.0) * within_right } else { 0.0 };
                let distance = 2.0 / (n + m) * (between - left - right);
                if distance > best.1 {
                    best = (split, distance);
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_and_noise_is_not() {
        let noise = |index: usize| 1.0 + 0.02 * ((index * 7_919 % 13) as f64 - 6.0) / 6.0;
        let steady: Vec<f64> = (0..60).map(|index| 100.0 * noise(index)).collect();
        assert_eq!(change_points(&steady, Settings::default()).certain, []);
        let step: Vec<f64> = (0..60).map(|index| if index < 40 { 100.0 } else { 120.0 } * noise(index)).collect();
        let found = change_points(&step, Settings::default()).certain;
        assert_eq!(found.iter().map(|point| point.index).collect::<Vec<_>>(), [40]);
        assert!((found[0].change() - 0.2).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn nothing_much_is_no_change() {
        for series in [&[][..], &[1.0], &[1.0, 2.0], &[5.0; 40], &[0.0; 4]] {
            assert_eq!(change_points(series, Settings::default()).certain, [], "{series:?}");
        }
    }
}
