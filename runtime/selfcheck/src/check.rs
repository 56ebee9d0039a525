//! The result of a trial: expectation, measurement, and whether the two agree.

use serde_json::json;
use squall_report::{Align, table};

use crate::environment::Environment;

/// Whether a measurement is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The measurement agrees with the expectation.
    Holds,
    /// It does not: results of this machine are not to be trusted.
    Fails,
    /// A property of the machine, reported without a verdict.
    Told,
}

impl Verdict {
    pub fn of(holds: bool) -> Verdict {
        if holds { Verdict::Holds } else { Verdict::Fails }
    }

    fn name(self) -> &'static str {
        match self {
            Verdict::Holds => "ok",
            Verdict::Fails => "FAILS",
            Verdict::Told => "-",
        }
    }
}

/// One line of the result.
#[derive(Clone, Debug)]
pub struct Check {
    /// The measured property.
    pub what: String,
    /// The expected value.
    pub expected: String,
    /// The measured value.
    pub measured: String,
    /// Whether the two agree.
    pub verdict: Verdict,
    /// The remedy for a failure.
    pub remedy: &'static str,
}

/// For people.
pub fn text_form(environment: &Environment, lines: &[Check]) -> String {
    let header = ["check", "expected", "measured", ""].map(str::to_owned).to_vec();
    let row = |line: &Check| {
        vec![line.what.clone(), line.expected.clone(), line.measured.clone(), line.verdict.name().to_owned()]
    };
    let rows: Vec<_> = std::iter::once(header).chain(lines.iter().map(row)).collect();
    let mut text = format!("\n  squall {} on {}\n\n", env!("CARGO_PKG_VERSION"), environment.machine());
    text.push_str(&table(2, &[Align::Left; 4], &rows));
    text.push('\n');
    let failed: Vec<&Check> = lines.iter().filter(|line| line.verdict == Verdict::Fails).collect();
    if failed.is_empty() {
        text.push_str("  selfcheck: ok\n");
    } else {
        text.push_str("  selfcheck: FAILED, do not trust what is measured here\n");
        for line in failed {
            text.push_str(&format!("    {}\n      ↳ {}\n", line.what, line.remedy));
        }
    }
    text
}

/// For machines.
pub fn json_form(environment: &Environment, lines: &[Check]) -> String {
    let checks: Vec<_> = lines
        .iter()
        .map(|line| {
            let verdict = match line.verdict {
                Verdict::Holds => "ok",
                Verdict::Fails => "fails",
                Verdict::Told => "told",
            };
            json!({ "check": line.what, "expected": line.expected, "measured": line.measured, "verdict": verdict })
        })
        .collect();
    let ok = lines.iter().all(|line| line.verdict != Verdict::Fails);
    let form =
        json!({ "version": env!("CARGO_PKG_VERSION"), "machine": environment.machine(), "ok": ok, "checks": checks });
    format!("{form:#}\n")
}
