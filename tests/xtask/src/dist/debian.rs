//! The Debian package. The program is static, so the package depends on nothing and fits every version of Debian and
//! of the systems that come from it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Contents;
use super::layout::{Extras, Release, copy, copy_program, write};
use super::platform::Platform;
use crate::repository::{Repository, run};

pub fn file_name(release: &Release, platform: Platform) -> String {
    format!("squall_{}_{}.deb", release.version, platform.debian())
}

pub fn pack(contents: &Contents<'_>) -> Result<()> {
    let Contents { repository, release, platform, program, extras } = *contents;
    let staging = release.staging("debian")?;
    let installed = staging.join("usr");
    copy_program(program, &installed.join("bin/squall"))?;
    let documents = installed.join("share/doc/squall");
    copy(&repository.path("deploy/debian/copyright"), &documents.join("copyright"))?;
    copy(&repository.path("CHANGELOG.md"), &documents.join("changelog"))?;
    add_extras(&installed.join("share"), extras)?;
    let kibibytes = (fs::metadata(program)?.len() / 1024).to_string();
    let values = [("architecture", platform.debian()), ("kibibytes", kibibytes.as_str())];
    write(&staging.join("DEBIAN/control"), release.fill(repository, "debian/control", &values)?)?;
    compress(repository, &installed.join("share"))?;
    let mut build = repository.command("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", "--build"]).arg(&staging).arg(release.file(file_name(release, platform)));
    run(release.dated(&mut build))
}

fn add_extras(share: &Path, extras: &Extras) -> Result<()> {
    for (shell, file) in extras.completions() {
        let folder = match shell {
            "bash" => "bash-completion/completions",
            "zsh" => "zsh/vendor-completions",
            _ => "fish/vendor_completions.d",
        };
        let name = file.file_name().context("a file without a name")?;
        copy(&file, &share.join(folder).join(name))?;
    }
    for page in fs::read_dir(extras.manual())? {
        let page = page?;
        copy(&page.path(), &share.join("man/man1").join(page.file_name()))?;
    }
    Ok(())
}

/// Debian's policy asks for compressed manual pages and changelogs.
fn compress(repository: &Repository, share: &Path) -> Result<()> {
    let script = "gzip --no-name --best man/man1/* doc/squall/changelog";
    run(repository.command("sh").args(["-c", script]).current_dir(share))
}
