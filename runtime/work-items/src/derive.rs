//! From a run to its items: a task for each finding, a bug for each objective or threshold that was missed. Nothing in an
//! item is there that the run does not say.

use squall_findings::{Cause, Finding, Findings};
use squall_insight::{ObjectiveStatus, ThresholdOutcome};
use squall_report::{Document, ObjectiveRecord, ThresholdLine, Unit};

use crate::body::{Block, markdown};
use crate::criteria::{criteria_of_finding, criteria_of_objective};
use crate::figures::{Goal, goal_of_finding, goal_of_threshold, percent, promised_share};
use crate::fingerprint::Fingerprint;
use crate::item::{Assignment, Link, WorkItem};
use crate::performance_task::{ItemType, Optimization, PerformanceTask, TaskMetrics};
use crate::record::{Record, load_of};
use crate::story_points::{self, StoryPoints};

/// Letters of a title: Azure DevOps takes no more.
const MOST_TITLE: usize = 255;
/// What an improvement is called that the measurements do not tell.
const NOT_COMPUTED: &str = "not computed";

/// What is the same for all items of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The run's name among the kept runs.
    pub run: String,
    /// The name of the tested system, where one project of a tracker has items of several.
    pub system: Option<String>,
    /// The effort.
    pub story_points: StoryPoints,
    /// Whose the items are.
    pub assignment: Assignment,
    /// What they refer to.
    pub links: Vec<Link>,
}

/// All items of a run: those of its findings in their order, then those of what was missed.
pub fn work_items(document: &Document, settings: &Settings) -> Vec<WorkItem> {
    let findings = document.findings.iter().flat_map(|findings| &findings.findings);
    let tasks = findings.map(|finding| task(document, finding, settings));
    let missed = missed(document).map(|missed| bug(document, &missed, settings));
    let mut items: Vec<WorkItem> = tasks.chain(missed).collect();
    // Two findings of one kind at one place are one item; the first has the greater effect.
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| seen.insert(item.fingerprint.clone()));
    items
}

