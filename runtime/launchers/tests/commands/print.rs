//! The printed commands, as pasted into a shell.

use std::process::Command;
use std::time::Duration;

use squall_launchers::{
    AgentLaunch, AgentResources, LaunchOptions, PrintSettings, RunToken, Secret, SecretDisplay, print_agent,
};

use crate::ssh::write_script;

const NATS: &str = "nats://squall:s3cret&x@nats.example.com:4222";

fn launch() -> AgentLaunch {
    AgentLaunch {
        run: "r1".parse().unwrap(),
        agents: 3,
        nats: NATS.parse().unwrap(),
        nats_creds: Some(Secret::new("-----BEGIN NATS USER JWT-----\nit's\n")),
        token: RunToken::new("t0ken-t0ken-t0ken").unwrap(),
        resources: AgentResources { millicpus: 1500, memory_mib: 512 },
        longest: Duration::from_secs(60),
        arguments: vec!["a b".to_owned()],
    }
}

#[test]
fn pasted_into_a_shell_it_starts_an_agent_and_a_container() {
    let folder = tempfile::tempdir().unwrap();
    let agent = "#!/bin/sh\nprintf '%s|' \"$SQUALL_RUN\" \"$SQUALL_NATS\" \"$SQUALL_TOKEN\" \"$@\"\ncat \"$SQUALL_NATS_CREDS\"\n";
    write_script(&folder.path().join("my squall"), agent);
    // A `docker` that shows what it was given.
    write_script(&folder.path().join("docker"), "#!/bin/sh\nprintf '%s|' \"$@\"\ncat squall-r1.env\n");
    let settings =
        PrintSettings { program: "./my squall".to_owned(), image: "registry.example.com/squall:1".to_owned() };
    let script = print_agent(&launch(), &settings, SecretDisplay::Shown).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-euc", &script]).current_dir(folder.path());
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let output = shell.env("PATH", path).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let program = format!("r1|{NATS}|t0ken-t0ken-t0ken|agent|a b|-----BEGIN NATS USER JWT-----\nit's\n");
    let container = printed.strip_prefix(&program).unwrap_or_else(|| panic!("{printed}"));
    for part in [
        "run|--rm|",
        "|--read-only|",
        "|--cpus=1.5|--memory=512m|--env-file=squall-r1.env|",
        "|registry.example.com/squall:1|agent|a b|",
    ] {
        assert!(container.contains(part), "{container}");
    }
    assert!(
        container.ends_with(&format!("SQUALL_RUN=r1\nSQUALL_NATS={NATS}\nSQUALL_TOKEN=t0ken-t0ken-t0ken\n")),
        "{container}"
    );
    let mode = |file: &str| std::os::unix::fs::MetadataExt::mode(&folder.path().join(file).metadata().unwrap()) & 0o777;
    assert_eq!((mode("squall-r1.env"), mode("squall-r1.creds")), (0o600, 0o600));
}

#[test]
fn secrets_are_shown_only_if_asked_for() {
    let printed = print_agent(&launch(), &PrintSettings::default(), SecretDisplay::Files).unwrap();
    for secret in ["s3cret", "t0ken-t0ken", "BEGIN NATS"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    for part in
        ["SQUALL_NATS=nats://nats.example.com:4222", "squall-r1.env", "squall-r1.creds", "3 times", "docker run"]
    {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}

#[test]
fn its_options_are_few() {
    let options = |text: &str| PrintSettings::from_options(LaunchOptions::parse([text]).unwrap());
    assert_eq!(options("program=/opt/squall").unwrap().program, "/opt/squall");
    assert!(options("namespace=x").unwrap_err().message.contains("use one of program, image"));
}
