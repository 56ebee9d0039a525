//! What is reported of a search for the highest rate that holds: one model, printed as text, Markdown and JSON.
//!
//! Must not know how it was searched, nor how anything was concluded from the trials.

mod markdown;
mod text;

use serde::Serialize;

use crate::format::{count, per_second};

pub use text::{trial_heading, trial_line};

/// A search that is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakpointReport {
    /// What this is: always [`BreakpointReport::FORMAT`].
    pub format: &'static str,
    /// The version of the format; a new field does not change it.
    pub version: u32,
    /// The scenario, as the user named it.
    pub scenario: String,
    /// The component's digest.
    pub component: String,
    /// The base URL, if there is one.
    pub target: Option<String>,
    /// When the search began, as RFC 3339 has it, in UTC.
    pub began: String,
    /// Squall's version.
    pub squall: String,
    /// The command line, with what looks like a secret left out.
    pub command: String,
    /// What had to hold in each trial.
    pub thresholds: Vec<String>,
    /// Where it was searched.
    pub search: SearchRange,
    /// What was found.
    pub answer: SearchAnswer,
    /// Every trial, in the order of time.
    pub trials: Vec<TrialLine>,
    /// What the trials of each rate come to, from the lowest.
    pub rates: Vec<RateLine>,
    /// How the target scales.
    pub scaling: ScalingLines,
}

/// Where it was searched, and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SearchRange {
    /// The lowest rate, in iterations per second.
    pub lowest: f64,
    /// The highest rate, in iterations per second.
    pub highest: f64,
    /// How wide the answer may be, as a share of its upper end.
    pub precision: f64,
    /// How long the last trials were to be, in milliseconds.
    pub trial_ms: f64,
    /// How long each ran before it counted, in milliseconds.
    pub settle_ms: f64,
    /// How long the search might take, in milliseconds.
    pub time_limit_ms: f64,
}

/// What set the end of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchEnd {
    /// The target was at its end.
    Target,
    /// The machine that made the load was.
    Generator,
    /// The highest rate that was allowed still held.
    Highest,
    /// The lowest rate that was allowed did not.
    Lowest,
    /// The time was up.
    Time,
    /// It was stopped from outside.
    Stopped,
}

/// Why a trial did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Answers were too slow.
    Latency,
    /// Answers were wrong, or requests failed.
    Errors,
    /// Iterations could not begin, since all virtual users waited for answers.
    Unserved,
    /// Another threshold.
    Other,
    /// The machine that made the load was at its end.
    Generator,
}

impl Cause {
    /// In words: what the target (or the generator) ran out of.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Latency => "latency",
            Cause::Errors => "errors",
            Cause::Unserved => "unserved load",
            Cause::Other => "another threshold",
            Cause::Generator => "the generator",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchAnswer {
    /// The highest rate that holds, in iterations per second; none if the lowest does not, or it was not decided.
    pub holds: Option<f64>,
    /// The lowest rate that does not.
    pub fails: Option<f64>,
    /// What set the end.
    pub end: SearchEnd,
    /// What the lowest rate that does not hold ran into.
    pub cause: Option<Cause>,
    /// The same in words.
    pub reason: Option<String>,
}

/// What a trial came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialOutcome {
    /// Everything held.
    Good,
    /// Something did not.
    Bad,
    /// Nothing can be said: the generator was the bottleneck.
    Invalid,
}

/// One trial.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialLine {
    /// Iterations started per second.
    pub rate: f64,
    /// For how long they counted, in milliseconds.
    pub duration_ms: f64,
    /// What it came to.
    pub outcome: TrialOutcome,
    /// Why, where it is not good.
    pub cause: Option<Cause>,
    /// The same in words.
    pub reason: Option<String>,
    /// What was measured.
    #[serde(flatten)]
    pub figures: TrialFigures,
}

/// What was measured at a rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TrialFigures {
    /// Requests that ended, per second.
    pub requests_per_second: f64,
    /// The median of the response time, in milliseconds; none if nothing was answered.
    pub p50_ms: Option<f64>,
    /// Its 95th percentile.
    pub p95_ms: Option<f64>,
    /// Its 99th percentile.
    pub p99_ms: Option<f64>,
    /// The share of requests that failed, 0 to 1.
    pub failed_share: f64,
    /// Requests under way at once, on average: Little's law, throughput times mean duration.
    pub at_once: f64,
}

