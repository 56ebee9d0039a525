//! A rate over time, its integral, and the inverse of that: at which moment so much has come. Knows areas, not arrivals.
//!
//! Areas are whole numbers. All rates of a curve are brought to one denominator D, so that each is `q / D` per
//! nanosecond, and areas are counted in units of `1 / (2 D)`: then the area below a straight line, `(q₀ + q₁)·length`, is
//! whole, and so are sums of such. Denominators that have no common multiple below 2^62, as no ramp that a user writes
//! has, are rounded to that: by a part in 10^10 for a rate of 1/s, and less for higher ones.

use std::time::Duration;

use crate::rate::{Rate, greatest_common_divisor};
use crate::stage::RateStage;

/// The greatest denominator.
const FINEST: u64 = 1 << 62;

/// A rate that changes in straight lines, and by jumps.
#[derive(Debug)]
pub(super) struct Curve {
    denominator: u64,
    pieces: Vec<Piece>,
    /// The area of all pieces.
    area: u128,
    /// Nanoseconds; `None` if it does not end (or does after 584 years).
    end: Option<u64>,
}

/// A straight line of more than no duration, placed in time.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Nanoseconds from the start of the curve.
    start: u64,
    /// Nanoseconds; never zero.
    length: u64,
    /// The rate at its start, and the one at its end.
    from: u64,
    to: u64,
    /// The area of all pieces before it.
    before: u128,
}

/// The place in the curve of a reader that asks for moments in order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place(usize);

impl Curve {
    pub(super) fn constant(rate: Rate, duration: Option<Duration>) -> Curve {
        let target = rate;
        let stage = RateStage { duration: duration.unwrap_or(Duration::MAX), target };
        let curve = Curve::ramping(rate, &[stage]);
        Curve { end: curve.end.filter(|_| duration.is_some()), ..curve }
    }

    pub(super) fn ramping(start: Rate, stages: &[RateStage]) -> Curve {
        let rates = std::iter::once(start).chain(stages.iter().map(|stage| stage.target));
        let denominator = common_denominator(rates);
        let mut pieces = Vec::with_capacity(stages.len());
        let mut from = numerator(start, denominator);
        let (mut end, mut area) = (0_u64, 0_u128);
        for stage in stages {
            let to = numerator(stage.target, denominator);
            let nanos = u64::try_from(stage.duration.as_nanos()).unwrap_or(u64::MAX);
            let length = nanos.min(u64::MAX - end);
            if length > 0 {
                let piece = Piece { start: end, length, from, to, before: area };
                area = area.saturating_add(piece.area());
                end += length;
                pieces.push(piece);
            }
            from = to;
        }
        Curve { denominator, pieces, area, end: Some(end) }
    }

    /// The area of one arrival.
    pub(super) fn unit(&self) -> u128 {
        2 * u128::from(self.denominator)
    }

    /// Whether there is more area than that.
    pub(super) fn is_within(&self, area: u128) -> bool {
        area < self.area
    }

    /// How many arrivals begin within the area, the first at none.
    pub(super) fn whole_arrivals(&self) -> u64 {
        u64::try_from(self.area.div_ceil(self.unit())).unwrap_or(u64::MAX)
    }

    pub(super) fn duration(&self) -> Option<Duration> {
        self.end.map(Duration::from_nanos)
    }

    /// The rate per second.
    pub(super) fn rate_at(&self, time: Duration) -> f64 {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if self.end.is_some_and(|end| nanos >= end) {
            return 0.0;
        }
        let begun = self.pieces.partition_point(|piece| piece.start <= nanos);
        let current = begun.checked_sub(1).and_then(|current| self.pieces.get(current));
        current.map_or(0.0, |piece| {
            let gone = (nanos - piece.start) as f64 / piece.length as f64;
            let numerator = piece.from as f64 + (piece.to as f64 - piece.from as f64) * gone;
            numerator * 1e9 / self.denominator as f64
        })
    }

    /// The first nanosecond from the start at which the area before it has reached `area` and is about to grow; `None`
    /// if there is not so much. `place` is where the last, smaller area was found.
    #[inline]
    pub(super) fn moment(&self, area: u128, place: &mut Place) -> Option<u64> {
        if !self.is_within(area) {
            return None;
        }
        loop {
            let piece = self.pieces.get(place.0)?;
            let within = area - piece.before;
            if within < piece.area() {
                let moment = piece.start.saturating_add(piece.moment(within));
                // Less than a nanosecond before the end is still before it.
                return Some(self.end.map_or(moment, |end| moment.min(end - 1)));
            }
            place.0 += 1;
        }
    }
}

impl Piece {
    #[inline]
    fn area(&self) -> u128 {
        (u128::from(self.from) + u128::from(self.to)).saturating_mul(u128::from(self.length))
    }

