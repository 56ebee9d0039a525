//! `squall new` and `squall build`.

use std::env;
use std::path::{Path, PathBuf};

use squall_guest::Artifact;
use squall_report::bytes;
use squall_toolchain::{Source, create_project};

use crate::args::{BuildArgs, NewArgs};
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;

/// Makes a project, and says what to do with it.
pub fn new(arguments: &NewArgs) -> Result<u8, CliError> {
    create_project(&arguments.path, arguments.lang)?;
    print(&format!(
        "made {folder}. Try it against the demo shop:\n\n  squall demo --serve 127.0.0.1:8080\n  squall run {folder} --target http://127.0.0.1:8080 -u 5 -d 10s\n",
        folder = arguments.path.display()
    ))?;
    Ok(exit::PASSED)
}

/// Builds, and says what was made.
pub fn build(arguments: &BuildArgs) -> Result<u8, CliError> {
    let source = Source::at(&arguments.source)?;
    let output = match &arguments.output {
        Some(output) => absolute(output)?,
        None => source.component(),
    };
    squall_toolchain::build(&source, &output, arguments.script.options(), &print_status)?;
    let name = output.display().to_string();
    let artifact =
        Artifact::read(&output, u64::MAX).map_err(|source| CliError::Guest { name: name.clone(), source })?;
    print_status(&format!("{name}: {}", bytes(artifact.size() as f64)));
    Ok(exit::PASSED)
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    let folder =
        env::current_dir().map_err(|source| CliError::File { option: "--output", path: path.to_owned(), source })?;
    Ok(folder.join(path))
}
