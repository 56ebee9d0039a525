//! Static programs for every platform, from one machine: zig is the C compiler and the linker for all of them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::platform::Platform;
use crate::repository::{Repository, run};
use crate::rust_target;

/// From PyPI: the C compiler for any target, and cargo's way to it.
const TOOLS: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];

/// Builds the program for these platforms.
pub fn programs(repository: &Repository, platforms: &[Platform]) -> Result<Vec<(Platform, PathBuf)>> {
    let tools = python_tools(repository, "zig", &TOOLS)?;
    let mut platforms = platforms.to_vec();
    // The first one writes completions and manual pages, so it should run here.
    platforms.sort_by_key(|platform| Platform::of_this_machine().ok() != Some(*platform));
    platforms.into_iter().map(|platform| Ok((platform, program(repository, platform, &tools)?))).collect()
}

fn program(repository: &Repository, platform: Platform, tools: &Path) -> Result<PathBuf> {
    let target = platform.target();
    rust_target::ensure(repository, target)?;
    let mut cargo = repository.command(tools.join("bin/cargo-zigbuild"));
    cargo.args(["zigbuild", "--locked", "--profile", "dist", "--target", target, "--package", "squall"]);
    cargo.env("CARGO_ZIGBUILD_ZIG_PATH", tools.join("bin/python-zig"));
    run(cargo.env("CARGO_ENCODED_RUSTFLAGS", rust_target::portable_paths(repository)?))?;
    Ok(repository.cargo_target().join(target).join("dist/squall"))
}

/// A Python environment with these packages; made if it is not there.
pub fn python_tools(repository: &Repository, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = repository.cargo_target().join("tools").join(name);
    // Written last, so that an installation that was broken off is made again.
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == packages.join("\n")) {
        return Ok(folder);
    }
    run(repository.command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(repository.command(folder.join("bin/python")).args(pip).args(packages))?;
    fs::write(&installed, packages.join("\n"))?;
    Ok(folder)
}
