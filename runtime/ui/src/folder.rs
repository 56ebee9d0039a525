//! The tests of a folder: the plans and components that lie in it.

use std::io;
use std::path::{Path, PathBuf};

/// A folder of tests.
#[derive(Clone, Debug)]
pub struct Folder {
    /// As it was named.
    path: PathBuf,
    /// Where it really is.
    real: PathBuf,
}

impl Folder {
    /// That folder.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn at(path: &Path) -> io::Result<Folder> {
        let real = path.canonicalize()?;
        if !real.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Folder { path: path.to_owned(), real })
    }

    /// The names of its plans and components, in their order. Links that lead out of it are left out.
    pub fn tests(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.real).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| is_test(name) && self.has(name)).collect();
        names.sort();
        names
    }

    /// The path of one of its tests; none of any other file.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.tests().iter().any(|test| test == name).then(|| self.named(name))
    }

    /// As short as it can be typed, and never like an option.
    fn named(&self, name: &str) -> PathBuf {
        if self.path == Path::new(".") && !name.starts_with('-') { PathBuf::from(name) } else { self.path.join(name) }
    }

    fn has(&self, name: &str) -> bool {
        let real = self.real.join(name).canonicalize();
        real.is_ok_and(|path| path.starts_with(&self.real) && path.is_file())
    }
}

/// Whether it is a plan, and no component.
pub(crate) fn is_plan(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
}

fn is_test(name: &str) -> bool {
    is_plan(name) || name.ends_with(".wasm")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_files_of_the_folder_can_be_found() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.yaml"), "").unwrap();
        let inside = tempfile::tempdir().unwrap();
        for name in ["shop.yaml", "shop.wasm", "soak.yml", "notes.txt"] {
            fs::write(inside.path().join(name), "").unwrap();
        }
        fs::create_dir(inside.path().join("folder.yaml")).unwrap();
        symlink(outside.path().join("secret.yaml"), inside.path().join("link.yaml")).unwrap();
        symlink(inside.path().join("shop.yaml"), inside.path().join("same.yaml")).unwrap();
        let folder = Folder::at(inside.path()).unwrap();
        assert_eq!(folder.tests(), ["same.yaml", "shop.wasm", "shop.yaml", "soak.yml"]);
        assert_eq!(folder.find("shop.wasm"), Some(inside.path().join("shop.wasm")));
        let up = format!("../{}/secret.yaml", outside.path().file_name().unwrap().to_string_lossy());
        for name in ["link.yaml", "notes.txt", "folder.yaml", "", ".", "..", "./shop.yaml", "/etc/passwd", up.as_str()]
        {
            assert_eq!(folder.find(name), None, "{name}");
        }
    }

    #[test]
    fn a_file_is_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "").unwrap();
        assert!(Folder::at(&file).is_err());
        assert!(Folder::at(&folder.path().join("none")).is_err());
    }
}
