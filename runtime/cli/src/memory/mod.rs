//! The memory of runs, as commands: keeping them, listing, reporting anew, merging, comparing, and watching for changes.
//! What a run's files are and how runs are judged is `squall-history`'s business.

pub mod args;
mod compare;
mod history;
mod keep;
mod merge;
mod repeat;
mod report;
mod runs;
mod trend;
mod wanted;

pub use compare::compare;
pub use history::trend_to;
pub use keep::{Keep, Told, run_info};
pub use merge::merge;
pub use report::report;
pub use runs::runs;
pub use trend::trend;
