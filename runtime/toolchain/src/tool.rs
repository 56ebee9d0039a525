//! Running a language's own tool. What it prints goes to standard error, where progress belongs.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tracing::info;

use crate::error::BuildError;

/// A program that is to be run, and what to say if it is missing.
pub struct Tool {
    command: Command,
    line: OsString,
    install: &'static str,
}

impl Tool {
    /// The program `name`; `install` says how it is had.
    pub fn new(name: impl AsRef<OsStr>, install: &'static str) -> Tool {
        Tool { command: Command::new(&name), line: name.as_ref().to_owned(), install }
    }

    pub fn arg(self, argument: impl AsRef<OsStr>) -> Tool {
        self.args([argument])
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Tool {
        for argument in arguments {
            self.line.push(" ");
            self.line.push(&argument);
            self.command.arg(argument);
        }
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Tool {
        self.command.env(name, value);
        self
    }

    pub fn inside(mut self, folder: &Path) -> Tool {
        self.command.current_dir(folder);
        self
    }

    /// Runs it and shows what it prints.
    pub fn run(mut self) -> Result<(), BuildError> {
        self.diagnose_start();
        self.command.stdin(Stdio::null()).stdout(io::stderr());
        let status = self.command.status().map_err(|error| self.missing(&error))?;
        if status.success() { Ok(()) } else { Err(self.failed(&status.to_string())) }
    }

    /// Runs it and takes what it prints on standard output.
    pub fn output(mut self) -> Result<String, BuildError> {
        self.diagnose_start();
        self.command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let Output { status, stdout, .. } = self.command.output().map_err(|error| self.missing(&error))?;
        if status.success() {
            Ok(String::from_utf8_lossy(&stdout).into_owned())
        } else {
            Err(self.failed(&status.to_string()))
        }
    }

    fn diagnose_start(&self) {
        let folder = self.command.get_current_dir().unwrap_or(Path::new("."));
        info!(command = %self.line.display(), folder = %folder.display(), "running a tool");
    }

    fn missing(&self, error: &io::Error) -> BuildError {
        let program = self.command.get_program().to_string_lossy();
        BuildError::new(match error.kind() {
            io::ErrorKind::NotFound => format!("{program} is not on the PATH: {}", self.install),
            _ => format!("{program} does not start: {error}"),
        })
    }

    fn failed(&self, status: &str) -> BuildError {
        let program = Path::new(self.command.get_program());
        let program = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
        BuildError::new(format!(
            "{program} failed ({status}): what it says is above; RUST_LOG=squall=info shows the whole command"
        ))
    }
}

/// The files that a tool names in the rules that it prints for `make`: after each target, with escaped spaces.
pub fn files_of_rules(rules: &str) -> Vec<PathBuf> {
    const SPACE: char = '\u{1}';
    let text = rules.replace("\\\n", " ").replace("\\ ", &SPACE.to_string());
    let files = text.lines().filter_map(|rule| rule.split_once(": ")).flat_map(|(_, files)| files.split_whitespace());
    files.map(|file| PathBuf::from(file.replace(SPACE, " "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_for_make_name_files() {
        let rules = "a.o: a\\ b.c \\\n  ../lib/x.h\nother.o: other.c\n";
        assert_eq!(files_of_rules(rules), ["a b.c", "../lib/x.h", "other.c"].map(PathBuf::from));
        assert!(files_of_rules("").is_empty());
    }
}
