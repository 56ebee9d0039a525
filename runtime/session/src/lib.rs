//! A test, from settings to a result: what the scenario says of itself, the plan of all layers, the run with its observers,
//! the judgement, the reports and the kept run; searches and stress tests are made of the same steps.
//!
//! Settings are plain structs, and what a run shows goes through [`Console`]. Must not know the command line, a terminal,
//! signals or exit codes: those are the program's.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod baseline;
mod ceilings;
mod cluster;
mod compiling;
mod connections;
mod console;
mod data_use;
mod error;
mod facts;
mod files;
mod follow;
mod heading;
mod implemented;
mod keep;
mod kept;
mod known;
mod layers;
mod look_inside;
mod monitoring;
mod observers;
pub mod one_call;
pub mod one_request;
mod policy;
mod reports;
mod result;
mod scenarios;
pub mod search;
mod secrets;
mod settings;
mod soak;
mod standard_output;
mod stored_objectives;
mod streaming;
mod stress;
mod summary;
mod system;
mod test_run;
mod trend;

pub use cluster::{ClusterTest, StartAgents, attached_run};
pub use compiling::notify_if_compiling_takes_long;
pub use console::{Console, Notifier, RunView};
pub use data_use::data_use;
pub use error::Error;
pub use facts::{ending, facts};
pub use files::OpenFile;
pub use heading::{heading, plan_heading};
pub use implemented::implemented_by;
pub use kept::kept_document;
pub use known::{UserOptions, plan_as};
pub use layers::Layers;
pub use policy::policy_by_name;
pub use reports::{ReportFile, ReportForm, print_as, print_combined_as};
pub use result::{complaints, result_of};
pub use scenarios::scenarios_heading;
pub use secrets::SecretArgument;
pub use settings::{
    CiChoice, ControlSettings, KeepSettings, OutputSettings, ReportSettings, SandboxSettings, StreamSettings,
    SummaryMode,
};
pub use standard_output::{claim_standard_output, is_standard_output};
pub use system::{environment_variables, processor_cores, time_of_day};
pub use test_run::{Component, Finished, TestRun, ready_run};
pub use trend::{trend_of, trend_to};
