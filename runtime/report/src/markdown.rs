//! `--report FILE.md`: the report to hand in. Every sentence comes from a figure; what was not measured has no sentence,
//! and what has no sentence has no heading.

mod agents;
mod causes;
mod implemented;

use squall_insight::ThresholdOutcome;

use crate::document::{FlowLine, Issue, Remark, RequestLine, TargetSource, ThresholdLine, Values};
use crate::objectives::ObjectiveRecord;
use crate::trend::{Trend, Week};
use crate::wording::protocols;
use crate::{Document, Unit};

/// The report in Markdown; with what changed since, if there is an earlier run to compare with.
pub fn markdown_report(document: &Document, baseline: Option<&Document>) -> String {
    let plan = document.run.plan.clone().unwrap_or_default();
    let issues = &document.verdict.issues;
    join([
        title(document),
        summary(document),
        key_findings(document),
        questions(&plan.questions),
        environment(&plan.environment),
        figures_of_run(document, baseline),
        list("Issues identified", issues.iter().map(finding).chain(causes::issues(document))),
        list("Recommendations", issues.iter().filter_map(recommendation).chain(causes::recommendations(document))),
        list("Action items", issues.iter().filter_map(action).chain(causes::actions(document))),
        causes::chapter(document),
        implemented::chapter(&document.implemented),
        reproduce(document),
    ])
}

/// What is reported of one of several runs, whose plan and findings are at the report's beginning.
pub(crate) fn report_of_several(document: &Document) -> String {
    join([summary(document), figures_of_run(document, None), reproduce(document)])
}

fn title(document: &Document) -> String {
    let day = document.run.began.split('T').next().unwrap_or_default();
    match document.run.plan.as_ref().and_then(|plan| plan.name.as_ref()) {
        Some(name) => format!("# Performance report: {}, {day}\n", escaped(name)),
        None => format!("# Performance report, {day}\n"),
    }
}

fn figures_of_run(document: &Document, baseline: Option<&Document>) -> String {
    join([
        objectives(&document.objectives),
        metrics(document),
        mix(&document.flows),
        requests(&document.requests),
        server_timings(document),
        target(&document.target),
        agents::chapter(document.agents.as_ref()),
        trends(document, baseline),
        list("Course of the test", document.course.iter().map(course_line)),
    ])
}

/// The parts that are not empty, a blank line between them.
pub(crate) fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What the user wants to know, in the user's sentences.
pub(crate) fn questions<Text: AsRef<str>>(questions: impl IntoIterator<Item = Text>) -> String {
    list("What the test is to find out", questions.into_iter().map(|question| escaped(question.as_ref())))
}

/// What the plan says of the tested system.
pub(crate) fn environment<Text: AsRef<str>>(values: impl IntoIterator<Item = (Text, Text)>) -> String {
    let line = |(name, value): (Text, Text)| format!("{}: {}", escaped(name.as_ref()), escaped(value.as_ref()));
    list("Environment", values.into_iter().map(line))
}

fn summary(document: &Document) -> String {
    let (run, verdict) = (&document.run, &document.verdict);
    let mut text =
        format!("## Summary\n\n**Overall status: {}.** {}\n\n", verdict.status.name(), escaped(&verdict.sentence));
    let kind = document.test_type().map_or_else(String::new, |kind| format!("A {kind} test of "));
    let target = run.target.as_ref().map_or_else(String::new, |target| format!(" against {}", escaped(target)));
    text.push_str(&format!(
        "{kind}{}{target}: {}. It began at {} and took {}; it ended {}. The generator was {}.\n",
        escaped(&run.scenario),
        escaped(&run.load),
        run.began,
        Unit::Ms.text(run.duration_ms),
        escaped(&run.end.text),
        document.generator.name()
    ));
    text
}

