//! The one command for all other platforms.

use std::fmt::Write;

use crate::{
    AgentLaunch, LaunchError, LaunchOptions, NATS_CREDS_VARIABLE, NATS_VARIABLE, RUN_VARIABLE, TOKEN_VARIABLE, shell,
};

/// What the printed commands name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintSettings {
    /// The program.
    pub program: String,
    /// The image for `docker run`.
    pub image: String,
}

impl Default for PrintSettings {
    fn default() -> PrintSettings {
        PrintSettings { program: "squall".to_owned(), image: "squall".to_owned() }
    }
}

impl PrintSettings {
    /// The settings in the launch options `program=PATH` and `image=IMAGE`.
    ///
    /// # Errors
    /// If there are others.
    pub fn from_options(mut options: LaunchOptions) -> Result<PrintSettings, LaunchError> {
        let usual = PrintSettings::default();
        let settings = PrintSettings {
            program: options.take("program").unwrap_or(usual.program),
            image: options.take("image").unwrap_or(usual.image),
        };
        options.finish("print", &["program", "image"])?;
        Ok(settings)
    }
}

/// How secrets are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretDisplay {
    /// As references to files that the reader fills.
    Files,
    /// As they are. Terminals and logs keep them.
    Shown,
}

/// The file that the commands read, one for each run.
fn environment_file(launch: &AgentLaunch) -> String {
    format!("squall-{}.env", launch.run)
}

fn creds_file(launch: &AgentLaunch) -> String {
    format!("squall-{}.creds", launch.run)
}

/// Commands that can be pasted into a shell: they write a file with the settings once, and start one agent with it, as
/// a program or as a container.
///
/// # Errors
/// If a setting is wrong.
pub fn print_agent(
    launch: &AgentLaunch,
    settings: &PrintSettings,
    secrets: SecretDisplay,
) -> Result<String, LaunchError> {
    launch.check()?;
    let mut out = String::new();
    // Writing into a text does not fail.
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    line(format!("# Once on each machine: the settings of run {}, readable by you alone.", launch.run));
    write_settings(launch, secrets, &mut line);
    let times = if launch.agents == 1 { "once".to_owned() } else { format!("{} times in all", launch.agents) };
    line(format!("\n# An agent, to be started {times}:"));
    line(run_program(launch, settings));
    line("\n# The same in a container:".to_owned());
    line(run_container(launch, settings));
    Ok(out)
}

/// Writes a file with a variable in each line, without quotes: the form that `docker run --env-file` reads.
fn write_settings(launch: &AgentLaunch, secrets: SecretDisplay, line: &mut impl FnMut(String)) {
    let file = environment_file(launch);
    if secrets == SecretDisplay::Files {
        line(format!(
            "# {file} needs these lines; {TOKEN_VARIABLE} and the password of NATS are with your coordinator:"
        ));
        line(format!("#   {RUN_VARIABLE}={}", launch.run));
        line(format!("#   {NATS_VARIABLE}={}", launch.nats.shown()));
        line(format!("#   {TOKEN_VARIABLE}=..."));
        line(format!("(umask 077 && \"${{EDITOR:-vi}}\" {file})"));
    } else {
        line(format!("(umask 077 && cat >{file} <<'END'"));
        line(format!("{RUN_VARIABLE}={}", launch.run));
        line(format!("{NATS_VARIABLE}={}", launch.nats.expose()));
        line(format!("{TOKEN_VARIABLE}={}\nEND\n)", launch.token.expose()));
    }
    match &launch.nats_creds {
        Some(creds) if secrets == SecretDisplay::Shown => {
            let quoted = shell::quote(creds.expose().trim_end()).into_owned();
            line(format!("(umask 077 && printf '%s\\n' {quoted} >{})", creds_file(launch)));
        }
        Some(_) => line(format!("# {} is the NATS credentials file; copy it there.", creds_file(launch))),
        None => {}
    }
}

fn run_program(launch: &AgentLaunch, settings: &PrintSettings) -> String {
    let mut words = vec![settings.program.as_str(), "agent"];
    words.extend(launch.arguments.iter().map(String::as_str));
    let creds = launch.nats_creds.as_ref().map(|_| format!("{NATS_CREDS_VARIABLE}={} ", creds_file(launch)));
    // The file is read line by line and not by the shell, to which "&" in an address is a command.
    let file = environment_file(launch);
    format!(
        "(while IFS= read -r line || [ -n \"$line\" ]; do case $line in [A-Z]*=*) export \"$line\" ;; esac; \
         done <{file}; {}exec {})",
        creds.unwrap_or_default(),
        shell::join(words)
    )
}

fn run_container(launch: &AgentLaunch, settings: &PrintSettings) -> String {
    let (cpus, memory) = (f64::from(launch.resources.millicpus) / 1000.0, launch.resources.memory_mib);
    let mut words: Vec<String> =
        ["docker", "run", "--rm", "--network", "host", "--read-only", "--cap-drop", "ALL"].map(str::to_owned).to_vec();
    words.extend(
        ["--security-opt", "no-new-privileges", "--tmpfs", "/tmp", "--tmpfs", "/cache:uid=65532,gid=65532"]
            .map(str::to_owned),
    );
    words.extend([
        format!("--cpus={cpus}"),
        format!("--memory={memory}m"),
        format!("--env-file={}", environment_file(launch)),
    ]);
    let mut command = shell::join(words);
    if launch.nats_creds.is_some() {
        // The file belongs to the user, so the container runs as that user.
        let file = creds_file(launch);
        command = command.replace("/cache:uid=65532,gid=65532", "/cache:mode=1777");
        let mount = format!(" --user \"$(id -u):$(id -g)\" -v \"$PWD/{file}:/run/squall/{file}:ro\"");
        command.push_str(&mount);
        command.push_str(&format!(" -e {NATS_CREDS_VARIABLE}=/run/squall/{file}"));
    }
    let mut rest = vec![settings.image.as_str(), "agent"];
    rest.extend(launch.arguments.iter().map(String::as_str));
    format!("{command} {}", shell::join(rest))
}
