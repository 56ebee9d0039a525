//! Installs each package into something empty, as its users do, and runs the demo from there.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::layout::Release;
use super::platform::Platform;
use super::{archive, container, debian, npm, wheel};
use crate::repository::{Repository, answers, output_of, run};

/// What a package is tried with: a shop, and one virtual user who visits it.
const DEMO: [&str; 6] = ["demo", "--vus", "1", "--iterations", "3", "--no-save"];

/// One trial: what is needed, and where the program is afterwards.
struct Trial {
    kind: &'static str,
    needs: (&'static str, &'static [&'static str]),
    install: fn(&Repository, &Release, Platform, &Path) -> Result<PathBuf>,
}

const TRIAL_IMAGE: &str = "localhost/squall-dist";
/// Works in a container, too, where nothing may be mounted and no namespace made.
const ISOLATION: [&str; 2] = ["--isolation", "chroot"];

const TRIALS: [Trial; 5] = [
    Trial { kind: "archive", needs: ("tar", &["--version"]), install: unpack_archive },
    Trial { kind: "installer", needs: ("curl", &["--version"]), install: run_installer },
    Trial { kind: "wheel", needs: ("python3", &["-c", "import ensurepip, venv"]), install: install_wheel },
    Trial { kind: "npm package", needs: ("npm", &["--version"]), install: install_npm },
    Trial { kind: "Debian package", needs: ("dpkg", &["--version"]), install: install_debian },
];

/// Tries all packages of this platform, if this machine can run them.
pub fn packages(repository: &Repository, release: &Release, platform: Platform) -> Result<()> {
    release.check_checksums(repository)?;
    if platform != Platform::of_this_machine()? {
        return try_foreign(repository, release, platform);
    }
    for Trial { kind, needs: (program, question), install } in TRIALS {
        if !answers(program, question) {
            skip(&format!("the {kind}: no {program}"))?;
            continue;
        }
        let folder = release.staging("empty")?;
        let squall = install(repository, release, platform, &folder).with_context(|| format!("the {kind}"))?;
        run_demo(&folder, Command::new(squall)).with_context(|| format!("the {kind}"))?;
        println!("the {kind}: installed and run");
    }
    Ok(())
}

/// Another processor's program, by QEMU. Its packages differ from this machine's in nothing else.
fn try_foreign(repository: &Repository, release: &Release, platform: Platform) -> Result<()> {
    let emulator = format!("qemu-{}-static", platform.processor());
    if !answers(&emulator, &["--version"]) {
        return skip(&format!("{}: no {emulator} (apt install qemu-user-static)", platform.target()));
    }
    let folder = release.staging("empty")?;
    let squall = unpack_archive(repository, release, platform, &folder)?;
    let mut command = Command::new(emulator);
    command.arg(squall);
    run_demo(&folder, command).with_context(|| platform.target().to_owned())
}

/// Builds the image for this machine's processor from the context, and runs the demo in it: there is nothing but the
/// program.
pub fn container(repository: &Repository, release: &Release) -> Result<()> {
    if !answers("buildah", &["--version"]) {
        return skip("the container image: no buildah");
    }
    let buildah = |arguments: &[&str]| run(buildah_command(repository).args(arguments));
    let architecture = format!("TARGETARCH={}", Platform::of_this_machine()?.debian());
    let context = container::folder(release).display().to_string();
    let arguments = ["--build-arg", "PROGRAM=prebuilt", "--build-arg", &architecture, "--tag", TRIAL_IMAGE, &context];
    buildah(&[&["build"], &ISOLATION[..], &arguments].concat())?;
    let container = output_of(buildah_command(repository).args(["from", TRIAL_IMAGE]))?;
    let ran = buildah(&[&["run"], &ISOLATION[..], &[&container, "--", "/usr/bin/squall"], &DEMO].concat());
    buildah(&["rm", &container])?;
    buildah(&["rmi", TRIAL_IMAGE])?;
    ran
}

/// The storage driver needs nothing of the machine.
fn buildah_command(repository: &Repository) -> Command {
    let mut buildah = repository.command("buildah");
    buildah.env("STORAGE_DRIVER", "vfs");
    buildah
}

/// Runs the demo as a user with nothing but this folder: no home, no cache, no settings.
fn run_demo(folder: &Path, mut squall: Command) -> Result<()> {
    squall
        .args(DEMO)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", env::var_os("PATH").unwrap_or_default());
    run(&mut squall)
}

fn unpack_archive(repository: &Repository, release: &Release, platform: Platform, folder: &Path) -> Result<PathBuf> {
    let name = archive::name(release, platform);
    let file = release.file(format!("{name}.tar.gz"));
    run(repository.command("tar").arg("--extract").arg("--file").arg(file).arg("--directory").arg(folder))?;
    Ok(folder.join(name).join("squall"))
}

/// From a server, as from GitHub.
fn run_installer(repository: &Repository, release: &Release, _: Platform, folder: &Path) -> Result<PathBuf> {
    let server = FileServer::start(release.folder())?;
    let mut installer = repository.command("sh");
    installer.arg(release.file("install.sh")).env("SQUALL_PREFIX", folder).env("SQUALL_RELEASE", &server.address);
    run(&mut installer)?;
    Ok(folder.join("bin/squall"))
}

fn install_wheel(repository: &Repository, release: &Release, platform: Platform, folder: &Path) -> Result<PathBuf> {
    run(repository.command("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]);
    run(pip.arg(release.file(wheel::file_name(release, platform))))?;
    Ok(folder.join("bin/squall"))
}

fn install_npm(repository: &Repository, release: &Release, platform: Platform, folder: &Path) -> Result<PathBuf> {
    let mut npm = repository.command("npm");
    npm.args(["install", "--offline", "--no-audit", "--no-fund", "--loglevel", "error", "--prefix"]).arg(folder);
    npm.arg(release.file(npm::platform_package(release, platform))).arg(release.file(npm::launcher(release)));
    run(&mut npm)?;
    Ok(folder.join("node_modules/.bin/squall"))
}

/// Into an empty root, with an empty list of installed packages.
fn install_debian(repository: &Repository, release: &Release, platform: Platform, folder: &Path) -> Result<PathBuf> {
    let database = folder.join("var/lib/dpkg");
    for part in ["updates", "info", "triggers"] {
        fs::create_dir_all(database.join(part))?;
    }
    fs::write(database.join("status"), "")?;
    fs::write(database.join("available"), "")?;
    let mut dpkg = repository.command("dpkg");
    dpkg.args(["--force-not-root", "--force-script-chrootless"]).arg(format!("--root={}", folder.display()));
    run(dpkg.arg("--install").arg(release.file(debian::file_name(release, platform))))?;
    Ok(folder.join("usr/bin/squall"))
}

/// Names what was not tried; in CI (`CI` is set) that is a failure.
fn skip(what: &str) -> Result<()> {
    println!("not tried: {what}");
    if env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        bail!("in CI no package may be left untried");
    }
    Ok(())
}

/// Python's server of a folder, on a free port of loopback; stopped when it is dropped.
struct FileServer {
    process: Child,
    address: String,
}

impl FileServer {
    fn start(folder: &Path) -> Result<FileServer> {
        let mut python = Command::new("python3");
        python.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0", "--directory"]).arg(folder);
        let process = python.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("cannot start python3")?;
        let mut server = FileServer { process, address: String::new() };
        server.address = server.read_address().context("python3 -m http.server does not start")?;
        Ok(server)
    }

    /// From its first line: `Serving HTTP on 127.0.0.1 port 40123 (http://127.0.0.1:40123/) ...`.
    fn read_address(&mut self) -> Option<String> {
        let mut line = String::new();
        BufReader::new(self.process.stdout.as_mut()?).read_line(&mut line).ok()?;
        let (_, address) = line.split_once('(')?;
        Some(address.split_once("/)")?.0.to_owned())
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
