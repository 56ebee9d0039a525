//! `squall build`: from source to component.

use std::path::{Path, PathBuf};
use std::{env, fs};

use squall_guest::Artifact;
use squall_report::bytes;

use super::language::Language;
use super::source::Source;
use super::toolchain::{c, go, javascript, python, rust};
use crate::args::{BuildArgs, ScriptArgs};
use crate::error::CliError;
use crate::exit;
use crate::terminal::say;

/// Builds, and says what was made.
pub fn build(arguments: &BuildArgs) -> Result<u8, CliError> {
    let source = Source::at(&arguments.source)?;
    let output = match &arguments.output {
        Some(output) => absolute(output)?,
        None => source.folder.join(format!("{}.wasm", source.name)),
    };
    let artifact = build_into(&source, &output, arguments.script)?;
    say(&format!("{}: {}", output.display(), bytes(artifact.size() as f64)));
    Ok(exit::PASSED)
}

/// Builds what is to be run now, and returns where the component is.
pub fn build_for_run(source: &Source, script: ScriptArgs) -> Result<PathBuf, CliError> {
    let output = source.hidden().join(format!("{}.wasm", source.name));
    build_into(source, &output, script).map(|_| output)
}

fn build_into(source: &Source, output: &Path, script: ScriptArgs) -> Result<Artifact, CliError> {
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let is_javascript = matches!(source.language, Language::TypeScript | Language::JavaScript);
    if let Some(flag) = script.given().filter(|_| !is_javascript) {
        let text = format!("{flag} is for scripts in JavaScript or TypeScript");
        return Err(CliError::Build(format!("{}: {text}", source.path().display())));
    }
    match source.language {
        Language::Rust => rust::build(source, output)?,
        Language::TypeScript | Language::JavaScript => javascript::build(source, output, script)?,
        Language::Python => python::build(source, output)?,
        Language::Go => go::build(source, output)?,
        Language::C => c::build(source, output)?,
    }
    let artifact = Artifact::read(output, u64::MAX);
    artifact.map_err(|source| CliError::Guest { name: output.display().to_string(), source })
}

fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    Ok(env::current_dir().map_err(|error| unwritable(path, &error))?.join(path))
}

pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Build(format!("{}: {error}", path.display()))
}
