//! The sections of the help. Those of the plan's options come from their table.

pub use squall_plan::headings::*;

pub const MONITORING: &str = "Watching the target";
pub const INSIDE: &str = "Looking inside the target";
pub const CONTROL: &str = "Control and screen";
pub const SANDBOX: &str = "Sandbox and limits";

/// The sections that commands share, in the order in which help shows them.
pub const ORDER: [&str; 10] =
    [LOAD, REQUESTS, THRESHOLDS, SCENARIO, OUTPUTS, MONITORING, INSIDE, CONTROL, SANDBOX, MACHINE];
