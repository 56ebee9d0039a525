//! Sentences that several forms of output share.

use squall_insight::Judgement;

use crate::document::Document;
use crate::format::count;

/// Instead of an outcome, where the generator was the bottleneck.
pub(crate) const NOT_JUDGED: &str = "not judged: the measurement is invalid";

/// How many thresholds were not met, if any.
pub fn missed_thresholds(judgement: &Judgement) -> Option<String> {
    let (failed, all) = (judgement.failed_thresholds(), judgement.thresholds.len());
    (failed > 0).then(|| format!("{failed} of {all} thresholds not met"))
}

/// Which limits of the target's resources were not kept, if any.
pub fn missed_limits(judgement: &Judgement) -> Option<String> {
    let missed: Vec<&str> = judgement.missed_limits().collect();
    (!missed.is_empty()).then(|| format!("the target used more than {} allows", missed.join(" and ")))
}

/// How many requests failed, if all did and that is a failure of the run.
pub fn no_success(judgement: &Judgement) -> Option<String> {
    judgement.all_failed.map(|all| match all {
        1 => "the only request failed".to_owned(),
        all => format!("not one of {all} requests succeeded"),
    })
}

/// Responses by version of HTTP, where that is of interest: `HTTP/2.0 12,345 · HTTP/1.1 3`.
pub(crate) fn protocols(document: &Document) -> Option<String> {
    let part = |(name, number): (&str, u64)| format!("{name} {}", count(number as f64));
    let parts: Vec<String> = document.notable_protocols().into_iter().map(part).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// A remark as a sentence of its own.
pub(crate) fn sentence_of(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
