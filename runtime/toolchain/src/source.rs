//! What the user named: a source file, or the folder of a project.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::BuildError;
use crate::language::Language;

/// The folder of a project that its author need not look at.
pub const HIDDEN: &str = ".squall";

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

/// Whether what was named is to be built before it can be run.
pub fn is_source(path: &Path) -> bool {
    path.is_dir() || Language::of_file(path).is_some()
}

impl Source {
    /// The source at `path`.
    ///
    /// # Errors
    /// If nothing that can be built is there.
    pub fn at(path: &Path) -> Result<Source, BuildError> {
        let wrong = |problem: String| BuildError::at(path, problem);
        let full = path.canonicalize().map_err(|error| {
            wrong(format!("{error}: `squall new NAME --lang LANGUAGE` makes a project, with a scenario to begin with"))
        })?;
        let is_project = full.is_dir();
        let language = if is_project { Language::of_folder(&full) } else { Language::of_file(&full) };
        let language = language.ok_or_else(|| {
            wrong(
                "no scenario that can be built: there is no Cargo.toml, package.json, scenario.ts, scenario.js, \
                 scenario.py, go.mod or scenario.c (`squall new NAME --lang LANGUAGE` makes a project)"
                    .to_owned(),
            )
        })?;
        let (folder, file) =
            if is_project { (full.clone(), None) } else { (project_of(&full, language), Some(full.clone())) };
        let name = full.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy()).into_owned();
        Ok(Source { language, folder, file, name })
    }

    /// What a language's tool is given: the file, or the folder.
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(&self.folder)
    }

    /// The script itself: the file, or of a project the one that its package.json names as `main`.
    pub fn script(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| main_of(&self.folder))
    }

    /// Where the component goes, unless the user says otherwise: beside the file, or into the folder.
    pub fn component(&self) -> PathBuf {
        let beside = self.file.as_deref().and_then(Path::parent).unwrap_or(&self.folder);
        beside.join(format!("{}.wasm", self.name))
    }

    /// Whether the project's folder has this file.
    pub fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    /// Where tools and what they make are kept, out of the project's way.
    pub fn hidden(&self) -> PathBuf {
        self.folder.join(HIDDEN)
    }
}

/// The script of a project in JavaScript: what its package.json calls so, or any name in the folder itself.
fn main_of(project: &Path) -> PathBuf {
    let manifest = fs::read_to_string(project.join("package.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
    project.join(manifest["main"].as_str().unwrap_or("scenario.js"))
}

/// The nearest folder above a file that has a manifest of its language, within a few levels; else the file's own.
fn project_of(file: &Path, language: Language) -> PathBuf {
    let own = file.parent().unwrap_or(Path::new(".")).to_owned();
    let has_manifest = |folder: &&Path| language.manifests().iter().any(|manifest| folder.join(manifest).is_file());
    own.ancestors().take(3).find(has_manifest).map(Path::to_owned).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `squall build` makes of a file, by default, in a folder that other languages have their projects in.
    #[test]
    fn a_component_lies_beside_its_source_in_every_language() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("minimal/any")).unwrap();
        for manifest in ["go.mod", "Cargo.toml", "package.json"] {
            fs::write(root.join(manifest), "").unwrap();
        }
        for (file, project) in [
            ("minimal.c", "minimal/any"),
            ("scenario.py", "minimal/any"),
            ("scenario.ts", ""),
            ("scenario.js", ""),
            ("main.go", ""),
            ("lib.rs", ""),
        ] {
            let path = root.join("minimal/any").join(file);
            fs::write(&path, "").unwrap();
            let source = Source::at(&path).unwrap();
            assert_eq!(source.component(), path.with_extension("wasm"));
            assert_eq!(source.folder, root.join(project).components().collect::<PathBuf>(), "{file}");
        }
        let project = Source::at(&root).unwrap();
        let name = root.file_stem().unwrap().to_string_lossy();
        assert_eq!(project.component(), root.join(format!("{name}.wasm")));
    }
}
