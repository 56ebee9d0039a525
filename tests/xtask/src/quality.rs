//! What must hold before a change is merged.

use anyhow::Result;

use crate::repository::{Repository, answers, run};
use crate::{guests, sdks, servers};

/// Where the end-to-end tests find the program that they start, so that they need not build it themselves.
const PROGRAM_VARIABLE: &str = "SQUALL_TEST_PROGRAM";

/// Builds what the tests start, then runs them all. Guests have native tests, so they are part of it.
pub fn test(repository: &Repository, extra: &[&str]) -> Result<()> {
    servers::install(repository)?;
    guests::build(repository)?;
    let (profile, folder) = if extra.contains(&"--release") { ("release", "release") } else { ("dev", "debug") };
    // `cargo test` alone would not build the program. All at once, so that cargo settles on one set of features: apart,
    // program and tests would each compile the dependencies for themselves.
    run(repository.cargo().args(["build", "--workspace", "--bins", "--tests", "--profile", profile]))?;
    let program = repository.cargo_target().join(folder).join("squall");
    run(repository.cargo().args(["test", "--workspace"]).args(extra).env(PROGRAM_VARIABLE, program))?;
    // Arguments are for Rust's tests: whoever gives some is looking at those.
    if extra.is_empty() { sdks::test(repository) } else { Ok(()) }
}

/// Formatting, lints, licences and advisories.
pub fn check(repository: &Repository) -> Result<()> {
    run(repository.cargo().args(["fmt", "--all", "--check"]))?;
    run(repository.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    guests::lint(repository)?;
    audit(repository)
}

/// Licences, sources and known vulnerabilities of what Squall depends on.
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
