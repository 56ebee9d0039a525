//! Python: `squall-build`, which comes with the package `squall-sdk`, in a virtual environment of the project's.

use std::fs;
use std::path::Path;

use super::checkout;
use crate::build::Build;
use crate::error::BuildError;
use crate::source::Source;
use crate::tool::Tool;

const INSTALL: &str =
    "install Python 3.11 or newer with its module venv (Debian, Ubuntu: `apt install python3 python3-venv`)";

pub fn build(build: &Build<'_>) -> Result<(), BuildError> {
    let Build { source, output, .. } = *build;
    let environment = source.hidden().join("python");
    let wanted = requirements(source);
    // Written last, so that an environment that was not finished is made anew.
    let seal = environment.join("squall-requirements.txt");
    if fs::read_to_string(&seal).ok().as_deref() != Some(wanted.as_str()) {
        Tool::new("python3", INSTALL).args(["-m".as_ref(), "venv".as_ref(), environment.as_os_str()]).run()?;
        let list = environment.join("wanted.txt");
        fs::write(&list, &wanted).map_err(|error| BuildError::at(&list, error))?;
        let quiet = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
        Tool::new(environment.join("bin/pip"), INSTALL).args(quiet).args([&list]).inside(&source.folder).run()?;
        fs::rename(&list, &seal).map_err(|error| BuildError::at(&seal, error))?;
    }
    let tool = Tool::new(environment.join("bin/squall-build"), INSTALL);
    tool.args([source.path()]).args([Path::new("--output"), output]).inside(&source.folder).run()
}

/// What is to be installed: what the project names, and the SDK with its build tool.
fn requirements(source: &Source) -> String {
    let own = fs::read_to_string(source.folder.join("requirements.txt")).unwrap_or_default();
    let sdk = match checkout() {
        Some(checkout) => format!("-e {}[build]\n", checkout.join("sdk/python").display()),
        None if own.contains("squall-sdk") => String::new(),
        None => format!("squall-sdk[build]=={}\n", env!("CARGO_PKG_VERSION")),
    };
    let own: String = match checkout() {
        // The one from the checkout takes the place of the published one.
        Some(_) => own.lines().filter(|line| !line.starts_with("squall-sdk")).map(|line| format!("{line}\n")).collect(),
        None => own,
    };
    format!("{sdk}{own}")
}
