//! Which flow does each iteration run? Weights are met exactly, not by dice: the flows of a test follow one fixed pattern
//! in which every beginning is as close to the weights as it can be. Must not know what a flow is.
//!
//! The pattern is Tijdeman's ("The chairman assignment problem", 1980): like the smooth weighted round-robin of load
//! balancers it spreads each flow evenly, but where that can stray more than one iteration from a flow's share (weights
//! 3, 5, 1, 5, 5, 5, 46, 46 do), this one provably cannot.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::MAX_FLOWS;

/// The longest pattern. Weights whose sum, divided by their greatest common divisor, is longer are scaled down to it
/// (largest remainder): each share then is off by less than one in ten thousand, save that a flow with a weight keeps at
/// least one place.
pub const MAX_PATTERN: usize = 10_000;

/// The order in which flows are run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct Mix {
    /// Flow indices; never empty.
    pattern: Vec<u32>,
    /// How often each flow is in the pattern.
    counts: Vec<u32>,
}

/// Why weights make no mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MixError {
    /// There is no flow at all.
    #[error("there is no flow to run; a component describes at least one")]
    NoFlows,
    /// Every weight is zero.
    #[error("every flow has weight 0; give at least one flow a weight above 0")]
    NoWeight,
    /// More than [`MAX_FLOWS`].
    #[error("{0} flows are too many; a mix holds at most {MAX_FLOWS}")]
    TooManyFlows(usize),
}

impl Mix {
    /// The mix of as many flows as there are weights. A flow of weight 0 is never run.
    ///
    /// # Errors
    /// When there is no weight, every weight is 0, or there are more than [`MAX_FLOWS`].
    pub fn new(weights: &[u32]) -> Result<Mix, MixError> {
        if weights.is_empty() {
            return Err(MixError::NoFlows);
        }
        if weights.len() > MAX_FLOWS {
            return Err(MixError::TooManyFlows(weights.len()));
        }
        let divisor = weights.iter().copied().fold(0, greatest_common_divisor);
        if divisor == 0 {
            return Err(MixError::NoWeight);
        }
        let counts = fit(weights.iter().map(|weight| weight / divisor).collect());
        let pattern = spread(&counts);
        Ok(Mix { pattern, counts })
    }

    /// The index of the flow that iteration number `iteration`, counted from 0 over the whole test, runs. The same for
    /// every caller; takes constant time.
    pub fn flow_at(&self, iteration: u64) -> usize {
        self.pattern[(iteration % self.pattern.len() as u64) as usize] as usize
    }

    /// The planned share of each flow, 0 to 1, adding up to 1.
    pub fn shares(&self) -> Vec<f64> {
        let total = self.pattern.len() as f64;
        let counts = self.counts.iter();
        counts.map(|count| f64::from(*count) / total).collect()
    }

    /// The number of iterations after which the pattern repeats, and the shares are met exactly.
    pub fn period(&self) -> usize {
        self.pattern.len()
    }
}

impl TryFrom<Vec<u32>> for Mix {
    type Error = MixError;

    fn try_from(weights: Vec<u32>) -> Result<Mix, MixError> {
        Mix::new(&weights)
    }
}

/// Weights that make the same mix.
impl From<Mix> for Vec<u32> {
    fn from(mix: Mix) -> Vec<u32> {
        mix.counts
    }
}

/// Scales weights so that they add up to [`MAX_PATTERN`] at most, by largest remainder.
fn fit(weights: Vec<u32>) -> Vec<u32> {
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let room = MAX_PATTERN as u64;
    if total <= room {
        return weights;
    }
    let scaled = |weight: u32| u64::from(weight) * room;
    let mut counts: Vec<u32> = weights.iter().map(|weight| (scaled(*weight) / total) as u32).collect();
    // What rounding down left over goes to those who lost most by it.
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|flow| std::cmp::Reverse(scaled(weights[*flow]) % total));
    let left = MAX_PATTERN - counts.iter().sum::<u32>() as usize;
    for flow in by_remainder.into_iter().take(left) {
        counts[flow] += 1;
    }
    // Rare is not never: a flow with a weight keeps a place, at the cost of that with most.
    for flow in 0..counts.len() {
        if weights[flow] > 0 && counts[flow] == 0 {
            if let Some(most) = counts.iter_mut().max() {
                *most -= 1;
            }
            counts[flow] = 1;
        }
    }
    counts
}

