//! Recommendations of earlier runs that have been implemented: what was promised, beside what has come of it.
//!
//! Which they are is found elsewhere; this only says what is told of them.

use serde::{Deserialize, Serialize};

use crate::Unit;

/// A finding of an earlier run that this run looked for and did not find.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Implemented {
    /// The finding: `GET /products runs one query per product`.
    pub title: String,
    /// What was recommended.
    pub change: String,
    /// The endpoint, if it was of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The run that found it first.
    pub found_in: String,
    /// The first run that looked for it and did not find it.
    pub gone_since: String,
    /// The p95 of the endpoint when it was found first, in milliseconds.
    pub before_ms: f64,
    /// The p95 that was promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_ms: Option<f64>,
    /// The p95 of this run.
    pub now_ms: f64,
}

impl Implemented {
    /// By how much the p95 was to fall, and by how much it fell: `40%`, `-`.
    pub fn shares(&self) -> [String; 2] {
        let share = |to: f64| format!("{:.0}%", (self.before_ms - to) / self.before_ms.max(f64::MIN_POSITIVE) * 100.0);
        [self.promised_ms.map_or_else(|| "-".to_owned(), share), share(self.now_ms)]
    }

    /// `GET /products runs …: p95 850ms → 170ms, improved by 80% (promised 40%)`.
    pub fn sentence(&self) -> String {
        let [promised, measured] = self.shares();
        let promised = if self.promised_ms.is_some() { format!(" (promised {promised})") } else { String::new() };
        let change = if self.now_ms > self.before_ms { "worse" } else { "improved" };
        let measured = measured.trim_start_matches('-');
        let (before, now) = (Unit::Ms.text(self.before_ms), Unit::Ms.text(self.now_ms));
        format!("{}: p95 {before} → {now}, {change} by {measured}{promised}", self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_promised_stands_beside_what_was_measured() {
        let line = Implemented {
            title: "GET /products runs one query per product".to_owned(),
            change: "one query".to_owned(),
            endpoint: Some("GET /products".to_owned()),
            found_in: "a".to_owned(),
            gone_since: "b".to_owned(),
            before_ms: 850.0,
            promised_ms: Some(510.0),
            now_ms: 170.0,
        };
        assert_eq!(line.shares(), ["40%", "80%"]);
        let sentence = "GET /products runs one query per product: p95 850ms → 170ms, improved by 80% (promised 40%)";
        assert_eq!(line.sentence(), sentence);
        let slower = Implemented { promised_ms: None, now_ms: 935.0, ..line };
        assert_eq!(slower.shares(), ["-", "-10%"]);
        assert!(slower.sentence().ends_with("850ms → 935ms, worse by 10%"), "{}", slower.sentence());
    }
}
