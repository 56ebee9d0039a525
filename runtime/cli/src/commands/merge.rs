//! `squall merge`: several kept runs as one.

use squall_session::time_of_day;

use crate::args::history::MergeArgs;
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// Merges, keeps, and says as what.
pub fn merge(arguments: &MergeArgs) -> Result<u8, CliError> {
    let store = arguments.store.open();
    let mut runs = Vec::new();
    for name in &arguments.runs {
        for run in store.find_all(name)? {
            if runs.iter().all(|other: &squall_history::StoredRun| other.id != run.id) {
                runs.push(run);
            }
        }
    }
    let merged = squall_history::merge(&runs)?;
    let id = merged.keep(&store, time_of_day())?;
    for tag in &arguments.save_as {
        store.tag(&id, tag, true)?;
    }
    print(&format!("{id}: {} runs merged (squall report {id})\n", runs.len()))?;
    Ok(exit::PASSED)
}
