//! The archive: one folder with the program, its licences, completions and manual pages.

use anyhow::Result;

use super::Contents;
use super::layout::{Release, copy, copy_folder, copy_program};
use super::platform::Platform;

/// The archive's name without its ending, and the folder in it.
pub fn name(release: &Release, platform: Platform) -> String {
    format!("squall-{}-{}", release.version, platform.target())
}

pub fn pack(contents: &Contents<'_>) -> Result<()> {
    let Contents { repository, release, platform, program, extras } = *contents;
    let name = name(release, platform);
    let staging = release.staging("archive")?;
    let folder = staging.join(&name);
    copy_program(program, &folder.join("squall"))?;
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"] {
        copy(&repository.path(file), &folder.join(file))?;
    }
    copy_folder(extras.folder(), &folder)?;
    release.archive(repository, &format!("{name}.tar.gz"), &staging, &name)
}
