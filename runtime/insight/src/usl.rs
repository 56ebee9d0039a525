//! The scaling of throughput with concurrency: the universal scalability law.
//!
//! N. J. Gunther, *Guerrilla Capacity Planning* (Springer 2007), chapter 4: X(N) = λ N / (1 + σ (N-1) + κ N (N-1)),
//! where σ is contention (waiting for shared resources) and κ crosstalk (keeping each other up to date). Fitted by
//! least squares (Levenberg-Marquardt, begun from the linear form N/X) with σ, κ ≥ 0; intervals of 95 % from the
//! linearised covariance with Student's t, as in `scipy.optimize.curve_fit`, and for the peak by the delta method.

use thiserror::Error;

use crate::student::t_95;

/// Any curve fits fewer steps ...
const FEWEST: usize = 6;
/// ... or steps that span less.
const SPAN: f64 = 20.0;
const ROUNDS: usize = 500;
/// Less than this share of the best throughput is a decline.
const FALLS: f64 = 0.95;

/// The reasons for no fit.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum UslMisfit {
    /// Too few levels.
    #[error("levels of concurrency: {0}; a fit takes at least 6")]
    TooFew(usize),
    /// Levels too close together.
    #[error("concurrency spans {0:.1} times the lowest level: a fit takes 20 times")]
    TooNarrow(f64),
    /// Some numbers cannot be throughputs.
    #[error("a level without throughput or concurrency cannot be fitted")]
    NotPositive,
    /// The law does not describe these numbers.
    #[error("throughput does not follow the universal scalability law")]
    NoFit,
}

/// A number and the interval of the true one (95 %).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The obstacle to a target's scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalingKind {
    /// None is visible in this range.
    Linear,
    /// Waiting for shared resources: throughput levels off.
    Contention,
    /// Keeping each other up to date: throughput declined beyond a peak.
    Crosstalk,
}

/// A target's scaling.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// λ: throughput at a concurrency of 1.
    pub lambda: Estimate,
    /// σ: contention.
    pub sigma: Estimate,
    /// κ: crosstalk.
    pub kappa: Estimate,
    /// The concurrency at which throughput is highest, √((1-σ)/κ), if there is one up to twice the highest level.
    pub peak: Option<Estimate>,
    /// The throughput there.
    pub peak_throughput: Option<f64>,
    /// The obstacle to its scaling.
    pub kind: ScalingKind,
    /// The share of the variance that the law explains.
    pub r_squared: f64,
    highest: f64,
}

impl Scaling {
    /// The throughput at a concurrency; `None` beyond twice the highest measured level.
    pub fn throughput(&self, concurrency: f64) -> Option<f64> {
        let parameters = [self.lambda.value, self.sigma.value, self.kappa.value];
        (concurrency <= 2.0 * self.highest).then(|| law(&parameters, concurrency))
    }
}

/// Fits the law to levels (concurrency, throughput).
///
/// # Errors
/// If the levels cannot carry a fit, or do not follow the law.
pub fn fit_usl(levels: &[(f64, f64)]) -> Result<Scaling, UslMisfit> {
    if levels.len() < FEWEST {
        return Err(UslMisfit::TooFew(levels.len()));
    }
    if levels.iter().any(|(n, x)| !(n.is_finite() && x.is_finite() && *n > 0.0 && *x > 0.0)) {
        return Err(UslMisfit::NotPositive);
    }
    let lowest = levels.iter().map(|(n, _)| *n).fold(f64::INFINITY, f64::min);
    let highest = levels.iter().map(|(n, _)| *n).fold(0.0, f64::max);
    if highest / lowest < SPAN {
        return Err(UslMisfit::TooNarrow(highest / lowest));
    }
    // Where the best σ or κ would be negative, it is 0 and the others are fitted.
    let choices = [[true, true, true], [true, true, false], [true, false, true], [true, false, false]];
    let fits = choices.iter().filter_map(|free| descend(levels, *free));
    let fit = fits.min_by(|one, other| one.squares.total_cmp(&other.squares)).ok_or(UslMisfit::NoFit)?;
    Ok(describe(levels, highest, &fit))
}

