//! `squall breakpoint`: the search of `squall-insight`, with real runs as its trials.

pub mod args;
mod told;
mod trial;

use squall_guest::CodeCache;
use squall_insight::search::{Found, Limit, Search, Step, Trial};
use squall_plan::Options;

use crate::error::CliError;
use crate::run::{prepare, print};
use crate::terminal::complain;
use crate::{exit, signals};
use args::BreakpointArgs;
use trial::{Ended, Trials};

/// Searches, tells each trial as it ends, and what was found.
pub fn breakpoint(arguments: &BreakpointArgs) -> Result<u8, CliError> {
    let misplaced = arguments.misplaced();
    if !misplaced.is_empty() {
        return Err(CliError::Options(misplaced));
    }
    let mut search = Search::new(arguments.goal()).map_err(|error| CliError::Options(vec![error.to_string()]))?;
    let mut order = prepare(&arguments.run)?;
    let typed = Options { duration: None, iterations: None, ..order.typed.clone() };
    let mut trials = Trials { order: &mut order, typed, settle: arguments.settle, cache: CodeCache::of_user() };
    print(&told::heading())?;
    let found = loop {
        let (load, duration) = match search.next() {
            Step::Done(found) => break found,
            Step::Try { load, duration } => (load, duration),
        };
        match trials.run(load, duration)? {
            Ended::Judged(judged) => {
                print(&told::line(search.trials().len() + 1, load, duration, &judged))?;
                search.take(Trial { load, duration, result: judged.result });
            }
            Ended::Stopped if signals::came() => return Ok(exit::INTERRUPTED),
            Ended::Stopped => return Ok(exit::STOPPED_BY_API),
            Ended::Failed(text) => {
                complain(&text);
                return Ok(exit::GUEST_FAILED);
            }
        }
    };
    print(&told::conclusion(&found, search.trials()))?;
    Ok(code(&found))
}

fn code(found: &Found) -> u8 {
    match (found.holds, found.limit) {
        (Some(_), _) => exit::PASSED,
        (None, Limit::Generator) => exit::MEASUREMENT_INVALID,
        (None, _) => exit::THRESHOLDS_FAILED,
    }
}
