//! Any command to a run that goes on: a line of the terminal, and the body of a request to the control API.

use squall_fuzzing::{Outcome, assert_harmless, text};

use crate::change::Change;
use crate::command::Command;

/// A line, and a body.
pub fn command(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let (command, change) = (text.parse::<Command>(), Change::from_json(bytes).and_then(Change::commands));
    for problem in [command.as_ref().err(), change.as_ref().err()].into_iter().flatten() {
        assert_harmless(problem);
    }
    if command.is_ok() || change.is_ok() { Outcome::Taken } else { Outcome::Refused }
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::Target;

    #[test]
    fn commands() {
        let seeds = [" pause ", "vus 10", "rate 90/m", r#"{"paused": false, "vus": 7, "rate": "5/s"}"#];
        Target::new("command", super::command).seeds(&seeds).pieces(&["null", "vus", "rate ", "/"]).for_a_while();
    }
}
