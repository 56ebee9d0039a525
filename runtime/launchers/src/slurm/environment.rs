//! Secrets on their way to the nodes.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::settings::SlurmSettings;
use crate::tool::Tools;
use crate::{AgentLaunch, LaunchError, NATS_VARIABLE, RunName, TOKEN_VARIABLE, shell};

/// The variables that agents and Slurm need. All others stay here: among them may be secrets of the coordinator, and
/// folders that the nodes do not have.
const KEPT: [&str; 6] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG"];

/// The variables that are secret.
pub fn secrets(launch: &AgentLaunch) -> [(&'static str, &str); 2] {
    [(NATS_VARIABLE, launch.nats.expose()), (TOKEN_VARIABLE, launch.token.expose())]
}

/// Gives sbatch the environment that the job will have.
pub fn prepare(command: &mut Command, settings: &SlurmSettings, tools: &Tools, launch: &AgentLaunch) {
    command.env_clear();
    // SLURM_CONF and the like are for sbatch; but SBATCH_ variables would be options that nobody has given here.
    let is_kept = |name: &str| {
        KEPT.contains(&name) || name.starts_with("SLURM_") || settings.variables.iter().any(|kept| kept == name)
    };
    command.envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    command.envs(tools.variables());
    if settings.secrets_folder.is_none() {
        command.envs(secrets(launch));
    }
}

/// Writes the files with secrets, if there is a folder for them. Nobody else may read them.
pub fn write_files(settings: &SlurmSettings, launch: &AgentLaunch) -> Result<(), LaunchError> {
    if let Some(file) = settings.secrets_file(&launch.run) {
        let lines = secrets(launch).map(|(name, value)| format!("export {name}={}\n", shell::quote(value)));
        write(&file, &lines.concat())?;
    }
    if let (Some(file), Some(creds)) = (settings.creds_file(&launch.run), &launch.nats_creds) {
        write(&file, creds.expose())?;
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), LaunchError> {
    squall_files::replace(file, text.as_bytes()).map_err(|error| {
        LaunchError::setting(format!("{} cannot be written ({error}): name another secrets-folder", file.display()))
    })
}

/// Removes the files with secrets.
pub fn remove_files(settings: &SlurmSettings, run: &RunName) -> Result<(), LaunchError> {
    let files: [Option<PathBuf>; 2] = [settings.secrets_file(run), settings.creds_file(run)];
    for file in files.into_iter().flatten() {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(LaunchError::unclear(format!(
                    "{} cannot be removed ({error}): remove it by hand, it has the secrets of the run",
                    file.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}
