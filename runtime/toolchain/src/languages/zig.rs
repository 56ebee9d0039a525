//! The C compiler: the user's zig, or one that all projects of a user share. It knows nothing of scenarios.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::BuildError;
use crate::store::Store;
use crate::tool::Tool;

pub const INSTALL: &str = "scenarios in C are compiled with zig: install it (https://ziglang.org/download), or Python 3 with its \
                           module venv (Debian, Ubuntu: `apt install python3 python3-venv`), and it is fetched from PyPI";

/// The zig that is installed where there is none: the release that the SDK is tested with.
const VERSION: &str = "0.17.1";

/// The compiler's path or name.
pub fn program(store: &Store, notify: &dyn Fn(&str)) -> Result<PathBuf, BuildError> {
    if Tool::new("zig", INSTALL).args(["version"]).output().is_ok() {
        return Ok(PathBuf::from("zig"));
    }
    let folder = store.install(&format!("tools/zig-{VERSION}"), |folder| {
        notify(&format!("installing zig {VERSION} in {}: some 90 MB to fetch, once", folder.display()));
        install(folder)
    })?;
    Ok(folder.join("ziglang/zig"))
}

/// Fetches it from PyPI.
fn install(folder: &Path) -> Result<(), BuildError> {
    let environment = folder.join("python");
    Tool::new("python3", INSTALL).args(["-m".as_ref(), "venv".as_ref(), environment.as_os_str()]).run()?;
    let quiet = ["install", "--quiet", "--disable-pip-version-check", "--target"];
    let pip = Tool::new(environment.join("bin/pip"), INSTALL).args(quiet).args([folder]);
    pip.args([format!("ziglang=={VERSION}")]).run()?;
    // It was there for pip alone.
    let _ = fs::remove_dir_all(&environment);
    Ok(())
}
