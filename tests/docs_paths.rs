//! The pages about the code stay true: each path that they name exists, and the table of crates has the imports of the
//! manifests.

use std::fs;
use std::path::PathBuf;

use crate::support::program::root;

/// The map, the explanations and the decisions.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("docs/architecture.md"), root().join("docs/internals.md")];
    pages.extend(fs::read_dir(root().join("docs/decisions")).unwrap().map(|entry| entry.unwrap().path()));
    pages
}

/// Whether a text in backquotes is a path: it begins with the name of a folder in the root of the repository.
fn is_path(text: &str) -> bool {
    let letters = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter));
    // Kept runs may lie in `.squall` here; a project's `.squall/sdk` does not.
    letters
        && !text.starts_with(".squall")
        && text.split_once('/').is_some_and(|(first, _)| !first.is_empty() && root().join(first).is_dir())
}

/// The crates of the workspace that a crate imports, in the order of their names.
fn imports(folder: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("runtime").join(folder).join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("\n[").find_map(|section| section.strip_prefix("dependencies]"));
    let names = dependencies.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("squall-"));
    let mut names: Vec<String> = names.map(|name| name.split(['.', ' ', '=']).next().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// `link, plain-http and schedule`.
fn list(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// The folders of the crates, in the order of their names.
fn crates() -> Vec<String> {
    let folders = fs::read_dir(root().join("runtime")).unwrap().map(|entry| entry.unwrap());
    let crates = folders.filter(|folder| folder.path().join("Cargo.toml").is_file());
    let mut names: Vec<String> = crates.map(|folder| folder.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_path_in_the_pages_about_the_code_exists() {
    let mut checked = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for path in text.split('`').skip(1).step_by(2).filter(|text| is_path(text)) {
            assert!(root().join(path).exists(), "{}: {path} does not exist", page.display());
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn the_table_of_crates_has_the_imports_of_the_manifests() {
    let map = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    for folder in crates() {
        let row = map.lines().find(|line| line.starts_with(&format!("| `runtime/{folder}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/architecture.md has no row for runtime/{folder}"));
        let imports = imports(&folder);
        let cell = match (folder.as_str(), imports.is_empty()) {
            // The program imports nearly all crates, so its row names the others.
            ("cli", _) => {
                let others = crates().into_iter().filter(|other| *other != folder && !imports.contains(other));
                format!("all but {}", list(&others.collect::<Vec<_>>()))
            }
            (_, true) => "-".to_owned(),
            (_, false) => imports.join(", "),
        };
        assert!(row.ends_with(&format!("| {cell} |")), "runtime/{folder} imports: {cell}; the row is: {row}");
    }
}
