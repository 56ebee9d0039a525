//! Agents as one array job of Slurm.
//!
//! The script goes to the standard input of `sbatch`. Secrets are on no command line and not in the script, which
//! `scontrol` shows. By default they are in the environment of `sbatch`, which Slurm keeps in files of its own user and
//! hands to the job. Where the accounting stores environments (`AccountingStoreFlags=job_env`), or with a NATS
//! credentials file, `secrets-folder=FOLDER` has them in a file of mode 0600 on a file system that the nodes share.

mod environment;
mod queue;
mod script;
mod settings;
mod states;

pub use settings::SlurmSettings;

use sha2::{Digest, Sha256};

use crate::tool::{self, ToolOutput, Tools};
use crate::{AgentLaunch, AgentStates, LaunchError, LaunchId, Launched, Launcher};

/// Starts agents on a Slurm cluster.
#[derive(Clone, Debug)]
pub struct Slurm {
    settings: SlurmSettings,
    tools: Tools,
}

impl Slurm {
    /// A launcher with these settings.
    ///
    /// # Errors
    /// If a setting is wrong, or Slurm's programs are not installed.
    pub fn new(settings: SlurmSettings, tools: Tools) -> Result<Slurm, LaunchError> {
        settings.check()?;
        match ["sbatch", "squeue", "scancel"].into_iter().find(|program| tools.find(program).is_none()) {
            None => Ok(Slurm { settings, tools }),
            Some(program) => Err(LaunchError::setting(format!(
                "{program} is not installed: start the coordinator on a login node of the Slurm cluster"
            ))),
        }
    }

    /// Runs a program of Slurm.
    fn run(&self, program: &str, arguments: &[String]) -> Result<ToolOutput, LaunchError> {
        let Some(mut command) = self.tools.command(program) else {
            return Err(LaunchError::setting(format!("{program} is not installed: install Slurm's client programs")));
        };
        command.args(arguments);
        tool::run(command, "")
    }

    /// The digest by which a second launch of the same run is recognised. The run's token, which is random, is in it.
    fn digest(&self, launch: &AgentLaunch) -> String {
        let mut digest = Sha256::new();
        digest.update(script::arguments(&self.settings, launch, "").join("\n"));
        digest.update(script::print(&self.settings, launch));
        for (_, value) in environment::secrets(launch) {
            digest.update(value);
        }
        digest.update(launch.nats_creds.as_ref().map_or("", |creds| creds.expose()));
        digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    fn submit(&self, launch: &AgentLaunch, digest: &str) -> Result<u64, LaunchError> {
        let Some(mut command) = self.tools.command("sbatch") else {
            return Err(LaunchError::setting("sbatch is gone: install it again"));
        };
        command.args(script::arguments(&self.settings, launch, digest));
        environment::prepare(&mut command, &self.settings, &self.tools, launch);
        let output = tool::run(command, &script::print(&self.settings, launch))?;
        if output.code != Some(0) {
            return Err(refused(&output));
        }
        // NUMBER or NUMBER;CLUSTER
        let number = output.out.trim().split(';').next().and_then(|number| number.parse().ok());
        number.ok_or_else(|| {
            let printed = crate::text::plain_message(&output.out);
            LaunchError::unclear(format!(
                "sbatch printed {printed:?} and no job number: look for the job by `squeue --me`"
            ))
        })
    }
}

/// The sentence about what sbatch has refused.
fn refused(output: &ToolOutput) -> LaunchError {
    let remedies = [
        ("Invalid partition", "name another by --launch-option partition=NAME"),
        ("Invalid account", "name another by --launch-option account=NAME"),
        ("Invalid qos", "name another by --launch-option qos=NAME"),
        ("Requested node configuration is not available", "give agents less processor or memory"),
        ("array", "start fewer agents (MaxArraySize in slurm.conf)"),
        ("time limit", "allow the run less time, or name another partition by --launch-option partition=NAME"),
        ("Unable to contact slurm controller", "try again when slurmctld runs"),
    ];
    let remedy = remedies
        .iter()
        .find(|(text, _)| output.errors.contains(text))
        .map_or("change the launch options", |(_, remedy)| remedy);
    LaunchError::refused(format!("sbatch did not take the job ({}): {remedy}", output.errors))
}

impl Launcher for Slurm {
    fn describe(&self) -> String {
        match &self.settings.partition {
            Some(partition) => format!("Slurm (partition {partition})"),
            None => "Slurm".to_owned(),
        }
    }

    fn preview(&self, launch: &AgentLaunch) -> Result<String, LaunchError> {
        launch.check()?;
        self.settings.check_launch(launch)?;
        let command = crate::shell::join(script::arguments(&self.settings, launch, &self.digest(launch)));
        let script = script::print(&self.settings, launch);
        let names = environment::secrets(launch).map(|(name, _)| name).join(" and ");
        let place = match self.settings.secrets_file(&launch.run) {
            Some(file) => format!("in {}", file.display()),
            None => "in the environment of sbatch".to_owned(),
        };
        Ok(format!("# {names}: {place}\nsbatch {command} <<'END'\n{script}END\n"))
    }

    fn launch(&self, launch: &AgentLaunch) -> Result<Launched, LaunchError> {
        launch.check()?;
        self.settings.check_launch(launch)?;
        let digest = self.digest(launch);
        let number = match queue::find(self, &launch.run, &digest)? {
            Some(number) => number,
            None => {
                environment::write_files(&self.settings, launch)?;
                let submitted = self.submit(launch, &digest);
                if submitted.is_err() {
                    environment::remove_files(&self.settings, &launch.run)?;
                }
                submitted?
            }
        };
        Ok(Launched::new(launch, LaunchId::SlurmJob { number }))
    }

    fn inspect(&self, launched: &Launched) -> Result<AgentStates, LaunchError> {
        let tasks = queue::tasks(self, number(launched)?)?;
        Ok(states::of_agents(&tasks, launched.agents))
    }

    fn clean_up(&self, launched: &Launched) -> Result<(), LaunchError> {
        let number = number(launched)?;
        // Jobs that have ended are no failure for scancel.
        let output = self.run("scancel", &["--quiet".to_owned(), number.to_string()])?;
        environment::remove_files(&self.settings, &launched.run)?;
        if output.code == Some(0) || output.errors.contains("Invalid job id") {
            return Ok(());
        }
        Err(LaunchError::unclear(format!("job {number} may run on ({}): end it by `scancel {number}`", output.errors)))
    }
}

fn number(launched: &Launched) -> Result<u64, LaunchError> {
    match launched.id {
        LaunchId::SlurmJob { number } => Ok(number),
        _ => Err(LaunchError::setting(format!(
            "{} is not a job of Slurm: use the launcher that started it",
            launched.id
        ))),
    }
}
