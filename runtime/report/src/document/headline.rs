//! The verdict in one sentence or two: the objectives first, then whatever else decided.

use squall_insight::{Judgement, ObjectiveStatus, ThresholdOutcome};
use squall_metrics::Health;

use super::Document;
use crate::objectives::ObjectiveRecord;
use crate::wording::{no_success, sentence_of};

/// The result of the run, by its objectives and thresholds.
pub(super) fn headline(document: &Document, judgement: &Judgement) -> String {
    if !judgement.is_valid() {
        return sentence_of(judgement.generator.invalidity());
    }
    if !document.run.end.as_planned {
        return format!("The run ended {}.", document.run.end.text);
    }
    let missed = [missed_objectives(document), missed_thresholds(document), no_success(judgement)];
    let missed: Vec<String> = missed.into_iter().flatten().map(|text| sentence_of(&text)).collect();
    let texts = if missed.is_empty() { met(document).into_iter().chain(doubt(document)).collect() } else { missed };
    texts.join(" ")
}

/// Why a run in which nothing was missed may be no better than a warning.
fn doubt(document: &Document) -> Option<String> {
    let generator = &document.generator;
    let finding = generator.findings.first().filter(|_| generator.health != Health::Ok)?;
    Some(format!("The generator was {}: {}.", generator.name(), finding.reason))
}

fn missed_objectives(document: &Document) -> Option<String> {
    let missed = document.objectives.iter().filter(|line| line.status == ObjectiveStatus::Missed);
    let missed: Vec<String> = missed.map(ObjectiveRecord::outcome).collect();
    let (failed, all) = (missed.len(), document.objectives.len());
    (failed > 0).then(|| format!("{failed} of {all} objectives not met: {}", missed.join("; ")))
}

fn missed_thresholds(document: &Document) -> Option<String> {
    let failed = document.other_thresholds().filter(|line| line.outcome == ThresholdOutcome::Failed).count();
    (failed > 0).then(|| format!("{failed} of {} thresholds not met", document.other_thresholds().count()))
}

/// Where nothing was missed: what was met, and what was neither.
fn met(document: &Document) -> Vec<String> {
    let other = document.other_thresholds().count();
    let thresholds = match other {
        0 if document.objectives.is_empty() => Some("No thresholds were set, so none was missed.".to_owned()),
        0 => None,
        1 => Some("The one threshold was met.".to_owned()),
        all => Some(format!("All {all} thresholds were met.")),
    };
    met_objectives(&document.objectives).into_iter().chain(thresholds).collect()
}

fn met_objectives(lines: &[ObjectiveRecord]) -> Option<String> {
    let is_met = |line: &&ObjectiveRecord| matches!(line.status, ObjectiveStatus::Met | ObjectiveStatus::Close);
    let met = lines.iter().filter(is_met).count();
    let others: Vec<String> = lines.iter().filter(|line| !is_met(line)).map(ObjectiveRecord::outcome).collect();
    match (met, lines.len()) {
        (_, 0) => None,
        (1, 1) => Some("The one objective was met.".to_owned()),
        (_, all) if others.is_empty() => Some(format!("All {all} objectives were met.")),
        (_, all) => Some(format!("{met} of {all} objectives were met: {}.", others.join("; "))),
    }
}
