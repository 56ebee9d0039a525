//! `squall build`: from source to component.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use squall_guest::Artifact;
use squall_plan::{DataFormat, DataOptions};
use squall_report::bytes;

use super::language::Language;
use super::source::Source;
use super::toolchain::{c, go, javascript, python, rust};
use crate::args::{BuildArgs, ScriptArgs};
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;

/// Builds, and says what was made.
pub fn build(arguments: &BuildArgs) -> Result<u8, CliError> {
    let source = Source::at(&arguments.source)?;
    let output = match &arguments.output {
        Some(output) => absolute(output)?,
        None => source.component(),
    };
    let artifact = build_into(&source, &output, arguments.script, None)?;
    print_status(&format!("{}: {}", output.display(), bytes(artifact.size() as f64)));
    Ok(exit::PASSED)
}

/// What was built to be run now.
pub struct Built {
    /// Where the component is.
    pub component: PathBuf,
    /// The files that it opens, and that the host is to hold for it.
    pub data: BTreeMap<String, DataOptions>,
}

/// Builds what is to be run now.
pub fn build_for_run(source: &Source, script: ScriptArgs) -> Result<Built, CliError> {
    let component = source.hidden().join(format!("{}.wasm", source.name));
    let list = source.hidden().join(format!("{}.data.json", source.name));
    let _ = fs::remove_file(&list); // That of an earlier build; there may be none.
    build_into(source, &component, script, Some(&list))?;
    let text = fs::read(&list).unwrap_or_else(|_| b"{}".to_vec());
    let files: BTreeMap<String, PathBuf> =
        serde_json::from_slice(&text).map_err(|error| CliError::Build(format!("{}: {error}", list.display())))?;
    let file = |path| DataOptions { file: Some(path), format: Some(DataFormat::File), ..DataOptions::default() };
    Ok(Built { component, data: files.into_iter().map(|(name, path)| (name, file(path))).collect() })
}

/// Builds; where the language has such, `data` gets a list of the files that the host is to hold.
fn build_into(source: &Source, output: &Path, script: ScriptArgs, data: Option<&Path>) -> Result<Artifact, CliError> {
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
        Language::TypeScript | Language::JavaScript => javascript::build(source, output, script, data)?,
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
