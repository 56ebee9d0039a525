//! Arguments about controlling a run: of the command that starts it, and of the one that controls it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use squall_control::DashboardPlace;
use squall_plan::Rate;
use squall_session::ControlSettings;

use crate::args::headings;
use crate::values::parse_address;

/// How others may control a run while it goes on.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::CONTROL)]
pub struct ControlArgs {
    /// Let others on this machine read and control the run, over HTTP at this loopback address; port 0: any that is free.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    pub control: Option<SocketAddr>,
    /// The file that has the token which they must show. [default: SQUALL_CONTROL_TOKEN, or a new one, which is printed]
    #[arg(long, value_name = "FILE", requires = "control")]
    pub control_token_file: Option<PathBuf>,
    /// Looking at it.
    #[command(flatten)]
    pub dashboard: DashboardArgs,
}

impl ControlArgs {
    /// The same for the session.
    pub fn settings(&self) -> ControlSettings {
        ControlSettings {
            api: self.control,
            token_file: self.control_token_file.clone(),
            dashboard: self.dashboard.dashboard.map(DashboardPlace::At),
        }
    }
}

/// Whether a run can be looked at.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::CONTROL)]
pub struct DashboardArgs {
    /// Show the run in a browser, at 127.0.0.1:5665
    ///
    /// The page is for this machine alone, while the run goes on. Port 0: any that is free.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address, num_args = 0..=1, require_equals = true,
          default_missing_value = "127.0.0.1:5665")]
    pub dashboard: Option<SocketAddr>,
}

/// `squall control`.
#[derive(Debug, Args)]
pub struct ClientArgs {
    /// Where the run listens: the address of its --control.
    #[arg(long, global = true, value_name = "ADDRESS", value_parser = parse_address, default_value = "127.0.0.1:6565")]
    pub at: SocketAddr,
    /// The file that has the run's token. [default: SQUALL_CONTROL_TOKEN]
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `squall control` does.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show how the run goes.
    Status {
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Begin no more iterations until resumed.
    Pause,
    /// Go on after a pause.
    Resume,
    /// End the run: iterations under way may end, the summary is printed, the exit code is 103.
    Stop,
    /// Change the number of virtual users.
    Vus {
        /// How many there are to be.
        #[arg(value_name = "N")]
        number: u64,
    },
    /// Change the rate of an open load.
    Rate {
        /// Iterations per unit of time: 500/s, 90/m.
        #[arg(value_name = "RATE")]
        rate: Rate,
    },
}
