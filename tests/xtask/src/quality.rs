//! What must hold before a change is merged.

use anyhow::Result;

use crate::guests;
use crate::repository::{Repository, answers, run};

/// Builds what the tests start, then runs them all. Guests have native tests, so they are part of it.
pub fn test(repository: &Repository, extra: &[&str]) -> Result<()> {
    guests::build(repository)?;
    // The end-to-end tests start the real program, which `cargo test` alone would not build.
    run(repository.cargo().args(["build", "--workspace", "--bins"]))?;
    run(repository.cargo().args(["test", "--workspace"]).args(extra))
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
