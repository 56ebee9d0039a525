//! From source to component.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use squall_plan::{DataFormat, DataOptions};

use crate::built::{Shelf, Workbench};
use crate::error::BuildError;
use crate::language::Language;
use crate::languages::{c, go, javascript, python, rust};
use crate::project::link_sdk;
use crate::sdk::Sdk;
use crate::source::Source;
use crate::store::Store;

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

/// A component that was built.
pub struct Built {
    /// Its file, which is shared by all runs of the source: to be read, not to be changed.
    pub component: PathBuf,
    /// The files that it opens, and that the host is to hold for it.
    pub data: BTreeMap<String, DataOptions>,
}

/// One build, as each language's tools are asked for it.
pub(crate) struct Build<'a> {
    pub source: &'a Source,
    pub script: ScriptOptions,
    /// Where the component and the lists of files go.
    pub bench: &'a Workbench,
    /// The folder of the SDKs.
    pub sdk: &'a Path,
    /// Where tools are installed.
    pub store: &'a Store,
    /// Shows a line about what takes long.
    pub notify: &'a dyn Fn(&str),
}

/// Builds the component, or finds it built from the same files. `notify` shows a line about what takes long.
///
/// # Errors
/// If a tool is missing or fails, or a file cannot be written.
pub fn build(source: &Source, script: ScriptOptions, notify: &dyn Fn(&str)) -> Result<Built, BuildError> {
    check_flags(source, script)?;
    check_manifest(source)?;
    let (sdk, store) = (Sdk::find()?, Store::open(&source.hidden()));
    let shelf = Shelf::of(source, script, &sdk, &store)?;
    // Editors look there, also where nothing is to be built.
    let laid = sdk.lay(&store).and_then(|laid| link_sdk(&source.hidden(), &laid));
    let kept = match shelf.find() {
        Some(kept) => kept,
        None => {
            notify(&format!("building {} ...", source.name));
            let bench = shelf.workbench()?;
            let inputs = run_tools(&Build { source, script, bench: &bench, sdk: &laid?, store: &store, notify })?;
            shelf.keep(&bench, inputs)?
        }
    };
    let file = |path| DataOptions { file: Some(path), format: Some(DataFormat::File), ..DataOptions::default() };
    let data = kept.data.into_iter().map(|(name, path)| (name, file(path))).collect();
    Ok(Built { component: kept.component, data })
}

fn check_flags(source: &Source, script: ScriptOptions) -> Result<(), BuildError> {
    let is_javascript = matches!(source.language, Language::TypeScript | Language::JavaScript);
    match script.given().filter(|_| !is_javascript) {
        Some(flag) => Err(BuildError::at(source.path(), format!("{flag} is for scripts in JavaScript or TypeScript"))),
        None => Ok(()),
    }
}

/// Some languages have no scenarios of a single file.
fn check_manifest(source: &Source) -> Result<(), BuildError> {
    let (manifest, text) = match source.language {
        Language::Rust => ("Cargo.toml", "a scenario in Rust is a package: `squall new NAME --lang rust` makes one"),
        Language::Go => ("go.mod", "a scenario in Go is a module: `squall new NAME --lang go` makes one"),
        _ => return Ok(()),
    };
    if source.has(manifest) { Ok(()) } else { Err(BuildError::at(source.path(), text)) }
}

/// Returns the files that went into the component, beside those of SDKs and tools.
fn run_tools(build: &Build<'_>) -> Result<Vec<PathBuf>, BuildError> {
    match build.source.language {
        Language::Rust => rust::build(build),
        Language::TypeScript | Language::JavaScript => javascript::build(build),
        Language::Python => python::build(build),
        Language::Go => go::build(build),
        Language::C => c::build(build),
    }
}

impl Build<'_> {
    /// The files of the project with these names, whether they are there or not.
    pub fn project_files<const N: usize>(&self, names: [&str; N]) -> impl Iterator<Item = PathBuf> {
        let folder = self.source.folder.clone();
        names.map(|name| folder.join(name)).into_iter()
    }

    /// Whether a file is one of the SDKs', by whichever way.
    pub fn is_of_sdk(&self, path: &Path) -> bool {
        path.starts_with(self.sdk) || path.starts_with(self.source.hidden())
    }

    /// The files that a tool has listed as read.
    pub fn listed_inputs(&self) -> Result<Vec<PathBuf>, BuildError> {
        let list = self.bench.input_list();
        let text = fs::read(&list).map_err(|error| BuildError::at(&list, error))?;
        serde_json::from_slice(&text).map_err(|error| BuildError::at(&list, error))
    }
}