/// The identity of a finding's item: its cause and its place.
pub fn fingerprint_of(finding: &Finding, system: Option<&str>) -> Fingerprint {
    let mut parts =
        vec!["finding".to_owned(), system.unwrap_or_default().to_owned(), story_points::name(finding.cause)];
    parts.extend(place_of(finding));
    Fingerprint::of(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The place of a cause. The endpoint that suffers most is no part of it where several suffer: which one it is may be
/// another one in the next run.
fn place_of(finding: &Finding) -> Vec<String> {
    match finding.cause {
        // The statement that mends it names the table.
        Cause::MissingIndex | Cause::DeadRows => vec![finding.change.clone()],
        cause if is_of_target(cause) => Vec::new(),
        _ => {
            let statement = finding.statement.as_deref().map(template).unwrap_or_default();
            vec![finding.endpoint.clone().unwrap_or_default(), statement]
        }
    }
}

/// Whether that is the identity of a cause of the whole target.
pub(crate) fn is_finding_of_target(fingerprint: &Fingerprint, system: Option<&str>) -> bool {
    let causes = story_points::CAUSES.into_iter().filter(|cause| is_of_target(*cause));
    let parts = |cause| ["finding".to_owned(), system.unwrap_or_default().to_owned(), story_points::name(cause)];
    let identities = causes.map(|cause| Fingerprint::of(&parts(cause).each_ref().map(String::as_str)));
    identities.into_iter().any(|identity| identity == *fingerprint)
}

/// Whether a cause is of the whole target, and not of an endpoint.
fn is_of_target(cause: Cause) -> bool {
    match cause {
        Cause::PoolExhaustion
        | Cause::WorkerPool
        | Cause::MemoryLeak
        | Cause::Cpu
        | Cause::Memory
        | Cause::Disk
        | Cause::Network
        | Cause::Descriptors
        | Cause::NoisyNeighbour
        | Cause::GarbageCollection
        | Cause::ConcurrencyLimit
        | Cause::Scaling => true,
        Cause::MissingIndex
        | Cause::DeadRows
        | Cause::NPlusOne
        | Cause::LockContention
        | Cause::SlowStatement
        | Cause::TemporaryFiles
        | Cause::SerialisedCalls
        | Cause::ChattyCalls
        | Cause::BlockingCall
        | Cause::SuperLinear => false,
    }
}

/// A statement without its values: databases write `$1` for them, traces `?`.
fn template(statement: &str) -> String {
    let mut template = String::with_capacity(statement.len());
    let mut letters = statement.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '$' && letters.peek().is_some_and(char::is_ascii_digit) {
            while letters.next_if(char::is_ascii_digit).is_some() {}
            template.push('?');
        } else {
            template.push(letter);
        }
    }
    template.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn task(document: &Document, finding: &Finding, settings: &Settings) -> WorkItem {
    let goal = goal_of_finding(document, finding);
    let place = finding.endpoint.as_deref().unwrap_or_else(|| finding.class.name());
    let promised = promised_share(finding);
    let analysis = analysis_of(document, finding);
    let task = PerformanceTask {
        title: cut(&format!("Perf: Optimize {place} response time ({})", finding.cause.title())),
        item_type: ItemType::Task,
        description: markdown(&analysis),
        story_points: settings.story_points.of_finding(finding.cause, finding.confidence),
        metrics: metrics(goal),
        bottlenecks_identified: vec![finding.title.clone()],
        optimizations: vec![Optimization {
            change: finding.change.clone(),
            expected_improvement: promised.map_or_else(|| NOT_COMPUTED.to_owned(), percent),
        }],
        acceptance_criteria: criteria_of_finding(document, finding, goal),
    };
    let record = Record {
        fingerprint: fingerprint_of(finding, settings.system.as_deref()),
        run: settings.run.clone(),
        load: Some(load_of(document)),
        endpoint: finding.endpoint.clone(),
        first_p95_ms: goal.map(|goal| goal.current_ms),
        promised_p95_ms: goal.zip(promised).map(|(goal, share)| goal.current_ms * (1.0 - share)),
    };
    item(task, analysis, record, settings)
}

fn item(task: PerformanceTask, analysis: Vec<Block>, record: Record, settings: &Settings) -> WorkItem {
    WorkItem {
        fingerprint: record.fingerprint.clone(),
        task,
        record,
        analysis,
        assignment: settings.assignment.clone(),
        links: settings.links.clone(),
    }
}

fn metrics(goal: Option<Goal>) -> TaskMetrics {
    let nothing = || TaskMetrics {
        current_p95: "not measured".to_owned(),
        target_p95: "not measured".to_owned(),
        improvement: NOT_COMPUTED.to_owned(),
    };
    goal.map_or_else(nothing, Goal::metrics)
}

/// Analysis and plan of a finding.
fn analysis_of(document: &Document, finding: &Finding) -> Vec<Block> {
    let heading = |text: &str| Block::Heading(text.to_owned());
    let mut blocks = vec![
        Block::Paragraph(format!("{}.", finding.title.trim_end_matches('.'))),
        Block::Paragraph(about_run(document)),
        heading("Evidence"),
        Block::Paragraph(format!(
            "{} ({}, {}).",
            finding.cause.title(),
            finding.class.name(),
            finding.confidence.name()
        )),
        Block::Bullets(evidence(finding)),
    ];
    if let Some(statement) = &finding.statement {
        blocks.extend([heading("Statement"), Block::Code(statement.clone())]);
    }
    if !finding.plan.is_empty() {
        blocks.extend([heading("The database's plan of it"), Block::Code(finding.plan.join("\n"))]);
    }
    blocks.extend([heading("Plan"), Block::Paragraph(finding.change.clone())]);
    let expected = finding.improvement.as_ref().map(|improvement| format!("Expected: {}.", improvement.arithmetic));
    blocks.extend(expected.map(Block::Paragraph));
    blocks
}

fn evidence(finding: &Finding) -> Vec<String> {
    let share = finding.explains.map(|explained| {
        let low = explained.low.map(|low| format!(", under low load {}", Unit::Share.text(low))).unwrap_or_default();
        format!("It explains {} of the response time{low}.", Unit::Share.text(explained.high))
    });
    let flow = finding.flow.as_ref().map(|flow| format!("Flow: {flow}"));
    let traces = (!finding.traces.is_empty()).then(|| format!("Traces: {}", finding.traces.join(", ")));
    finding.evidence.iter().cloned().chain(share).chain(flow).chain(traces).collect()
}

/// `Measured by shop.wasm against http://shop/ (10 VUs for 30s), begun 2026-11-30T06:15:39Z.`
fn about_run(document: &Document) -> String {
    let run = &document.run;
    let target = run.target.as_ref().map(|target| format!(" against {target}")).unwrap_or_default();
    format!("Measured by {}{target} ({}), begun {}.", document.title(), run.load, run.began)
}

/// Something that a run was held to, and that it missed.
struct Missed<'a> {
    /// What it bounds, and the same run after run: `response time p95`.
    subject: String,
    /// The limit: `<500ms`.
    target: String,
    actual: String,
    threshold: Option<&'a ThresholdLine>,
    /// The title of its issue in the reports.
    issue: String,
}

/// The identities of everything that the run was held to and that was judged, missed or not.
pub(crate) fn judged<'a>(
    document: &'a Document,
    system: Option<&'a str>,
) -> impl Iterator<Item = (Fingerprint, Option<&'a ThresholdLine>)> {
    let thresholds = document.thresholds.iter().filter(|line| line.outcome != ThresholdOutcome::NotJudged);
    let thresholds = thresholds.map(|line| missed_threshold(document, line));
    let not_judged = [ObjectiveStatus::NotJudged, ObjectiveStatus::NotMeasured];
    let limits = document.objectives.iter().filter(move |line| line.is_limit && !not_judged.contains(&line.status));
    let all = thresholds.chain(limits.map(missed_limit));
    all.map(move |judged| (fingerprint_of_missed(&judged.subject, system), judged.threshold))
}

