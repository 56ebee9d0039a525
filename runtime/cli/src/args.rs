//! What can be typed, in groups that several commands share; what a command alone takes is in its file. Parsing touches
//! nothing of the world: the groups become settings of squall-session and options of squall-plan.

pub mod agents;
pub mod control;
pub mod headings;
pub mod history;
pub mod inside;
pub mod limits;
pub mod load;
pub mod options;
pub mod output;
pub mod plan;
pub mod registry;
pub mod reports;
pub mod requests;
pub mod sandbox;
pub mod script;
pub mod tasks;
