//! The commands of ssh, run by a script that records its arguments and runs the last one as a login shell would.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use squall_launchers::{AgentCommand, CommandLaunch, CommandLauncher, LaunchOptions, Ssh, SshHost, Tools};
use tempfile::TempDir;

const SSH: &str = "#!/bin/sh\nfor argument; do printf '%s\\n' \"$argument\"; done >>\"$(dirname \"$0\")/arguments\"\nfor argument; do last=$argument; done\nexec sh -c \"$last\"\n";
/// An agent that answers on standard output what it reads on standard input.
pub const AGENT: &str =
    "#!/bin/sh\nprintf '%s %s ' \"$SQUALL_RUN\" \"$SQUALL_AGENT_NAME\"\nprintf '<%s>' \"$@\"\ncat\n";

pub fn write_script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub fn launch(agents: Option<u32>, arguments: &[&str]) -> CommandLaunch {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    CommandLaunch { run: "r1".parse().unwrap(), agents, arguments }
}

/// Speaks with an agent until it ends.
pub fn speak(agent: &mut AgentCommand, input: &str) -> std::process::Output {
    agent.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = agent.command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn fake(hosts: &str) -> (TempDir, Ssh) {
    let folder = tempfile::tempdir().unwrap();
    write_script(&folder.path().join("ssh"), SSH);
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let ssh = Ssh::new(SshHost::parse_list(hosts).unwrap(), Tools::on_path(path)).unwrap();
    (folder, ssh)
}

#[test]
fn each_machine_gets_an_agent_whose_words_arrive_as_they_are() {
    let (folder, ssh) = fake("a,ada@b.example:2222");
    let program = folder.path().join("my squall's");
    write_script(&program, AGENT);
    let ssh = ssh.with_options(LaunchOptions::parse([format!("program={}", program.display())]).unwrap()).unwrap();
    assert_eq!(ssh.describe(), "ssh (2 machines)");
    let mut agents = ssh.commands(&launch(None, &["--x", "a b; $(id) 'c' \\"])).unwrap();
    let places: Vec<_> = agents.iter().map(|agent| (agent.name.as_str(), agent.place.as_str())).collect();
    assert_eq!(places, [("a-0", "a"), ("b-example-1", "ada@b.example port 2222")]);

    let output = speak(&mut agents[1], "hello");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, "r1 b-example-1 <agent><--stdio><--x><a b; $(id) 'c' \\>hello");
    assert_eq!(ssh.explain_exit(&agents[1], output.status, ""), None);
    let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
    assert!(arguments.starts_with("-o\nBatchMode=yes\n"), "{arguments}");
    assert!(arguments.contains("\n-p\n2222\n-T\n--\nada@b.example\nexec env 'SQUALL_RUN=r1' "), "{arguments}");
}

#[test]
fn machines_take_agents_in_turn() {
    let (_folder, ssh) = fake("a,b");
    let names: Vec<String> = ssh.commands(&launch(Some(3), &[])).unwrap().into_iter().map(|agent| agent.name).collect();
    assert_eq!(names, ["a-0", "b-1", "a-2"]);
    assert!(ssh.commands(&launch(None, &["a\nb"])).is_err());
}

#[test]
fn a_missing_program_is_named() {
    let (_folder, ssh) = fake("a");
    let ssh = ssh.with_options(LaunchOptions::parse(["program=/nonexistent/squall"]).unwrap()).unwrap();
    let mut agent = ssh.commands(&launch(None, &[])).unwrap().remove(0);
    let output = speak(&mut agent, "");
    let sentence = ssh.explain_exit(&agent, output.status, &String::from_utf8_lossy(&output.stderr)).unwrap();
    assert_eq!(
        sentence,
        "a has no program \"/nonexistent/squall\": install it there, or give its path by --launch-option program=PATH"
    );
}

#[test]
fn mistakes_are_reported_before_anything_starts() {
    let empty = tempfile::tempdir().unwrap();
    let hosts = SshHost::parse_list("a").unwrap();
    assert!(Ssh::new(hosts, Tools::on_path(empty.path())).unwrap_err().message.contains("install an OpenSSH client"));
    let (_folder, ssh) = fake("a");
    assert!(ssh.clone().with_options(LaunchOptions::parse(["program=-x"]).unwrap()).is_err());
    assert!(ssh.with_options(LaunchOptions::parse(["user=ada"]).unwrap()).is_err());
}
