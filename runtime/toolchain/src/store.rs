//! Where SDKs, tools and built components are kept: the user's cache folder, or the project's hidden folder if others have a
//! hand in the former, since what lies there is run. Tools may also lie ready in a folder that the environment names.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use squall_files::{PrivateFolder, user_cache};

use crate::error::BuildError;

/// Written into a folder last: without it the folder is not whole.
const SEAL: &str = ".installed";

/// A folder of tools that are installed already, as in a container image: it is read, and never written.
const READY_TOOLS: &str = "SQUALL_TOOLS";

/// A folder for what can be made again.
pub struct Store {
    folder: PathBuf,
    ready_tools: Option<PathBuf>,
}

impl Store {
    /// The user's, or a folder below `hidden` if there is no such place.
    pub fn open(hidden: &Path) -> Store {
        let is_usable =
            |folder: &PathBuf| PrivateFolder::create(folder).is_ok_and(|folder| folder.try_writing().is_ok());
        let folder = user_cache().filter(is_usable).unwrap_or_else(|| hidden.join("cache"));
        Store { folder, ready_tools: env::var_os(READY_TOOLS).filter(|path| !path.is_empty()).map(PathBuf::from) }
    }

    #[cfg(test)]
    pub fn at(folder: &Path) -> Store {
        Store { folder: folder.to_owned(), ready_tools: None }
    }

    /// A folder in it that only this user can change.
    ///
    /// # Errors
    /// If it cannot be made, or others can change it.
    pub fn private(&self, name: &str) -> Result<(PathBuf, PrivateFolder), BuildError> {
        let path = self.folder.join(name);
        let folder = PrivateFolder::create(&path).map_err(|error| unusable(&path, &error))?;
        Ok((path, folder))
    }

    /// The folder `place`. `make` fills it if it is not there whole; others who want the same meanwhile wait for that.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn install(
        &self,
        place: &str,
        make: impl FnOnce(&Path) -> Result<(), BuildError>,
    ) -> Result<PathBuf, BuildError> {
        if let Some(ready) = self.find_ready(place) {
            return Ok(ready);
        }
        let folder = self.folder.join(place);
        let seal = folder.join(SEAL);
        if seal.exists() {
            return Ok(folder);
        }
        let parent = folder.parent().unwrap_or(&self.folder);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let lock = parent.join(format!(".{name}.lock"));
        let locked = PrivateFolder::create(parent).and_then(|_| File::create(&lock)).and_then(|file| {
            file.lock()?;
            Ok(file)
        });
        // Held until this ends.
        let _locked = locked.map_err(|error| unusable(&lock, &error))?;
        if seal.exists() {
            return Ok(folder);
        }
        // What an earlier attempt has left.
        let _ = fs::remove_dir_all(&folder);
        PrivateFolder::create(&folder).map_err(|error| unusable(&folder, &error))?;
        make(&folder)?;
        fs::write(&seal, "").map_err(|error| BuildError::at(&seal, error))?;
        Ok(folder)
    }

    fn find_ready(&self, place: &str) -> Option<PathBuf> {
        let folder = self.ready_tools.as_ref()?.join(place.strip_prefix("tools/")?);
        folder.join(SEAL).exists().then_some(folder)
    }
}

fn unusable(path: &Path, error: &io::Error) -> BuildError {
    BuildError::at(path, format!("{error}. Set XDG_CACHE_HOME to a folder that only you can change"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_finished_is_made_anew() {
        let outer = tempfile::tempdir().unwrap();
        let store = Store::at(outer.path());
        let failed = store.install("tools/zig", |folder| {
            fs::write(folder.join("half"), "").unwrap();
            Err(BuildError::new("no network"))
        });
        assert_eq!(failed.err().unwrap().to_string(), "no network");
        let made = store.install("tools/zig", |folder| {
            assert!(!folder.join("half").exists());
            Ok(())
        });
        let again = store.install("tools/zig", |_| panic!("it is there"));
        assert_eq!(made.unwrap(), again.unwrap());
    }

    #[test]
    fn tools_that_lie_ready_are_taken_from_there_and_all_others_are_made() {
        let outer = tempfile::tempdir().unwrap();
        let image = Store::at(&outer.path().join("image"));
        let zig = image.install("tools/zig", |_| Ok(())).unwrap();
        let ready_tools = Some(outer.path().join("image/tools"));
        let store = Store { folder: outer.path().join("user"), ready_tools };
        assert_eq!(store.install("tools/zig", |_| panic!("it is there")).unwrap(), zig);
        assert_eq!(store.install("tools/node", |_| Ok(())).unwrap(), outer.path().join("user/tools/node"));
        assert_eq!(store.install("sdk/1", |_| Ok(())).unwrap(), outer.path().join("user/sdk/1"));
    }
}
