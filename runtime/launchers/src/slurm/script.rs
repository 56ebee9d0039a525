//! The job: arguments of `sbatch`, and the script on its standard input.

use super::settings::SlurmSettings;
use crate::{AgentLaunch, NATS_CREDS_VARIABLE, RUN_VARIABLE, shell};

/// The arguments of `sbatch`. None is secret.
pub fn arguments(settings: &SlurmSettings, launch: &AgentLaunch, digest: &str) -> Vec<String> {
    let mut arguments = vec![
        "--parsable".to_owned(),
        format!("--job-name={}", launch.run.job_name()),
        format!("--comment=squall:{digest}"),
        format!("--array=0-{}", launch.agents - 1),
        "--ntasks=1".to_owned(),
        format!("--cpus-per-task={}", launch.resources.millicpus.div_ceil(1000)),
        format!("--mem={}M", launch.resources.memory_mib),
        format!("--time={}", launch.longest.as_secs().div_ceil(60)),
        // A repeated task would be a new agent in the middle of a run: that is for the coordinator to decide.
        "--no-requeue".to_owned(),
        // The folder of the coordinator need not exist on the nodes.
        "--chdir=/tmp".to_owned(),
        "--input=/dev/null".to_owned(),
        format!("--output={}", log_file(settings)),
        "--export=ALL".to_owned(),
    ];
    arguments.extend(settings.exclusive.then(|| "--exclusive".to_owned()));
    arguments.extend(settings.passed_through().map(|(name, value)| format!("--{name}={value}")));
    arguments
}

fn log_file(settings: &SlurmSettings) -> String {
    match &settings.log_folder {
        Some(folder) => folder.join("%x-%A-%a.log").to_string_lossy().into_owned(),
        None => "/dev/null".to_owned(),
    }
}

/// The script.
pub fn print(settings: &SlurmSettings, launch: &AgentLaunch) -> String {
    let mut script = format!("#!/bin/sh\nexport {RUN_VARIABLE}={}\n", launch.run);
    if let Some(file) = settings.secrets_file(&launch.run) {
        script += &format!(". {}\n", shell::quote(&file.to_string_lossy()));
    }
    if let Some(file) = settings.creds_file(&launch.run).filter(|_| launch.nats_creds.is_some()) {
        script += &format!("export {NATS_CREDS_VARIABLE}={}\n", shell::quote(&file.to_string_lossy()));
    }
    let words = [settings.program.as_str(), "agent"].into_iter().chain(launch.arguments.iter().map(String::as_str));
    script + &format!("exec {}\n", shell::join(words))
}
