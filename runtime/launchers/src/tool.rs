//! Programs of the platform, run to their end: `kubectl`, `sbatch`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::LaunchError;
use crate::text::plain_message;

/// Where programs are looked for, and what they find in their environment besides the caller's.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    path: OsString,
    variables: Vec<(String, OsString)>,
}

/// What a program has printed.
pub(crate) struct ToolOutput {
    /// Its exit code, if it was not killed.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error, on one line and without what would steer a terminal.
    pub errors: String,
}

impl Tools {
    /// The programs on the caller's `PATH`.
    pub fn from_environment() -> Tools {
        Tools { path: env::var_os("PATH").unwrap_or_default(), variables: Vec::new() }
    }

    /// The programs on this `PATH`.
    pub fn on_path(path: impl Into<OsString>) -> Tools {
        let path = path.into();
        Tools { variables: vec![("PATH".to_owned(), path.clone())], path }
    }

    /// Adds a variable to the environment of each program.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Tools {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The path of a program, if it is installed.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        let is_program = |path: &PathBuf| {
            path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        env::split_paths(&self.path).map(|folder| folder.join(program)).find(is_program)
    }

    /// A command with the environment of this value. `None` if it is not installed.
    pub(crate) fn command(&self, program: &str) -> Option<Command> {
        let mut command = Command::new(self.find(program)?);
        command.envs(self.variables());
        Some(command)
    }

    /// The added variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_os_str()))
    }
}

/// Runs a command to its end, with this text on its standard input.
///
/// # Errors
/// If it does not start.
pub(crate) fn run(mut command: Command, input: &str) -> Result<ToolOutput, LaunchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| {
        LaunchError::setting(format!("{program} does not start ({error}): check its installation"))
    };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // A program that ends without reading its input says why by itself.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        child.wait_with_output()
    });
    let output = output.map_err(failed)?;
    Ok(ToolOutput {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: plain_message(&String::from_utf8_lossy(&output.stderr)),
    })
}
