//! Compiled code, kept on disk so that a component is compiled once.
//!
//! Loading compiled code means running it, so an entry is trusted only if it lies in a folder that only this user can
//! change or exchange (`PrivateFolder`) and carries the digest of its own contents. Anything else is compiled again.
//! The checked file is mapped by its descriptor, not read: a Python guest compiles to 37 MB, of which a run touches a
//! part.

use std::cell::RefCell;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use squall_files::{PrivateFolder, mark_used, user_cache};
use squall_metrics::Clock;
use tracing::info;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::artifact::{Artifact, hex};
use crate::compiler::{self, Order};
use crate::error::GuestError;

const DIGEST: usize = 32;
/// What the cache may hold, in bytes: some thirty scenarios in Python, or thousands in Rust. What was not used for longest goes.
pub const CODE_CACHE_LIMIT: u64 = 1_000_000_000;

/// A folder of compiled components.
#[derive(Clone)]
pub struct CodeCache {
    folder: Option<PathBuf>,
    /// The entry that was found to be trusted last: its name, and the file that was checked.
    trusted: RefCell<Option<(String, Arc<File>)>>,
    /// The entry that could not be written last. A run loads the same code into two engines, and where nothing can be
    /// written (a container) it is still to be compiled only once.
    unwritten: RefCell<Option<Unwritten>>,
}

/// Code that this program has compiled and could not store.
#[derive(Clone)]
struct Unwritten {
    entry: String,
    code: Vec<u8>,
}

impl CodeCache {
    /// A cache in the user's cache folder (`$XDG_CACHE_HOME/squall`, else `~/.cache/squall`). Without such a folder,
    /// nothing is stored.
    pub fn of_user() -> CodeCache {
        CodeCache::in_folder(user_cache().map(|folder| folder.join("code")))
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
        let error = PrivateFolder::create(folder).and_then(|folder| folder.try_writing()).err()?;
        Some(format!("{} cannot be written: {error}", folder.display()))
    }

    /// The compiled component, from the cache or compiled now. A cache that cannot be read or written only costs time.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        artifact: &Artifact,
        order: &Order,
    ) -> Result<Component, GuestError> {
        let digest = hex(&artifact.component_digest()[..6]);
        if let Some(component) = self.find(engine, artifact) {
            info!(digest, "took compiled code from the cache");
            return Ok(component);
        }
        let clock = Clock::start();
        let component = compiler::compile(engine, artifact.component(), order)?;
        info!(digest, bytes = artifact.component().len(), took = ?Duration::from(clock.now()), "compiled the component");
        if let (Some(folder), Ok(code)) = (&self.folder, component.serialize()) {
            let entry = entry_of(engine, artifact);
            // Not being able to keep it is no reason not to run it.
            if let Err(error) = store(folder, &entry, &code) {
                info!(digest, folder = %folder.display(), %error, "could not keep the compiled code");
                *self.unwritten.borrow_mut() = Some(Unwritten { entry, code });
            }
        }
        Ok(component)
    }

    /// The compiled component, if it is in the cache.
    pub(crate) fn find(&self, engine: &Engine, artifact: &Artifact) -> Option<Component> {
        let folder = self.folder.as_ref()?;
        let entry = entry_of(engine, artifact);
        if let Some(unwritten) = self.unwritten.borrow().as_ref().filter(|unwritten| unwritten.entry == entry) {
            // SAFETY: this program has compiled it, and it was nowhere else since. Wasmtime checks that its engine made it.
            return unsafe { Component::deserialize(engine, &unwritten.code) }.ok();
        }
        let file = self.trusted(folder, entry)?;
        // SAFETY: the code carries its own digest and lies in a folder that only this user can write to, so it is what
        // `store` wrote after this program compiled it; an entry is replaced, never changed, so it does not change
        // while it is mapped. The mapped file is the checked one, whatever file has its name by now. Wasmtime checks
        // that its engine made it.
        unsafe { Component::deserialize_file(engine, format!("/proc/self/fd/{}", file.as_raw_fd())) }.ok()
    }

    /// The file of an entry that may be run. It is read once for that: a run loads the same code into two engines.
    fn trusted(&self, folder: &Path, entry: String) -> Option<Arc<File>> {
        let mut last = self.trusted.borrow_mut();
        if last.as_ref().is_none_or(|(name, _)| *name != entry) {
            let file = PrivateFolder::open(folder).and_then(|folder| folder.file(&entry)).ok();
            let file = file.filter(|file| digests_agree(file).unwrap_or(false)).inspect(mark_used);
            *last = file.map(|file| (entry, Arc::new(file)));
        }
        last.as_ref().map(|(_, file)| Arc::clone(file))
    }
}

