//! Compiled code, kept on disk so that a component is compiled once.
//!
//! Loading compiled code means running it, so an entry is trusted only if it lies in a folder that nobody else can write
//! to and carries the digest of its own contents. Anything else is compiled again.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::artifact::hex;

const DIGEST: usize = 32;

/// A folder of compiled components.
#[derive(Clone, Debug)]
pub struct CodeCache {
    folder: Option<PathBuf>,
}

impl CodeCache {
    /// A cache in the user's cache folder (`$XDG_CACHE_HOME/squall`, else `~/.cache/squall`); none if there is no such
    /// place.
    pub fn of_user() -> CodeCache {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        CodeCache { folder: base.map(|base| base.join("squall").join("code")) }
    }

    /// A cache in that folder, which is made if need be.
    pub fn at(folder: &Path) -> CodeCache {
        CodeCache { folder: Some(folder.to_owned()) }
    }

    /// No cache.
    pub fn none() -> CodeCache {
        CodeCache { folder: None }
    }

    /// The compiled component, from the cache or compiled now. A cache that cannot be read or written only costs time.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
        let Some(entry) = self.entry(engine, wasm) else {
            return Component::from_binary(engine, wasm);
        };
        if let Some(code) = trusted_code(&entry) {
            // SAFETY: the code carries its own digest and lies in a folder that only this user can write to, so it is
            // what `store` wrote after this program compiled it. Wasmtime checks that its engine made it.
            if let Ok(component) = unsafe { Component::deserialize(engine, &code) } {
                return Ok(component);
            }
        }
        let component = Component::from_binary(engine, wasm)?;
        if let Ok(code) = component.serialize() {
            // Not being able to keep it is no reason not to run it.
            let _ = store(&entry, &code);
        }
        Ok(component)
    }

    /// Where the code of these bytes, compiled by this engine for this processor, is kept.
    fn entry(&self, engine: &Engine, wasm: &[u8]) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        let mut key = KeyHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut key);
        key.0.update(env!("CARGO_PKG_VERSION"));
        key.0.update(wasm);
        Some(folder.join(hex(&key.0.finalize())))
    }
}

/// Feeds what implements `Hash` into SHA-256.
struct KeyHasher(Sha256);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0 // Never asked: the digest itself is the key.
    }
}

fn trusted_code(entry: &Path) -> Option<Vec<u8>> {
    let folder = entry.parent()?;
    if !(is_private(folder) && is_private(entry)) {
        return None;
    }
    let contents = fs::read(entry).ok()?;
    let (digest, code) = contents.split_at_checked(DIGEST)?;
    (Sha256::digest(code)[..] == *digest).then(|| code.to_owned())
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // SAFETY: `geteuid` cannot fail and touches no memory.
    let user = unsafe { libc::geteuid() };
    fs::symlink_metadata(path)
        .is_ok_and(|metadata| !metadata.is_symlink() && metadata.uid() == user && metadata.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn is_private(_path: &Path) -> bool {
    false
}

/// Writes beside and renames, so that a reader never sees half an entry.
fn store(entry: &Path, code: &[u8]) -> std::io::Result<()> {
    let folder = entry.parent().ok_or(std::io::ErrorKind::NotFound)?;
    make_private_folder(folder)?;
    let beside = entry.with_extension(format!("{}.new", std::process::id()));
    let mut file = private_file(&beside)?;
    file.write_all(&Sha256::digest(code))?;
    file.write_all(code)?;
    drop(file);
    fs::rename(&beside, entry)
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    fs::File::create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component there is.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn only_entry(folder: &Path) -> PathBuf {
        let mut entries = fs::read_dir(folder).expect("folder");
        entries.next().expect("an entry").expect("readable").path()
    }

    #[test]
    fn an_entry_is_written_once_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CodeCache::at(&folder.path().join("code"));
        let engine = Engine::default();
        cache.component(&engine, EMPTY).expect("compiles");
        let entry = only_entry(&folder.path().join("code"));
        assert!(trusted_code(&entry).is_some());
        cache.component(&engine, EMPTY).expect("loads");
    }

    #[test]
    fn a_corrupt_entry_is_not_trusted_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CodeCache::at(&folder.path().join("code"));
        let engine = Engine::default();
        cache.component(&engine, EMPTY).expect("compiles");
        let entry = only_entry(&folder.path().join("code"));
        let mut contents = fs::read(&entry).expect("entry");
        let middle = contents.len() / 2;
        contents[middle] ^= 0xff;
        fs::write(&entry, &contents).expect("writable");
        assert!(trusted_code(&entry).is_none());
        cache.component(&engine, EMPTY).expect("compiles again");
        assert!(trusted_code(&entry).is_some());
    }

    #[test]
    #[cfg(unix)]
    fn an_entry_that_others_can_write_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CodeCache::at(&folder.path().join("code"));
        cache.component(&Engine::default(), EMPTY).expect("compiles");
        let entry = only_entry(&folder.path().join("code"));
        fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).expect("own file");
        assert!(trusted_code(&entry).is_none());
    }
}
