//! The SDKs that scenarios are built with. They travel in this program, and are laid into the user's cache when the first
//! project asks for them, so that nothing of Squall's has to come out of a registry.

mod pack;

use std::env;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use squall_files::PrivateFolder;

use crate::error::BuildError;
use crate::store::Store;
use pack::Files;

/// Made by `build.rs`.
const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sdk.tar.gz"));
const DIGEST: &str = env!("SQUALL_SDK_DIGEST");

/// A checkout of Squall whose SDKs take the place of those in this program: for work on an SDK.
const VARIABLE: &str = "SQUALL_SDK";

/// The SDKs of all languages.
pub struct Sdk {
    digest: String,
    /// Those of a checkout; else this program's.
    files: Option<Files>,
}

impl Sdk {
    /// The SDKs of the checkout that `SQUALL_SDK` names, else those in this program.
    ///
    /// # Errors
    /// If the variable is set, and does not name a checkout.
    pub fn find() -> Result<Sdk, BuildError> {
        match env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            Some(checkout) => Sdk::of_checkout(Path::new(&checkout)),
            None => Ok(Sdk { digest: DIGEST.to_owned(), files: None }),
        }
    }

    fn of_checkout(checkout: &Path) -> Result<Sdk, BuildError> {
        let files = pack::collect(checkout).map_err(|error| {
            let remedy = format!("unset {VARIABLE}, and the SDKs in this program are used");
            BuildError::new(format!("{VARIABLE} names no checkout of Squall: {error}. Correct it, or {remedy}"))
        })?;
        Ok(Sdk { digest: pack::digest(&files), files: Some(files) })
    }

    /// What makes these SDKs different from all others.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Their folder in the store, where they are laid unless they are there.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn lay(&self, store: &Store) -> Result<PathBuf, BuildError> {
        let short = self.digest.get(..12).unwrap_or_default();
        store.install(&format!("sdk/{}-{short}", env!("CARGO_PKG_VERSION")), |folder| {
            let written = match &self.files {
                Some(files) => write(files, folder),
                None => unpack(ARCHIVE).and_then(|files| write(&files, folder)),
            };
            written.map_err(|error| BuildError::at(folder, error))
        })
    }
}

fn unpack(archive: &[u8]) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents)?;
        files.insert(path, contents);
    }
    Ok(files)
}

fn write(files: &Files, folder: &Path) -> io::Result<()> {
    for (path, contents) in files {
        let path = folder.join(path);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
        PrivateFolder::create(parent)?.write(&name.to_string_lossy(), &[contents])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn the_sdks_of_this_checkout_travel_in_the_program() {
        let packed = unpack(ARCHIVE).unwrap();
        assert_eq!(packed, pack::collect(&checkout()).unwrap());
        assert_eq!(pack::digest(&packed), DIGEST);
        for path in
            ["rust/wit/http.wit", "js/wit/http.wit", "python/src/squall/wit/http.wit", "go/go.mod", "c/squall.h"]
        {
            assert!(packed.contains_key(path), "{path}");
        }
        assert!(ARCHIVE.len() < 450_000, "the archive has {} bytes", ARCHIVE.len());
    }

    #[test]
    fn they_are_laid_once_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let sdk = Sdk { digest: DIGEST.to_owned(), files: None };
        let laid = sdk.lay(&store).unwrap();
        for (path, contents) in unpack(ARCHIVE).unwrap() {
            assert_eq!(std::fs::read(laid.join(&path)).unwrap(), contents, "{path}");
        }
        std::fs::remove_file(laid.join("c/squall.h")).unwrap();
        assert_eq!(sdk.lay(&store).unwrap(), laid);
        assert!(!laid.join("c/squall.h").exists(), "it was laid already");
    }

    #[test]
    fn a_path_that_is_no_checkout_is_named_with_the_remedy() {
        let error = Sdk::of_checkout(Path::new("/nonexistent")).err().unwrap().to_string();
        assert!(error.starts_with("SQUALL_SDK names no checkout of Squall: /nonexistent/LICENSE-APACHE: "), "{error}");
        assert!(error.ends_with("or unset SQUALL_SDK, and the SDKs in this program are used"), "{error}");
    }
}