/// Parameters λ, σ, κ, of which some are free, and their squared error.
struct Fit {
    parameters: [f64; 3],
    free: Vec<usize>,
    squares: f64,
}

fn law([lambda, sigma, kappa]: &[f64; 3], n: f64) -> f64 {
    lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

/// The derivatives by λ, σ and κ.
fn slopes([lambda, sigma, kappa]: &[f64; 3], n: f64) -> [f64; 3] {
    let below = 1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0);
    let by = -lambda * n / (below * below);
    [n / below, by * (n - 1.0), by * n * (n - 1.0)]
}

fn squares(levels: &[(f64, f64)], parameters: &[f64; 3]) -> f64 {
    levels.iter().map(|(n, x)| (x - law(parameters, *n)).powi(2)).sum()
}

/// The best parameters with these free, the others 0; `None` if the best are not allowed.
fn descend(levels: &[(f64, f64)], free: [bool; 3]) -> Option<Fit> {
    let free: Vec<usize> = (0..3).filter(|at| free[*at]).collect();
    let mut parameters = begin(levels, &free)?;
    let mut best = squares(levels, &parameters);
    let mut damping = 1e-3;
    for _ in 0..ROUNDS {
        let (normal, right) = normal_equations(levels, &parameters, &free);
        let mut damped = normal.clone();
        (0..free.len()).for_each(|at| damped[at][at] *= 1.0 + damping);
        let step = solve(damped, right)?;
        let mut tried = parameters;
        free.iter().zip(&step).for_each(|(at, step)| tried[*at] += step);
        let now = squares(levels, &tried);
        if now.is_finite() && now <= best {
            let still = free.iter().zip(&step).all(|(at, step)| step.abs() <= 1e-13 * parameters[*at].abs());
            (parameters, best) = (tried, now);
            damping = (damping * 0.1).max(1e-15);
            if still {
                break;
            }
        } else if damping > 1e12 {
            break;
        } else {
            damping *= 10.0;
        }
    }
    let allowed = parameters[0] > 0.0 && parameters[1] >= 0.0 && parameters[2] >= 0.0;
    allowed.then_some(Fit { parameters, free, squares: best })
}

/// N/X = (1 + σ (N-1) + κ N (N-1)) / λ is linear in 1/λ, σ/λ and κ/λ; weighted so that errors of X count alike.
fn begin(levels: &[(f64, f64)], free: &[usize]) -> Option<[f64; 3]> {
    let mut normal = vec![vec![0.0; free.len()]; free.len()];
    let mut right = vec![0.0; free.len()];
    for (n, x) in levels {
        let all = [1.0, n - 1.0, n * (n - 1.0)];
        let weight = (x * x / n).powi(2);
        for (row, at) in free.iter().enumerate() {
            right[row] += weight * all[*at] * n / x;
            free.iter().enumerate().for_each(|(column, other)| normal[row][column] += weight * all[*at] * all[*other]);
        }
    }
    let linear = solve(normal, right)?;
    let lambda = 1.0 / linear[0];
    let mut parameters = [lambda, 0.0, 0.0];
    free.iter().zip(&linear).skip(1).for_each(|(at, value)| parameters[*at] = value * lambda);
    (lambda.is_finite() && lambda > 0.0).then_some(parameters)
}

fn normal_equations(levels: &[(f64, f64)], parameters: &[f64; 3], free: &[usize]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut normal = vec![vec![0.0; free.len()]; free.len()];
    let mut right = vec![0.0; free.len()];
    for (n, x) in levels {
        let (slopes, off) = (slopes(parameters, *n), x - law(parameters, *n));
        for (row, at) in free.iter().enumerate() {
            right[row] += slopes[*at] * off;
            free.iter().enumerate().for_each(|(column, other)| normal[row][column] += slopes[*at] * slopes[*other]);
        }
    }
    (normal, right)
}

