//! The history of a load, as reports show it: its runs, their figures, and where a level changed.
//!
//! How changes are found is `squall-history`'s; this only says what is told of them.

use serde::{Deserialize, Serialize};

use crate::Unit;

/// The runs of one scenario, target and load, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// The scenario, as the user named it.
    pub scenario: String,
    /// The load, in words.
    pub load: String,
    /// Where the requests went.
    pub target: String,
    /// From which run on history counts, and why, if a change was accepted.
    pub since: Option<Accepted>,
    /// The runs.
    pub runs: Vec<TrendRun>,
    /// What is looked at.
    pub figures: Vec<TrendFigure>,
    /// The medians of the last seven days against those of the seven before; empty without runs in both.
    pub weeks: Vec<Week>,
}

/// A change that was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The first run of the new normal.
    pub run: String,
    /// Why it is right.
    pub reason: String,
}

/// One run of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendRun {
    /// Its name.
    pub id: String,
    /// When it began, as RFC 3339 has it, in UTC.
    pub began: String,
    /// What differs from the environment of the run before, in words.
    pub environment: Vec<String>,
}

/// One figure, run by run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendFigure {
    /// Its name, as thresholds write it.
    pub name: String,
    /// The unit of its values.
    pub unit: Unit,
    /// Its value in each run; none where a run has none that its samples carry.
    pub values: Vec<Option<f64>>,
    /// The levels between its certain changes.
    pub levels: Vec<Level>,
    /// Its changes, the oldest first. An early warning, if there is one, is the last.
    pub changes: Vec<Change>,
}

/// A stretch of runs without a certain change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Its first run, as an index.
    pub first: usize,
    /// Its last run, as an index.
    pub last: usize,
    /// The mean of its values.
    pub mean: f64,
}

/// A place at which the level changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The first run of the new level, as an index.
    pub run: usize,
    /// The level before.
    pub before: f64,
    /// The level from there on.
    pub after: f64,
    /// The change as a share: 0.1 for 10 % more.
    pub change: f64,
    /// The p-value of no change.
    pub p: f64,
    /// What to think of it.
    pub kind: ChangeKind,
}

/// What to think of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Certainly for the worse.
    Regression,
    /// Certainly for the better.
    Improved,
    /// For the worse, and not certain yet.
    EarlyWarning,
}

/// A figure in the last seven days, and in the seven before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Week {
    /// The figure's name.
    pub figure: String,
    /// The unit of both.
    pub unit: Unit,
    /// The median before.
    pub before: f64,
    /// The median now.
    pub now: f64,
}

impl ChangeKind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Regression => "regression",
            ChangeKind::Improved => "improved",
            ChangeKind::EarlyWarning => "early warning",
        }
    }
}

impl Change {
    /// `+10.0%`.
    pub fn text(&self) -> String {
        share(self.change)
    }
}

impl Week {
    /// `+10.0%`.
    pub fn change(&self) -> String {
        share(self.now / self.before - 1.0)
    }
}

fn share(change: f64) -> String {
    format!("{:+.1}%", change * 100.0)
}

impl TrendFigure {
    /// Its latest value, written as everywhere.
    pub fn latest(&self) -> Option<String> {
        self.values.iter().rev().flatten().next().map(|value| self.unit.text(*value))
    }
}

impl Trend {
    /// `12 runs of shop.wasm (10 VUs for 20s), since 2026… (search ranks by price)`.
    pub fn heading(&self) -> String {
        let since = self.since.as_ref().map(|since| format!(", since {} ({})", since.run, since.reason));
        let runs = if self.runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", self.runs.len()) };
        format!("{runs} of {} ({}){}", self.scenario, self.load, since.unwrap_or_default())
    }

    /// Whether the latest certain change of a figure is for the worse.
    pub fn regressed(&self) -> bool {
        let latest = |figure: &TrendFigure| {
            figure.changes.iter().rfind(|change| change.kind != ChangeKind::EarlyWarning).map(|change| change.kind)
        };
        self.figures.iter().any(|figure| latest(figure) == Some(ChangeKind::Regression))
    }

    /// As JSON, with a line feed at its end.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists always are JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
