//! Work items of a run: tasks for its findings, bugs for its missed objectives, and later whether they have paid off.
//!
//! Pure: a [`Document`](squall_report::Document) in, items and text out. Must not know trackers, networks or files.

mod body;
mod criteria;
mod derive;
mod figures;
mod fingerprint;
mod forms;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod item;
mod performance_task;
mod progress;
mod record;
mod schema;
mod story_points;
#[cfg(test)]
mod tests;

pub use body::{Block, escaped_html, html, markdown, text};
pub use derive::{Settings, fingerprint_of, work_items};
pub use fingerprint::Fingerprint;
pub use forms::{items_csv, items_json, items_markdown, performance_tasks};
pub use item::{Assignment, Link, WorkItem};
pub use performance_task::{ItemType, Optimization, PerformanceTask, PerformanceTasks, TaskMetrics};
pub use progress::{Progress, State, progress};
pub use record::Record;
pub use schema::schema;
pub use story_points::StoryPoints;
