//! Conclusions from a run: the end of its warm-up, whether it drifted, the confidence in its percentiles.
//!
//! Pure functions over series of numbers and histograms. They know no clock and take random numbers only from a seed,
//! so the same run always gets the same verdict. Each file names the source of its formula.

mod bootstrap;
mod normal;
mod sample_size;
mod series;
mod trend;
mod warmup;

pub use bootstrap::{NoInterval, QuantileInterval, quantile_intervals};
pub use sample_size::{can_carry, needed_samples};
pub use series::{percentile_series, throughput_series};
pub use trend::{MannKendall, Steadiness, lag_one_autocorrelation, mann_kendall, steady_state, theil_sen};
pub use warmup::{WarmUp, mser5, warm_up};
