//! Turns of all rounds become a table: medians, and how far the rounds lie apart.

use std::fmt::Write;

use super::client::{Race, Turn};

/// What each client did, round by round.
#[derive(Default)]
pub struct Results {
    rows: Vec<Row>,
}

struct Row {
    race: Race,
    client: &'static str,
    turns: Vec<Turn>,
}

impl Results {
    /// Adds a client's turn in the next round.
    pub fn add(&mut self, race: Race, client: &'static str, turn: Turn) {
        match self.rows.iter_mut().find(|row| row.race == race && row.client == client) {
            Some(row) => row.turns.push(turn),
            None => self.rows.push(Row { race, client, turns: vec![turn] }),
        }
    }

    /// The race's table in Markdown, with ratios to its first client; empty if nobody took part.
    pub fn table(&self, race: Race) -> String {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.race == race).collect();
        let Some(first) = rows.first() else {
            return String::new();
        };
        let mut table = format!("### {}\n\n", race.title());
        let reference = first.client;
        _ = match race {
            Race::Alone => {
                writeln!(table, "| client | median latency, µs | ratio to {reference} |\n| --- | ---: | ---: |")
            }
            _ => writeln!(
                table,
                "| client | requests/s | requests per CPU-second | ratio to {reference} (least to greatest) |\n\
                 | --- | ---: | ---: | ---: |"
            ),
        };
        for row in &rows {
            _ = match race {
                Race::Alone => {
                    let ratio = row.ratio_to(first, |turn| turn.median.unwrap_or(f64::NAN));
                    let median = row.median(|turn| turn.median.unwrap_or(f64::NAN) * 1000.0);
                    writeln!(table, "| {} | {median:.1} | {ratio} |", row.client)
                }
                _ => {
                    let ratio = row.ratio_to(first, |turn| turn.requests_per_cpu_second);
                    let rate = thousands(row.median(|turn| turn.requests_per_second));
                    let per_cpu = thousands(row.median(|turn| turn.requests_per_cpu_second));
                    writeln!(table, "| {} | {rate} | {per_cpu} | {ratio} |", row.client)
                }
            };
        }
        table.push('\n');
        table
    }
}

impl Row {
    fn median(&self, value: impl Fn(&Turn) -> f64) -> f64 {
        median(self.turns.iter().map(value).collect())
    }

    /// The ratio within each round, as the middle, the least and the greatest of them.
    fn ratio_to(&self, other: &Row, value: impl Fn(&Turn) -> f64) -> String {
        let ratios: Vec<f64> =
            self.turns.iter().zip(&other.turns).map(|(ours, theirs)| value(ours) / value(theirs)).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = ratios.iter().copied().fold(0.0, f64::max);
        format!("{:.2} ({least:.2} to {greatest:.2})", median(ratios))
    }
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, middle.checked_sub(1).and_then(|below| values.get(below)), values.get(middle)) {
        (0, Some(below), Some(above)) => f64::midpoint(*below, *above),
        (_, _, Some(value)) => *value,
        _ => f64::NAN,
    }
}

/// A whole number with its thousands apart: 120,067.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(requests_per_cpu_second: f64) -> Turn {
        Turn { requests_per_second: requests_per_cpu_second, requests_per_cpu_second, median: Some(0.04) }
    }

    #[test]
    fn compares_round_by_round() {
        let mut results = Results::default();
        for (wrk, squall) in [(100_000.0, 90_000.0), (200_000.0, 200_000.0), (100_000.0, 80_000.0)] {
            results.add(Race::Small, "wrk", turn(wrk));
            results.add(Race::Small, "squall", turn(squall));
        }
        let table = results.table(Race::Small);
        assert!(table.contains("| wrk | 100,000 | 100,000 | 1.00 (1.00 to 1.00) |"), "{table}");
        assert!(table.contains("| squall | 90,000 | 90,000 | 0.90 (0.80 to 1.00) |"), "{table}");
        assert_eq!(results.table(Race::Json), "");
    }

    #[test]
    fn shows_numbers() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
        assert!(median(vec![]).is_nan());
        let shown: Vec<String> = [7.4, 999.6, 1_234_567.0].into_iter().map(thousands).collect();
        assert_eq!(shown, ["7", "1,000", "1,234,567"]);
    }
}
