//! The folder of a release, and how files are laid out in packages.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::commit_time;
use crate::repository::{Repository, output_of, run};

/// The file with the digests of all others.
const CHECKSUMS: &str = "SHA256SUMS";
/// Shells whose completions are packed: name, and the file's name in its folder.
const SHELLS: [(&str, &str); 3] = [("bash", "squall"), ("zsh", "_squall"), ("fish", "squall.fish")];

/// One version's packages, in an own folder that begins empty.
pub struct Release {
    folder: PathBuf,
    work: PathBuf,
    pub version: String,
    /// Seconds since 1970.
    pub time: String,
}

impl Release {
    pub fn begin(repository: &Repository) -> Result<Release> {
        // Not `dist`: there cargo keeps what it builds by the profile of that name.
        let folder = repository.cargo_target().join("packages");
        let work = repository.cargo_target().join("packages-work");
        empty(&folder)?;
        empty(&work)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Release { folder, work, version, time: commit_time(repository) })
    }

    /// The folder of the finished packages.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A finished package.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// An empty folder to put a package together in.
    pub fn staging(&self, name: &str) -> Result<PathBuf> {
        let folder = self.work.join(name);
        empty(&folder)?;
        Ok(folder)
    }

    /// The command, with the time that packages give to their files.
    pub fn dated<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("SOURCE_DATE_EPOCH", &self.time)
    }

    /// The text of a file in `deploy`, with `{version}` and the like filled in.
    pub fn fill(&self, repository: &Repository, template: &str, values: &[(&str, &str)]) -> Result<String> {
        let path = repository.path("deploy").join(template);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = text.replace("{version}", &self.version);
        Ok(values.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value)))
    }

    /// Makes the archive `name` of `entry` in `folder`: the same bytes on every machine, from the same files.
    pub fn archive(&self, repository: &Repository, name: &str, folder: &Path, entry: &str) -> Result<()> {
        let mut tar = repository.command("tar");
        tar.args(["--create", "--format=ustar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
        tar.arg(format!("--mtime=@{}", self.time)).args(["--use-compress-program", "gzip --no-name --best"]);
        run(tar.arg("--file").arg(self.file(name)).arg("--directory").arg(folder).arg(entry))
    }

    pub fn write_checksums(&self, repository: &Repository) -> Result<()> {
        let names = file_names(&self.folder)?;
        let sums = output_of(repository.command("sha256sum").args(names).current_dir(&self.folder))?;
        write(&self.file(CHECKSUMS), sums + "\n")
    }

    pub fn check_checksums(&self, repository: &Repository) -> Result<()> {
        run(repository.command("sha256sum").args(["--check", "--quiet", CHECKSUMS]).current_dir(&self.folder))
    }
}

/// What packages have beside the program, written by the program itself.
pub struct Extras {
    folder: PathBuf,
}

impl Extras {
    /// `program` runs on this machine.
    pub fn write(release: &Release, program: &Path) -> Result<Extras> {
        let folder = release.staging("extras")?;
        let ask = |arguments: &[&str]| -> Result<Vec<u8>> {
            let output = Command::new(program).args(arguments).output();
            let output = output.with_context(|| format!("cannot start {}", program.display()))?;
            anyhow::ensure!(output.status.success(), "squall {} failed", arguments.join(" "));
            Ok(output.stdout)
        };
        for (shell, name) in SHELLS {
            write(&folder.join("completions").join(shell).join(name), ask(&["completions", shell])?)?;
        }
        let manual = folder.join("man");
        ask(&["man", "--out", &manual.display().to_string()])?;
        Ok(Extras { folder })
    }

    pub fn manual(&self) -> PathBuf {
        self.folder.join("man")
    }

    /// The shells, and the file with each one's completions.
    pub fn completions(&self) -> impl Iterator<Item = (&'static str, PathBuf)> + '_ {
        SHELLS.into_iter().map(|(shell, name)| (shell, self.folder.join("completions").join(shell).join(name)))
    }

    /// All of it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The names of a folder's files, sorted.
pub fn file_names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<()> {
    make_parent(path)?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file that anyone may read.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    install(from, to, 0o644)
}

/// Copies a program.
pub fn copy_program(from: &Path, to: &Path) -> Result<()> {
    install(from, to, 0o755)
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() { copy_folder(&entry.path(), &to)? } else { copy(&entry.path(), &to)? }
    }
    Ok(())
}

fn install(from: &Path, to: &Path, mode: u32) -> Result<()> {
    make_parent(to)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    fs::set_permissions(to, Permissions::from_mode(mode)).with_context(|| format!("cannot change {}", to.display()))
}

fn make_parent(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
