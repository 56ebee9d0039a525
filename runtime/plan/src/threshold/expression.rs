//! The right side of a threshold: `p(95)<500`.

use std::fmt;

use serde::{Deserialize, Serialize};
use squall_schedule::parse_duration;

use super::ThresholdError;
use super::cursor::Cursor;

/// What is made of a metric's samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Aggregation {
    /// The sum of a counter.
    Count,
    /// A counter's sum per second, or the share of a rate that is true (0 to 1).
    Rate,
    /// The latest value of a gauge.
    Value,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The median.
    Med,
    /// A percentile, 0 to 100: `p(95)`.
    Percentile(f64),
}

impl Aggregation {
    /// Every aggregation that takes no parameter.
    pub(super) const PLAIN: [Aggregation; 7] = [
        Aggregation::Count,
        Aggregation::Rate,
        Aggregation::Value,
        Aggregation::Avg,
        Aggregation::Min,
        Aggregation::Max,
        Aggregation::Med,
    ];

    fn name(self) -> &'static str {
        match self {
            Aggregation::Count => "count",
            Aggregation::Rate => "rate",
            Aggregation::Value => "value",
            Aggregation::Avg => "avg",
            Aggregation::Min => "min",
            Aggregation::Max => "max",
            Aggregation::Med => "med",
            Aggregation::Percentile(_) => "p",
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aggregation::Percentile(percentile) => write!(f, "p({percentile})"),
            plain => f.write_str(plain.name()),
        }
    }
}

/// How the measured value is compared with the limit; the threshold passes when the comparison is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`, and k6's `===`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// Every comparison there is.
    #[cfg(test)]
    pub(super) const ALL: [Comparison; 6] = [
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
        Comparison::Equal,
        Comparison::NotEqual,
    ];

    /// The operators, those that begin like another before it.
    const OPERATORS: [(&str, Comparison); 7] = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("===", Comparison::Equal),
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];

    /// The side from which it bounds a value: thresholds of one side are the stricter or the looser of each other.
    pub(super) fn side(self) -> Side {
        match self {
            Comparison::Less | Comparison::LessOrEqual => Side::Above,
            Comparison::Greater | Comparison::GreaterOrEqual => Side::Below,
            Comparison::Equal => Side::Both,
            Comparison::NotEqual => Side::Neither,
        }
    }

    /// Whether `measured` passes against `limit`. Nothing passes against or with a value that is not a number.
    pub fn holds(self, measured: f64, limit: f64) -> bool {
        match self {
            Comparison::Less => measured < limit,
            Comparison::LessOrEqual => measured <= limit,
            Comparison::Greater => measured > limit,
            Comparison::GreaterOrEqual => measured >= limit,
            Comparison::Equal => measured == limit,
            Comparison::NotEqual => measured != limit && !measured.is_nan() && !limit.is_nan(),
        }
    }
}

/// Where the bound of a comparison lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
    Both,
    Neither,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
        })
    }
}

/// A whole expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expression {
    pub(super) aggregation: Aggregation,
    pub(super) comparison: Comparison,
    pub(super) limit: f64,
}

/// Reads `aggregation operator limit`.
pub(super) fn parse(text: &str) -> Result<Expression, ThresholdError> {
    let mut cursor = Cursor::new(text);
    cursor.skip_whitespace();
    let aggregation = read_aggregation(&mut cursor)?;
    cursor.skip_whitespace();
    let comparison = read_comparison(&mut cursor)?;
    cursor.skip_whitespace();
    let limit = read_limit(&mut cursor, aggregation)?;
    Ok(Expression { aggregation, comparison, limit })
}

fn read_aggregation(cursor: &mut Cursor<'_>) -> Result<Aggregation, ThresholdError> {
    const USE: &str = "use count, rate, value, avg, min, max, med or p(95)";
    let name = cursor.take_while(|c| c.is_alphanumeric() || c == '_');
    let plain = Aggregation::PLAIN.iter().find(|plain| plain.name() == name);
    match (name, plain) {
        (_, Some(plain)) => Ok(*plain),
        ("p", None) => read_percentile(cursor),
        ("", None) => Err(cursor.error(format!("an aggregation is missing; {USE}"))),
        (_, None) => {
            let message = format!("unknown aggregation {name:?}; {USE}");
            Err(cursor.error_before(name, message))
        }
    }
}

/// Reads the `(95)` of a percentile.
fn read_percentile(cursor: &mut Cursor<'_>) -> Result<Aggregation, ThresholdError> {
    if !cursor.take("(") {
        return Err(cursor.error("a percentile needs its number in parentheses, like p(95)"));
    }
    let number = cursor.take_while(|c| c != ')' && !"<>=!".contains(c));
    let percentile = match number.trim().parse::<f64>() {
        Ok(percentile) if (0.0..=100.0).contains(&percentile) => percentile,
        Ok(_) => {
            let message = "a percentile is between 0 and 100, like p(95)";
            return Err(cursor.error_before(number, message));
        }
        Err(_) => {
            let message = "a percentile needs a number, like p(95)";
            return Err(cursor.error_before(number, message));
        }
    };
    if !cursor.take(")") {
        return Err(cursor.error("a percentile needs a closing parenthesis, like p(95)"));
    }
    Ok(Aggregation::Percentile(percentile))
}

