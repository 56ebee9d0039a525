//! `squall control`: reads or changes a run that goes on.

use squall_control::{Command, RemoteRun, describe};

use crate::args::control::{Action, ClientArgs};
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// Does what the arguments say.
pub fn control(arguments: &ClientArgs) -> Result<u8, CliError> {
    let run = RemoteRun::at(arguments.at, arguments.token_file.as_deref())?;
    match command(&arguments.action) {
        Some(command) => {
            run.change(command)?;
            print(&format!("{command}\n"))?;
        }
        None if matches!(arguments.action, Action::Status { json: true }) => print(&run.status_json()?)?,
        None => print(&describe(&run.status()?))?,
    }
    Ok(exit::PASSED)
}

/// The change that is asked for, if it is one.
fn command(action: &Action) -> Option<Command> {
    match action {
        Action::Status { .. } => None,
        Action::Pause => Some(Command::Pause),
        Action::Resume => Some(Command::Resume),
        Action::Stop => Some(Command::Stop),
        Action::Vus { number } => Some(Command::Vus(*number)),
        Action::Rate { rate } => Some(Command::Rate(*rate)),
    }
}
