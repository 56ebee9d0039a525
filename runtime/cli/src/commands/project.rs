//! `squall new` and `squall build`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use squall_guest::Artifact;
use squall_report::bytes;
use squall_session::OpenFile;
use squall_toolchain::{Language, create_project};

use crate::args::script::ScriptArgs;
use crate::commands::source::build_source;
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
    let (source, built) = build_source(&arguments.source.to_string_lossy(), arguments.script)?;
    let output = arguments.output.clone().unwrap_or_else(|| source.component());
    copy(&built.component, &output)?;
    let name = output.display().to_string();
    let artifact = Artifact::read(&built.component, u64::MAX).map_err(|source| CliError::guest(&name, source))?;
    print_status(&format!("{name}: {}", bytes(artifact.size() as f64)));
    for (data, options) in &built.data {
        let file = options.file.as_deref().unwrap_or(Path::new("FILE"));
        print_status(&format!("{name}: to be run with --data {data}=file:{}", file.display()));
    }
    Ok(exit::PASSED)
}

/// The component as a file of its own: the one that was built is shared, and only this user's.
fn copy(component: &Path, output: &Path) -> Result<(), CliError> {
    let failed = |error| CliError::file("--output", output, error);
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let component = fs::read(component).map_err(failed)?;
    Ok(OpenFile::create("--output", output)?.write(component)?)
}
