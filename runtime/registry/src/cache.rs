//! Pulled artifacts, stored on this machine.
//!
//! Blobs are in files named by their digest, and are checked against it on each read, so write access to the cache
//! cannot change the content of a digest. The last known digests of tags are stored too, for use without a network;
//! only this user can write those (`PrivateFolder`).

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use squall_files::{PrivateFolder, user_cache};

use crate::digest::Digest;
use crate::reference::Reference;

/// The folder of blobs, by their digests.
const BLOBS: &str = "sha256";
/// The folder of the tags' digests.
const TAGS: &str = "tags";
/// An upper limit on a digest's length.
const LONGEST_DIGEST: u64 = 1 << 10;

/// A folder of artifacts.
#[derive(Clone, Debug)]
pub struct ArtifactCache {
    folder: Option<PathBuf>,
}

impl ArtifactCache {
    /// The cache in the user's cache folder (`$XDG_CACHE_HOME/squall`, else `~/.cache/squall`). Without such a folder,
    /// nothing is stored.
    pub fn of_user() -> ArtifactCache {
        ArtifactCache { folder: user_cache().map(|folder| folder.join("artifacts")) }
    }

    /// A cache in that folder, which is created when needed.
    pub fn at(folder: &Path) -> ArtifactCache {
        ArtifactCache { folder: Some(folder.to_owned()) }
    }

    /// The digest of a reference, as far as the cache may decide: its own, or, offline, the last known one of its tag.
    pub(crate) fn known(&self, reference: &Reference, offline: bool) -> Option<Digest> {
        if let Some(digest) = reference.digest() {
            return Some(digest.clone());
        }
        if !offline {
            return None;
        }
        let bytes = self.read(TAGS, &tag(reference)?, LONGEST_DIGEST)?;
        std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
    }

    /// The bytes with this digest, if there are at most `most`.
    pub(crate) fn blob(&self, digest: &Digest, most: u64) -> Option<Bytes> {
        let bytes = self.read(BLOBS, digest.hex(), most)?;
        (Digest::of(&bytes) == *digest).then(|| bytes.into())
    }

    /// Stores pulled files.
    pub(crate) fn keep(&self, reference: &Reference, manifest: &[u8], wasm: &[u8]) -> io::Result<()> {
        for bytes in [wasm, manifest] {
            self.write(BLOBS, Digest::of(bytes).hex(), bytes)?;
        }
        match tag(reference) {
            Some(tag) => self.write(TAGS, &tag, Digest::of(manifest).as_str().as_bytes()),
            None => Ok(()),
        }
    }

    fn read(&self, part: &str, name: &str, most: u64) -> Option<Vec<u8>> {
        let file = PrivateFolder::open(&self.folder.as_ref()?.join(part)).and_then(|folder| folder.file(name)).ok()?;
        if file.metadata().ok()?.len() > most {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn write(&self, part: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        match &self.folder {
            Some(folder) => PrivateFolder::create(&folder.join(part))?.write(name, &[bytes]),
            None => Ok(()),
        }
    }
}

/// The file with a tag's digest. Named by a digest, because a tag may be longer than a file's name.
fn tag(reference: &Reference) -> Option<String> {
    let name = format!("{}/{}:{}", reference.host(), reference.name(), reference.tag()?);
    Some(Digest::of(name.as_bytes()).hex().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const MOST: u64 = 1 << 20;

    #[test]
    fn a_changed_file_is_not_in_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ArtifactCache::at(folder.path());
        let reference: Reference = "oci://localhost:5000/shop:1".parse().unwrap();
        cache.keep(&reference, b"manifest", b"wasm").unwrap();
        let digest = Digest::of(b"wasm");
        assert_eq!(cache.blob(&digest, MOST).as_deref(), Some(&b"wasm"[..]));
        assert_eq!(cache.blob(&digest, 3), None);
        fs::write(folder.path().join("sha256").join(digest.hex()), "evil").unwrap();
        assert_eq!(cache.blob(&digest, MOST), None);
    }

    #[test]
    fn other_users_neither_set_a_tag_nor_have_their_files_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ArtifactCache::at(folder.path());
        let reference: Reference = "oci://localhost:5000/shop:1".parse().unwrap();
        cache.keep(&reference, b"manifest", b"wasm").unwrap();
        let tags = folder.path().join("tags");
        let mode = |mode| fs::set_permissions(&tags, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o777);
        assert_eq!(cache.known(&reference, true), None);
        mode(0o700);
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let tag = tags.join(tag(&reference).unwrap());
        for link in [tag.with_extension(format!("{}.part", std::process::id())), tag] {
            let _ = fs::remove_file(&link);
            symlink(&victim, link).unwrap();
        }
        assert_eq!(cache.known(&reference, true), None);
        cache.keep(&reference, b"manifest", b"wasm").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(cache.known(&reference, true), Some(Digest::of(b"manifest")));
    }

    #[test]
    fn a_tag_counts_only_offline() {
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
