//! The fixed costs of a scenario in each language: its size, compiling it, starting it, and an idle virtual user.
//!
//! Times are CPU time of the whole process, which other programs on the machine change little.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::memory::{FEW, IDLE_SCENARIO, each_kib};
use super::process::run_client;
use super::{Bench, languages};
use crate::guests;

/// Number of measurements of a warm start, of which the median counts.
const STARTS: usize = 5;
/// The longest duration of a start: the largest component is compiled within seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// `cargo xtask bench memory --languages`: a table with a row for each language that can be built here.
pub fn measure(bench: &Bench<'_>, users: u32) -> Result<()> {
    let mut components = vec![("squall (Rust)", guests::component(bench.repository, IDLE_SCENARIO))];
    components.extend(languages::components(bench, IDLE_SCENARIO)?);
    let mut rows = Vec::new();
    for (name, component) in &components {
        rows.push(row(bench, name, component, users)?);
    }
    println!("\n| language | component | first start | later starts | idle virtual user |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    rows.iter().for_each(|row| println!("{row}"));
    println!(
        "\nStarts: CPU time of a whole run of one iteration, without and with compiled code in the cache (median of {STARTS}). An idle \
         virtual user: memory (Pss) of a process with {users} of them less that of one with {FEW}, divided by the difference."
    );
    Ok(())
}

fn row(bench: &Bench<'_>, name: &str, component: &Path, users: u32) -> Result<String> {
    let language = name.trim_start_matches("squall (").trim_end_matches(')');
    let size = fs::metadata(component).with_context(|| format!("no {}", component.display()))?.len();
    let cache = bench.folder.join("cache");
    if cache.exists() {
        fs::remove_dir_all(&cache)?;
    }
    let cold = start(bench, component, &cache)?;
    let mut warm = (0..STARTS).map(|_| start(bench, component, &cache)).collect::<Result<Vec<_>>>()?;
    warm.sort();
    let kib = each_kib(bench, component, &cache, users)?;
    Ok(format!(
        "| {language} | {} | {} | {} | {kib:.0} KiB |",
        size_text(size),
        time_text(cold),
        time_text(warm[STARTS / 2])
    ))
}

/// The CPU time of a run of one empty iteration.
fn start(bench: &Bench<'_>, component: &Path, cache: &Path) -> Result<Duration> {
    let run = ["XDG_CACHE_HOME=", "run", "--quiet", "--no-save", "-i", "1", "-u", "1", "-e", "SLEEP=0"];
    let mut arguments: Vec<String> = run.map(str::to_owned).to_vec();
    arguments[0].push_str(&cache.display().to_string());
    arguments.insert(1, bench.squall.display().to_string());
    arguments.extend(["--target", "http://127.0.0.1:9", "--summary-mode", "disabled"].map(str::to_owned));
    arguments.push(component.display().to_string());
    let ended = run_client(Path::new("env"), &arguments, PATIENCE, &bench.folder)?;
    if !ended.status.success() {
        bail!("{} does not run ({}):\n{}", component.display(), ended.status, ended.errors);
    }
    Ok(ended.cpu)
}

fn size_text(bytes: u64) -> String {
    if bytes < 1_000_000 { format!("{:.0} kB", bytes as f64 / 1e3) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

fn time_text(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_worded() {
        assert_eq!((size_text(56_789), size_text(18_243_139)), ("57 kB".to_owned(), "18.2 MB".to_owned()));
        assert_eq!(time_text(Duration::from_millis(42)), "42 ms");
        assert_eq!(time_text(Duration::from_millis(5_150)), "5.2 s");
    }
}
