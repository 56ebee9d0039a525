//! What can be typed for the screen.

use clap::Args;

/// How a run is shown while it goes on.
#[derive(Debug, Default, Args)]
pub struct ScreenArgs {
    /// Show the run on the whole screen, with charts, tables, and keys to pause, scale and stop it.
    #[arg(long, conflicts_with = "quiet")]
    pub tui: bool,
    /// What oha wants to hear, and what is so without it.
    #[arg(long, hide = true, conflicts_with = "tui")]
    pub no_tui: bool,
}
