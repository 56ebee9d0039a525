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
    if answers("cargo-deny", &["--version"]) {
        run(repository.cargo().args(["deny", "check"]))
    } else {
        println!(
            "cargo-deny is not installed (`cargo install cargo-deny --locked`): licences and advisories not checked"
        );
        Ok(())
    }
}
