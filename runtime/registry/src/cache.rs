//! Pulled artifacts, kept on this machine.
//!
//! Blobs lie in files named by their digest, and are checked against it each time they are read, so whoever can write
//! to the cache cannot change what a digest means. What a tag meant when it was last pulled lies beside them, for use
//! without a network.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::digest::Digest;
use crate::reference::Reference;

/// A folder of artifacts.
#[derive(Clone, Debug)]
pub struct ArtifactCache {
    folder: Option<PathBuf>,
}

impl ArtifactCache {
    /// The cache in the user's cache folder (`$XDG_CACHE_HOME/squall`, else `~/.cache/squall`); none if there is no such
    /// place.
    pub fn of_user() -> ArtifactCache {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        ArtifactCache { folder: base.map(|base| base.join("squall").join("artifacts")) }
    }

    /// A cache in that folder, which is made if need be.
    pub fn at(folder: &Path) -> ArtifactCache {
        ArtifactCache { folder: Some(folder.to_owned()) }
    }

    /// The digest that a reference stands for, as far as the cache may decide: its own, or, where nobody else may be
    /// asked, what its tag last meant.
    pub(crate) fn known(&self, reference: &Reference, offline: bool) -> Option<Digest> {
        if let Some(digest) = reference.digest() {
            return Some(digest.clone());
        }
        if !offline {
            return None;
        }
        fs::read_to_string(self.tag(reference)?).ok()?.trim().parse().ok()
    }

    /// The bytes with this digest.
    pub(crate) fn blob(&self, digest: &Digest) -> Option<Bytes> {
        let bytes = fs::read(self.path(digest)?).ok()?;
        (Digest::of(&bytes) == *digest).then(|| bytes.into())
    }

    /// Keeps what was pulled.
    pub(crate) fn keep(&self, reference: &Reference, manifest: &[u8], wasm: &[u8]) -> io::Result<()> {
        for bytes in [wasm, manifest] {
            if let Some(path) = self.path(&Digest::of(bytes)) {
                write(&path, bytes)?;
            }
        }
        match self.tag(reference) {
            Some(path) => write(&path, Digest::of(manifest).as_str().as_bytes()),
            None => Ok(()),
        }
    }

    fn path(&self, digest: &Digest) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join("sha256").join(digest.hex()))
    }

    /// Where it is written what a tag means. Named by a digest, because a tag may be longer than a file's name.
    fn tag(&self, reference: &Reference) -> Option<PathBuf> {
        let name = format!("{}/{}:{}", reference.host(), reference.name(), reference.tag()?);
        Some(self.folder.as_ref()?.join("tags").join(Digest::of(name.as_bytes()).hex()))
    }
}

/// Writes all or nothing: somebody else may be reading.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_in_the_cache_is_not_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ArtifactCache::at(folder.path());
        let reference: Reference = "oci://localhost:5000/shop:1".parse().unwrap();
        cache.keep(&reference, b"manifest", b"wasm").unwrap();
        let digest = Digest::of(b"wasm");
        assert_eq!(cache.blob(&digest).as_deref(), Some(&b"wasm"[..]));
        fs::write(cache.path(&digest).unwrap(), "evil").unwrap();
        assert_eq!(cache.blob(&digest), None);
    }

    #[test]
    fn a_tag_counts_only_where_nobody_else_can_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ArtifactCache::at(folder.path());
        let reference: Reference = "oci://localhost:5000/shop:1".parse().unwrap();
        cache.keep(&reference, b"manifest", b"wasm").unwrap();
        assert_eq!(cache.known(&reference, false), None);
        assert_eq!(cache.known(&reference, true), Some(Digest::of(b"manifest")));
        let pinned = reference.pinned(&Digest::of(b"other"));
        assert_eq!(cache.known(&pinned, false), Some(Digest::of(b"other")));
    }
}