fn key_findings(document: &Document) -> String {
    let times = document.distribution("response_time").and_then(|times| {
        let (p50, p95) = (times.p50?, times.p95?);
        Some(format!("Half of the responses took {} or less, 95% {} or less.", Unit::Ms.text(p50), Unit::Ms.text(p95)))
    });
    let requests = document.counter("http_reqs").map(|(sum, rate)| {
        format!("The target answered {} requests, {}.", Unit::Number.text(sum), Unit::PerSecond.text(rate))
    });
    let issues = document.verdict.issues.iter().map(|issue| format!("{}.", escaped(&issue.title)));
    let findings = bullets(requests.into_iter().chain(times).chain(issues));
    if findings.is_empty() { findings } else { format!("Key findings:\n\n{findings}") }
}

fn metrics(document: &Document) -> String {
    let thresholds = document.other_thresholds().map(threshold_row);
    let unbounded = figures(document).into_iter().filter(|(name, ..)| !document.bounds(name));
    let figures = unbounded.map(|(name, unit, value)| format!("| {name} | – | {} | – |\n", unit.text(value)));
    let protocols = protocols(document).map(|text| format!("| protocols | – | {} | – |\n", escaped(&text)));
    let rows: String = thresholds.chain(figures).chain(protocols).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("## Metrics overview\n\n| Metric | Target | Actual | Status |\n| --- | --- | --- | --- |\n{rows}")
}

/// What the plan wanted.
fn objectives(lines: &[ObjectiveRecord]) -> String {
    let row = |line: &ObjectiveRecord| {
        let interval = line.interval.as_deref().unwrap_or("–");
        let (title, target) = (escaped(&line.title), escaped(&line.target));
        format!(
            "| {title} | {target} | {} | {interval} | {} | {} |\n",
            line.actual,
            line.margin_text(),
            escaped(line.marked())
        )
    };
    let rows: String = lines.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## Objectives\n\n| Objective | Target | Actual | Interval (about 90% sure) | Margin | Status |\n| --- | --- | --- | --- | --- | --- |\n{rows}"
    )
}

/// How often each flow ran, beside what was planned; nothing where there is no choice.
fn mix(flows: &[FlowLine]) -> String {
    if flows.len() < 2 {
        return String::new();
    }
    let row = |line: &FlowLine| {
        let [planned, achieved] = [line.planned_share, line.achieved_share].map(|share| Unit::Share.text(share));
        let [iterations, failed] = [line.iterations, line.failed].map(|number| Unit::Number.text(number as f64));
        format!("| {} | {planned} | {achieved} | {iterations} | {failed} |\n", escaped(&line.name))
    };
    let rows: String = flows.iter().map(row).collect();
    format!(
        "## Mix of flows\n\n| Flow | Planned | Achieved | Iterations | Failed |\n| --- | --- | --- | --- | --- |\n{rows}"
    )
}

/// Every request by its name.
fn requests(lines: &[RequestLine]) -> String {
    let row = |line: &RequestLine| {
        let times = line.response_time.as_ref();
        let time = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| Unit::Ms.text(value));
        let [p50, p95, p99] =
            [times.and_then(|times| times.p50), times.and_then(|times| times.p95), times.and_then(|times| times.p99)]
                .map(time);
        format!(
            "| {} {} | {} | {} | {} | {p50} | {p95} | {p99} |\n",
            escaped(&line.method),
            escaped(&line.name),
            Unit::Number.text(line.count as f64),
            Unit::PerSecond.text(line.rate),
            Unit::Share.text(line.failed_share),
        )
    };
    let rows: String = lines.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## Requests\n\n| Request | Count | Rate | Failed | p50 | p95 | p99 |\n| --- | --- | --- | --- | --- | --- | --- |\n{rows}"
    )
}

/// What happened behind the response times, in the server's own words.
fn server_timings(document: &Document) -> String {
    let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| Unit::Ms.text(value));
    let rows: String = document
        .server_timings
        .iter()
        .filter_map(|line| Some((line, line.duration.as_ref()?)))
        .map(|(line, times)| {
            let (name, count) = (escaped(&line.name), Unit::Number.text(line.count as f64));
            let (p50, p95) = (text(times.p50), text(times.p95));
            format!(
                "| {name} | {count} | {} | {p50} | {p95} | {} |\n",
                Unit::Ms.text(times.mean),
                Unit::Ms.text(times.max)
            )
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## What the server says its work took\n\n| Part | Count | Average | p50 | p95 | Most |\n| --- | --- | --- | --- | --- | --- |\n{rows}"
    )
}

