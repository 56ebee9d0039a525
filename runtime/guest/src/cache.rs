//! Compiled code, kept on disk so that a component is compiled once.
//!
//! Loading compiled code means running it, so an entry is trusted only if it lies in a folder that nobody else can write
//! to and carries the digest of its own contents. Anything else is compiled again. A trusted entry is mapped, not read:
//! of the 37 MB that a Python guest compiles to, a run touches a part.

use std::cell::RefCell;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::artifact::{Artifact, hex};
use crate::compiler::{self, Order};
use crate::error::GuestError;

const DIGEST: usize = 32;

/// A folder of compiled components.
#[derive(Clone)]
pub struct CodeCache {
    folder: Option<PathBuf>,
    /// The entry that was found to be trusted last.
    trusted: RefCell<Option<PathBuf>>,
    /// The entry that could not be written last. A run loads the same code into two engines, and where nothing can be
    /// written (a container) it is still to be compiled only once.
    unwritten: RefCell<Option<Unwritten>>,
}

/// What this program has compiled and could not write down.
#[derive(Clone)]
struct Unwritten {
    entry: PathBuf,
    code: Vec<u8>,
}

impl CodeCache {
    /// A cache in the user's cache folder (`$XDG_CACHE_HOME/squall`, else `~/.cache/squall`); none if there is no such
    /// place.
    pub fn of_user() -> CodeCache {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        CodeCache::in_folder(base.map(|base| base.join("squall").join("code")))
    }

    /// A cache in that folder, which is made if need be.
    pub fn at(folder: &Path) -> CodeCache {
        CodeCache::in_folder(Some(folder.to_owned()))
    }

    /// No cache.
    pub fn none() -> CodeCache {
        CodeCache::in_folder(None)
    }

    fn in_folder(folder: Option<PathBuf>) -> CodeCache {
        CodeCache { folder, trusted: RefCell::default(), unwritten: RefCell::default() }
    }

    /// Why code cannot be kept for the next time, if it cannot.
    pub fn impediment(&self) -> Option<String> {
        let Some(folder) = &self.folder else {
            return Some("there is no folder for it".to_owned());
        };
        let error = can_be_written(folder).err()?;
        Some(format!("{} cannot be written: {error}", folder.display()))
    }

    /// The compiled component, from the cache or compiled now. A cache that cannot be read or written only costs time.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        artifact: &Artifact,
        order: &Order,
    ) -> Result<Component, GuestError> {
        if let Some(component) = self.find(engine, artifact) {
            return Ok(component);
        }
        let component = compiler::compile(engine, artifact.component(), order)?;
        if let (Some(entry), Ok(code)) = (self.entry(engine, artifact), component.serialize()) {
            // Not being able to keep it is no reason not to run it.
            if store(&entry, &code).is_err() {
                *self.unwritten.borrow_mut() = Some(Unwritten { entry, code });
            }
        }
        Ok(component)
    }

    /// The compiled component, if it is in the cache.
    pub(crate) fn find(&self, engine: &Engine, artifact: &Artifact) -> Option<Component> {
        let entry = self.entry(engine, artifact)?;
        if let Some(unwritten) = self.unwritten.borrow().as_ref().filter(|unwritten| unwritten.entry == entry) {
            // SAFETY: this program has compiled it, and it was nowhere else since. Wasmtime checks that its engine made it.
            return unsafe { Component::deserialize(engine, &unwritten.code) }.ok();
        }
        if !self.is_trusted(&entry) {
            return None;
        }
        // SAFETY: the code carries its own digest and lies in a folder that only this user can write to, so it is what
        // `store` wrote after this program compiled it; an entry is replaced, never changed, so it stays as it is while it
        // is mapped. Wasmtime checks that its engine made it.
        unsafe { Component::deserialize_file(engine, entry) }.ok()
    }

    /// Whether an entry may be run. It is read once for that: a run loads the same code into two engines.
    fn is_trusted(&self, entry: &Path) -> bool {
        let mut last = self.trusted.borrow_mut();
        if last.as_deref() != Some(entry) {
            *last = holds_what_was_stored(entry).then(|| entry.to_owned());
        }
        last.is_some()
    }

    /// Where the code of this component, compiled by this engine for this processor, is kept.
    fn entry(&self, engine: &Engine, artifact: &Artifact) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        let mut key = KeyHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut key);
        key.0.update(env!("CARGO_PKG_VERSION"));
        key.0.update(squall_link::VERSION.to_le_bytes());
        key.0.update(artifact.component_digest());
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

