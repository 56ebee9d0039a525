//! C: one call of `zig cc`, which knows `wasm32-wasi` and brings a C library. The SDK is a few C files, which travel in this
//! program: C has no registry that it could come from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{checkout, zig};
use crate::build::Build;
use crate::error::BuildError;
use crate::source::Source;

/// What the compiler reads further options from, and so does clangd: one on each line.
const OPTIONS: &str = "compile_flags.txt";

/// Files of the SDK: where they go, and what is in them.
macro_rules! sdk {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../sdk/c/", $path)))),+]
    };
}

const SDK: &[(&str, &str)] = sdk!(
    "flags.txt",
    "squall.h",
    "squall_json.h",
    "bindings/component_type.h",
    "bindings/scenario.c",
    "bindings/scenario.h",
    "src/context.c",
    "src/data.c",
    "src/exports.c",
    "src/http.c",
    "src/internal.h",
    "src/json.c",
    "src/memory.c",
    "src/metrics.c",
    "src/options.c",
    "src/options.h",
    "src/plan.c",
    "src/text.c",
);

pub fn build(build: &Build<'_>) -> Result<(), BuildError> {
    let Build { source, output, notify, .. } = *build;
    let sdk = sdk(source)?;
    let own = match &source.file {
        Some(file) => vec![file.clone()],
        None => sources(&source.folder)?,
    };
    let compiler = zig::compiler(source, notify)?.inside(&source.folder);
    let compiler = compiler.args([format!("@{}", sdk.join("flags.txt").display())]);
    let options = source.has(OPTIONS).then(|| format!("@{OPTIONS}"));
    let sdk_sources = [sources(&sdk.join("src"))?, sources(&sdk.join("bindings"))?].concat();
    let compiler = compiler.args(options).args(own).args([Path::new("-I"), &sdk]).args(sdk_sources);
    compiler.args([Path::new("-o"), output]).run()
}

/// The folder of the SDK: a checkout's, or this program's, laid beside the project where an editor finds it too.
fn sdk(source: &Source) -> Result<PathBuf, BuildError> {
    if let Some(checkout) = checkout() {
        return Ok(checkout.join("sdk/c"));
    }
    let folder = source.hidden().join("c/sdk");
    for (path, text) in SDK {
        let path = folder.join(path);
        write_if_changed(&path, text).map_err(|error| BuildError::at(&path, error))?;
    }
    Ok(folder)
}

fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)
}

/// The C files in a folder, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let entries = fs::read_dir(folder).map_err(|error| BuildError::at(folder, error))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "c")).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_sdk_travels_along() {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/c");
        for folder in ["", "src", "bindings"] {
            for entry in fs::read_dir(sdk.join(folder)).unwrap().flatten() {
                let path = Path::new(folder).join(entry.file_name());
                let is_code = path.extension().is_some_and(|ending| ending == "c" || ending == "h");
                let travels = SDK.iter().any(|(name, _)| Path::new(name) == path);
                assert!(travels || !is_code, "{} is missing", path.display());
            }
        }
    }
}
