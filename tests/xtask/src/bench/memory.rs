//! The cost of an idle virtual user: memory, and CPU time to start.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::process::{CLIENT_CORE, pinned};
use super::server::pause;
use super::{Bench, costs, number_in};
use crate::guests;
use crate::repository::Repository;

/// A scenario whose virtual users sleep, if an option tells them to.
pub(super) const IDLE_SCENARIO: &str = "idle";
const IDLE_OPTION: &str = "SLEEP";
/// Number of virtual users in the first measurement, for the process's own share.
pub(super) const FEW: u32 = 100;

/// Memory and CPU time, once all virtual users sleep.
struct Weight {
    /// Resident memory in KiB: a shared page counts once.
    kib: u64,
    /// The same with each shared page divided by its number of users (`Pss`).
    own_kib: u64,
    cpu: Duration,
}

/// `cargo xtask bench memory`: measures a process with few and with many idle virtual users.
pub fn measure(repository: &Repository, arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let bench = match &options.squall {
        Some(program) => Bench::with(repository, program.into())?,
        None => Bench::prepare(repository)?,
    };
    if options.languages {
        return costs::measure(&bench, options.users.unwrap_or(500));
    }
    let users = options.users.unwrap_or(10_000);
    let component = guests::component(bench.repository, IDLE_SCENARIO);
    let few = weigh(&bench, &component, None, FEW)?;
    let many = weigh(&bench, &component, None, users)?;
    let each = many.kib.saturating_sub(few.kib) as f64 / f64::from(users - FEW);
    println!("\n| virtual users | resident memory | CPU time to start all |\n| ---: | ---: | ---: |");
    for (users, weight) in [(FEW, &few), (users, &many)] {
        println!("| {users} | {} MiB | {:.2} s |", weight.kib / 1024, weight.cpu.as_secs_f64());
    }
    println!("\nEach idle virtual user: {each:.1} KiB");
    Ok(())
}

/// The options.
#[derive(Default)]
struct Options {
    users: Option<u32>,
    languages: bool,
    squall: Option<String>,
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Options> {
        let mut options = Options::default();
        let mut words = arguments.iter();
        while let Some(&word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word {
                "--users" => options.users = Some(number_in(value()?, 2 * FEW, 100_000)?),
                "--squall" => options.squall = Some((*value()?).to_owned()),
                "--languages" => options.languages = true,
                _ => bail!("`bench memory` has no option {word:?}"),
            }
        }
        Ok(options)
    }
}

/// The memory of each of `count` idle virtual users, in KiB, with the component's code in that cache: compiling would
/// leave memory in the process.
pub(super) fn each_kib(bench: &Bench<'_>, component: &Path, cache: &Path, users: u32) -> Result<f64> {
    let few = weigh(bench, component, Some(cache), FEW)?;
    let many = weigh(bench, component, Some(cache), users)?;
    Ok(many.own_kib.saturating_sub(few.own_kib) as f64 / f64::from(users - FEW))
}

fn weigh(bench: &Bench<'_>, component: &Path, cache: Option<&Path>, users: u32) -> Result<Weight> {
    let errors = bench.folder.join("memory.err");
    let mut squall = pinned(CLIENT_CORE, &bench.squall);
    squall.args(["run", "--quiet", "--no-save"]).arg(component);
    squall.envs(cache.map(|folder| ("XDG_CACHE_HOME", folder)));
    // There is no server: a user that wakes up too early fails, and shows in the CPU time.
    squall.args(["--target", "http://127.0.0.1:9", "-e", &format!("{IDLE_OPTION}=600"), "-d", "600s"]);
    squall.args(["-u", &users.to_string()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&errors)?);
    let mut child = squall.spawn().context("cannot start squall")?;
    let weight = wait_until_quiet(&mut child);
    let ended = child.try_wait()?;
    let _ = child.kill();
    let _ = child.wait();
    if let Some(status) = ended {
        bail!("squall ended with {users} virtual users ({status}):\n{}", fs::read_to_string(&errors)?);
    }
    weight
}

/// Waits until the process has used almost no CPU time for two seconds: all users have started, and sleep.
fn wait_until_quiet(child: &mut Child) -> Result<Weight> {
    let mut before = Duration::ZERO;
    for _ in 0..30 {
        pause(Duration::from_secs(2));
        let Ok(now) = cpu_time(child.id()) else { break };
        if before > Duration::ZERO && now - before < Duration::from_millis(40) {
            return Ok(Weight {
                kib: kib_of(child.id(), "status", "VmRSS:")?,
                own_kib: kib_of(child.id(), "smaps_rollup", "Pss:")?,
                cpu: now,
            });
        }
        before = now;
    }
    bail!("the virtual users did not fall asleep within a minute")
}

/// User and system time so far.
fn cpu_time(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The program's name comes second, in parentheses, and may contain any character.
    let fields = stat.rsplit_once(')').context("no name")?.1;
    let ticks: Vec<u64> = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    // SAFETY: takes no pointer, changes nothing.
    let ticks_per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Ok(Duration::from_secs_f64(ticks.iter().sum::<u64>() as f64 / ticks_per_second as f64))
}

/// A system figure about a process.
fn kib_of(process: u32, file: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    line.trim().trim_end_matches(" kB").parse().with_context(|| format!("{name} is not a number"))
}
