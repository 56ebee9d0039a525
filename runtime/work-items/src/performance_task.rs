//! The published shape of work items: `performance_tasks` (docs/performance-tasks.schema.json).

use serde::{Deserialize, Serialize, Serializer};

/// All work items of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceTasks {
    /// The items, the most important first.
    pub performance_tasks: Vec<PerformanceTask>,
}

/// One work item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceTask {
    /// Its title, at most 255 characters: `Perf: Optimize GET /products response time (N+1 queries)`.
    pub title: String,
    /// Its type.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// Analysis and plan, in Markdown.
    pub description: String,
    /// The effort, by a documented rule.
    #[serde(serialize_with = "write_points")]
    pub story_points: f64,
    /// The figures.
    pub metrics: TaskMetrics,
    /// What is in the way, in sentences.
    pub bottlenecks_identified: Vec<String>,
    /// What to change.
    pub optimizations: Vec<Optimization>,
    /// When it is done, in sentences that can be checked.
    pub acceptance_criteria: Vec<String>,
}

/// The type of a work item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemType {
    /// Something to improve.
    Task,
    /// An objective that was missed.
    Bug,
}

/// Where the response time is, and where it is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskMetrics {
    /// The measured p95: `850ms`.
    pub current_p95: String,
    /// The p95 to reach: `200ms`.
    pub target_p95: String,
    /// (current - target) / current: `76%`.
    pub improvement: String,
}

/// A change, and what it brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimization {
    /// What to change.
    pub change: String,
    /// By how much the p95 falls: `40%`; `not computed` where the measurements do not say.
    pub expected_improvement: String,
}

impl ItemType {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ItemType::Task => "Task",
            ItemType::Bug => "Bug",
        }
    }
}

/// Whole points are written as people write them: `5`, not `5.0`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn write_points<S: Serializer>(points: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if points.fract() == 0.0 && points.abs() < 1e9 {
        serializer.serialize_i64(*points as i64)
    } else {
        serializer.serialize_f64(*points)
    }
}
