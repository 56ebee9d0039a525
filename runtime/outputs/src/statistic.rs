//! Statistics of distributions, for backends without histograms: `p(95)`, `avg`, ...

use std::str::FromStr;

use squall_metrics::Histogram;

/// A number that describes a distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum Statistic {
    /// The mean.
    Avg,
    /// The least value.
    Min,
    /// The 50th percentile.
    Med,
    /// The greatest value.
    Max,
    /// Number of values.
    Count,
    /// Their sum.
    Sum,
    /// A percentile, and the user's spelling of its number.
    Percentile(f64, String),
}

impl Statistic {
    /// The default statistics: those of k6's dashboards, the mean and the median.
    pub fn usual() -> Vec<Statistic> {
        let percentile = |percent: u8| Statistic::Percentile(percent.into(), percent.to_string());
        let [p90, p95, p99] = [90, 95, 99].map(percentile);
        vec![Statistic::Avg, Statistic::Min, Statistic::Med, Statistic::Max, p90, p95, p99]
    }

    /// Its name, as in thresholds: `p(95)`.
    pub(crate) fn name(&self) -> String {
        match self {
            Statistic::Percentile(_, number) => format!("p({number})"),
            other => other.word().to_owned(),
        }
    }

    /// Its name where brackets are not allowed, as in k6: `p95`, and `p999` for `p(99.9)`.
    pub(crate) fn suffix(&self) -> String {
        match self {
            Statistic::Percentile(_, number) => format!("p{}", number.replace('.', "")),
            other => other.word().to_owned(),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Statistic::Avg => "avg",
            Statistic::Min => "min",
            Statistic::Med => "med",
            Statistic::Max => "max",
            Statistic::Count => "count",
            Statistic::Sum => "sum",
            Statistic::Percentile(..) => "p",
        }
    }

    /// Computes it from these values, each converted for the output.
    pub(crate) fn of(&self, values: &Histogram, number: impl Fn(f64) -> f64) -> f64 {
        match self {
            Statistic::Avg => number(values.mean_value()),
            Statistic::Min => number(values.min_value()),
            Statistic::Med => number(values.percentile_value(50.0)),
            Statistic::Max => number(values.max_value()),
            Statistic::Count => values.count() as f64,
            Statistic::Sum => number(values.sum_value()),
            Statistic::Percentile(percent, _) => number(values.percentile_value(*percent)),
        }
    }
}

impl FromStr for Statistic {
    type Err = String;

    fn from_str(text: &str) -> Result<Statistic, String> {
        let text = text.trim();
        let words = [Statistic::Avg, Statistic::Min, Statistic::Med, Statistic::Max, Statistic::Count, Statistic::Sum];
        if let Some(word) = words.into_iter().find(|statistic| statistic.word() == text) {
            return Ok(word);
        }
        let number = text.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
        let percent = number.and_then(|number| number.parse::<f64>().ok().map(|percent| (percent, number)));
        match percent {
            Some((percent, number)) if (0.0..=100.0).contains(&percent) => {
                Ok(Statistic::Percentile(percent, number.to_owned()))
            }
            Some(_) => Err(format!("{text:?}: a percentile is from 0 to 100")),
            None => Err(format!("{text:?} is not one of avg, min, med, max, count, sum and p(N)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_parsed_as_in_k6() {
        let read = |text: &str| text.parse::<Statistic>().unwrap();
        assert_eq!((read("p(95)").suffix(), read("p(99.9)").suffix()), ("p95".to_owned(), "p999".to_owned()));
        assert_eq!((read(" med ").name(), read("p(99.9)").name()), ("med".to_owned(), "p(99.9)".to_owned()));
        for wrong in ["p95", "p(101)", "p(x)", "mean"] {
            assert!(wrong.parse::<Statistic>().unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