/// Spreads flows over a pattern in which each occurs as often as its count says (Tijdeman's rule).
fn spread(counts: &[u32]) -> Vec<u32> {
    let total: i64 = counts.iter().map(|count| i64::from(*count)).sum();
    let flows: Vec<(u32, i64)> =
        (0_u32..).zip(counts).filter(|(_, count)| **count > 0).map(|(flow, count)| (flow, i64::from(*count))).collect();
    // In units of 1/(scale * total) iterations: how far each flow is behind its share. None may get a whole iteration,
    // scale * total, behind, so the bar is set one total lower; who is less than one total behind does not run yet.
    let scale = (2 * flows.len() as i64 - 2).max(1);
    let bar = (scale - 1) * total;
    let mut behind = vec![0_i64; flows.len()];
    let mut pattern = Vec::with_capacity(total as usize);
    for _ in 0..total {
        for (behind, (_, count)) in behind.iter_mut().zip(&flows) {
            *behind += scale * count;
        }
        // Of those that may run, the one that reaches the bar first: the least (bar - behind) / count. The theorem says
        // that there always is one.
        let next = (0..flows.len())
            .filter(|i| behind[*i] >= total)
            .min_by(|a, b| {
                let (count_a, count_b) = (flows[*a].1, flows[*b].1);
                ((bar - behind[*a]) * count_b).cmp(&((bar - behind[*b]) * count_a))
            })
            .unwrap_or(0);
        behind[next] -= scale * total;
        pattern.push(flows[next].0);
    }
    pattern
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(weights: &[u32]) -> Vec<u32> {
        Mix::new(weights).unwrap().pattern
    }

    #[test]
    fn flows_are_spread_evenly() {
        assert_eq!(pattern(&[1]), [0]);
        assert_eq!(pattern(&[50, 50]), [0, 1]);
        assert_eq!(pattern(&[3, 1]), [0, 0, 1, 0]);
        assert_eq!(pattern(&[5, 1, 1]), [0, 0, 1, 0, 0, 2, 0]);
    }

    #[test]
    fn the_shop_mix() {
        let mix = Mix::new(&[60, 25, 15]).unwrap();
        assert_eq!(mix.period(), 20);
        assert_eq!(mix.shares(), [0.6, 0.25, 0.15]);
        let first_two = (0..40).filter(|i| mix.flow_at(*i) == 2).count();
        assert_eq!(first_two, 6);
        assert_eq!(mix.flow_at(u64::MAX), mix.flow_at(u64::MAX % 20));
    }

    #[test]
    fn a_flow_without_weight_is_never_run() {
        assert_eq!(pattern(&[0, 7, 0]), [1]);
        assert_eq!(Mix::new(&[0, 7, 0]).unwrap().shares(), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn no_mix_without_weights() {
        assert_eq!(Mix::new(&[]), Err(MixError::NoFlows));
        assert_eq!(Mix::new(&[0, 0]), Err(MixError::NoWeight));
        assert_eq!(Mix::new(&[1; 1_001]), Err(MixError::TooManyFlows(1_001)));
    }

    #[test]
    fn huge_weights_are_scaled_and_rare_flows_kept() {
        let mix = Mix::new(&[u32::MAX, u32::MAX - 1, 1]).unwrap();
        assert_eq!(mix.period(), MAX_PATTERN);
        assert_eq!(mix.counts[2], 1);
        assert!(mix.counts[0].abs_diff(mix.counts[1]) <= 1);
        assert_eq!(Mix::new(&[1_000_003; MAX_FLOWS]).unwrap().period(), 1_000);
    }

    fn weights() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::vec(prop_oneof![0_u32..6, 0_u32..120], 1..12)
            .prop_filter("some weight", |weights| weights.iter().any(|w| *w > 0))
    }

    proptest! {
        #[test]
        fn whole_patterns_are_exact_and_beginnings_within_one(weights in weights()) {
            let mix = Mix::new(&weights).unwrap();
            let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
            let mut counts = vec![0_u64; weights.len()];
            for iteration in 0..2 * mix.period() as u64 {
                counts[mix.flow_at(iteration)] += 1;
                let run = iteration + 1;
                for (count, weight) in counts.iter().zip(&weights) {
                    let off = (count * total).abs_diff(run * u64::from(*weight));
                    prop_assert!(off < total, "{off} of {total} off after {run}");
                    if run % mix.period() as u64 == 0 {
                        prop_assert_eq!(off, 0);
                    }
                }
            }
        }

        #[test]
        fn scaling_is_within_one_place(weights in prop::collection::vec(1_000_u32..u32::MAX, 1..12)) {
            let mix = Mix::new(&weights).unwrap();
            let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
            for (share, weight) in mix.shares().iter().zip(&weights) {
                let off = (share - f64::from(*weight) / total).abs() * MAX_PATTERN as f64;
                // One place more may be given up for each flow that would have none.
                prop_assert!(off <= 1.0 + weights.len() as f64, "{off}");
            }
            prop_assert!(mix.counts.iter().all(|count| *count > 0));
            prop_assert!(mix.period() <= MAX_PATTERN);
        }
    }
}
