//! The languages that scenarios are written in.

use std::path::Path;

/// A language that scenarios are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Language {
    Rust,
    TypeScript,
    JavaScript,
    Python,
    Go,
    C,
}

impl Language {
    /// By the ending of a source file's name.
    pub fn of_file(path: &Path) -> Option<Language> {
        match path.extension()?.to_str()? {
            "rs" => Some(Language::Rust),
            "ts" | "mts" => Some(Language::TypeScript),
            "js" | "mjs" => Some(Language::JavaScript),
            "py" => Some(Language::Python),
            "go" => Some(Language::Go),
            "c" => Some(Language::C),
            _ => None,
        }
    }

    /// The files that begin a project in the language.
    pub fn manifests(self) -> &'static [&'static str] {
        match self {
            Language::Rust => &["Cargo.toml"],
            Language::TypeScript | Language::JavaScript => &["package.json"],
            Language::Python => &["pyproject.toml", "requirements.txt"],
            Language::Go => &["go.mod"],
            Language::C => &["compile_flags.txt"],
        }
    }

    /// By what lies in a project's folder.
    pub fn of_folder(folder: &Path) -> Option<Language> {
        let has = |name: &str| folder.join(name).is_file();
        match () {
            () if has("Cargo.toml") => Some(Language::Rust),
            () if has("go.mod") => Some(Language::Go),
            () if has("scenario.ts") || has("src/scenario.ts") => Some(Language::TypeScript),
            () if has("package.json") || has("scenario.js") => Some(Language::JavaScript),
            () if has("scenario.py") || has("pyproject.toml") => Some(Language::Python),
            () if has("scenario.c") => Some(Language::C),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_by_its_ending() {
        assert_eq!(Language::of_file(Path::new("a/shop.py")), Some(Language::Python));
        assert_eq!(Language::of_file(Path::new("shop.mts")), Some(Language::TypeScript));
        assert_eq!(Language::of_file(Path::new("shop.c")), Some(Language::C));
        assert_eq!(Language::of_file(Path::new("shop.wasm")), None);
        assert_eq!(Language::of_file(Path::new("shop")), None);
    }
}
