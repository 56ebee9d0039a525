//! Any command line, and any command to a run that goes on: a program has no library that `fuzz/` could call, so these targets
//! run with the tests only.

use clap::Parser;
use squall_fuzzing::{Outcome, Target, assert_harmless, text};

use crate::args::{Cli, parse_share, parse_size, parse_time};
use crate::command::Command;
use crate::control::change::Change;

/// Arguments, with a line feed between them.
fn command_line(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let read = Cli::try_parse_from(std::iter::once("squall").chain(text.split('\n')));
    if let Err(error) = &read {
        assert!(!error.to_string().is_empty());
    }
    Outcome::of(&read)
}

/// A line of the terminal, the body of a request to the control API, and amounts.
fn command(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let (command, change) = (text.parse::<Command>(), Change::from_json(bytes).and_then(Change::commands));
    for problem in [command.as_ref().err(), change.as_ref().err()].into_iter().flatten() {
        assert_harmless(problem);
    }
    let amounts = [parse_share(&text).is_ok(), parse_size(&text).is_ok(), parse_time(&text).is_ok()];
    if command.is_ok() || change.is_ok() || amounts.contains(&true) { Outcome::Taken } else { Outcome::Refused }
}

#[test]
fn command_lines() {
    let seeds = [
        "run\nhttp://127.0.0.1:9/\n-c\n50\n-d\n10s\n-H\na: b",
        "run\nshop.wasm\n--target\nhttp://a:1\n-s\n30s:100\n--threshold\nchecks=rate>0.9\n--data\nusers=users.csv,policy=shuffle",
        "run\nshop.wasm\n-e\nA=b\n--allow\n10.0.0.0/8,*.a.test\n--memory\n64MiB\n--out\njson=a.json\n--secret\nT=env",
        "compare\nlast~1\nlast",
    ];
    Target::new("command_line", command_line).seeds(&seeds).pieces(&["\n--", "\n", "=", "-"]).inputs(500).for_a_while();
}

#[test]
fn commands() {
    let seeds =
        [" pause ", "vus 10", "rate 90/m", r#"{"paused": false, "vus": 7, "rate": "5/s"}"#, "64MiB", "5%", "1m30s"];
    Target::new("command", command).seeds(&seeds).pieces(&["null", "vus", "rate ", "/", "%"]).for_a_while();
}
