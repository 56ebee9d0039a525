//! Why a load ended, and how that ends the run.

use squall_guest::RunContext;

use crate::run::RunEnd;
use crate::steering::StoppedBy;

/// Why the load ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    AllDone,
    Stopped(StoppedBy),
    /// The guest asked for it, for this reason.
    Aborted(String),
    Hopeless(String),
    /// Requests were asked for, and not one could be made, for this reason.
    NoRequest(String),
    /// A threshold failed that was to end the run.
    ThresholdFailed(String),
    /// Agents were lost without which the load is not to go on.
    AgentsLost(String),
    /// Data came to its end, and that is the end of the run.
    DataEnded(String),
}

impl Verdict {
    pub(crate) fn end(self, run: &RunContext) -> RunEnd {
        match (self, run.abort.reason()) {
            (_, Some(reason)) => RunEnd::Aborted(reason.to_owned()),
            // Virtual users that find no row may all be gone before the control thread hears of it.
            (Verdict::AllDone, None) => match run.data_end.name() {
                Some(name) => RunEnd::DataEnded(name.to_owned()),
                None => RunEnd::Completed,
            },
            (Verdict::Stopped(by), None) => RunEnd::Stopped(by),
            (Verdict::Aborted(reason), None) => RunEnd::Aborted(reason),
            (Verdict::Hopeless(text), None) => RunEnd::Hopeless(text),
            (Verdict::NoRequest(text), None) => RunEnd::NoRequest(text),
            (Verdict::ThresholdFailed(text), None) => RunEnd::ThresholdFailed(text),
            (Verdict::AgentsLost(text), None) => RunEnd::AgentsLost(text),
            (Verdict::DataEnded(name), None) => RunEnd::DataEnded(name),
        }
    }
}