/// What the target used.
fn target(sources: &[TargetSource]) -> String {
    let rows: String = sources
        .iter()
        .flat_map(|source| source.series.iter().map(move |series| (source, series)))
        .map(|(source, series)| {
            let text = |value| series.unit.text(value);
            let limit = series.share_text().unwrap_or_else(|| "–".to_owned());
            let (source, name) = (escaped(&source.source), escaped(&series.name));
            format!(
                "| {source} | {name} | {} | {} | {} | {limit} |\n",
                text(series.avg),
                text(series.p95),
                text(series.max)
            )
        })
        .collect();
    let silent = sources.iter().filter(|source| source.answered < source.asked).map(|source| {
        let problem = escaped(source.problem.as_deref().unwrap_or("no reason given"));
        format!(
            "{} said nothing {} of {} times: {problem}.",
            escaped(&source.source),
            source.asked - source.answered,
            source.asked
        )
    });
    let silent = bullets(silent);
    if rows.is_empty() && silent.is_empty() {
        return String::new();
    }
    let gap = if silent.is_empty() { "" } else { "\n" };
    format!(
        "## The target's resources\n\n| Source | What | Average | p95 | Most | Of what there is |\n| --- | --- | --- | --- | --- | --- |\n{rows}{gap}{silent}"
    )
}

fn threshold_row(line: &ThresholdLine) -> String {
    let status = match line.outcome {
        ThresholdOutcome::Passed => "✅ met",
        ThresholdOutcome::Failed => "❌ not met",
        ThresholdOutcome::NotJudged => "not judged",
    };
    format!("| {} | {} | {} | {status} |\n", escaped(&line.metric), escaped(&line.target()), line.measured())
}

/// The figures that matter whatever the thresholds are: name, unit, value.
pub(crate) fn figures(document: &Document) -> Vec<(&'static str, Unit, f64)> {
    let times = document.distribution("response_time");
    let vus = document.metric("vus").and_then(|metric| match metric.values {
        Values::Gauge { max, .. } => Some(max),
        _ => None,
    });
    [
        ("response_time p(50)", Unit::Ms, times.and_then(|times| times.p50)),
        ("response_time p(90)", Unit::Ms, times.and_then(|times| times.p90)),
        ("response_time p(95)", Unit::Ms, times.and_then(|times| times.p95)),
        ("response_time p(99)", Unit::Ms, times.and_then(|times| times.p99)),
        ("http_reqs", Unit::PerSecond, document.counter("http_reqs").map(|(_, rate)| rate)),
        ("http_req_failed", Unit::Share, document.rate("http_req_failed").map(|(share, ..)| share)),
        ("iterations", Unit::PerSecond, document.counter("iterations").map(|(_, rate)| rate)),
        ("checks", Unit::Share, document.rate("checks").map(|(share, ..)| share)),
        ("vus (most)", Unit::Number, vus),
    ]
    .into_iter()
    .filter_map(|(name, unit, value)| Some((name, unit, value?)))
    .collect()
}

