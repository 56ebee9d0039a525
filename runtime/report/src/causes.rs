//! Findings as text for a terminal: short, below a summary; and whole, as `squall findings` prints them.

use squall_findings::{EndpointTime, Finding, Findings, Waterfall};

use crate::document::Unit;
use crate::style::Style;
use crate::table::{Align, table};

/// Spans of a waterfall that a terminal shows.
const MOST_BARS: usize = 25;
/// The letters that a waterfall is wide.
const WIDTH: f64 = 40.0;
/// Letters of a name in a table.
const NAME: usize = 70;

/// A line or two for each finding, for the summary of a run.
pub(crate) fn short(findings: &Findings, style: Style) -> String {
    let mut text = String::new();
    for (number, finding) in (1..).zip(&findings.findings) {
        text.push_str(&format!("    {number}. {}\n", heading(finding, style)));
        text.push_str(&format!("       {}\n", finding.title));
        text.push_str(&format!("       ↳ {}\n", finding.change));
        text.extend(expected(finding).map(|line| format!("       ↳ {line}\n")));
    }
    if findings.findings.is_empty() {
        text.push_str("    nothing found\n");
    }
    text.push_str(&looked_at(findings, style));
    text
}

/// Everything, for `squall findings`.
pub fn findings_text(findings: &Findings, style: Style) -> String {
    let mut text = String::new();
    for (number, finding) in (1..).zip(&findings.findings) {
        text.push_str(&format!("  {number}. {}\n", heading(finding, style)));
        text.push_str(&format!("     {}\n\n", style.strong(&finding.title)));
        text.push_str(&whole(finding, style));
        text.push('\n');
    }
    if findings.findings.is_empty() {
        text.push_str("  Nothing found.\n\n");
    }
    for endpoint in &findings.endpoints {
        text.push_str(&time_of(endpoint, style));
    }
    text.push_str(&looked_at(findings, style));
    text
}

/// `missing index (database, confirmed by two sources), explains 92 % of GET /search`.
fn heading(finding: &Finding, style: Style) -> String {
    let share = finding.explains.zip(finding.endpoint.as_ref()).map(|(explained, endpoint)| {
        let low = explained.low.map(|low| format!(" (under low load {})", Unit::Share.text(low))).unwrap_or_default();
        format!(", {} of the time of {endpoint}{low}", Unit::Share.text(explained.high))
    });
    format!(
        "{} ({}, {}){}",
        style.bad(finding.cause.title()),
        finding.class.name(),
        finding.confidence.name(),
        share.unwrap_or_default()
    )
}

/// `expected: p95 850 ms → 40 ms`.
pub(crate) fn expected(finding: &Finding) -> Option<String> {
    let improvement = finding.improvement.as_ref()?;
    let (now, then) = (Unit::Ms.text(improvement.p95_ms), Unit::Ms.text(improvement.expected_p95_ms));
    let endpoint = finding.endpoint.as_deref().unwrap_or("the endpoint");
    Some(format!("expected: p95 of {endpoint} from {now} to {then}"))
}

fn whole(finding: &Finding, style: Style) -> String {
    let mut text: String = finding.evidence.iter().map(|line| format!("     - {line}\n")).collect();
    let mut labelled = |label: &str, lines: &str| {
        let mut lines = lines.lines();
        text.push_str(&format!("     {} {}\n", style.faint(label), lines.next().unwrap_or_default()));
        text.extend(lines.map(|line| format!("       {line}\n")));
    };
    if let Some(statement) = &finding.statement {
        labelled("statement:", statement);
    }
    if !finding.plan.is_empty() {
        labelled("plan:", &format!("\n{}", finding.plan.join("\n")));
    }
    if let Some(flow) = &finding.flow {
        labelled("flow:", flow);
    }
    if !finding.traces.is_empty() {
        labelled("traces:", &finding.traces.join("\n"));
    }
    labelled("change:", &finding.change);
    if let Some(improvement) = &finding.improvement {
        labelled("expected:", &improvement.arithmetic);
    }
    let examples = [("under low load:", &finding.example_low), ("under the load:", &finding.example)];
    for (label, example) in examples {
        if let Some(example) = example {
            labelled(label, &waterfall(example));
        }
    }
    text
}

fn waterfall(waterfall: &Waterfall) -> String {
    let whole = waterfall.duration_ms.max(0.001);
    let mut text = format!("{} took {}\n", waterfall.trace, Unit::Ms.text(waterfall.duration_ms));
    for bar in waterfall.bars.iter().take(MOST_BARS) {
        let letters = |ms: f64| ((ms / whole * WIDTH).round().clamp(0.0, WIDTH)) as usize;
        let from = letters(bar.at_ms).min(WIDTH as usize - 1);
        let length = letters(bar.duration_ms).clamp(1, WIDTH as usize - from);
        let drawn = format!("{}{}", " ".repeat(from), "█".repeat(length));
        let name = cut(&format!("{}{}", "  ".repeat(bar.depth as usize), bar.name));
        text.push_str(&format!("{drawn:<40} {:>9}  {name}\n", Unit::Ms.text(bar.duration_ms)));
    }
    let left_out = waterfall.left_out + waterfall.bars.len().saturating_sub(MOST_BARS) as u64;
    if left_out > 0 {
        text.push_str(&format!("and {left_out} more spans\n"));
    }
    text
}

