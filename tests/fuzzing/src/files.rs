//! Inputs as files in the folders of `cargo fuzz`: `fuzz/artifacts` for those that failed, `fuzz/corpus` for seeds.

use std::path::{Path, PathBuf};
use std::{fs, io};

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(kind).join(target)
}

/// Inputs that failed before, here or with `cargo fuzz`, and are still there.
pub(crate) fn failed_before(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder("artifacts", target)).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read(entry.path()).ok()).collect()
}

/// Saves an input that failed, and returns its path.
pub(crate) fn keep_failed(target: &str, name: &str, input: &[u8]) -> String {
    write("artifacts", target, name, input).unwrap_or_else(|error| format!("nowhere: {error}"))
}

/// Writes the seeds for `cargo fuzz`.
pub(crate) fn keep_seed(target: &str, number: usize, seed: &[u8]) -> io::Result<()> {
    write("corpus", target, &format!("seed-{number}"), seed).map(drop)
}

fn write(kind: &str, target: &str, name: &str, input: &[u8]) -> io::Result<String> {
    let folder = folder(kind, target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), input)?;
    Ok(format!("fuzz/{kind}/{target}/{name}"))
}
