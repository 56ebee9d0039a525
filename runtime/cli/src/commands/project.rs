//! `squall new` and `squall build`.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use squall_guest::Artifact;
use squall_report::bytes;
use squall_toolchain::{Language, Source, create_project};

use crate::args::script::ScriptArgs;
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;
use crate::values::language;

/// `squall new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The folder to make; its name becomes the project's.
    #[arg(value_name = "FOLDER")]
    pub path: PathBuf,
    /// The language.
    #[arg(short, long, value_name = "LANGUAGE", value_parser = language())]
    pub lang: Language,
}

/// `squall build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The source: a file, or a project's folder.
    #[arg(value_name = "SOURCE", default_value = ".")]
    pub source: PathBuf,
    /// Where the component goes. [default: beside the source, with its name]
    #[arg(short, long, value_name = "FILE.wasm")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub script: ScriptArgs,
}

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
    let artifact = Artifact::read(&output, u64::MAX).map_err(|source| CliError::guest(&name, source))?;
    print_status(&format!("{name}: {}", bytes(artifact.size() as f64)));
    Ok(exit::PASSED)
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    let folder = env::current_dir().map_err(|source| CliError::file("--output", path, source))?;
    Ok(folder.join(path))
}
