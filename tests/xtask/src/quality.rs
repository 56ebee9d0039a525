//! The conditions for merging a change.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::repository::{Repository, answers, run};
use crate::{dist, guests, sdks, servers};

/// The program for the end-to-end tests, so that they need not build it themselves.
const PROGRAM_VARIABLE: &str = "SQUALL_TEST_PROGRAM";

/// The file in which tests record that they were skipped.
const SKIPPED_VARIABLE: &str = "SQUALL_SKIPPED_TESTS";

/// Builds everything that the tests start, then runs them all. Guests have native tests, so they are included.
pub fn test(repository: &Repository, extra: &[&str]) -> Result<()> {
    servers::install(repository)?;
    guests::build(repository)?;
    let (profile, folder) = if extra.contains(&"--release") { ("release", "release") } else { ("dev", "debug") };
    // `cargo test` alone would not build the program. All at once, so that cargo settles on one set of features: apart,
    // program and tests would each compile the dependencies for themselves.
    run(repository.cargo().args(["build", "--workspace", "--bins", "--tests", "--profile", profile]))?;
    let program = repository.cargo_target().join(folder).join("squall");
    let skipped = repository.cargo_target().join("skipped-tests.txt");
    // The file may not exist.
    let _ = fs::remove_file(&skipped);
    let mut tests = repository.cargo();
    tests.args(["test", "--workspace"]).args(extra).env(PROGRAM_VARIABLE, &program).env(SKIPPED_VARIABLE, &skipped);
    let passed = run(&mut tests);
    list_skipped(&skipped);
    passed?;
    // Arguments are for Rust's tests, so with arguments only those run.
    if extra.is_empty() {
        sdks::test(repository).and_then(|()| dist::try_program(repository, &program))
    } else {
        Ok(())
    }
}

/// Lists the tests that were skipped, and why: they passed, but prove nothing.
fn list_skipped(file: &Path) {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines: BTreeSet<&str> = text.lines().collect();
    if !lines.is_empty() {
        println!("skipped, {}:", lines.len());
    }
    lines.iter().for_each(|line| println!("  {line}"));
}

/// Formatting, lints, licences and advisories.
pub fn check(repository: &Repository) -> Result<()> {
    run(repository.cargo().args(["fmt", "--all", "--check"]))?;
    run(repository.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    guests::lint(repository)?;
    audit(repository)
}

/// Licences, sources and known vulnerabilities of Squall's dependencies.
fn audit(repository: &Repository) -> Result<()> {
    if !answers("cargo-deny", &["--version"]) {
        println!("not checked: licences and advisories (`cargo install cargo-deny --locked` adds the tool)");
        return Ok(());
    }
    run(repository.cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    if run(repository.cargo().args(["deny", "fetch", "db"])).is_err() {
        println!("not checked: advisories (their database cannot be fetched from here)");
        return Ok(());
    }
    run(repository.cargo().args(["deny", "check", "--disable-fetch", "advisories"]))
}