/// All trials at one rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateLine {
    /// Iterations started per second.
    pub rate: f64,
    /// How many trials.
    pub trials: usize,
    /// Those that were good.
    pub good: usize,
    /// What was measured: the means of the trials, by their length.
    pub figures: TrialFigures,
}

/// How the target scales, as far as the trials say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScalingLines {
    /// The rate from which on the latency rises steeply, in iterations per second, and the p95 there in milliseconds.
    pub knee: Option<(f64, f64)>,
    /// About how many requests the target works on at once when it is at its limit, and its throughput then.
    pub concurrency_limit: Option<(f64, f64)>,
    /// The universal scalability law.
    pub law: Option<LawLine>,
    /// Why there is none.
    pub no_law: Option<String>,
}

/// A number and where the true one probably lies (95 %).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The number.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The universal scalability law, fitted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LawLine {
    /// Requests per second of one at a time.
    pub lambda: Spread,
    /// Contention.
    pub sigma: Spread,
    /// Crosstalk.
    pub kappa: Spread,
    /// Requests at once at which throughput is highest, if that is in reach of what was measured.
    pub peak: Option<Spread>,
    /// The throughput there.
    pub peak_throughput: Option<f64>,
    /// What keeps the target from scaling, in words.
    pub kind: String,
    /// The share of the variance that the law explains.
    pub r_squared: f64,
}

impl BreakpointReport {
    /// What the field `format` says.
    pub const FORMAT: &'static str = "squall-breakpoint";
    /// What the field `version` says.
    pub const VERSION: u32 = 1;

    /// As JSON, with a line feed at its end.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists always are JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl SearchAnswer {
    /// In one sentence.
    pub fn sentence(&self) -> String {
        let rate = |rate: Option<f64>| rate.map_or("-".to_owned(), per_second);
        let (holds, fails) = (rate(self.holds), rate(self.fails));
        match (self.end, self.holds, self.fails) {
            (SearchEnd::Target, ..) => format!("{holds} holds, {fails} does not"),
            (SearchEnd::Highest, ..) => format!("{holds} holds, and is the highest that was allowed"),
            (SearchEnd::Lowest, ..) => format!("{fails} does not hold, and is the lowest that was allowed"),
            (SearchEnd::Generator, Some(_), _) => {
                format!("{holds} holds; this machine cannot offer {fails}, so the target's limit is not known")
            }
            (SearchEnd::Generator, None, _) => format!("this machine cannot offer even {fails}"),
            (SearchEnd::Time, ..) => format!("out of time: {}", self.so_far()),
            (SearchEnd::Stopped, ..) => format!("stopped: {}", self.so_far()),
        }
    }

    fn so_far(&self) -> String {
        match (self.holds.map(per_second), self.fails.map(per_second)) {
            (Some(holds), Some(fails)) => {
                format!("{holds} held and {fails} did not, less surely or exactly than was asked for")
            }
            (Some(holds), None) => format!("{holds} held, and nothing failed yet"),
            (None, Some(fails)) => format!("{fails} did not hold, and nothing held yet"),
            (None, None) => "nothing is decided".to_owned(),
        }
    }

    /// What it was that did not hold, if the target was at its end.
    pub fn limited_by(&self) -> Option<String> {
        let cause = self.cause?.name();
        Some(self.reason.as_ref().map_or_else(|| cause.to_owned(), |reason| format!("{cause}: {reason}")))
    }
}

impl ScalingLines {
    /// Each as a subject and a sentence.
    pub fn sentences(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if let Some((rate, p95)) = self.knee {
            let text = format!("{} (p95 {p95:.1} ms): beyond it the latency rises steeply", per_second(rate));
            lines.push(("knee", text));
        }
        if let Some((at_once, throughput)) = self.concurrency_limit {
            let text = format!(
                "about {} requests; with more under way than that, it stays at {} and they wait",
                count(at_once.round()),
                per_second(throughput)
            );
            lines.push(("works on at once", text));
        }
        match (&self.law, &self.no_law) {
            (Some(law), _) => lines.extend(law.sentences()),
            (None, Some(why)) => lines.push(("scaling law", format!("no fit: {why}"))),
            (None, None) => {}
        }
        lines
    }
}

