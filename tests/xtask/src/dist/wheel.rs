//! The Python wheel: `pip install squall-load` puts the program beside Python, `uvx --from squall-load squall` runs it.
//!
//! <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>

use anyhow::Result;

use super::Contents;
use super::build::python_tools;
use super::layout::{Release, copy, copy_program, write};
use super::platform::Platform;
use crate::repository::run;

/// PyPI's tool that lists a wheel's files with their digests and zips them.
const TOOLS: [&str; 1] = ["wheel==0.45.1"];
/// The systems that it can be installed on: the program is static, so glibc and musl are the same to it, and these are
/// the oldest versions that pip knows; in the order of the file's name.
const SYSTEMS: [&str; 3] = ["manylinux2014", "manylinux_2_17", "musllinux_1_1"];

/// The wheel's file.
pub fn file_name(release: &Release, platform: Platform) -> String {
    format!("squall_load-{}-{}.whl", release.version, tag(platform))
}

pub fn pack(contents: &Contents<'_>) -> Result<()> {
    let Contents { repository, release, platform, program, .. } = *contents;
    let staging = release.staging("wheel")?;
    let name = format!("squall_load-{}", release.version);
    copy_program(program, &staging.join(format!("{name}.data/scripts/squall")))?;
    let information = staging.join(format!("{name}.dist-info"));
    let readme = std::fs::read_to_string(repository.path("deploy/README.package.md"))?;
    let metadata = release.fill(repository, "python/METADATA", &[("readme", &readme)])?;
    write(&information.join("METADATA"), metadata)?;
    write(&information.join("WHEEL"), describe(platform))?;
    for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
        copy(&repository.path(file), &information.join("licenses").join(file))?;
    }
    let python = python_tools(repository, "wheel", &TOOLS)?.join("bin/python");
    let mut wheel = repository.command(python);
    wheel.args(["-m", "wheel", "pack", "--dest-dir"]).arg(release.folder()).arg(&staging);
    run(release.dated(&mut wheel))
}

/// The file `WHEEL`: one line for each system.
fn describe(platform: Platform) -> String {
    let tags = SYSTEMS.map(|system| format!("Tag: py3-none-{system}_{}\n", platform.processor())).concat();
    format!("Wheel-Version: 1.0\nGenerator: squall xtask\nRoot-Is-Purelib: false\n{tags}")
}

fn tag(platform: Platform) -> String {
    let systems = SYSTEMS.map(|system| format!("{system}_{}", platform.processor()));
    format!("py3-none-{}", systems.join("."))
}
