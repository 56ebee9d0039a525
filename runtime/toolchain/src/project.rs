//! A new project, which builds and runs as it is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::error::BuildError;
use crate::language::Language;
use crate::sdk::Sdk;
use crate::source::HIDDEN;
use crate::store::Store;

/// A file of a template: where it goes, and what is in it.
type File = (&'static str, &'static str);

/// The files of a language's template, read when this program was built.
macro_rules! template {
    ($language:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../templates/", $language, "/", $path, ".in")))),+]
    };
}

fn files(language: Language) -> &'static [File] {
    match language {
        Language::Rust => template!("rust": "Cargo.toml", "src/lib.rs"),
        Language::TypeScript => template!("typescript": "package.json", "tsconfig.json", "scenario.ts"),
        Language::JavaScript => template!("javascript": "package.json", "jsconfig.json", "scenario.js"),
        Language::Python => template!("python": "requirements.txt", "pyproject.toml", "scenario.py"),
        Language::Go => template!("go": "go.mod", "scenario.go"),
        Language::C => template!("c": "scenario.c", "compile_flags.txt"),
    }
}

const README: &str = include_str!("../templates/README.md.in");
const IGNORED: &str = include_str!("../templates/gitignore.in");

/// Makes the project in `folder`, whose name becomes the project's.
///
/// # Errors
/// If the name does not suit every language, if the folder has something in it, or if a file cannot be written.
pub fn create_project(folder: &Path, language: Language) -> Result<(), BuildError> {
    let name = package_name(folder)?;
    if folder.exists() && fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_some()) {
        return Err(BuildError::new(format!("{} is there already, and not an empty folder", folder.display())));
    }
    // First what can be wrong, so that no half of a project is left.
    let sdk = Sdk::find()?;
    let common = [("README.md", README), (".gitignore", IGNORED)];
    for (path, text) in files(language).iter().copied().chain(common) {
        write(&folder.join(path), &fill(text, &name))?;
    }
    let folder = folder.canonicalize().map_err(|error| BuildError::at(folder, error))?;
    let hidden = folder.join(HIDDEN);
    link_sdk(&hidden, &sdk.lay(&Store::open(&hidden))?).map(drop)
}

/// Has `.squall/sdk` in the project lead to the SDKs, which its manifests and editors find there wherever the project is.
/// Returns their folder.
pub fn link_sdk(hidden: &Path, sdk: &Path) -> Result<PathBuf, BuildError> {
    fs::create_dir_all(hidden).map_err(|error| BuildError::at(hidden, error))?;
    link(&hidden.join("sdk"), sdk)?;
    Ok(sdk.to_owned())
}

/// Makes a link, or has one that is there lead to another place: in one step, since other builds may look at it.
pub fn link(path: &Path, target: &Path) -> Result<(), BuildError> {
    if fs::read_link(path).is_ok_and(|leads_to| leads_to == target) {
        return Ok(());
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside); // An earlier process of the same number was stopped.
    let made = symlink(target, &beside).and_then(|()| fs::rename(&beside, path));
    made.map_err(|error| BuildError::at(path, format!("no link to {} can be made here: {error}", target.display())))
}

fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| BuildError::at(path, error))
}

fn fill(text: &str, name: &str) -> String {
    text.replace("{{name}}", name).replace("{{version}}", env!("CARGO_PKG_VERSION"))
}

/// The folder's name, if it can be a package's in every language.
fn package_name(folder: &Path) -> Result<String, BuildError> {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|character| matches!(character, 'a'..='z' | '0'..='9' | '-' | '_'));
    let sentence = "a project's name has lower-case letters, digits, - and _, and begins with a letter";
    if fits { Ok(name) } else { Err(BuildError::at(folder, sentence)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_every_language() {
        assert_eq!(package_name(Path::new("tests/my-shop_2")).unwrap(), "my-shop_2");
        for wrong in ["My", "2nd", "a b", "..", "ä"] {
            assert!(package_name(Path::new(wrong)).is_err(), "{wrong}");
        }
    }
}