/// The name under which the code of this component, compiled by this engine for this processor, is kept.
fn entry_of(engine: &Engine, artifact: &Artifact) -> String {
    let mut key = KeyHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut key);
    key.0.update(env!("CARGO_PKG_VERSION"));
    key.0.update(squall_link::VERSION.to_le_bytes());
    key.0.update(artifact.component_digest());
    hex(&key.0.finalize())
}

/// Feeds values that implement `Hash` into SHA-256.
struct KeyHasher(Sha256);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0 // Never asked: the digest itself is the key.
    }
}

/// Whether a file is unchanged since it was stored. Reads in pieces: a check needs no memory of the file's size.
fn digests_agree(mut file: &File) -> std::io::Result<bool> {
    let Some(length) = file.metadata()?.len().checked_sub(DIGEST as u64) else { return Ok(false) };
    let mut code = file.take(length);
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

/// The digest comes after the code, which so starts at the beginning of the mapping.
fn store(folder: &Path, entry: &str, code: &[u8]) -> std::io::Result<()> {
    let folder = PrivateFolder::create(folder)?;
    folder.write(entry, &[code, &Sha256::digest(code)])?;
    folder.evict(CODE_CACHE_LIMIT)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

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
        only_entry(&folder.path().join("code"));
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
    fn an_entry_that_others_can_write_is_not_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CodeCache::at(&folder.path().join("code"));
        cache.component(&Engine::default(), &empty(), &order()).expect("compiles");
        let entry = only_entry(&folder.path().join("code"));
        fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).expect("own file");
        assert!(cache.find(&Engine::default(), &empty()).is_none());
    }

    #[test]
    fn a_cache_in_a_folder_that_others_can_exchange_is_not_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let shared = folder.path().join("shared");
        let cache = || CodeCache::at(&shared.join("squall/code"));
        cache().component(&Engine::default(), &empty(), &order()).expect("compiles");
        let mode = |mode| fs::set_permissions(&shared, fs::Permissions::from_mode(mode)).expect("own folder");
        mode(0o777);
        assert!(cache().find(&Engine::default(), &empty()).is_none());
        assert!(cache().impediment().expect("it is not used").contains("can be changed by other users"));
        // In a sticky one they cannot.
        mode(0o1777);
        assert!(cache().find(&Engine::default(), &empty()).is_some());
    }

    #[test]
    fn the_checked_file_is_the_one_that_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let (code, engine) = (folder.path().join("code"), Engine::default());
        let cache = CodeCache::at(&code);
        cache.component(&engine, &empty(), &order()).expect("compiles");
        assert!(cache.find(&engine, &empty()).is_some());
        // Checked once, then exchanged for a file that is not code: a run still loads the one that was checked.
        fs::rename(&code, folder.path().join("aside")).expect("own folder");
        fs::create_dir(&code).expect("own folder");
        fs::write(code.join(entry_of(&engine, &empty())), "evil").expect("writable");
        assert!(cache.find(&engine, &empty()).is_some());
        assert!(CodeCache::at(&code).find(&engine, &empty()).is_none());
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (code, victim) = (folder.path().join("code"), folder.path().join("victim"));
        fs::create_dir(&code).expect("own folder");
        fs::set_permissions(&code, fs::Permissions::from_mode(0o700)).expect("own folder");
        fs::write(&victim, "precious").expect("writable");
        let entry = entry_of(&Engine::default(), &empty());
        let beside = format!("{entry}.{}.new", std::process::id());
        // The name that earlier versions wrote to first, too.
        let earlier = Path::new(&entry).with_extension(format!("{}.new", std::process::id())).display().to_string();
        for name in [&entry, &beside, &earlier] {
            let _ = symlink(&victim, code.join(name));
        }
        let cache = CodeCache::at(&code);
        cache.component(&Engine::default(), &empty(), &order()).expect("compiles");
        assert_eq!(fs::read_to_string(&victim).expect("readable"), "precious");
        assert!(cache.find(&Engine::default(), &empty()).is_some());
    }

    #[test]
    fn without_a_cache_folder_code_is_still_compiled_only_once() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        // No user can make a folder in a file: a read-only folder would not stop root.
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
