//! The SDKs' files, as a project refers to them: `rust/`, `js/`, `python/`, `go/`, `c/`. Also part of `build.rs`, which puts
//! them into the program, so this file knows no other.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Contents by path, with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The parts of a checkout that a scenario is built with, by the folder that they go to. Links are followed, so that each SDK
/// has its copy of the contract.
pub const PARTS: [(&str, &str); 24] = [
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("sdk/rust/Cargo.toml", "rust/Cargo.toml"),
    ("sdk/rust/README.md", "rust/README.md"),
    ("sdk/rust/src", "rust/src"),
    ("sdk/rust/macros/Cargo.toml", "rust/macros/Cargo.toml"),
    ("sdk/rust/macros/src", "rust/macros/src"),
    ("sdk/js/package.json", "js/package.json"),
    ("sdk/js/package-lock.json", "js/package-lock.json"),
    ("sdk/js/build.mjs", "js/build.mjs"),
    ("sdk/js/build", "js/build"),
    ("sdk/js/src", "js/src"),
    ("sdk/js/k6", "js/k6"),
    ("sdk/python/pyproject.toml", "python/pyproject.toml"),
    ("sdk/python/src/squall", "python/src/squall"),
    ("sdk/go", "go"),
    ("sdk/c/squall.h", "c/squall.h"),
    ("sdk/c/squall_json.h", "c/squall_json.h"),
    ("sdk/c/flags.txt", "c/flags.txt"),
    ("sdk/c/build.sh", "c/build.sh"),
    ("sdk/c/src", "c/src"),
    ("sdk/c/bindings", "c/bindings"),
    ("wit", "rust/wit"),
    ("wit", "js/wit"),
];

/// The manifest that Rust's packages take versions and lints from.
pub const WORKSPACE: &str = "Cargo.toml";

/// Reads the SDKs of a checkout of Squall.
pub fn collect(checkout: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    for (from, to) in PARTS {
        add(&checkout.join(from), to, &mut files)?;
    }
    let workspace = read(&checkout.join(WORKSPACE))?;
    files.insert(WORKSPACE.to_owned(), workspace_of(&String::from_utf8_lossy(&workspace)).into_bytes());
    Ok(files)
}

/// The digest of all of it, in hexadecimal.
pub fn digest(files: &Files) -> String {
    let mut digest = Sha256::new();
    for (path, contents) in files {
        for part in [path.as_bytes(), contents] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn add(from: &Path, to: &str, files: &mut Files) -> io::Result<()> {
    if !from.is_dir() {
        files.insert(to.to_owned(), read(from)?);
        return Ok(());
    }
    for entry in fs::read_dir(from).map_err(|error| at(from, &error))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if is_source(&name) {
            add(&from.join(&name), &format!("{to}/{name}"), files)?;
        }
    }
    Ok(())
}

/// Whether a name is that of a file or folder which builds need. Tests and what tools leave behind are not.
fn is_source(name: &str) -> bool {
    let is_left_behind = name == "__pycache__" || name.ends_with(".egg-info") || name.ends_with(".pyc");
    !is_left_behind && !name.starts_with('.') && !name.ends_with("_test.go") && !name.starts_with("LICENSE-")
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A workspace of the Rust packages alone, with what they take from the checkout's.
fn workspace_of(manifest: &str) -> String {
    let shared = manifest.split_once("[workspace.package]").map_or("", |(_, rest)| rest);
    let shared = shared.split_once("[profile").map_or(shared, |(shared, _)| shared).trim_end();
    let packages = "[workspace]\nresolver = \"3\"\nmembers = [\"rust\", \"rust/macros\"]\n\n[workspace.package]";
    let lines = format!("{packages}{shared}\n");
    // Those of the host are not here, and nothing here asks for them.
    let lines = lines.lines().filter(|line| !line.contains("path = \"runtime/") && !line.contains("path = \"tests/"));
    lines.map(|line| line.replace("path = \"sdk/rust", "path = \"rust") + "\n").collect()
}
