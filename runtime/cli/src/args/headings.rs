//! The sections of the help. Those of the plan's options come from their table.

pub use squall_plan::headings::*;

pub const MONITORING: &str = "Watching the target";
pub const INSIDE: &str = "Looking inside the target";
pub const CONTROL: &str = "Control and screen";
pub const WORK_ITEMS: &str = "Work items";
pub const TRACKER: &str = "Tracker";
pub const AGENTS: &str = "Agents";
pub const SANDBOX: &str = "Sandbox and limits";

/// The sections that commands share, in the order in which help shows them.
pub const ORDER: [&str; 12] =
    [LOAD, REQUESTS, CONNECTIONS, THRESHOLDS, SCENARIO, OUTPUTS, MONITORING, INSIDE, CONTROL, AGENTS, SANDBOX, MACHINE];