fn time_of(endpoint: &EndpointTime, style: Style) -> String {
    let ms = |value: Option<f64>| value.map(|value| Unit::Ms.text(value)).unwrap_or_default();
    let with_low = endpoint.low_p95_ms.is_some();
    let row = |cells: [String; 5]| {
        let [name, count, mean, low, growth] = cells;
        let low = if with_low { vec![low, growth] } else { Vec::new() };
        [name, count, mean].into_iter().chain(low).collect::<Vec<_>>()
    };
    let heading = ["where the time goes", "in a request", "own time", "under low load", "of the growth"];
    let mut rows = vec![row(heading.map(str::to_owned))];
    rows.extend(endpoint.spans.iter().map(|span| {
        row([
            cut(&span.name),
            format!("{:.1}", span.count),
            Unit::Ms.text(span.mean_ms),
            ms(span.low_mean_ms),
            span.growth_share.map(|share| Unit::Share.text(share)).unwrap_or_default(),
        ])
    }));
    let aligned = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
    let aligned = &aligned[..if with_low { 5 } else { 3 }];
    let low = endpoint.low_p95_ms.map(|low| format!(", under low load {}", Unit::Ms.text(low))).unwrap_or_default();
    format!(
        "  {}, p95 {}{low}, {} traces\n{}\n",
        style.strong(&endpoint.endpoint),
        Unit::Ms.text(endpoint.p95_ms),
        endpoint.traces,
        table(4, aligned, &rows)
    )
}

fn looked_at(findings: &Findings, style: Style) -> String {
    let seen = findings.looked_at.iter().map(|line| format!("    {} {line}\n", style.faint("looked at")));
    let not_seen = findings.not_seen.iter().map(|line| format!("    {} {line}\n", style.warn("not seen:")));
    seen.chain(not_seen).collect()
}

fn cut(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use squall_findings::{Cause, CauseClass, Confidence, Explained, Improvement};

    use super::*;

    fn findings() -> Findings {
        let finding = Finding {
            cause: Cause::MissingIndex,
            class: CauseClass::Database,
            title: "GET /search reads the whole table products".to_owned(),
            endpoint: Some("GET /search".to_owned()),
            flow: None,
            confidence: Confidence::ConfirmedByTwoSources,
            explains: Some(Explained { low: Some(0.25), high: 0.5 }),
            evidence: vec!["EXPLAIN: sequential scan".to_owned()],
            statement: None,
            plan: vec!["Seq Scan".to_owned(), "  below it".to_owned()],
            traces: Vec::new(),
            example_low: None,
            example: None,
            change: "CREATE INDEX ON products (kind);".to_owned(),
            improvement: Some(Improvement { p95_ms: 120.5, expected_p95_ms: 40.0, arithmetic: "by cost".to_owned() }),
        };
        Findings { findings: vec![finding], looked_at: vec!["all of it".to_owned()], ..Findings::default() }
    }

    #[test]
    fn a_summary_has_the_cause_its_share_the_change_and_what_to_expect() {
        let heading = "1. missing index (database, confirmed by two sources), 50.00% of the time of GET /search (under low \
                       load 25.00%)";
        let lines = [
            format!("    {heading}"),
            "       GET /search reads the whole table products".to_owned(),
            "       ↳ CREATE INDEX ON products (kind);".to_owned(),
            "       ↳ expected: p95 of GET /search from 120.5ms to 40ms".to_owned(),
            "    looked at all of it".to_owned(),
        ];
        assert_eq!(short(&findings(), Style::Plain), lines.map(|line| line + "\n").concat());
        assert_eq!(short(&Findings::default(), Style::Plain), "    nothing found\n");
    }

    #[test]
    fn the_whole_has_evidence_plan_and_arithmetic_too() {
        let text = findings_text(&findings(), Style::Plain);
        for line in
            ["     - EXPLAIN: sequential scan", "       Seq Scan", "         below it", "     expected: by cost"]
        {
            assert!(text.lines().any(|printed| printed == line), "{line} in {text}");
        }
    }

    #[test]
    fn a_bar_has_its_place_and_length_on_forty_letters() {
        let bar =
            squall_findings::Bar { name: "SELECT 1".to_owned(), at_ms: 25.0, duration_ms: 50.0, ..Default::default() };
        let drawn = waterfall(&Waterfall { trace: "ab".to_owned(), duration_ms: 100.0, bars: vec![bar], left_out: 3 });
        let expected = format!("{:10}{}{:10}      50ms  SELECT 1", "", "█".repeat(20), "");
        assert_eq!(drawn.lines().collect::<Vec<_>>(), ["ab took 100ms", &expected, "and 3 more spans"]);
    }
}
