//! The files that went into a component, and whether they are still the same.
//!
//! Paths are absolute. A last part `*.go` stands for all files of the folder that end so, and `*` for all of its files. A file
//! that is missing counts, too: it may come.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// Of a larger file the size and the time of its last change are compared, in place of its contents.
const LARGE: u64 = 4 << 20;

/// Files that tools write while they build. That they changed meanwhile means nothing.
pub const WRITTEN_BY_TOOLS: [&str; 4] = ["go.mod", "go.sum", "Cargo.lock", "package-lock.json"];

/// The digest of all of them, in hexadecimal.
pub fn digest(inputs: &[PathBuf]) -> String {
    let mut digest = Sha256::new();
    for file in inputs.iter().flat_map(|input| files(input)) {
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update(fingerprint(&file).unwrap_or_default());
    }
    hex(&digest.finalize())
}

/// Whether an author has changed one of them since then.
pub fn changed_since(inputs: &[PathBuf], then: SystemTime) -> bool {
    let files = inputs.iter().flat_map(|input| files(input));
    let mut by_authors = files.filter(|file| !WRITTEN_BY_TOOLS.iter().any(|name| file.ends_with(name)));
    by_authors.any(|file| fs::metadata(file).and_then(|file| file.modified()).is_ok_and(|time| time > then))
}

/// A digest in hexadecimal.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files that an input stands for, in order.
fn files(input: &Path) -> Vec<PathBuf> {
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    let Some(ending) = name.strip_prefix('*') else { return vec![input.to_owned()] };
    let entries = fs::read_dir(input.parent().unwrap_or(input)).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(ending));
    let mut files: Vec<PathBuf> = named.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn fingerprint(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.len() > LARGE {
        let time = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return Ok([metadata.len().to_le_bytes().as_slice(), &time.as_nanos().to_le_bytes()].concat());
    }
    let mut contents = Vec::new();
    file.by_ref().take(LARGE).read_to_end(&mut contents)?;
    Ok(Sha256::digest(&contents).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_file_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.go"), "a").unwrap();
        fs::write(path("notes.txt"), "n").unwrap();
        let inputs = [path("*.go"), path("go.work")];
        let first = digest(&inputs);
        fs::write(path("notes.txt"), "other").unwrap();
        assert_eq!(digest(&inputs), first, "it is none of them");
        fs::write(path("a.go"), "b").unwrap();
        let second = digest(&inputs);
        assert_ne!(second, first);
        fs::write(path("b.go"), "").unwrap();
        let third = digest(&inputs);
        assert_ne!(third, second, "a file came");
        fs::write(path("go.work"), "").unwrap();
        assert_ne!(digest(&inputs), third, "a file that was missing came");
        fs::write(path("go.work"), "").unwrap();
        fs::remove_file(path("b.go")).unwrap();
        fs::remove_file(path("go.work")).unwrap();
        assert_eq!(digest(&inputs), second, "contents count, not times");
    }

    #[test]
    fn what_was_saved_during_a_build_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let inputs = [path("main.go"), path("go.sum")];
        fs::write(path("main.go"), "").unwrap();
        let then = fs::metadata(path("main.go")).unwrap().modified().unwrap();
        assert!(!changed_since(&inputs, then));
        let save = |name: &str| {
            let file = File::create(path(name)).unwrap();
            file.set_modified(then + std::time::Duration::from_secs(1)).unwrap();
        };
        save("go.sum");
        assert!(!changed_since(&inputs, then), "a tool has written it");
        save("main.go");
        assert!(changed_since(&inputs, then));
    }
}
