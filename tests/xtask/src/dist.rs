//! Packages of the program for those who do not build it: archives, Python wheels, npm packages, Debian packages and
//! the context of the container image, in `target/packages`. Each is installed into something empty and tried.

mod archive;
mod build;
mod check;
mod container;
mod debian;
mod layout;
mod npm;
mod platform;
mod wheel;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::repository::{Repository, output_of};
use layout::Release;
use platform::Platform;

/// 1980-01-01, the first day of the ZIP format.
const EARLIEST: &str = "315532800";

/// Builds the program for each platform, packs it, and tries the packages that this machine can run.
pub fn make(repository: &Repository, options: &[&str]) -> Result<()> {
    match *options {
        ["--program", program] => try_program(repository, Path::new(program)),
        ["--target", target] => make_for(repository, &[Platform::from_target(target)?]),
        [] => make_for(repository, &Platform::ALL),
        _ => bail!("dist takes --program FILE, --target TARGET, or nothing, not: {}", options.join(" ")),
    }
}

/// Packs a program that was built for this machine, and tries the packages.
pub fn try_program(repository: &Repository, program: &Path) -> Result<()> {
    let program = program.canonicalize().with_context(|| format!("cannot find {}", program.display()))?;
    pack_and_try(repository, &[(Platform::of_this_machine()?, program)]).map(drop)
}

fn make_for(repository: &Repository, platforms: &[Platform]) -> Result<()> {
    let programs = build::programs(repository, platforms)?;
    let release = pack_and_try(repository, &programs)?;
    check::container(repository, &release)
}

fn pack_and_try(repository: &Repository, programs: &[(Platform, PathBuf)]) -> Result<Release> {
    let release = Release::begin(repository)?;
    pack(repository, &release, programs)?;
    for (platform, _) in programs {
        check::packages(repository, &release, *platform)?;
    }
    println!("{}:", release.folder().display());
    list(release.folder())?;
    Ok(release)
}

/// A platform's program, and all that goes into a package beside it.
struct Contents<'a> {
    repository: &'a Repository,
    release: &'a Release,
    platform: Platform,
    program: &'a Path,
    extras: &'a layout::Extras,
}

/// All packages of these programs.
fn pack(repository: &Repository, release: &Release, programs: &[(Platform, PathBuf)]) -> Result<()> {
    let extras = layout::Extras::write(release, &programs[0].1)?;
    for (platform, program) in programs {
        let contents = Contents { repository, release, platform: *platform, program, extras: &extras };
        archive::pack(&contents)?;
        wheel::pack(&contents)?;
        npm::pack_platform(&contents)?;
        debian::pack(&contents)?;
        container::add_platform(&contents)?;
    }
    layout::copy_program(&repository.path("deploy/install.sh"), &release.file("install.sh"))?;
    npm::pack_launcher(repository, release)?;
    container::pack(repository, release)?;
    release.write_checksums(repository)
}

fn list(folder: &Path) -> Result<()> {
    for name in layout::file_names(folder)? {
        let megabytes = fs::metadata(folder.join(&name))?.len() as f64 / 1e6;
        println!("  {name}  {megabytes:.1} MB");
    }
    Ok(())
}

/// The time of the last commit, in seconds since 1970: the age of every file in a package, so that the same source
/// makes the same package. Without a repository it is the earliest time that a wheel can have.
fn commit_time(repository: &Repository) -> String {
    let asked = output_of(repository.command("git").args(["log", "-1", "--format=%ct"]));
    asked.unwrap_or_else(|_| EARLIEST.to_owned())
}
