//! Makes runs anew, to have enough of them to compare: each side with the command line of its latest run.

use std::process::{Command, Stdio};

use squall_history::{Store, StoredRun};
use squall_session::Error;

use crate::error::CliError;
use crate::stderr::print_status;

/// `times` new runs of each side. The sides take turns if they are interleaved, and change who goes first: A B B A A B.
pub fn repeat(
    store: &Store,
    before: &[StoredRun],
    after: &[StoredRun],
    times: usize,
    interleave: bool,
) -> Result<(Vec<StoredRun>, Vec<StoredRun>), CliError> {
    let (Some(first), Some(second)) = (before.last(), after.last()) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut made = (Vec::new(), Vec::new());
    let order = order(times, interleave);
    for (number, is_second) in order.iter().enumerate() {
        let (template, side) = if *is_second { (second, "after") } else { (first, "before") };
        print_status(&format!(
            "run {} of {} ({side}): squall {}",
            number + 1,
            order.len(),
            template.info.command.join(" ")
        ));
        let run = again(store, template, first.info.seed)?;
        if *is_second { made.1.push(run) } else { made.0.push(run) }
    }
    Ok(made)
}

/// Whose turn it is: false for the first side.
fn order(times: usize, interleave: bool) -> Vec<bool> {
    if interleave {
        return (0..times).flat_map(|pair| [pair % 2 == 1, pair % 2 == 0]).collect();
    }
    (0..times * 2).map(|number| number >= times).collect()
}

fn again(store: &Store, template: &StoredRun, seed: u64) -> Result<StoredRun, CliError> {
    let wrong = |text: String| CliError::options(vec![text]);
    let mut arguments = template.info.command.clone();
    if !matches!(arguments.first().map(String::as_str), Some("run" | "demo")) {
        return Err(wrong(format!("run {} cannot be made anew: it was not made by squall run", template.id)));
    }
    if !arguments.iter().any(|argument| argument == "--seed" || argument.starts_with("--seed=")) {
        arguments.push(format!("--seed={seed}"));
    }
    let known = store.ids()?;
    let program = std::env::current_exe().map_err(Error::Output)?;
    let status = Command::new(program).args(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(Error::Output)?;
    let new = store.ids()?.into_iter().rfind(|id| !known.contains(id));
    let Some(id) = new else {
        return Err(wrong(format!("a run that was to be repeated was not kept; it ended with {status}")));
    };
    Ok(store.open(&id)?)
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn the_sides_change_who_goes_first() {
        let text = |interleave| order(3, interleave).iter().map(|second| if *second { 'B' } else { 'A' }).collect();
        let (interleaved, in_turn): (String, String) = (text(true), text(false));
        assert_eq!((interleaved.as_str(), in_turn.as_str()), ("ABBAAB", "AAABBB"));
    }
}
