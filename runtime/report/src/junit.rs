//! `--report FILE.xml`: JUnit's XML, as CI servers read it. A threshold that was not met is a failure; a measurement that is
//! invalid is an error.

use crate::Document;
use crate::combined::{CombinedReport, NamedRun};
use crate::markdown::figures;
use crate::test_cases::{Case, Result, cases};

/// The report as JUnit XML.
pub fn junit_report(document: &Document) -> String {
    suites(&[Suite::of(&document.run.scenario, document)])
}

/// The report of several runs as JUnit XML: a suite for each.
pub fn combined_junit_report(report: &CombinedReport) -> String {
    let suite = |run: &NamedRun| Suite::of(&run.heading(), &run.document);
    suites(&report.runs().iter().map(suite).collect::<Vec<_>>())
}

/// The tests of one run.
struct Suite {
    text: String,
    tests: usize,
    failures: usize,
    errors: usize,
    seconds: f64,
}

fn suites(suites: &[Suite]) -> String {
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let counts = counts(sum(|suite| suite.tests), sum(|suite| suite.failures), sum(|suite| suite.errors));
    let time: f64 = suites.iter().map(|suite| suite.seconds).sum();
    let body: String = suites.iter().map(|suite| suite.text.as_str()).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"squall\" {counts} time=\"{time:.3}\">\n{body}</testsuites>\n"
    )
}

fn counts(tests: usize, failures: usize, errors: usize) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
}

impl Suite {
    fn of(name: &str, document: &Document) -> Suite {
        let run = &document.run;
        let cases = cases(document);
        let failures = cases.iter().filter(|case| matches!(case.result, Result::Failed(_))).count();
        let errors = cases.iter().filter(|case| matches!(case.result, Result::Invalid(_))).count();
        let counts = counts(cases.len(), failures, errors);
        let seconds = run.duration_ms / 1_000.0;
        let property = |(name, value): (String, String)| {
            format!("      <property name=\"{}\" value=\"{}\"/>\n", escaped(&name), escaped(&value))
        };
        let properties: String = properties(document).map(property).collect();
        let body: String = cases.iter().map(|case| test_case(case, &run.scenario)).collect();
        // JUnit's schema knows no time zone.
        let timestamp = run.began.trim_end_matches('Z');
        let text = format!(
            "  <testsuite name=\"{}\" {counts} skipped=\"0\" time=\"{seconds:.3}\" timestamp=\"{timestamp}\">\n    \
             <properties>\n{properties}    </properties>\n{body}  </testsuite>\n",
            escaped(name),
        );
        Suite { text, tests: cases.len(), failures, errors, seconds }
    }
}

fn properties(document: &Document) -> impl Iterator<Item = (String, String)> {
    let run = &document.run;
    let facts = [
        ("status", document.verdict.status.name()),
        ("load", &run.load),
        ("generator", document.generator.health.name()),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let target = run.target.iter().map(|target| ("target".to_owned(), target.clone()));
    let figures = figures(document).into_iter().map(|(name, unit, value)| (name.to_owned(), unit.text(value)));
    facts.into_iter().chain(target).chain(figures)
}

fn test_case(case: &Case, scenario: &str) -> String {
    let head = format!("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(scenario), escaped(&case.name));
    match &case.result {
        Result::Passed => format!("{head}/>\n"),
        Result::Failed(text) => problem(&head, "failure", "threshold", text),
        Result::Invalid(text) => problem(&head, "error", "invalid", text),
    }
}

fn problem(head: &str, element: &str, kind: &str, text: &str) -> String {
    let text = escaped(text);
    let first = text.lines().next().unwrap_or_default();
    format!("{head}>\n      <{element} type=\"{kind}\" message=\"{first}\">{text}</{element}>\n    </testcase>\n")
}

/// Text within XML 1.0, which has no place for most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}
