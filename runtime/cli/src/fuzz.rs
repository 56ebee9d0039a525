//! Any command line: a program has no library that `fuzz/` could call, so this target runs with the tests only.

use clap::Parser;
use squall_fuzzing::{Outcome, Target, text};
use squall_plan::parse_typed_duration;

use crate::cli::Cli;
use crate::values::{parse_share, parse_size};

/// Arguments, with a line feed between them.
fn command_line(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let read = Cli::try_parse_from(std::iter::once("squall").chain(text.split('\n')));
    if let Err(error) = &read {
        assert!(!error.to_string().is_empty());
    }
    Outcome::of(&read)
}

/// Amounts of every kind.
fn amount(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let taken = [parse_share(&text).is_ok(), parse_size(&text).is_ok(), parse_typed_duration(&text).is_ok()];
    if taken.contains(&true) { Outcome::Taken } else { Outcome::Refused }
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
fn amounts() {
    Target::new("amount", amount).seeds(&["64MiB", "5%", "1m30s"]).pieces(&["%", "s", "MiB", "."]).for_a_while();
}
