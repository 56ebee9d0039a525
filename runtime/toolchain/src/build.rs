//! From source to component.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use squall_plan::{DataFormat, DataOptions};

use crate::error::BuildError;
use crate::language::Language;
use crate::languages::{c, go, javascript, python, rust};
use crate::source::Source;

/// How a script in JavaScript or TypeScript is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptOptions {
    /// The tool whose script it is, if not Squall's.
    pub compat: Option<Compat>,
    /// The JavaScript engine that goes into the component.
    pub engine: Option<Engine>,
}

/// Engines for scripts in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Small, and starts fast.
    QuickJs,
    /// Large, faster at computing, and has `fetch()`.
    StarlingMonkey,
}

/// Other tools whose scripts can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compat {
    /// k6: JavaScript with the modules `k6`, `k6/http` and so on.
    K6,
}

impl ScriptOptions {
    /// The first of its flags that was given.
    pub fn given(self) -> Option<&'static str> {
        let compat = self.compat.map(|_| "--compat");
        compat.or(self.engine.map(|_| "--engine"))
    }
}

/// A component that was built to be run.
pub struct Built {
    /// Its file.
    pub component: PathBuf,
    /// The files that it opens, and that the host is to hold for it.
    pub data: BTreeMap<String, DataOptions>,
}

/// One build, as each language's tools are asked for it.
pub(crate) struct Build<'a> {
    pub source: &'a Source,
    pub output: &'a Path,
    pub script: ScriptOptions,
    /// Where the tool lists the files that the host is to hold, if the language has such files.
    pub data: Option<&'a Path>,
    /// Shows a line about what takes long.
    pub notify: &'a dyn Fn(&str),
}

/// Builds the component into the file `output`. `notify` shows a line about what takes long.
///
/// # Errors
/// If a tool is missing or fails, or a file cannot be written.
pub fn build(source: &Source, output: &Path, script: ScriptOptions, notify: &dyn Fn(&str)) -> Result<(), BuildError> {
    run_tools(&Build { source, output, script, data: None, notify })
}

/// Builds the component into the project's hidden folder, to be run at once.
///
/// # Errors
/// As with [`build`].
pub fn build_for_run(source: &Source, script: ScriptOptions, notify: &dyn Fn(&str)) -> Result<Built, BuildError> {
    let component = source.hidden().join(format!("{}.wasm", source.name));
    let list = source.hidden().join(format!("{}.data.json", source.name));
    let _ = fs::remove_file(&list); // That of an earlier build; there may be none.
    run_tools(&Build { source, output: &component, script, data: Some(&list), notify })?;
    let text = fs::read(&list).unwrap_or_else(|_| b"{}".to_vec());
    let files: BTreeMap<String, PathBuf> =
        serde_json::from_slice(&text).map_err(|error| BuildError::at(&list, error))?;
    let file = |path| DataOptions { file: Some(path), format: Some(DataFormat::File), ..DataOptions::default() };
    Ok(Built { component, data: files.into_iter().map(|(name, path)| (name, file(path))).collect() })
}

fn run_tools(build: &Build<'_>) -> Result<(), BuildError> {
    if let Some(folder) = build.output.parent() {
        fs::create_dir_all(folder).map_err(|error| BuildError::at(folder, error))?;
    }
    let language = build.source.language;
    let is_javascript = matches!(language, Language::TypeScript | Language::JavaScript);
    if let Some(flag) = build.script.given().filter(|_| !is_javascript) {
        let problem = format!("{flag} is for scripts in JavaScript or TypeScript");
        return Err(BuildError::at(build.source.path(), problem));
    }
    match language {
        Language::Rust => rust::build(build),
        Language::TypeScript | Language::JavaScript => javascript::build(build),
        Language::Python => python::build(build),
        Language::Go => go::build(build),
        Language::C => c::build(build),
    }
}