/// Whether an entry is private, and its digest that of its contents.
fn holds_what_was_stored(entry: &Path) -> bool {
    let is_safe = entry.parent().is_some_and(is_private) && is_private(entry);
    is_safe && digests_agree(entry).unwrap_or(false)
}

/// Reads in pieces: what is only looked at once needs no memory of its own.
fn digests_agree(entry: &Path) -> std::io::Result<bool> {
    let mut file = fs::File::open(entry)?;
    let Some(length) = file.metadata()?.len().checked_sub(DIGEST as u64) else { return Ok(false) };
    let mut code = (&mut file).take(length);
    let (mut digest, mut piece) = (Sha256::new(), vec![0; 128 << 10]);
    loop {
        match code.read(&mut piece)? {
            0 => break,
            count => digest.update(&piece[..count]),
        }
    }
    let mut stored = [0; DIGEST];
    file.read_exact(&mut stored)?;
    Ok(digest.finalize()[..] == stored)
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
    file.write_all(code)?;
    // Behind the code, where it is not in the way of mapping that.
    file.write_all(&Sha256::digest(code))?;
    drop(file);
    fs::rename(&beside, entry)
}

/// Tries it: permissions alone do not tell that a file system is read-only.
fn can_be_written(folder: &Path) -> std::io::Result<()> {
    make_private_folder(folder)?;
    let trial = folder.join(format!("{}.trial", std::process::id()));
    private_file(&trial)?;
    fs::remove_file(trial)
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
    use squall_plan::Limits;

    use super::*;
    use crate::engine::Layout;

    fn order() -> Order {
        Order::new(&Limits::default(), Layout::Roomy)
    }

    /// The smallest component there is.
    fn empty() -> Artifact {
        Artifact::from_bytes(b"\0asm\x0d\0\x01\0".to_vec()).expect("a component")
    }

    fn only_entry(folder: &Path) -> PathBuf {
        let mut entries = fs::read_dir(folder).expect("folder");
        entries.next().expect("an entry").expect("readable").path()
    }

    #[test]
    fn an_entry_is_written_once_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CodeCache::at(&folder.path().join("code"));
        let engine = Engine::default();
        assert!(cache.find(&engine, &empty()).is_none());
        cache.component(&engine, &empty(), &order()).expect("compiles");
        assert!(cache.find(&engine, &empty()).is_some());
        assert!(holds_what_was_stored(&only_entry(&folder.path().join("code"))));
    }

    #[test]
    fn a_corrupt_entry_is_not_trusted_and_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = || CodeCache::at(&folder.path().join("code"));
        let engine = Engine::default();
        cache().component(&engine, &empty(), &order()).expect("compiles");
        let entry = only_entry(&folder.path().join("code"));
        let mut contents = fs::read(&entry).expect("entry");
        let middle = contents.len() / 2;
        contents[middle] ^= 0xff;
        fs::write(&entry, &contents).expect("writable");
        assert!(cache().find(&engine, &empty()).is_none());
        cache().component(&engine, &empty(), &order()).expect("compiles again");
        assert!(cache().find(&engine, &empty()).is_some());
        fs::write(&entry, "short").expect("writable");
        assert!(cache().find(&engine, &empty()).is_none());
    }

    #[test]
    #[cfg(unix)]
    fn an_entry_that_others_can_write_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CodeCache::at(&folder.path().join("code"));
        cache.component(&Engine::default(), &empty(), &order()).expect("compiles");
        let entry = only_entry(&folder.path().join("code"));
        fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).expect("own file");
        assert!(cache.find(&Engine::default(), &empty()).is_none());
    }

    #[test]
    fn what_cannot_be_written_is_compiled_once_all_the_same() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        // No folder can be made in a file, whoever asks: a read-only folder would not stop root.
        let cache = CodeCache::at(&file.path().join("code"));
        let (engine, artifact) = (Engine::default(), empty());
        assert!(cache.find(&engine, &artifact).is_none());
        cache.component(&engine, &artifact, &order()).expect("compiles");
        assert!(cache.find(&engine, &artifact).is_some());
    }

    #[test]
    fn an_impediment_names_the_folder() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let folder = file.path().join("code");
        let impediment = CodeCache::at(&folder).impediment().expect("it cannot be written");
        assert!(impediment.starts_with(&format!("{} cannot be written: ", folder.display())), "{impediment}");
        let writable = tempfile::tempdir().expect("a folder");
        assert_eq!(CodeCache::at(writable.path()).impediment(), None);
        assert_eq!(fs::read_dir(writable.path()).expect("folder").count(), 0);
    }
}