/// What changed since an earlier run, figure by figure. Two runs prove nothing about a change: it says so.
fn trends(document: &Document, baseline: Option<&Document>) -> String {
    let parts = [
        baseline.map(|baseline| since(document, baseline)).unwrap_or_default(),
        document.trend.as_ref().map(week_over_week).unwrap_or_default(),
        document.trend.as_ref().map(latest_changes).unwrap_or_default(),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { format!("## Trends\n\n{}", parts.join("\n")) }
}

/// What one earlier run differs in.
fn since(document: &Document, baseline: &Document) -> String {
    let earlier = figures(baseline);
    let rows: String = figures(document)
        .into_iter()
        .filter_map(|(name, unit, now)| {
            let (.., then) = earlier.iter().find(|(earlier, ..)| *earlier == name)?;
            let change = if *then == 0.0 { "–".to_owned() } else { signed_percent((now - then) / then) };
            Some(format!("| {name} | {} | {} | {change} |\n", unit.text(*then), unit.text(now)))
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "Since the run of {}. One run on each side shows a difference, not whether it is more than chance.\n\n\
         | Metric | Then | Now | Change |\n| --- | --- | --- | --- |\n{rows}",
        baseline.run.began
    )
}

/// The kept runs of this week and the last.
fn week_over_week(trend: &Trend) -> String {
    let row = |week: &Week| {
        let (before, now) = (week.unit.text(week.before), week.unit.text(week.now));
        format!("| {} | {before} | {now} | {} |\n", week.figure, week.change())
    };
    let rows: String = trend.weeks.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "Week over week: the medians of all runs like this one.\n\n\
         | Metric | Last week | This week | Change |\n| --- | --- | --- | --- |\n{rows}"
    )
}

/// Where the level last changed.
fn latest_changes(trend: &Trend) -> String {
    bullets(trend.figures.iter().filter_map(|figure| {
        let change = figure.changes.last()?;
        let run = &trend.runs[change.run];
        Some(format!(
            "{}: {} since the run of {} ({}, p {:.4}).",
            figure.name,
            change.text(),
            run.began,
            change.kind.name(),
            change.p
        ))
    }))
}

fn signed_percent(share: f64) -> String {
    format!("{:+.1}%", share * 100.0)
}

pub(crate) fn finding(issue: &Issue) -> String {
    let impact = issue.impact.as_ref().map_or_else(String::new, |impact| format!(" Impact: {}", escaped(impact)));
    format!("**{}** ({}).{impact}", escaped(&issue.title), issue.status.name())
}

pub(crate) fn recommendation(issue: &Issue) -> Option<String> {
    let texts = [issue.recommendation.as_ref(), issue.expected.as_ref()];
    let texts: Vec<String> = texts.into_iter().flatten().map(|text| escaped(text)).collect();
    (!texts.is_empty()).then(|| format!("{}: {}", escaped(&issue.title), texts.join(" ")))
}

fn course_line(remark: &Remark) -> String {
    format!("{}: {}", remark.about, escaped(&remark.text))
}

pub(crate) fn action(issue: &Issue) -> Option<String> {
    let text = issue.recommendation.as_ref().or(issue.expected.as_ref())?;
    Some(format!("[ ] {} (owner: ____)", escaped(text)))
}

pub(crate) fn list(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines = bullets(lines);
    if lines.is_empty() { String::new() } else { format!("## {title}\n\n{lines}") }
}

fn bullets(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| format!("- {line}\n")).collect()
}

fn reproduce(document: &Document) -> String {
    let run = &document.run;
    // A fence that is longer than any in the text.
    let fence = "`".repeat(longest_run_of_ticks(&run.command).max(2) + 1);
    format!(
        "## How to run it again\n\n{fence}sh\n{}\n{fence}\n\nSquall {}, component {}, seed {}, on {} {} with {} cores and {} worker threads.\n",
        run.command,
        run.squall,
        escaped(&run.component),
        run.seed,
        run.machine.os,
        run.machine.arch,
        run.machine.cores,
        run.threads
    )
}

fn longest_run_of_ticks(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

/// Text as it is, whatever Markdown or HTML there is in it.
pub fn escaped(text: &str) -> String {
    /// Takes no room, and no site takes what is behind it for the name of a user or an issue.
    const GAP: &str = "&#8203;";
    let mut escaped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins_name = letters.peek().is_some_and(|next| next.is_alphanumeric());
        match letter {
            '@' if begins_name => escaped.extend(["@", GAP]),
            '#' if begins_name => escaped.extend(["\\#", GAP]),
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => escaped.extend(['\\', letter]),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_mention_of_a_user() {
        assert_eq!(escaped("ask @octocat about #7"), "ask @&#8203;octocat about \\#&#8203;7");
        assert_eq!(escaped("CPU @ 2.20GHz # 1"), "CPU @ 2.20GHz \\# 1");
    }
}
