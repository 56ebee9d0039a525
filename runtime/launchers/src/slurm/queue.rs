//! What Slurm knows of a job: `squeue` while it is in the queue and some minutes longer, `sacct` after that.

use super::Slurm;
use crate::{LaunchError, RunName};

/// A task of an array job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayTask {
    /// Its index.
    pub index: u32,
    /// `PENDING`, `RUNNING`, `FAILED` ...
    pub state: String,
    /// Why it waits or has failed, in Slurm's words.
    pub reason: String,
    /// The node, if it has one.
    pub node: String,
    /// Its exit code, if it is known.
    pub exit_code: Option<i32>,
}

/// The number of the run's job, if it is in the queue.
///
/// # Errors
/// If it is another launch's.
pub fn find(slurm: &Slurm, run: &RunName, digest: &str) -> Result<Option<u64>, LaunchError> {
    let name = run.job_name();
    let states = "--states=PENDING,CONFIGURING,RUNNING,SUSPENDED,COMPLETING";
    let arguments = ["--noheader", "--me", states, "--format=%F|%k"].map(str::to_owned);
    let arguments = [&arguments[..], &[format!("--name={name}")]].concat();
    let output = slurm.run("squeue", &arguments)?;
    if output.code != Some(0) {
        return Err(LaunchError::refused(format!("squeue failed ({}): try again when slurmctld runs", output.errors)));
    }
    let Some((number, comment)) = output.out.lines().find_map(|line| line.trim().split_once('|')) else {
        return Ok(None);
    };
    match number.parse() {
        Ok(number) if comment == format!("squall:{digest}") => Ok(Some(number)),
        _ => Err(LaunchError::refused(format!(
            "job {name} exists already, with another token or other settings: choose another run id, or end it \
             by `scancel --name={name}`"
        ))),
    }
}

/// The fields of a task. Their widths are more than enough.
const FIELDS: &str = "--Format=ArrayTaskID:20|,State:40|,Reason:160|,NodeList:160|,exit_code:20|";

/// The tasks of a job.
pub fn tasks(slurm: &Slurm, number: u64) -> Result<Vec<ArrayTask>, LaunchError> {
    let arguments = ["--noheader", "--array", "--states=all", FIELDS].map(str::to_owned);
    let output = slurm.run("squeue", &[&arguments[..], &[format!("--jobs={number}")]].concat())?;
    if output.code != Some(0) && !output.errors.contains("Invalid job id") {
        return Err(LaunchError::unclear(format!("squeue failed ({}): try again when slurmctld runs", output.errors)));
    }
    let mut tasks: Vec<ArrayTask> = output.out.lines().filter_map(read_queued).collect();
    let is_missing = |task: &ArrayTask| !tasks.iter().any(|known| known.index == task.index);
    // Some minutes after its end, a task is in the accounting only.
    let accounted: Vec<ArrayTask> = accounting(slurm, number).into_iter().filter(is_missing).collect();
    tasks.extend(accounted);
    Ok(tasks)
}

/// `3|FAILED|NonZeroExitCode|node1|32512|`
fn read_queued(line: &str) -> Option<ArrayTask> {
    let mut fields = line.split('|').map(|field| field.trim().to_owned());
    let index = fields.next()?.parse().ok()?;
    let (state, reason, node) = (fields.next()?, fields.next()?, fields.next()?);
    Some(ArrayTask { index, state, reason, node, exit_code: read_exit_code(&fields.next()?) })
}

/// The exit code in a status as `wait` has it (`768`), or in `3:0`. A task that was killed has none.
fn read_exit_code(text: &str) -> Option<i32> {
    if let Some((code, signal)) = text.split_once(':') {
        return code.parse().ok().filter(|_| signal == "0");
    }
    let status: i32 = text.parse().ok()?;
    (status & 0x7f == 0).then_some(status >> 8)
}

/// The tasks in the accounting. Without one there are none.
fn accounting(slurm: &Slurm, number: u64) -> Vec<ArrayTask> {
    let format = "--format=JobID,State,NodeList,ExitCode";
    let arguments = ["--noheader", "--parsable2", "--allocations", format].map(str::to_owned);
    let output = slurm.run("sacct", &[&arguments[..], &[format!("--jobs={number}")]].concat());
    match output {
        Ok(output) if output.code == Some(0) => output.out.lines().filter_map(read_accounted).collect(),
        _ => Vec::new(),
    }
}

/// `1234_3|CANCELLED by 0|node1|1:0`
fn read_accounted(line: &str) -> Option<ArrayTask> {
    let mut fields = line.trim().split('|');
    let index = fields.next()?.split_once('_')?.1.parse().ok()?;
    let state = fields.next()?.split(' ').next()?.to_owned();
    let node = fields.next()?.to_owned();
    Some(ArrayTask { index, state, reason: String::new(), node, exit_code: read_exit_code(fields.next()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_programs_are_read() {
        let task = read_queued("3   |PENDING  |Resources  |  |0  |").unwrap();
        assert_eq!((task.index, task.state.as_str(), task.reason.as_str()), (3, "PENDING", "Resources"));
        assert_eq!(read_queued("3|FAILED|NonZeroExitCode|n1|32512|").unwrap().exit_code, Some(127));
        assert_eq!(read_queued("N/A|PENDING|None||0|"), None);
        let task = read_accounted("12_0|CANCELLED by 0|node1|0:15").unwrap();
        assert_eq!((task.index, task.state.as_str(), task.exit_code), (0, "CANCELLED", None));
        assert_eq!(read_accounted("12_[1-3]|PENDING||0:0"), None);
    }
}