    /// The first nanosecond of the piece at which `area` of it, which is less than all of it, has passed.
    #[inline]
    fn moment(&self, area: u128) -> u64 {
        if self.from == self.to {
            return saturate(divide_up(area, 2 * u128::from(self.from)));
        }
        // Both kinds of slope are climbed from their lower end, where a square root loses nothing: a falling one from
        // its end, backwards.
        let slope = Slope { low: self.from.min(self.to), rise: self.from.abs_diff(self.to), length: self.length };
        if self.from < self.to { slope.first_with(area) } else { self.length - slope.last_with(self.area() - area) }
    }
}

/// A rate that rises from `low` by `rise` within `length` nanoseconds. The area after `t` of them is
/// `2·low·t + rise·t²/length`.
#[derive(Clone, Copy)]
struct Slope {
    low: u64,
    rise: u64,
    length: u64,
}

impl Slope {
    /// The least time after which there is at least `area`.
    fn first_with(self, area: u128) -> u64 {
        let mut time = self.about(area, f64::ceil);
        while time > 0 && self.reaches(time - 1, area) == Some(true) {
            time -= 1;
        }
        while time < self.length && self.reaches(time, area) == Some(false) {
            time += 1;
        }
        time
    }

    /// The greatest time after which there is at most `area`.
    fn last_with(self, area: u128) -> u64 {
        let mut time = self.about(area, f64::floor);
        // More than `area` is at least one more: areas at whole times are whole only over the length.
        while time > 0 && self.exceeds(time, area) == Some(true) {
            time -= 1;
        }
        while time < self.length && self.exceeds(time + 1, area) == Some(false) {
            time += 1;
        }
        time
    }

    /// The time as floating-point numbers have it, right to a part in 10^15: the root of the quadratic equation, in the
    /// form that subtracts nothing. Whole numbers then make it exact, wherever they are wide enough.
    fn about(self, area: u128, round: fn(f64) -> f64) -> u64 {
        if area == 0 {
            return 0;
        }
        let (low, area) = (self.low as f64, area as f64);
        let slope = self.rise as f64 / self.length as f64;
        let time = area / (low + (low * low + slope * area).sqrt());
        (round(time) as u64).min(self.length)
    }

    fn reaches(self, time: u64, area: u128) -> Option<bool> {
        Some(self.area_over_length(time)? >= area.checked_mul(self.length.into())?)
    }

    fn exceeds(self, time: u64, area: u128) -> Option<bool> {
        Some(self.area_over_length(time)? > area.checked_mul(self.length.into())?)
    }

    /// The area after a time, times the length; `None` if it does not fit.
    fn area_over_length(self, time: u64) -> Option<u128> {
        let (low, rise, length, time) = (self.low.into(), self.rise.into(), self.length.into(), u128::from(time));
        let even = u128::checked_mul(low, length)?.checked_mul(2)?.checked_mul(time)?;
        even.checked_add(u128::checked_mul(rise, time)?.checked_mul(time)?)
    }
}

/// Rounded up, and fast where the numbers are small, which they nearly always are.
#[inline]
fn divide_up(area: u128, by: u128) -> u128 {
    match (u64::try_from(area), u64::try_from(by)) {
        (Ok(area), Ok(by)) => area.div_ceil(by).into(),
        _ => area.div_ceil(by),
    }
}

fn saturate(nanos: u128) -> u64 {
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

/// The least common denominator of rates per nanosecond, or the finest there is.
fn common_denominator(rates: impl Iterator<Item = Rate>) -> u64 {
    let common = rates.map(|rate| rate.in_lowest_terms().1).try_fold(1_u64, |common, denominator| {
        let multiple = (common / greatest_common_divisor(common, denominator)).checked_mul(denominator)?;
        (multiple <= FINEST).then_some(multiple)
    });
    common.unwrap_or(FINEST)
}

/// The rate times the denominator, rounded where that does not divide it.
fn numerator(rate: Rate, denominator: u64) -> u64 {
    let (count, per) = rate.in_lowest_terms();
    let (count, per) = (u128::from(count), u128::from(per));
    saturate((count * u128::from(denominator) + per / 2) / per)
}

/// The area below a curve up to a time, for tests: in arrivals, with the error of floating-point numbers.
#[cfg(test)]
impl Curve {
    pub(super) fn arrivals_until(&self, time: Duration) -> f64 {
        let nanos = time.as_nanos() as u64;
        let pieces = self.pieces.iter().take_while(|piece| piece.start < nanos);
        let areas = pieces.map(|piece| {
            let time = (nanos - piece.start).min(piece.length) as f64;
            let rise = (piece.to as f64 - piece.from as f64) / piece.length as f64;
            (piece.from as f64 + rise * time / 2.0) * time / self.denominator as f64
        });
        areas.sum()
    }
}
