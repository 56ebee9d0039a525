//! The C compiler: the user's zig, or one that all projects of a user share. It knows nothing of scenarios.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use squall_files::PrivateFolder;

use crate::error::BuildError;
use crate::source::Source;
use crate::tool::Tool;

pub const INSTALL: &str = "scenarios in C are compiled with zig: install it (https://ziglang.org/download), or Python 3 with its \
                           module venv (Debian, Ubuntu: `apt install python3 python3-venv`), and it is fetched from PyPI";

/// The zig that is installed where there is none: the release that the SDK is tested with.
const VERSION: &str = "0.17.1";

/// `zig cc`.
pub fn compiler(source: &Source, notify: &dyn Fn(&str)) -> Result<Tool, BuildError> {
    let zig = if Tool::new("zig", INSTALL).args(["version"]).output().is_ok() {
        PathBuf::from("zig")
    } else {
        // What lies there is run, so others must not have a hand in it.
        let shared = tools().filter(|folder| PrivateFolder::create(folder).is_ok());
        let folder = shared.unwrap_or_else(|| source.hidden().join("c")).join(format!("zig-{VERSION}"));
        if !folder.is_dir() {
            install(&folder, notify)?;
        }
        folder.join("zig")
    };
    Ok(Tool::new(zig, INSTALL).args(["cc"]))
}

/// The folder of tools in the user's cache folder (`$XDG_CACHE_HOME/squall`, else `~/.cache/squall`), if there is such a place.
fn tools() -> Option<PathBuf> {
    let own = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = own.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    Some(base.join("squall/tools"))
}

/// Fetches it from PyPI. It comes to its place whole, whoever else does the same meanwhile.
fn install(folder: &Path, notify: &dyn Fn(&str)) -> Result<(), BuildError> {
    notify(&format!("installing zig {VERSION} in {}: some 90 MB to fetch, once", folder.display()));
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(|error| BuildError::at(parent, error))?;
    let making = parent.join(format!(".zig-{}", process::id()));
    let made = fetch(&making).and_then(|package| match fs::rename(package, folder) {
        Err(error) if !folder.is_dir() => Err(BuildError::at(folder, error)),
        _ => Ok(()),
    });
    // What is left of the making is of no use; that it cannot be removed, neither.
    let _ = fs::remove_dir_all(&making);
    made
}

/// Has pip unpack the package in a folder that is ours; returns where.
fn fetch(making: &Path) -> Result<PathBuf, BuildError> {
    let (environment, packages) = (making.join("python"), making.join("packages"));
    Tool::new("python3", INSTALL).args(["-m".as_ref(), "venv".as_ref(), environment.as_os_str()]).run()?;
    let quiet = ["install", "--quiet", "--disable-pip-version-check", "--target"];
    let pip = Tool::new(environment.join("bin/pip"), INSTALL).args(quiet).args([&packages]);
    pip.args([format!("ziglang=={VERSION}")]).run()?;
    Ok(packages.join("ziglang"))
}
