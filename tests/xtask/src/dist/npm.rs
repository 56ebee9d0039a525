//! The npm packages: `squall-load` is a launcher, and depends on one package a platform, of which npm installs the one
//! that fits. `npx squall-load` runs the program.

use std::path::Path;

use anyhow::Result;

use super::Contents;
use super::layout::{Release, copy, copy_program, write};
use super::platform::Platform;
use crate::repository::{Repository, run};

/// The launcher's file.
pub fn launcher(release: &Release) -> String {
    format!("squall-load-{}.tgz", release.version)
}

/// The file of a platform's package.
pub fn platform_package(release: &Release, platform: Platform) -> String {
    format!("squall-load-linux-{}-{}.tgz", platform.node(), release.version)
}

pub fn pack_platform(contents: &Contents<'_>) -> Result<()> {
    let Contents { repository, release, platform, program, .. } = *contents;
    let staging = release.staging("npm-platform")?;
    copy_program(program, &staging.join("bin/squall"))?;
    let description = release.fill(repository, "npm/platform.json", &[("cpu", platform.node())])?;
    write(&staging.join("package.json"), description)?;
    pack(repository, release, &staging)
}

pub fn pack_launcher(repository: &Repository, release: &Release) -> Result<()> {
    let staging = release.staging("npm")?;
    write(&staging.join("package.json"), release.fill(repository, "npm/package.json", &[])?)?;
    copy_program(&repository.path("deploy/npm/squall.js"), &staging.join("squall.js"))?;
    pack(repository, release, &staging)
}

/// What every package has, and its archive.
fn pack(repository: &Repository, release: &Release, staging: &Path) -> Result<()> {
    for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&repository.path(file), &staging.join(file))?;
    }
    copy(&repository.path("deploy/README.package.md"), &staging.join("README.md"))?;
    let mut npm = repository.command("npm");
    npm.args(["pack", "--silent", "--pack-destination"]).arg(release.folder()).current_dir(staging);
    run(release.dated(&mut npm))
}
