//! Every parser has a fuzz target, and every target is run: the list in `fuzz/README.md` is complete and has no other
//! entries.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::program::root;

/// The functions that mark a parser in the source.
const SIGNS: [&str; 6] = ["FromStr for", "serde_json::from_", "httparse::", "Url::parse(", "from_pem(", "pem_slice"];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of the table after a heading, without its head.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let part = page.split_once(&format!("\n## {heading}\n")).unwrap().1.split("\n## ").next().unwrap();
    let rows = part.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Rust files below a folder of the repository, without those of tests and targets.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let folders = folders.into_iter().filter(|path| !["tests", "target"].contains(&&*name(path)));
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let files = files.filter(|path| !["tests", "fuzz"].contains(&&*name(path)));
    folders.flat_map(|folder| sources(&folder)).chain(files).collect()
}

/// The targets that are functions of a crate, with the crate.
fn functions() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root().join("runtime")).unwrap() {
        let crate_name = entry.unwrap().file_name().into_string().unwrap();
        let source = fs::read_to_string(root().join(format!("runtime/{crate_name}/src/fuzz.rs"))).unwrap_or_default();
        let names =
            source.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split_once("(bytes: &[u8]) -> Outcome"));
        found.extend(names.map(|(name, _)| (crate_name.clone(), name.to_owned())));
    }
    found
}

#[test]
fn every_target_is_listed_and_run_here_and_by_cargo_fuzz() {
    let page = read("fuzz/README.md");
    let manifest = read("fuzz/Cargo.toml");
    let listed: BTreeSet<&str> = rows(&page, "Targets").iter().map(|row| row[0].trim_matches('`')).collect();
    let functions = functions();
    let known: BTreeSet<&str> = functions.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(
        listed, known,
        "the table in fuzz/README.md, and `pub fn NAME(bytes: &[u8]) -> Outcome` in runtime/*/src/fuzz.rs"
    );
    for (crate_name, name) in &functions {
        let file = read(&format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(
            file.contains(&format!("squall_{}::fuzz::{name}(bytes)", crate_name.replace('-', "_"))),
            "fuzz/fuzz_targets/{name}.rs calls it"
        );
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "fuzz/Cargo.toml has {name}");
        let folder = format!("runtime/{crate_name}/src/fuzz");
        let tests = read(&format!("{folder}.rs"))
            + &fs::read_to_string(root().join(folder).join("tests.rs")).unwrap_or_default();
        assert!(tests.contains(&format!("Target::new(\"{name}\", super::{name})")), "a unit test runs {name}");
    }
    let files = fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap().count();
    assert_eq!(files, listed.len(), "fuzz/fuzz_targets has no other files");
}

#[test]
fn every_parser_has_a_target_or_a_reason_for_none() {
    let page = read("fuzz/README.md");
    let targets = rows(&page, "Targets").into_iter().map(|row| row[2]);
    let reasons = rows(&page, "Without a target").into_iter().map(|row| row[1]);
    let places: Vec<PathBuf> =
        targets.chain(reasons).flat_map(quoted).map(|place| root().join("runtime").join(place)).collect();
    for place in &places {
        assert!(place.exists(), "fuzz/README.md names {}, which does not exist", place.display());
    }
    let mut parsers = 0;
    for file in sources(&root().join("runtime")) {
        let source = fs::read_to_string(&file).unwrap();
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let Some(sign) = SIGNS.into_iter().find(|sign| source.contains(sign)) else { continue };
        let is_named = places.iter().any(|place| file.starts_with(place));
        assert!(is_named, "{}: \"{sign}\" is a parser: name it in fuzz/README.md, with its target", file.display());
        parsers += 1;
    }
    assert!(parsers > 40, "{parsers}");
}
