//! Runs a program on one core, and measures its cost.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

/// The cores that the two sides of a benchmark run on.
pub const SERVER_CORE: &str = "0";
pub const CLIENT_CORE: &str = "1";

/// A program's output and cost.
pub struct Finished {
    pub status: ExitStatus,
    pub output: String,
    pub errors: String,
    /// User and system time, its children's included.
    pub cpu: Duration,
}

/// A command that runs on one core only, and that ends with this program, however that ends.
pub fn pinned(core: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "--cpu-list", core]).arg(program);
    command
}

/// Runs a client to its end, which comes at the latest after `limit`.
pub fn run_client(program: &Path, arguments: &[String], limit: Duration, folder: &Path) -> Result<Finished> {
    // Files, not pipes: reading a pipe takes CPU time while the client runs.
    let output = folder.join("client.out");
    let errors = folder.join("client.err");
    let mut command = pinned(CLIENT_CORE, "timeout");
    command.args(["--kill-after", "2", &limit.as_secs().to_string()]).arg(program).args(arguments);
    command.stdin(Stdio::null()).stdout(File::create(&output)?).stderr(File::create(&errors)?);
    let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
    let (status, cpu) = wait(child)?;
    Ok(Finished { status, output: read(&output)?, errors: read(&errors)?, cpu })
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits for the child. Only this call reports its CPU time, and std does not return that.
fn wait(child: Child) -> Result<(ExitStatus, Duration)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for the call, and `child` has not been waited for.
    let waited = unsafe { libc::wait4(child.id().cast_signed(), &mut status, 0, usage.as_mut_ptr()) };
    if waited < 0 {
        return Err(io::Error::last_os_error()).context("cannot wait for a client");
    }
    // SAFETY: all zeros is a valid `rusage`, and the call has filled it in.
    let usage = unsafe { usage.assume_init() };
    Ok((ExitStatus::from_raw(status), duration(usage.ru_utime) + duration(usage.ru_stime)))
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(time.tv_usec.unsigned_abs())
}
