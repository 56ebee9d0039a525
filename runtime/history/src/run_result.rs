//! What a run came to, in one word: stored with the run, and what its exit code is made of.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// What a run came to. The order is that of merged runs, where the greatest counts: the less a run says about the target,
/// the greater its result. (docs/exit-codes.md has another order: which result one run has where several would do.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// It came to its end, and every threshold was met.
    #[default]
    Passed,
    /// At least one threshold was not met.
    ThresholdsFailed,
    /// Stopped by a signal or at the terminal.
    Interrupted,
    /// Stopped through the control API.
    StoppedByApi,
    /// The scenario asked for the end of the run.
    Aborted,
    /// `teardown` failed.
    TeardownFailed,
    /// `teardown` took longer than allowed.
    TeardownTimedOut,
    /// `setup` took longer than allowed.
    SetupTimedOut,
    /// The scenario did not start, or did nothing but trap.
    GuestFailed,
    /// Requests were asked for, and not one could be made.
    NoRequest,
    /// Every request failed, and no threshold says what share may.
    NoSuccess,
    /// The generator was the bottleneck: the measurement says nothing about the target.
    Invalid,
}

impl RunResult {
    const ALL: [(RunResult, &'static str, u8); 12] = [
        (RunResult::Passed, "passed", 0),
        (RunResult::ThresholdsFailed, "thresholds-failed", 99),
        (RunResult::Interrupted, "interrupted", 105),
        (RunResult::StoppedByApi, "stopped-by-api", 103),
        (RunResult::Aborted, "aborted", 108),
        (RunResult::GuestFailed, "guest-failed", 107),
        (RunResult::TeardownFailed, "teardown-failed", 107),
        (RunResult::TeardownTimedOut, "teardown-timed-out", 101),
        (RunResult::SetupTimedOut, "setup-timed-out", 100),
        (RunResult::NoRequest, "no-request", 97),
        (RunResult::NoSuccess, "no-success", 97),
        (RunResult::Invalid, "invalid", 98),
    ];

    /// The word for it in kept runs.
    pub fn name(self) -> &'static str {
        let entry = RunResult::ALL.iter().find(|(result, ..)| *result == self);
        entry.map_or("passed", |(_, name, _)| name)
    }

    /// Whether the run did not come to the end that was planned.
    pub fn ended_early(self) -> bool {
        match self {
            RunResult::Interrupted
            | RunResult::StoppedByApi
            | RunResult::Aborted
            | RunResult::SetupTimedOut
            | RunResult::GuestFailed
            | RunResult::NoRequest => true,
            RunResult::Passed
            | RunResult::ThresholdsFailed
            | RunResult::TeardownFailed
            | RunResult::TeardownTimedOut
            | RunResult::NoSuccess
            | RunResult::Invalid => false,
        }
    }

    /// Runs kept by an earlier Squall have the exit code in its place.
    fn of_exit_code(code: u8) -> Option<RunResult> {
        RunResult::ALL.iter().find(|(.., of)| *of == code).map(|(result, ..)| *result)
    }
}

impl fmt::Display for RunResult {
    /// For people: `thresholds failed`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name().replace('-', " "))
    }
}

impl<'de> Deserialize<'de> for RunResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RunResult, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            ExitCode(u8),
            Name(String),
        }
        let found = match Form::deserialize(deserializer)? {
            Form::ExitCode(code) => RunResult::of_exit_code(code),
            Form::Name(name) => RunResult::ALL.iter().find(|(_, of, _)| *of == name).map(|(result, ..)| *result),
        };
        found.ok_or_else(|| D::Error::custom("unknown result of a run"))
    }
}

#[cfg(test)]
mod tests {
    use crate::format::EndInfo;

    use super::*;

    #[test]
    fn every_result_is_read_as_it_was_written() {
        for (result, name, _) in RunResult::ALL {
            let json = serde_json::to_string(&result).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<RunResult>(&json).unwrap(), result);
        }
        assert_eq!(RunResult::ThresholdsFailed.to_string(), "thresholds failed");
    }

    #[test]
    fn runs_kept_with_an_exit_code_are_still_read() {
        let result =
            |code: u8| serde_json::from_str::<EndInfo>(&format!("{{\"exit_code\": {code}}}")).map(|end| end.result);
        assert_eq!(result(0).unwrap(), RunResult::Passed);
        assert_eq!(result(99).unwrap(), RunResult::ThresholdsFailed);
        assert_eq!(result(107).unwrap(), RunResult::GuestFailed);
        assert!(result(77).is_err());
    }

    #[test]
    fn of_merged_runs_the_one_that_says_least_about_the_target_counts() {
        assert!(RunResult::Invalid > RunResult::ThresholdsFailed);
        assert!(RunResult::ThresholdsFailed > RunResult::Passed);
    }
}
