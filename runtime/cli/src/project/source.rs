//! What the user named: a source file, or the folder of a project.

use std::path::{Path, PathBuf};

use super::language::Language;
use crate::error::CliError;

/// A scenario's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is written in.
    pub language: Language,
    /// The project's folder: where its manifest is, or the file if there is none.
    pub folder: PathBuf,
    /// The file, if one was named.
    pub file: Option<PathBuf>,
    /// What the component is called, without its ending.
    pub name: String,
}

/// What begins a project in some language.
const MANIFESTS: [&str; 6] =
    ["Cargo.toml", "package.json", "go.mod", "pyproject.toml", "requirements.txt", "compile_flags.txt"];

/// Whether what was named is to be built before it can be run.
pub fn is_source(path: &Path) -> bool {
    path.is_dir() || Language::of_file(path).is_some()
}

impl Source {
    /// What lies at `path`.
    pub fn at(path: &Path) -> Result<Source, CliError> {
        let wrong = |text: String| CliError::Build(format!("{}: {text}", path.display()));
        let full = path.canonicalize().map_err(|error| wrong(error.to_string()))?;
        let (language, folder, file) = if full.is_dir() {
            (Language::of_folder(&full), full.clone(), None)
        } else {
            (Language::of_file(&full), project_of(&full), Some(full.clone()))
        };
        let language = language.ok_or_else(|| {
            wrong(
                "no scenario that can be built: there is no Cargo.toml, package.json, scenario.ts, scenario.js, \
                 scenario.py, go.mod or scenario.c (`squall new NAME --lang LANGUAGE` makes a project)"
                    .to_owned(),
            )
        })?;
        let name = full.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy()).into_owned();
        Ok(Source { language, folder, file, name })
    }

    /// What a language's tool is given: the file, or the folder.
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(&self.folder)
    }

    /// Whether the project's folder has this file.
    pub fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    /// Where tools and what they make are kept, out of the project's way.
    pub fn hidden(&self) -> PathBuf {
        self.folder.join(".squall")
    }
}

/// The nearest folder above a file that has a manifest, within a few levels; else the file's own.
fn project_of(file: &Path) -> PathBuf {
    let own = file.parent().unwrap_or(Path::new(".")).to_owned();
    let has_manifest = |folder: &&Path| MANIFESTS.iter().any(|manifest| folder.join(manifest).is_file());
    own.ancestors().take(3).find(has_manifest).map(Path::to_owned).unwrap_or(own)
}
