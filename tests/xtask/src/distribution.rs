//! Programs from the distribution that a chore needs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::repository::{Repository, run};

/// The program's path; its package is installed if necessary and possible.
pub fn from_distribution(repository: &Repository, program: &str, package: &str, question: &[&str]) -> Result<PathBuf> {
    if !there(program, question) {
        println!("{program} is not installed");
        let apt = |arguments: &[&str]| {
            let mut command = repository.command("apt-get");
            run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()))
        };
        let install = || apt(&["install", "--yes", "--quiet", package]);
        // A new machine may have no package lists yet.
        let installed = install().or_else(|_| apt(&["update", "--quiet"]).and_then(|()| install()));
        if installed.is_err() || !there(program, question) {
            bail!("{program} is needed: install it (Debian's package is {package}) and try again");
        }
    }
    Ok(program.into())
}

/// Whether the program is there. wrk prints its version and then fails, so the exit status is ignored.
fn there(program: &str, question: &[&str]) -> bool {
    Command::new(program).args(question).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
