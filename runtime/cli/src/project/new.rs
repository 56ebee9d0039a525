//! `squall new`: a project that builds and runs as it is.

use std::fs;
use std::path::Path;

use super::build::unwritable;
use super::language::Language;
use crate::args::NewArgs;
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// A file of a template: where it goes, and what is in it.
type File = (&'static str, &'static str);

/// The files of a language's template, read when this program was built.
macro_rules! template {
    ($language:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/", $language, "/", $path, ".in")))),+]
    };
}

fn files(language: Language) -> &'static [File] {
    match language {
        Language::Rust => template!("rust": "Cargo.toml", "src/lib.rs"),
        Language::TypeScript => template!("typescript": "package.json", "tsconfig.json", "scenario.ts"),
        Language::JavaScript => template!("javascript": "package.json", "scenario.js"),
        Language::Python => template!("python": "requirements.txt", "scenario.py"),
        Language::Go => template!("go": "go.mod", "scenario.go"),
        Language::C => template!("c": "scenario.c", "compile_flags.txt"),
    }
}

const README: &str = include_str!("../../templates/README.md.in");
const IGNORED: &str = include_str!("../../templates/gitignore.in");

/// Makes the project, and says what to do with it.
pub fn new(arguments: &NewArgs) -> Result<u8, CliError> {
    let folder = &arguments.path;
    let name = package_name(folder)?;
    if folder.exists() && fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_some()) {
        return Err(CliError::Build(format!("{} is there already, and not an empty folder", folder.display())));
    }
    let common = [("README.md", README), (".gitignore", IGNORED)];
    for (path, text) in files(arguments.lang).iter().copied().chain(common) {
        write(&folder.join(path), &fill(text, &name))?;
    }
    print(&format!(
        "made {folder}. Try it against the demo shop:\n\n  squall demo --serve 127.0.0.1:8080\n  squall run {folder} --target http://127.0.0.1:8080 -u 5 -d 10s\n",
        folder = folder.display()
    ))?;
    Ok(exit::PASSED)
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| unwritable(path, &error))
}

fn fill(text: &str, name: &str) -> String {
    text.replace("{{name}}", name).replace("{{version}}", env!("CARGO_PKG_VERSION"))
}

/// The folder's name, if it can be a package's in every language.
fn package_name(folder: &Path) -> Result<String, CliError> {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|character| matches!(character, 'a'..='z' | '0'..='9' | '-' | '_'));
    let sentence = "a project's name has lower-case letters, digits, - and _, and begins with a letter";
    if fits { Ok(name) } else { Err(CliError::Build(format!("{}: {sentence}", folder.display()))) }
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