/// Gauss's elimination on a symmetric system, scaled so that its diagonal is 1: λ is in thousands, κ in millionths.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    let scale: Vec<f64> = (0..size).map(|at| matrix[at][at].sqrt()).collect();
    if scale.iter().any(|scale| !scale.is_finite() || *scale <= 0.0) {
        return None;
    }
    for row in 0..size {
        right[row] /= scale[row];
        (0..size).for_each(|column| matrix[row][column] /= scale[row] * scale[column]);
    }
    for pivot in 0..size {
        let best =
            (pivot..size).max_by(|one, other| matrix[*one][pivot].abs().total_cmp(&matrix[*other][pivot].abs()))?;
        matrix.swap(pivot, best);
        right.swap(pivot, best);
        if matrix[pivot][pivot].abs() < 1e-300 {
            return None;
        }
        for row in pivot + 1..size {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            (pivot..size).for_each(|column| matrix[row][column] -= factor * matrix[pivot][column]);
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right.iter().zip(&scale).map(|(value, scale)| value / scale).collect())
}

/// The covariance of λ, σ and κ; zero for those that are not free.
fn covariance(levels: &[(f64, f64)], fit: &Fit) -> [[f64; 3]; 3] {
    let freedom = levels.len() - fit.free.len();
    let variance = fit.squares / freedom as f64;
    let (normal, _) = normal_equations(levels, &fit.parameters, &fit.free);
    let mut covariance = [[0.0; 3]; 3];
    for (column, at) in fit.free.iter().enumerate() {
        let unit = (0..fit.free.len()).map(|row| if row == column { 1.0 } else { 0.0 }).collect();
        let inverse = solve(normal.clone(), unit).unwrap_or_else(|| vec![f64::INFINITY; fit.free.len()]);
        fit.free.iter().zip(inverse).for_each(|(row, value)| covariance[*row][*at] = value * variance);
    }
    covariance
}

/// Whether throughput at the highest concurrency is less than at a lower one.
fn falls(levels: &[(f64, f64)]) -> bool {
    let best = levels.iter().map(|(_, x)| *x).fold(0.0, f64::max);
    levels.iter().max_by(|one, other| one.0.total_cmp(&other.0)).is_some_and(|(_, last)| *last < FALLS * best)
}

fn describe(levels: &[(f64, f64)], highest: f64, fit: &Fit) -> Scaling {
    let covariance = covariance(levels, fit);
    let reach = t_95(levels.len() - fit.free.len());
    let [lambda, sigma, kappa] = fit.parameters;
    let estimate = |value: f64, variance: f64, least: f64| {
        let half = reach * variance.max(0.0).sqrt();
        Estimate { value, low: (value - half).max(least), high: value + half }
    };
    let at = if kappa > 0.0 { ((1.0 - sigma) / kappa).sqrt() } else { f64::INFINITY };
    let within = at.is_finite() && at <= 2.0 * highest;
    let peak = within.then(|| {
        // dN*/dσ = -N*/(2(1-σ)), dN*/dκ = -N*/(2κ).
        let (by_sigma, by_kappa) = (-at / (2.0 * (1.0 - sigma)), -at / (2.0 * kappa));
        let variance = by_sigma.powi(2) * covariance[1][1]
            + by_kappa.powi(2) * covariance[2][2]
            + 2.0 * by_sigma * by_kappa * covariance[1][2];
        estimate(at, variance, 0.0)
    });
    let mean = levels.iter().map(|(_, x)| x).sum::<f64>() / levels.len() as f64;
    let spread: f64 = levels.iter().map(|(_, x)| (x - mean).powi(2)).sum();
    let lost = 1.0 - law(&fit.parameters, highest) / (lambda * highest);
    let kind = match () {
        // A queue whose throughput only levels off can be fitted with some κ, too. So a measured decline decides.
        () if at <= highest && falls(levels) => ScalingKind::Crosstalk,
        // Less than a tenth lost at the highest level.
        () if lost < 0.1 => ScalingKind::Linear,
        () => ScalingKind::Contention,
    };
    Scaling {
        lambda: estimate(lambda, covariance[0][0], 0.0),
        sigma: estimate(sigma, covariance[1][1], 0.0),
        kappa: estimate(kappa, covariance[2][2], 0.0),
        peak,
        peak_throughput: within.then(|| law(&fit.parameters, at)),
        kind,
        r_squared: if spread > 0.0 { 1.0 - fit.squares / spread } else { 1.0 },
        highest,
    }
}
