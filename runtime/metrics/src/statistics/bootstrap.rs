//! Confidence intervals of a run's percentiles.
//!
//! Moving-block bootstrap: H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", *Annals
//! of Statistics* 17 (1989). A run is put together again, a thousand times, from blocks of 30 s drawn from it at
//! random. Each of these runs has its percentile, and the interval holds the middle 95 % of them (the percentile
//! interval of B. Efron, 1979). Whole blocks are drawn, not seconds, since a slow second is followed by another.
//! Drawing requests as if they were independent gives intervals that hold the truth in 66 % of runs instead of 95 %.
//!
//! Call this interval one of **about 85 to 90 %**. That is its coverage in simulation for seconds that correlate by 0.9
//! over 600 s. For a p99 caused by a few slow episodes it is less than 80 %, because ten minutes hold too few of them.
//!
//! A thousand runs of thousands of histograms would take long to merge. So counts are summed up once, over time and
//! over values: `sums[t][v]` is the number of values up to step `t` and up to column `v`. A block is then the
//! difference of two rows, and a percentile a binary search in the sum of some twenty blocks.

use std::collections::BTreeSet;
use std::time::Duration;

use squall_plan::random::SplitMix64;
use thiserror::Error;

use crate::clock::Nanos;
use crate::histogram::{Histogram, lowest_of, rank};

/// The length of a block: long compared with the time for which a slow second affects its neighbours.
const BLOCK: Nanos = Nanos(30_000_000_000);
/// Fewer blocks are too few to draw from.
const FEWEST_BLOCKS: usize = 20;
const REPLICATES: usize = 1_000;
/// A nominal 95 %: this share of the replicates is left out on either side.
const LEFT_OUT: usize = REPLICATES * 25 / 1_000;
/// Limits on memory (20 MB) and time. Longer runs are drawn from in steps of some seconds; values that spread over more
/// counters share a column with their neighbours.
const MOST_STEPS: usize = 1_200;
const MOST_COLUMNS: usize = 2_048;

/// A percentile and the interval in which it would probably lie if the run were repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileInterval {
    /// The percentile, 0 to 100.
    pub percent: f64,
    /// The measured value.
    pub estimate: Nanos,
    /// The interval's lower end.
    pub low: Nanos,
    /// Its upper end.
    pub high: Nanos,
}

/// The reasons for a run without intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoInterval {
    /// It is too short.
    #[error("too short for an interval: that takes {needed:?}")]
    TooShort {
        /// The least length.
        needed: Duration,
    },
    /// There are no values.
    #[error("nothing was measured")]
    NoSamples,
}

/// The intervals of percentiles (`percents`, 0 to 100) of a run, given as the histograms of its steps, each `step` long
/// (as those of [`History::seconds`](crate::History::seconds), without the warm-up). The same histograms and the same
/// seed give the same intervals.
pub fn quantile_intervals(
    steps: impl IntoIterator<Item = Histogram>,
    step: Nanos,
    percents: &[f64],
    seed: u64,
) -> Result<Vec<QuantileInterval>, NoInterval> {
    let steps: Vec<Histogram> = steps.into_iter().collect();
    let steps_per_block = (BLOCK.0 as f64 / step.0.max(1) as f64).round().max(1.0) as usize;
    if steps.len() / steps_per_block < FEWEST_BLOCKS {
        return Err(NoInterval::TooShort { needed: Duration::from(BLOCK) * FEWEST_BLOCKS as u32 });
    }
    let joined = steps.len().div_ceil(MOST_STEPS);
    let steps: Vec<Histogram> = steps.chunks(joined).map(merged).collect();
    let whole = merged(&steps);
    if whole.is_empty() {
        return Err(NoInterval::NoSamples);
    }

    let sums = Sums::new(&steps, &whole);
    let block = steps_per_block.div_ceil(joined);
    let mut random = SplitMix64::new(seed);
    let mut replicates = vec![Vec::with_capacity(REPLICATES); percents.len()];
    for _ in 0..REPLICATES {
        let blocks = draw(&mut random, steps.len(), block);
        for (values, percent) in replicates.iter_mut().zip(percents) {
            values.extend(sums.percentile(&blocks, *percent));
        }
    }
    let intervals = replicates.into_iter().zip(percents).map(|(values, percent)| interval(values, *percent, &whole));
    Ok(intervals.collect())
}

