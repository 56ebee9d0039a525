//! C: one call of `zig cc`, which knows `wasm32-wasi` and brings a C library. The SDK is a few C files, compiled along.

use std::fs;
use std::path::{Path, PathBuf};

use super::zig;
use crate::build::Build;
use crate::error::BuildError;
use crate::tool::{Tool, files_of_rules};

/// What the compiler reads further options from, and so does clangd: one on each line.
const OPTIONS: &str = "compile_flags.txt";

pub fn build(build: &Build<'_>) -> Result<Vec<PathBuf>, BuildError> {
    let folder = &build.source.folder;
    let sdk = build.sdk.join("c");
    let own = match &build.source.file {
        Some(file) => vec![file.clone()],
        None => sources(folder)?,
    };
    let zig = zig::program(build.store, build.notify)?;
    let options = build.source.has(OPTIONS).then(|| format!("@{OPTIONS}"));
    let compiler = || {
        let compiler = Tool::new(&zig, zig::INSTALL).args(["cc"]).inside(folder);
        let compiler = compiler.args([format!("@{}", sdk.join("flags.txt").display())]);
        compiler.args(&options).args(&own).args([Path::new("-I"), &sdk])
    };
    let sdk_sources = [sources(&sdk.join("src"))?, sources(&sdk.join("bindings"))?].concat();
    compiler().args(sdk_sources).args([Path::new("-o"), &build.bench.component()]).run()?;
    let rules = compiler().args(["-MM"]).output()?;
    let read = files_of_rules(&rules).into_iter().map(|path| folder.join(path)).filter(|path| !build.is_of_sdk(path));
    let listed = if build.source.file.is_none() { vec![folder.join("*.c")] } else { Vec::new() };
    Ok(read.chain(listed).chain(build.project_files([OPTIONS])).collect())
}

/// The C files in a folder, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let entries = fs::read_dir(folder).map_err(|error| BuildError::at(folder, error))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "c")).collect();
    files.sort();
    Ok(files)
}
