//! The context of the container image: the repository's Dockerfile, and a folder a platform with all that goes into it.
//! Built by `docker buildx build --build-arg PROGRAM=prebuilt --platform linux/amd64,linux/arm64`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Contents;
use super::layout::{Release, copy, copy_program};
use crate::repository::Repository;

/// Mozilla's authorities, where Debian and most others have them.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The folder of the context.
pub fn folder(release: &Release) -> PathBuf {
    release.file("container")
}

pub fn add_platform(contents: &Contents<'_>) -> Result<()> {
    let Contents { repository, release, platform, program, .. } = *contents;
    let image = folder(release).join(platform.debian());
    copy_program(program, &image.join("squall"))?;
    copy(Path::new(AUTHORITIES), &image.join("ca-certificates.crt"))?;
    for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&repository.path(file), &image.join("licenses").join(file))?;
    }
    for empty in ["work", "cache"] {
        let empty = image.join(empty);
        fs::create_dir(&empty).with_context(|| format!("cannot make {}", empty.display()))?;
    }
    copy(&repository.path("Dockerfile"), &folder(release).join("Dockerfile"))
}

/// The context as one file.
pub fn pack(repository: &Repository, release: &Release) -> Result<()> {
    release.archive(repository, &format!("squall-{}-container.tar.gz", release.version), &folder(release), ".")
}
