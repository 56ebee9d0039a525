//! Several runs in one document: their common result, then each run. It judges nothing: its status is the
//! worst of theirs, and its findings are theirs, each once.

mod json;
mod markdown;
mod text;

use squall_insight::RunStatus;

use crate::Document;
use crate::document::{Issue, Unit};
use crate::format::count;

/// The runs of one document, in the order in which the user named them.
#[derive(Clone, Debug)]
pub struct CombinedReport {
    runs: Vec<NamedRun>,
}

/// A run with the name by which the user finds it again.
#[derive(Clone, Debug)]
pub struct NamedRun {
    /// Its name: `20261125-130501-4823fa`.
    pub name: String,
    /// What was reported of it.
    pub document: Document,
}

/// A row of the table of runs, in words.
pub(crate) struct RunRow<'a> {
    pub(crate) run: &'a NamedRun,
    pub(crate) test_type: &'a str,
    pub(crate) rate: String,
    pub(crate) p95: String,
    pub(crate) errors: String,
}

/// The columns of the table of runs.
pub(crate) const COLUMNS: [&str; 8] = ["run", "type", "verdict", "load", "rate", "p95", "errors", "reason"];

/// Findings that lead to the same recommendation.
pub(crate) struct FindingGroup<'a> {
    pub(crate) recommendation: Option<&'a str>,
    /// The worst first; never empty.
    pub(crate) findings: Vec<Finding<'a>>,
}

/// A finding, and the runs that have it in the same words.
pub(crate) struct Finding<'a> {
    pub(crate) issue: &'a Issue,
    pub(crate) runs: Vec<String>,
}

impl CombinedReport {
    /// The report of these runs. One that is named twice is in it once.
    pub fn new(named: impl IntoIterator<Item = NamedRun>) -> CombinedReport {
        let mut runs: Vec<NamedRun> = Vec::new();
        for run in named {
            if runs.iter().all(|known| known.name != run.name) {
                runs.push(run);
            }
        }
        CombinedReport { runs }
    }

    /// The runs.
    pub fn runs(&self) -> &[NamedRun] {
        &self.runs
    }

    /// The worst status of all runs.
    pub fn status(&self) -> RunStatus {
        RunStatus::worst(self.runs.iter().map(|run| run.document.verdict.status))
    }

    /// What the runs came to: `4 runs: 2 Good, 1 Warning, 1 Critical.`
    pub fn sentence(&self) -> String {
        let all = [RunStatus::Good, RunStatus::Warning, RunStatus::Critical, RunStatus::Invalid];
        let of = |status| self.runs.iter().filter(|run| run.document.verdict.status == status).count();
        let counts = all.into_iter().map(|status| (of(status), status)).filter(|(runs, _)| *runs > 0);
        let counts: Vec<String> = counts.map(|(runs, status)| format!("{runs} {}", status.name())).collect();
        format!("{}: {}.", count_of_runs(self.runs.len()), counts.join(", "))
    }

    /// The name of the plan, or what else the runs are called; where they differ, their number.
    pub fn title(&self) -> String {
        match self.the_same(|run| run.document.title()) {
            Some(title) => title.to_owned(),
            None => count_of_runs(self.runs.len()),
        }
    }

    /// The version of Squall that made the latest run.
    pub(crate) fn squall(&self) -> &str {
        let latest = self.runs.iter().max_by_key(|run| run.document.run.began_unix_ms);
        latest.map_or("", |run| &run.document.run.squall)
    }

    /// The target, if all runs had the same.
    pub(crate) fn target(&self) -> Option<&str> {
        self.the_same(|run| run.document.run.target.as_deref())?
    }

