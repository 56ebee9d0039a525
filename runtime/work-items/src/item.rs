//! A work item with all that a tracker is told of it.

use crate::body::Block;
use crate::fingerprint::Fingerprint;
use crate::performance_task::PerformanceTask;
use crate::record::Record;

/// A work item.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkItem {
    /// By which it is found again.
    pub fingerprint: Fingerprint,
    /// What people read.
    pub task: PerformanceTask,
    /// The description of the task before it became Markdown.
    pub analysis: Vec<Block>,
    /// The figures that a later run is compared with; a line of the description carries them.
    pub record: Record,
    /// Whose it is, and where it belongs.
    pub assignment: Assignment,
    /// What it refers to: the build, the test run, the report.
    pub links: Vec<Link>,
}

/// Whose an item is, and where it belongs in a tracker. What is not set is left to the tracker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The person, as the tracker writes them: an address or a name.
    pub owner: Option<String>,
    /// The area path of Azure DevOps; the component of Jira.
    pub area: Option<String>,
    /// The iteration path of Azure DevOps; the milestone of GitHub and GitLab.
    pub iteration: Option<String>,
    /// Further tags or labels.
    pub tags: Vec<String>,
    /// The parent's id.
    pub parent: Option<String>,
}

/// Something that an item refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name: `Build 20261130.4`.
    pub title: String,
    /// Its address.
    pub url: String,
}

impl WorkItem {
    /// All that the item says: the analysis, the figures, what to change, when it is done, links, and the record.
    /// `without_criteria` where the tracker has a field for the acceptance criteria.
    pub fn body(&self, without_criteria: bool) -> Vec<Block> {
        let task = &self.task;
        let mut body = self.analysis.clone();
        let metrics = &task.metrics;
        body.push(Block::Heading("Metrics".to_owned()));
        body.push(Block::Bullets(vec![
            format!("p95 now: {}", metrics.current_p95),
            format!("p95 to reach: {}", metrics.target_p95),
            format!("improvement: {}", metrics.improvement),
        ]));
        let optimizations = task.optimizations.iter();
        let optimizations =
            optimizations.map(|line| format!("{} (expected improvement: {})", line.change, line.expected_improvement));
        body.extend(list("Bottlenecks identified", task.bottlenecks_identified.clone()));
        body.extend(list("Optimizations", optimizations.collect()));
        if !without_criteria {
            body.extend(list("Acceptance criteria", task.acceptance_criteria.clone()));
        }
        body.extend(self.links.iter().map(|link| Block::Link { title: link.title.clone(), url: link.url.clone() }));
        body.push(Block::Paragraph(self.record.line()));
        body
    }
}

/// A list with its heading; nothing if it is empty.
fn list(heading: &str, lines: Vec<String>) -> Vec<Block> {
    if lines.is_empty() { Vec::new() } else { vec![Block::Heading(heading.to_owned()), Block::Bullets(lines)] }
}