fn read_comparison(cursor: &mut Cursor<'_>) -> Result<Comparison, ThresholdError> {
    Comparison::OPERATORS
        .into_iter()
        .find(|(operator, _)| cursor.take(operator))
        .map(|(_, comparison)| comparison)
        .ok_or_else(|| cursor.error("a comparison is missing; use <, <=, >, >=, == or !="))
}

/// Reads a plain number, a time (`500ms`, for aggregations that can be one) or a percentage (`1%`, for rates).
fn read_limit(cursor: &mut Cursor<'_>, aggregation: Aggregation) -> Result<f64, ThresholdError> {
    let rest = cursor.rest();
    let limit = rest.trim_end();
    if limit.is_empty() {
        return Err(cursor.error("a limit is missing: a number such as 500, a time such as 500ms, or for a rate 1%"));
    }
    if let Ok(number) = limit.parse::<f64>() {
        return if number.is_finite() { Ok(number) } else { Err(cursor.error("a limit is a finite number")) };
    }
    let is_rate = matches!(aggregation, Aggregation::Rate);
    let percentage = limit.strip_suffix('%').and_then(|number| number.trim_end().parse::<f64>().ok());
    match (percentage, parse_duration(limit)) {
        (Some(percentage), _) if is_rate && percentage.is_finite() => Ok(percentage / 100.0),
        (Some(_), _) => Err(cursor.error(format!("only a rate has a percentage for its limit, {aggregation} has not"))),
        (None, Ok(_)) if is_rate || matches!(aggregation, Aggregation::Count) => {
            Err(cursor.error(format!("a {aggregation} is not a time; write its limit as a number without a unit")))
        }
        (None, Ok(duration)) => Ok(duration.as_secs_f64() * 1000.0),
        (None, Err(_)) => Err(cursor.error(format!(
            "{limit:?} is not a limit: write a number such as 500, a time such as 500ms, or for a rate 1%"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(read) => format!("{}{}{}", read.aggregation, read.comparison, read.limit),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn everything_k6_can_say() {
        for (text, canonical) in [
            ("p(95)<500", "p(95)<500"),
            (" p(99.9)  <=  1e3 ", "p(99.9)<=1000"),
            ("rate<0.01", "rate<0.01"),
            ("count>=100", "count>=100"),
            ("value>-5", "value>-5"),
            ("avg===1.5", "avg==1.5"),
            ("min==0", "min==0"),
            ("max!=7", "max!=7"),
            ("med<200", "med<200"),
            ("p( 0 )>0", "p(0)>0"),
        ] {
            assert_eq!(read(text), canonical, "{text}");
        }
    }

    #[test]
    fn units_are_accepted_where_they_mean_something() {
        assert_eq!(read("p(95)<500ms"), "p(95)<500");
        assert_eq!(read("max<1m1.5s"), "max<61500");
        assert_eq!(read("med<250us"), "med<0.25");
        assert_eq!(read("rate<1%"), "rate<0.01");
        assert_eq!(read("rate>99.9 %"), "rate>0.9990000000000001");
    }

    #[test]
    fn mistakes_are_shown() {
        const LIMIT: &str = "a number such as 500, a time such as 500ms, or for a rate 1%";
        const USE: &str = "use count, rate, value, avg, min, max, med or p(95)";
        for (text, sentence, caret) in [
            ("", format!("an aggregation is missing; {USE}"), 0),
            ("<500", format!("an aggregation is missing; {USE}"), 0),
            ("p95<500", format!("unknown aggregation \"p95\"; {USE}"), 0),
            ("mean<500", format!("unknown aggregation \"mean\"; {USE}"), 0),
            ("p<5", "a percentile needs its number in parentheses, like p(95)".into(), 1),
            ("p(101)<5", "a percentile is between 0 and 100, like p(95)".into(), 2),
            ("p(nan)<5", "a percentile is between 0 and 100, like p(95)".into(), 2),
            ("p(x)<5", "a percentile needs a number, like p(95)".into(), 2),
            ("p(95<5", "a percentile needs a closing parenthesis, like p(95)".into(), 4),
            ("avg 5", "a comparison is missing; use <, <=, >, >=, == or !=".into(), 4),
            ("avg=5", "a comparison is missing; use <, <=, >, >=, == or !=".into(), 3),
            ("avg<", format!("a limit is missing: {LIMIT}"), 4),
            ("avg<<5", format!("\"<5\" is not a limit: write {LIMIT}"), 4),
            ("avg<5 6", format!("\"5 6\" is not a limit: write {LIMIT}"), 4),
            ("avg<inf", "a limit is a finite number".into(), 4),
            ("avg<5%", "only a rate has a percentage for its limit, avg has not".into(), 4),
            ("rate<5s", "a rate is not a time; write its limit as a number without a unit".into(), 5),
        ] {
            let shown = format!("{sentence}\n    {text}\n    {}^", " ".repeat(caret));
            assert_eq!(read(text), shown, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_number_passes_nothing() {
        for comparison in Comparison::ALL {
            assert!(!comparison.holds(f64::NAN, 1.0), "{comparison}");
        }
        assert!(Comparison::NotEqual.holds(2.0, 1.0));
        assert!(Comparison::LessOrEqual.holds(1.0, 1.0));
    }
}
