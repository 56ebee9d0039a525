//! Exit codes, all of them. Most are k6's, so that pipelines carry over; see docs/exit-codes.md.

use squall_cluster::ClusterError;
use squall_control::ControlError;
use squall_guest::GuestError;
use squall_history::RunResult;
use squall_session::Error;

use crate::error::CliError;

/// The run came to its end and every threshold was met.
pub const PASSED: u8 = 0;
/// The output could not be written, or a run does not do what `squall control` asks for.
pub const OUTPUT_FAILED: u8 = 1;
/// Requests were asked for, and not one could be made.
/// Requests were asked for, and not one could be made, or not one succeeded.
pub const NO_SUCCESS: u8 = 97;
/// The generator was the bottleneck: what was measured says nothing about the target.
pub const MEASUREMENT_INVALID: u8 = 98;
/// At least one threshold was not met.
pub const THRESHOLDS_FAILED: u8 = 99;
/// `setup` took longer than allowed.
pub const SETUP_TIMED_OUT: u8 = 100;
/// `teardown` took longer than allowed.
pub const TEARDOWN_TIMED_OUT: u8 = 101;
/// The run was stopped through the control API.
pub const STOPPED_BY_API: u8 = 103;
/// The plan, an option or a file that was named is wrong.
pub const WRONG_PLAN: u8 = 104;
/// The run was stopped, with a signal or at the terminal.
pub const INTERRUPTED: u8 = 105;
/// The component does not fit the contract, does not start, or does nothing but trap.
pub const GUEST_FAILED: u8 = 107;
/// The guest asked for the end of the run.
pub const GUEST_ABORTED: u8 = 108;
/// A bug of ours.
pub const INTERNAL_ERROR: u8 = 109;

/// The exit code of a run's result.
pub fn code_of_result(result: RunResult) -> u8 {
    match result {
        RunResult::Passed => PASSED,
        RunResult::ThresholdsFailed => THRESHOLDS_FAILED,
        RunResult::Interrupted => INTERRUPTED,
        RunResult::StoppedByApi => STOPPED_BY_API,
        RunResult::Aborted => GUEST_ABORTED,
        RunResult::GuestFailed | RunResult::TeardownFailed => GUEST_FAILED,
        RunResult::TeardownTimedOut => TEARDOWN_TIMED_OUT,
        RunResult::SetupTimedOut => SETUP_TIMED_OUT,
        RunResult::NoRequest | RunResult::NoSuccess => NO_SUCCESS,
        RunResult::Invalid => MEASUREMENT_INVALID,
    }
}

/// The exit code of a command without a result.
pub fn code_of_error(error: &CliError) -> u8 {
    match error {
        CliError::Session(error) | CliError::Selfcheck(squall_selfcheck::Error::Session(error)) => {
            code_of_session_error(error)
        }
        CliError::Registry(_) | CliError::Build(_) | CliError::Missing(_) => WRONG_PLAN,
        CliError::Cluster(_)
        | CliError::Tracker(_)
        | CliError::Demo(_)
        | CliError::Selfcheck(squall_selfcheck::Error::Server(_)) => OUTPUT_FAILED,
    }
}

fn code_of_session_error(error: &Error) -> u8 {
    match error {
        Error::Guest { source: GuestError::Read(_) | GuestError::Capacity { .. }, .. } => WRONG_PLAN,
        Error::Guest { .. } | Error::SuggestedPlan { .. } => GUEST_FAILED,
        Error::Cluster { source: ClusterError::Stopped, .. } => INTERRUPTED,
        Error::Cluster { .. } | Error::Launch(_) => OUTPUT_FAILED,
        Error::Control(ControlError::Answer(_)) | Error::Output(_) => OUTPUT_FAILED,
        Error::Options(_)
        | Error::File { .. }
        | Error::Data(_)
        | Error::Stream(_)
        | Error::History(_)
        | Error::Preflight(_)
        | Error::Control(_)
        | Error::Run(_) => WRONG_PLAN,
    }
}

#[cfg(test)]
mod tests;
