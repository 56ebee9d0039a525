//! Files that a scenario opens by names known only at run time (``open(`${__ENV.STAGE}.json`)``): next to its script,
//! within its project, or given with `--data`. The scenario opens them while it describes itself. They are then held
//! for the run, once for all virtual users, and no other file can be opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::error::OpenError;

/// The largest file that may be opened, in bytes.
const LARGEST: u64 = 1 << 30;
/// The most files that a scenario may open.
const MOST: usize = 1_000;
/// Marks of a project's root.
const ROOT_MARKS: [&str; 2] = ["package.json", ".git"];

/// The places in which a scenario may look for files.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The script's own folder, if its language opens files.
    pub folder: Option<Folder>,
    /// The files that were given by name, with `--data NAME=file:PATH`.
    pub named: BTreeMap<String, PathBuf>,
}

/// The folder of a script, in a project beyond which nothing is opened.
#[derive(Clone, Debug)]
pub struct Folder {
    base: PathBuf,
    project: PathBuf,
}

/// The files that a scenario may open.
#[derive(Clone, Debug)]
pub enum Openable {
    /// While it describes itself: files found in these places.
    Searched(Places),
    /// In a run: the files found then.
    Found(Opened),
}

/// Files that were opened, by the names that the scenario has for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened(BTreeMap<String, Bytes>);

impl Default for Openable {
    fn default() -> Openable {
        Openable::Found(Opened::default())
    }
}

impl Openable {
    /// The file of that name; `None` if there is no place to look for it. `opened` remembers it for the run.
    ///
    /// # Errors
    /// If it is missing, outside of the project, or too large.
    pub fn open(&self, name: &str, opened: &mut Opened) -> Option<Result<Bytes, OpenError>> {
        match self {
            Openable::Found(Opened(files)) => files.get(name).cloned().map(Ok),
            Openable::Searched(places) => places.find(name).map(|path| opened.remember(name, path)),
        }
    }
}

impl From<BTreeMap<String, Bytes>> for Opened {
    fn from(files: BTreeMap<String, Bytes>) -> Opened {
        Opened(files)
    }
}

impl Opened {
    /// The files, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Bytes)> {
        self.0.iter()
    }

    fn remember(&mut self, name: &str, path: Result<PathBuf, OpenError>) -> Result<Bytes, OpenError> {
        if let Some(bytes) = self.0.get(name) {
            return Ok(bytes.clone());
        }
        if self.0.len() == MOST {
            return Err(unreadable(name, format!("a scenario opens at most {MOST} files")));
        }
        let bytes = read(&path?).map_err(|reason| unreadable(name, reason))?;
        self.0.insert(name.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

impl Places {
    fn find(&self, name: &str) -> Option<Result<PathBuf, OpenError>> {
        match self.named.get(name) {
            Some(path) => Some(Ok(path.clone())),
            None => self.folder.as_ref().map(|folder| folder.find(name)),
        }
    }
}

impl Folder {
    /// The folder of a script. Its project is the nearest folder with a `package.json` or `.git`, else the script's own
    /// folder.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn of_script(script: &Path) -> std::io::Result<Folder> {
        let base = script.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let base = base.canonicalize()?;
        let is_root = |folder: &&Path| ROOT_MARKS.iter().any(|mark| folder.join(mark).exists());
        let project = base.ancestors().find(is_root).unwrap_or(&base).to_owned();
        Ok(Folder { base, project })
    }

    fn find(&self, name: &str) -> Result<PathBuf, OpenError> {
        let path = self.base.join(name);
        // Without symbolic links and `..`: these may lead out of the project.
        let real = path.canonicalize().map_err(|_| unreadable(name, format!("there is no {}", path.display())))?;
        if !real.starts_with(&self.project) {
            let project = self.project.display();
            return Err(unreadable(
                name,
                format!("{} is outside of the project ({project}); copy it there", real.display()),
            ));
        }
        Ok(real)
    }
}

fn read(path: &Path) -> Result<Bytes, String> {
    let problem = |error: std::io::Error| format!("{}: {error}", path.display());
    let about = fs::metadata(path).map_err(problem)?;
    if !about.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    if about.len() > LARGEST {
        return Err(format!("{} has more than {LARGEST} bytes", path.display()));
    }
    fs::read(path).map(Bytes::from).map_err(problem)
}

fn unreadable(name: &str, reason: String) -> OpenError {
    OpenError::Unreadable { name: name.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A project with a script in a folder of its own, and a file outside of the project.
    struct Project {
        folder: PathBuf,
    }

    impl Project {
        fn new(name: &str) -> Project {
            let folder = std::env::temp_dir().join(format!("squall-files-{}-{name}", std::process::id()));
            fs::create_dir_all(folder.join("shop/tests/cfg")).unwrap();
            for (path, text) in [
                ("shop/package.json", "{}"),
                ("shop/users.csv", "name\nann\n"),
                ("shop/tests/cfg/prod.json", "{\"vus\": 3}"),
                ("secret.txt", "no"),
            ] {
                fs::write(folder.join(path), text).unwrap();
            }
            Project { folder }
        }

        fn files(&self) -> Openable {
            let folder = Folder::of_script(&self.folder.join("shop/tests/script.js")).unwrap();
            Openable::Searched(Places { folder: Some(folder), named: BTreeMap::new() })
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    #[test]
    fn a_file_of_the_project_is_found_from_the_folder_of_the_script_and_held_for_the_run() {
        let project = Project::new("held");
        let mut opened = Opened::default();
        for (name, text) in [("./cfg/prod.json", "{\"vus\": 3}"), ("../users.csv", "name\nann\n")] {
            let bytes = project.files().open(name, &mut opened).unwrap().unwrap();
            assert_eq!(bytes, text, "{name}");
        }
        let run = Openable::Found(opened);
        assert_eq!(run.open("../users.csv", &mut Opened::default()).unwrap().unwrap(), "name\nann\n");
        assert!(run.open("./cfg/other.json", &mut Opened::default()).is_none());
    }

    #[test]
    fn nothing_outside_of_the_project_is_opened() {
        let project = Project::new("outside");
        std::os::unix::fs::symlink(project.folder.join("secret.txt"), project.folder.join("shop/link.txt")).unwrap();
        let absolute = project.folder.join("secret.txt").display().to_string();
        for name in ["../../secret.txt", "../link.txt", &absolute] {
            let error = project.files().open(name, &mut Opened::default()).unwrap().unwrap_err().to_string();
            assert!(error.contains("outside of the project"), "{name}: {error}");
        }
        for (name, text) in [("none.json", "there is no "), ("cfg", " is not a file")] {
            let error = project.files().open(name, &mut Opened::default()).unwrap().unwrap_err().to_string();
            assert!(error.contains(text), "{name}: {error}");
        }
    }

    #[test]
    fn a_component_without_a_script_opens_what_it_was_given_by_name() {
        let project = Project::new("named");
        let named = BTreeMap::from([("prod.json".to_owned(), project.folder.join("shop/tests/cfg/prod.json"))]);
        let files = Openable::Searched(Places { folder: None, named });
        assert_eq!(files.open("prod.json", &mut Opened::default()).unwrap().unwrap(), "{\"vus\": 3}");
        assert!(files.open("./cfg/prod.json", &mut Opened::default()).is_none());
    }
}
