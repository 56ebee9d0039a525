//! Makes a table of all rounds: medians, and their ranges.

use super::client::{Race, Turn};

/// The results of each client by round.
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

    /// The race's table in Markdown, with a column of ratios for each of the other clients; empty without results.
    pub fn table(&self, race: Race) -> String {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.race == race).collect();
        if rows.is_empty() {
            return String::new();
        }
        let others: Vec<&Row> = rows.iter().copied().filter(|row| !row.client.starts_with("squall")).collect();

        let mut head = vec!["client".to_owned()];
        head.extend(columns(race).iter().map(|&column| column.to_owned()));
        head.extend(others.iter().map(|other| format!("ratio to {}", other.client)));
        let mut lines = vec![format!("### {}\n", race.title()), line(&head), line(&vec!["---".to_owned(); head.len()])];
        for row in &rows {
            let mut cells = vec![row.client.to_owned()];
            cells.extend(row.values());
            cells.extend(others.iter().map(|other| row.ratio_to(other)));
            lines.push(line(&cells));
        }
        lines.join("\n") + "\n\n"
    }
}

/// The columns of each client besides the ratios, which are relative to the last of these.
fn columns(race: Race) -> &'static [&'static str] {
    match race {
        Race::Small | Race::Json => &["requests/s", "requests per CPU-second"],
        Race::Alone => &["median latency, µs"],
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

impl Row {
    fn values(&self) -> Vec<String> {
        let median = |value: fn(&Turn) -> f64| median(self.turns.iter().map(value).collect());
        match self.race {
            Race::Small | Race::Json => vec![
                thousands(median(|turn| turn.requests_per_second)),
                thousands(median(|turn| turn.requests_per_cpu_second)),
            ],
            Race::Alone => vec![format!("{:.1}", 1000.0 * median(|turn| turn.median.unwrap_or(f64::NAN)))],
        }
    }

    /// The ratio within each round: the middle, and from the least to the greatest of them.
    fn ratio_to(&self, other: &Row) -> String {
        let value = |turn: &Turn| match self.race {
            Race::Small | Race::Json => turn.requests_per_cpu_second,
            Race::Alone => turn.median.unwrap_or(f64::NAN),
        };
        let rounds = self.turns.iter().zip(&other.turns);
        let ratios: Vec<f64> = rounds.map(|(ours, theirs)| value(ours) / value(theirs)).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = ratios.iter().copied().fold(0.0, f64::max);
        match self.client == other.client {
            true => "1".to_owned(),
            false => format!("**{:.2}** ({least:.2} to {greatest:.2})", median(ratios)),
        }
    }
}

/// The middle value; of an even number, the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    f64::midpoint(values[last / 2], values[last.div_ceil(2)])
}

/// A whole number with thousands separators: 120,067.
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
        Turn { requests_per_second: 10.0, requests_per_cpu_second, median: Some(requests_per_cpu_second / 1e6) }
    }

    #[test]
    fn compares_round_by_round() {
        let mut results = Results::default();
        for (wrk, squall) in [(100_000.0, 90_000.0), (200_000.0, 200_000.0), (100_000.0, 80_000.0)] {
            for race in [Race::Small, Race::Alone] {
                results.add(race, "wrk", turn(wrk));
                results.add(race, "squall", turn(squall));
            }
        }
        let expected = "### 12-byte body, not looked at\n\n\
                        | client | requests/s | requests per CPU-second | ratio to wrk |\n\
                        | --- | --- | --- | --- |\n\
                        | wrk | 10 | 100,000 | 1 |\n\
                        | squall | 10 | 90,000 | **0.90** (0.80 to 1.00) |\n\n";
        assert_eq!(results.table(Race::Small), expected);
        assert!(results.table(Race::Alone).contains("| squall | 90.0 | **0.90** (0.80 to 1.00) |"));
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