fn merged(histograms: &[Histogram]) -> Histogram {
    histograms.iter().fold(Histogram::new(), |mut sum, histogram| {
        sum.merge(histogram);
        sum
    })
}

/// Blocks, as (first step, step after the last), that together are as long as the run; the last one is cut to fit.
fn draw(random: &mut SplitMix64, steps: usize, block: usize) -> Vec<(usize, usize)> {
    let lengths = (0..steps).step_by(block).map(|drawn| block.min(steps - drawn));
    let at_random = lengths.map(|length| {
        let first = random.below(steps - block + 1);
        (first, first + length)
    });
    at_random.collect()
}

fn interval(mut values: Vec<Nanos>, percent: f64, whole: &Histogram) -> QuantileInterval {
    values.sort_unstable();
    let estimate = whole.percentile(percent);
    // Some replicates may have drawn only blocks without values.
    let left_out = LEFT_OUT * values.len() / REPLICATES;
    let end = |at: Option<usize>| at.and_then(|at| values.get(at)).copied().unwrap_or(estimate);
    let (low, high) = (end(Some(left_out)), end((values.len()).checked_sub(left_out + 1)));
    // Columns can be wider than the histogram's own counters.
    QuantileInterval { percent, estimate, low: low.min(estimate), high: high.max(estimate) }
}

/// The number of values up to a step and up to a column.
struct Sums {
    /// The value that stands for each column.
    values: Vec<Nanos>,
    /// Row upon row, one for each step and one before the first.
    counts: Vec<u64>,
}

impl Sums {
    fn new(steps: &[Histogram], whole: &Histogram) -> Sums {
        let (shift, columns) = columns(whole);
        let width = columns.len();
        let mut counts = vec![0; width];
        for (row, step) in steps.iter().enumerate() {
            let mut here = vec![0; width];
            for (index, count) in step.filled() {
                // All are columns of the whole.
                here[columns.partition_point(|column| *column < index >> shift)] += count;
            }
            let mut up_to_here = 0;
            for (column, count) in here.into_iter().enumerate() {
                up_to_here += count;
                counts.push(counts[row * width + column] + up_to_here);
            }
        }
        let values = columns.iter().map(|column| value_of(*column, shift).clamp(whole.min(), whole.max()));
        Sums { values: values.collect(), counts }
    }

    /// The percentile of the blocks together; `None` without values.
    fn percentile(&self, blocks: &[(usize, usize)], percent: f64) -> Option<Nanos> {
        let width = self.values.len();
        let up_to = |column: usize| -> u64 {
            blocks
                .iter()
                .map(|(first, after)| self.counts[after * width + column] - self.counts[first * width + column])
                .sum()
        };
        let count = up_to(width - 1);
        let wanted = (count > 0).then(|| rank(percent, count))?;
        let (mut low, mut high) = (0, width - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if up_to(middle) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.values.get(low).copied()
    }
}

/// The columns that are not empty, and how often the counters are halved to get them: as little as memory allows.
fn columns(whole: &Histogram) -> (u32, Vec<usize>) {
    let mut shift = 0;
    let mut columns: BTreeSet<usize> = whole.filled().map(|(index, _)| index).collect();
    while columns.len() > MOST_COLUMNS {
        shift += 1;
        columns = columns.into_iter().map(|column| column >> 1).collect();
    }
    (shift, columns.into_iter().collect())
}

/// The middle of a column.
fn value_of(column: usize, shift: u32) -> Nanos {
    let (low, _) = lowest_of(column << shift);
    let (last, width) = lowest_of(((column + 1) << shift) - 1);
    Nanos((low + last + width) / 2 * 1_000)
}

#[cfg(test)]
mod tests;