    /// The days of the first run and of the last: `2026-11-25`, `2026-11-25 to 2026-11-28`.
    pub(crate) fn days(&self) -> String {
        let days = self.runs.iter().filter_map(|run| run.document.run.began.split('T').next());
        let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return String::new() };
        if first == last { first.to_owned() } else { format!("{first} to {last}") }
    }

    /// The questions of all plans, each once.
    pub(crate) fn questions(&self) -> Vec<&str> {
        let plans = self.runs.iter().filter_map(|run| run.document.run.plan.as_ref());
        each_once(plans.flat_map(|plan| &plan.questions).map(String::as_str))
    }

    /// What the plans say of the tested system, each once.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        let plans = self.runs.iter().filter_map(|run| run.document.run.plan.as_ref());
        each_once(plans.flat_map(|plan| &plan.environment).map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// A row for each run.
    pub(crate) fn rows(&self) -> Vec<RunRow<'_>> {
        self.runs.iter().map(RunRow::of).collect()
    }

    /// The findings of all runs, the worst first, by what they lead to.
    pub(crate) fn findings(&self) -> Vec<FindingGroup<'_>> {
        let all = self.runs.iter().flat_map(|run| run.document.verdict.issues.iter().map(move |issue| (run, issue)));
        let mut all: Vec<(&NamedRun, &Issue)> = all.collect();
        // Stable: among equals the order of the runs stays.
        all.sort_by_key(|(_, issue)| std::cmp::Reverse(issue.status));
        let mut groups: Vec<FindingGroup<'_>> = Vec::new();
        for (run, issue) in all {
            match groups.iter_mut().find(|group| group.takes(issue)) {
                Some(group) => group.add(run, issue),
                None => groups.push(FindingGroup::of(run, issue)),
            }
        }
        groups
    }

    fn the_same<'a, T: PartialEq>(&'a self, of: impl Fn(&'a NamedRun) -> T) -> Option<T> {
        let mut all = self.runs.iter().map(of);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }
}

impl NamedRun {
    /// What the run is called among others: `stress, 20261125-130501-4823fa`.
    pub(crate) fn heading(&self) -> String {
        match self.document.test_type() {
            Some(kind) => format!("{kind}, {}", self.name),
            None => self.name.clone(),
        }
    }
}

impl<'a> FindingGroup<'a> {
    fn of(run: &NamedRun, issue: &'a Issue) -> FindingGroup<'a> {
        let finding = Finding { issue, runs: vec![run.heading()] };
        FindingGroup { recommendation: issue.recommendation.as_deref(), findings: vec![finding] }
    }

    fn takes(&self, issue: &Issue) -> bool {
        match self.recommendation {
            Some(text) => issue.recommendation.as_deref() == Some(text),
            None => self.findings.iter().any(|finding| finding.issue == issue),
        }
    }

    fn add(&mut self, run: &NamedRun, issue: &'a Issue) {
        match self.findings.iter_mut().find(|finding| finding.issue == issue) {
            Some(finding) => finding.runs.push(run.heading()),
            None => self.findings.push(Finding { issue, runs: vec![run.heading()] }),
        }
    }

    /// The worst of them.
    pub(crate) fn status(&self) -> RunStatus {
        RunStatus::worst(self.findings.iter().map(|finding| finding.issue.status))
    }
}

impl Finding<'_> {
    /// The runs that have it.
    pub(crate) fn runs(&self) -> String {
        self.runs.join("; ")
    }
}

impl<'a> RunRow<'a> {
    fn of(run: &'a NamedRun) -> RunRow<'a> {
        let document = &run.document;
        let known = |unit: Unit, value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| unit.text(value));
        let p95 = document.distribution("response_time").and_then(|times| times.p95);
        RunRow {
            run,
            test_type: document.test_type().unwrap_or("–"),
            rate: known(Unit::PerSecond, document.counter("http_reqs").map(|(_, rate)| rate)),
            p95: known(Unit::Ms, p95),
            errors: known(Unit::Share, document.rate("http_req_failed").map(|(share, ..)| share)),
        }
    }

    pub(crate) fn status(&self) -> RunStatus {
        self.run.document.verdict.status
    }

    /// The cells under [`COLUMNS`].
    pub(crate) fn cells(&self) -> [&str; COLUMNS.len()] {
        let document = &self.run.document;
        let verdict = &document.verdict;
        [
            &self.run.name,
            self.test_type,
            verdict.status.name(),
            &document.run.load,
            &self.rate,
            &self.p95,
            &self.errors,
            &verdict.sentence,
        ]
    }
}

fn count_of_runs(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{} runs", count(runs as f64)) }
}

fn each_once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut known, one| {
        if !known.contains(&one) {
            known.push(one);
        }
        known
    })
}

#[cfg(test)]
mod tests;
