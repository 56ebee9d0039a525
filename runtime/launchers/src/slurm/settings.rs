//! What a launch on Slurm needs to know besides the agents.

use std::path::PathBuf;

use crate::{AgentLaunch, LaunchError, LaunchOptions, RunName};

/// Settings of a launch on Slurm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmSettings {
    /// The path of `squall` on the nodes.
    pub program: String,
    /// The partition; without it the cluster's default. The same holds for the next ones.
    pub partition: Option<String>,
    /// The account that pays.
    pub account: Option<String>,
    /// The quality of service.
    pub qos: Option<String>,
    /// The reservation.
    pub reservation: Option<String>,
    /// Features that nodes must have.
    pub constraint: Option<String>,
    /// Whether each agent gets a node of its own.
    pub exclusive: bool,
    /// The folder for what agents print, shared by the nodes; without it nothing is kept.
    pub log_folder: Option<PathBuf>,
    /// The folder for files with secrets, shared by the nodes; without it they are in the job's environment.
    pub secrets_folder: Option<PathBuf>,
    /// Variables of the caller that agents get, besides `PATH`, `HOME` and the like.
    pub variables: Vec<String>,
}

impl Default for SlurmSettings {
    fn default() -> SlurmSettings {
        SlurmSettings {
            program: "squall".to_owned(),
            partition: None,
            account: None,
            qos: None,
            reservation: None,
            constraint: None,
            exclusive: false,
            log_folder: None,
            secrets_folder: None,
            variables: Vec::new(),
        }
    }
}

impl SlurmSettings {
    /// The names of the launch options, in the order of this type's fields.
    pub const OPTIONS: [&str; 10] = [
        "program",
        "partition",
        "account",
        "qos",
        "reservation",
        "constraint",
        "exclusive",
        "log-folder",
        "secrets-folder",
        "variables",
    ];

    /// The settings in launch options: `program=PATH`, `partition=NAME`, `account=NAME`, `qos=NAME`,
    /// `reservation=NAME`, `constraint=FEATURES`, `exclusive=true`, `log-folder=FOLDER`, `secrets-folder=FOLDER`,
    /// `variables=NAME,NAME`.
    ///
    /// # Errors
    /// If one is wrong or unknown.
    pub fn from_options(mut options: LaunchOptions) -> Result<SlurmSettings, LaunchError> {
        let usual = SlurmSettings::default();
        let variables = options.take("variables");
        let settings = SlurmSettings {
            program: options.take("program").unwrap_or(usual.program),
            partition: options.take("partition"),
            account: options.take("account"),
            qos: options.take("qos"),
            reservation: options.take("reservation"),
            constraint: options.take("constraint"),
            exclusive: options.take_parsed("exclusive", "true or false")?.unwrap_or(false),
            log_folder: options.take("log-folder").map(PathBuf::from),
            secrets_folder: options.take("secrets-folder").map(PathBuf::from),
            variables: variables.iter().flat_map(|names| names.split(',')).map(str::to_owned).collect(),
        };
        options.finish("slurm", &SlurmSettings::OPTIONS)?;
        settings.check()?;
        Ok(settings)
    }

    /// The options that go to sbatch as they are.
    pub(super) fn passed_through(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let options = [
            ("partition", &self.partition),
            ("account", &self.account),
            ("qos", &self.qos),
            ("reservation", &self.reservation),
            ("constraint", &self.constraint),
        ];
        options.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Looks for values that would become something else in a script or a pattern.
    pub(super) fn check(&self) -> Result<(), LaunchError> {
        if self.program.is_empty() || self.program.starts_with('-') || self.program.chars().any(char::is_control) {
            return Err(LaunchError::setting("the program's path is wrong: give that of squall on the nodes"));
        }
        for (name, value) in self.passed_through() {
            let is_fine = |letter: char| letter.is_ascii_graphic() && !"\"'\\$`;".contains(letter);
            if value.is_empty() || !value.chars().all(is_fine) {
                return Err(LaunchError::setting(format!(
                    "Slurm takes no {name} {value:?}: see `sinfo` and `sacctmgr`"
                )));
            }
        }
        for folder in [&self.log_folder, &self.secrets_folder].into_iter().flatten() {
            let text = folder.to_string_lossy();
            // Slurm replaces % in the names of files, and a backslash turns that off.
            if !folder.is_absolute() || text.contains(['%', '\\']) || text.chars().any(char::is_control) {
                return Err(LaunchError::setting(format!(
                    "{text:?} cannot be used by all nodes: give the full path of a shared folder, without % and \\"
                )));
            }
        }
        let is_variable = |name: &String| {
            let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit()) && name.bytes().all(is_fine)
        };
        match self.variables.iter().find(|name| !is_variable(name)) {
            Some(name) => {
                Err(LaunchError::setting(format!("{name:?} is not a variable: write NAME,NAME without values")))
            }
            None => Ok(()),
        }
    }

    /// Looks for what this launch needs.
    pub(super) fn check_launch(&self, launch: &AgentLaunch) -> Result<(), LaunchError> {
        if launch.nats_creds.is_some() && self.secrets_folder.is_none() {
            return Err(LaunchError::setting(
                "the NATS credentials file must be on all nodes: give a shared folder by --launch-option \
                 secrets-folder=FOLDER",
            ));
        }
        Ok(())
    }

    /// The file with the settings that are secret.
    pub(super) fn secrets_file(&self, run: &RunName) -> Option<PathBuf> {
        Some(self.secrets_folder.as_ref()?.join(format!("{}.env", run.job_name())))
    }

    /// The NATS credentials file.
    pub(super) fn creds_file(&self, run: &RunName) -> Option<PathBuf> {
        Some(self.secrets_folder.as_ref()?.join(format!("{}.creds", run.job_name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_settings_or_mistakes() {
        let options = |texts: &[&str]| SlurmSettings::from_options(LaunchOptions::parse(texts).unwrap());
        let settings = options(&["partition=fast", "constraint=intel&ssd", "variables=HTTPS_PROXY,NO_PROXY"]).unwrap();
        assert_eq!(settings.passed_through().collect::<Vec<_>>(), [("partition", "fast"), ("constraint", "intel&ssd")]);
        assert_eq!(settings.variables, ["HTTPS_PROXY", "NO_PROXY"]);
        for (text, part) in [
            ("partition=a b", "takes no partition"),
            ("account=", "takes no account"),
            ("program=-x", "program's path"),
            ("log-folder=logs", "full path"),
            ("secrets-folder=/a%j", "full path"),
            ("variables=A=1", "write NAME,NAME"),
            ("gres=gpu", "use one of program"),
        ] {
            let message = options(&[text]).unwrap_err().message;
            assert!(message.contains(part), "{message}");
        }
    }
}
