//! Python: `squall.build` of the SDK, in a virtual environment with componentize-py that all projects of a user share.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::build::Build;
use crate::error::BuildError;
use crate::inputs::hex;
use crate::tool::Tool;

const INSTALL: &str =
    "install Python 3.11 or newer with its module venv (Debian, Ubuntu: `apt install python3 python3-venv`)";

/// What the SDK's manifest calls the tool that makes components, with its version.
const TOOL: &str = "componentize-py==";

/// What a user may call the SDK in a requirements.txt.
const SDK: [&str; 2] = ["squall", "squall-sdk"];

pub fn build(build: &Build<'_>) -> Result<Vec<PathBuf>, BuildError> {
    let (source, bench) = (build.source, build.bench);
    let environment = install_tool(build)?;
    let packages = install_requirements(build, &environment)?;
    let theirs = env::var_os("PYTHONPATH").into_iter().flat_map(|paths| env::split_paths(&paths).collect::<Vec<_>>());
    let places = [build.sdk.join("python/src")].into_iter().chain(packages).chain(theirs);
    let places = env::join_paths(places).map_err(|error| BuildError::at(&source.folder, error))?;
    let python = Tool::new(environment.join("bin/python"), INSTALL).env("PYTHONPATH", places);
    // The SDK's folder stays as it is.
    let python = python.env("PYTHONDONTWRITEBYTECODE", "1");
    let files = [("--output", bench.component()), ("--inputs", bench.input_list())];
    let python = python.args(["-m", "squall.build"]).args([source.path()]);
    let python = files.iter().fold(python, |python, (flag, file)| python.args([flag.as_ref(), file.as_os_str()]));
    python.inside(&source.folder).run()?;
    let settings = build.project_files(["requirements.txt", "pyproject.toml"]);
    Ok(build.listed_inputs()?.into_iter().chain(settings).collect())
}

fn install_tool(build: &Build<'_>) -> Result<PathBuf, BuildError> {
    let manifest = build.sdk.join("python/pyproject.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| BuildError::at(&manifest, error))?;
    let version = text.split_once(TOOL).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(version, _)| version);
    build.store.install(&format!("tools/componentize-py-{version}"), |folder| {
        (build.notify)("installing componentize-py from PyPI: some 60 MB, once");
        Tool::new("python3", INSTALL).args(["-m".as_ref(), "venv".as_ref(), folder.as_os_str()]).run()?;
        pip(folder).arg(format!("{TOOL}{version}")).run()
    })
}

/// What the project's requirements.txt names: the folder with these packages, unless there are none.
fn install_requirements(build: &Build<'_>, environment: &Path) -> Result<Option<PathBuf>, BuildError> {
    let folder = &build.source.folder;
    let text = fs::read_to_string(folder.join("requirements.txt")).unwrap_or_default();
    let wanted = requirements(&text);
    if wanted.is_empty() {
        return Ok(None);
    }
    // Paths in it are the project's.
    let digest = hex(&Sha256::digest(format!("{}\n{wanted}", folder.display())));
    let place = format!("tools/python-packages-{}", digest.get(..12).unwrap_or_default());
    let packages = build.store.install(&place, |packages| {
        (build.notify)("installing the packages of requirements.txt");
        let list = packages.join("requirements.txt");
        fs::write(&list, wanted).map_err(|error| BuildError::at(&list, error))?;
        let target = packages.join("site-packages");
        let pip = pip(environment).args(["--target".as_ref(), target.as_os_str(), "--requirement".as_ref()]);
        pip.args([&list]).inside(folder).run()
    })?;
    Ok(Some(packages.join("site-packages")))
}

/// The lines of a requirements.txt that name something, without the SDK, which is here already: on PyPI its names are
/// a stranger's.
fn requirements(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter(|line| !SDK.contains(&package(line).as_str())).map(|line| format!("{line}\n")).collect()
}

/// The package that a line asks PyPI for, in the form in which PyPI compares names.
fn package(line: &str) -> String {
    let name = line.split(|character: char| !character.is_ascii_alphanumeric() && !"-_.".contains(character)).next();
    name.unwrap_or_default().to_ascii_lowercase().replace(['_', '.'], "-")
}

fn pip(environment: &Path) -> Tool {
    let quietly = ["install", "--quiet", "--disable-pip-version-check"];
    Tool::new(environment.join("bin/pip"), INSTALL).args(quietly)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_lines_that_name_a_package() {
        assert_eq!(requirements("# none yet\n\n"), "");
        assert_eq!(requirements("faker==30 # names\nsquall-sdk[build]==0.1.0\n"), "faker==30 # names\n");
        assert_eq!(requirements("squall\nSquall_SDK>=0.1\nsquall-extras\n./squall\n"), "squall-extras\n./squall\n");
    }
}