impl LawLine {
    fn sentences(&self) -> Vec<(&'static str, String)> {
        let spread = |spread: &Spread| format!("{:.4} ({:.4} to {:.4})", spread.value, spread.low, spread.high);
        let mut lines = vec![
            ("scaling", self.kind.clone()),
            ("contention (σ)", spread(&self.sigma)),
            ("crosstalk (κ)", format!("{:.6} ({:.6} to {:.6})", self.kappa.value, self.kappa.low, self.kappa.high)),
        ];
        if let (Some(peak), Some(throughput)) = (&self.peak, self.peak_throughput) {
            let text = format!(
                "{} with {:.0} at once ({:.0} to {:.0})",
                per_second(throughput),
                peak.value,
                peak.low,
                peak.high
            );
            lines.push(("predicted peak", text));
        }
        lines.push(("R²", format!("{:.3}", self.r_squared)));
        lines
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A search with one good and one bad trial.
    pub(crate) fn known() -> BreakpointReport {
        let good = TrialLine {
            rate: 100.0,
            duration_ms: 10_000.0,
            outcome: TrialOutcome::Good,
            cause: None,
            reason: None,
            figures: TrialFigures {
                requests_per_second: 99.8,
                p50_ms: Some(10.0),
                p95_ms: Some(31.5),
                p99_ms: Some(46.0),
                failed_share: 0.0,
                at_once: 1.02,
            },
        };
        let figures = TrialFigures {
            requests_per_second: 161.0,
            p50_ms: Some(900.0),
            p95_ms: Some(2_300.0),
            p99_ms: Some(2_500.0),
            failed_share: 0.0125,
            at_once: 140.0,
        };
        let bad = TrialLine {
            rate: 200.0,
            outcome: TrialOutcome::Bad,
            cause: Some(Cause::Latency),
            reason: Some("response_time p(95)<50 was 2300".to_owned()),
            figures,
            ..good.clone()
        };
        let line = |trial: &TrialLine, good| RateLine { rate: trial.rate, trials: 1, good, figures: trial.figures };
        let rates = vec![line(&good, 1), line(&bad, 0)];
        BreakpointReport {
            format: BreakpointReport::FORMAT,
            version: BreakpointReport::VERSION,
            scenario: "shop.wasm".to_owned(),
            component: "sha256:0".to_owned(),
            target: Some("http://127.0.0.1:8080".to_owned()),
            began: "2026-11-25T10:00:00Z".to_owned(),
            squall: "0.1.0".to_owned(),
            command: "squall breakpoint shop.wasm".to_owned(),
            thresholds: vec!["response_time p(95)<50".to_owned()],
            search: SearchRange {
                lowest: 10.0,
                highest: 1_000.0,
                precision: 0.5,
                trial_ms: 60_000.0,
                settle_ms: 5_000.0,
                time_limit_ms: 2_700_000.0,
            },
            answer: SearchAnswer {
                holds: Some(100.0),
                fails: Some(200.0),
                end: SearchEnd::Target,
                cause: bad.cause,
                reason: bad.reason.clone(),
            },
            trials: vec![good, bad],
            rates,
            scaling: ScalingLines {
                knee: Some((100.0, 31.5)),
                concurrency_limit: Some((1.6, 161.0)),
                law: None,
                no_law: Some("levels of concurrency: 2; a fit takes at least 6".to_owned()),
            },
        }
    }

    #[test]
    fn each_end_is_told_apart() {
        let sentence = |end, holds, fails| SearchAnswer { holds, fails, end, cause: None, reason: None }.sentence();
        assert_eq!(sentence(SearchEnd::Target, Some(90.0), Some(92.5)), "90/s holds, 92.5/s does not");
        let generator = sentence(SearchEnd::Generator, Some(90.0), Some(180.0));
        assert_eq!(generator, "90/s holds; this machine cannot offer 180/s, so the target's limit is not known");
        assert!(sentence(SearchEnd::Generator, None, Some(10.0)).contains("cannot offer even 10/s"));
        assert!(sentence(SearchEnd::Highest, Some(90.0), None).contains("the highest that was allowed"));
        assert!(sentence(SearchEnd::Lowest, None, Some(10.0)).contains("10/s does not hold"));
        assert!(sentence(SearchEnd::Time, None, None).contains("out of time: nothing is decided"));
    }

    #[test]
    fn json_has_the_trials_with_their_figures() {
        let json: serde_json::Value = serde_json::from_str(&known().to_json()).expect("JSON");
        assert_eq!(json["answer"]["holds"], 100.0);
        assert_eq!(json["answer"]["cause"], "latency");
        assert_eq!(json["trials"][1]["p95_ms"], 2300.0);
        assert_eq!(json["trials"][1]["outcome"], "bad");
    }
}