fn missed(document: &Document) -> impl Iterator<Item = Missed<'_>> {
    let thresholds = document.thresholds.iter().filter(|line| line.outcome == ThresholdOutcome::Failed);
    let limits = document.objectives.iter().filter(|line| line.is_limit && line.status == ObjectiveStatus::Missed);
    thresholds.map(|line| missed_threshold(document, line)).chain(limits.map(missed_limit))
}

fn missed_threshold<'a>(document: &Document, line: &'a ThresholdLine) -> Missed<'a> {
    let objective = document.objective_of(line);
    let plain = || {
        (
            format!("{} of {}", line.aggregation, line.metric),
            format!("{} {}", line.comparison, line.unit.text(line.limit)),
        )
    };
    let (subject, target) =
        objective.map_or_else(plain, |objective| (objective.title.clone(), objective.target.clone()));
    Missed { subject, target, actual: line.measured(), threshold: Some(line), issue: line.issue_title() }
}

fn missed_limit(line: &ObjectiveRecord) -> Missed<'_> {
    Missed {
        subject: line.title.clone(),
        target: line.target.clone(),
        actual: line.actual.clone(),
        threshold: None,
        issue: line.outcome(),
    }
}

fn bug(document: &Document, missed: &Missed<'_>, settings: &Settings) -> WorkItem {
    let goal = goal_of_threshold(document, missed.threshold);
    let findings = document.findings.as_ref();
    let analysis = analysis_of_missed(document, missed);
    let task = PerformanceTask {
        title: cut(&format!("Perf: {} misses its target {}", missed.subject, missed.target)),
        item_type: ItemType::Bug,
        description: markdown(&analysis),
        story_points: settings.story_points.of_objective(),
        metrics: metrics(goal),
        bottlenecks_identified: bottlenecks(findings),
        optimizations: optimizations(document, missed),
        acceptance_criteria: criteria_of_objective(document, &missed.subject, &missed.target),
    };
    let record = Record {
        fingerprint: fingerprint_of_missed(&missed.subject, settings.system.as_deref()),
        run: settings.run.clone(),
        load: Some(load_of(document)),
        endpoint: None,
        first_p95_ms: goal.map(|goal| goal.current_ms),
        promised_p95_ms: goal.filter(|goal| goal.target_ms < goal.current_ms).map(|goal| goal.target_ms),
    };
    item(task, analysis, record, settings)
}

/// The identity of the item of a missed objective, by what it bounds.
fn fingerprint_of_missed(subject: &str, system: Option<&str>) -> Fingerprint {
    Fingerprint::of(&["missed", system.unwrap_or_default(), subject])
}

fn bottlenecks(findings: Option<&Findings>) -> Vec<String> {
    findings.iter().flat_map(|findings| &findings.findings).map(|finding| finding.title.clone()).collect()
}

/// The changes of all findings; without any, what the reports recommend; without that, to look for the cause.
fn optimizations(document: &Document, missed: &Missed<'_>) -> Vec<Optimization> {
    let not_computed = |change: String| Optimization { change, expected_improvement: NOT_COMPUTED.to_owned() };
    let findings = document.findings.iter().flat_map(|findings| &findings.findings);
    let known: Vec<Optimization> = findings
        .map(|finding| Optimization {
            change: finding.change.clone(),
            expected_improvement: promised_share(finding).map_or_else(|| NOT_COMPUTED.to_owned(), percent),
        })
        .collect();
    if !known.is_empty() {
        return known;
    }
    let recommended = issue_of(document, missed).and_then(|issue| issue.recommendation.clone());
    let look =
        "Find the cause: `squall diagnose` with the same scenario and target looks into the target under this load.";
    vec![not_computed(recommended.unwrap_or_else(|| look.to_owned()))]
}

fn issue_of<'a>(document: &'a Document, missed: &Missed<'_>) -> Option<&'a squall_report::Issue> {
    document.verdict.issues.iter().find(|issue| issue.title == missed.issue)
}

fn analysis_of_missed(document: &Document, missed: &Missed<'_>) -> Vec<Block> {
    let issue = issue_of(document, missed);
    let sentences = issue.iter().flat_map(|issue| [&issue.impact, &issue.recommendation, &issue.expected]).flatten();
    let first = format!("{} is {}, target {}.", missed.subject, missed.actual, missed.target);
    let mut blocks = vec![Block::Paragraph(first), Block::Paragraph(about_run(document))];
    blocks.extend(sentences.map(|sentence| Block::Paragraph(sentence.clone())));
    blocks
}

/// At most so many letters as a title may have.
fn cut(title: &str) -> String {
    let plain = title.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    if title.chars().count() <= MOST_TITLE {
        plain.collect()
    } else {
        plain.take(MOST_TITLE - 1).chain(['…']).collect()
    }
}
