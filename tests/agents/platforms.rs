//! Agents that a platform starts: a real Slurm, and a real sshd, both of this machine.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::agents::{Summary, at_pipes, end_of, until, until_requests};
use crate::support::daemon::{Daemon, free_address, is_listening};
use crate::support::nats::Nats;
use crate::support::program::{self, Squall};
use crate::support::server::{Reply, Server};
use crate::support::skip;
use crate::support::slurm::{Slurm, search_path};

const LOAD: [&str; 6] = ["-R", "60/s", "-d", "4s", "--max-backlog", "1m"];
const PLANNED: u64 = 240;

fn server() -> Server {
    Server::start(|_| Reply::ok("hello, world"))
}

/// A run with agents on Slurm, over a NATS server that the program starts itself.
fn on_slurm(slurm: &Slurm, nats: &Nats, server: &Server, more: &[&str]) -> Squall {
    let program = format!("program={}", program::path().display());
    let squall = at_pipes(server, &["--launch", "slurm", "--launch-option", &program]).args(more);
    let path = format!("{}:{}", search_path(), nats.program().parent().unwrap().display());
    squall.args(&["--advertise", "127.0.0.1"]).env("SLURM_CONF", &slurm.configuration()).env("PATH", &path)
}

#[test]
fn an_array_job_of_a_real_slurm_carries_the_load() {
    let test = "an_array_job_of_a_real_slurm_carries_the_load";
    let Some(nats) = Nats::start(test) else { return };
    let Some(slurm) = Slurm::start(test) else { return };
    let jobs = || slurm.command("squeue").arg("--noheader").output().unwrap().stdout;

    let server = server();
    let ended =
        on_slurm(&slurm, &nats, &server, &[&LOAD[..], &["--agents", "3"]].concat()).run().expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), PLANNED, "{}", ended.err);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
    let agents = summary.0["agents"]["agents"].as_array().unwrap();
    let names: Vec<&str> = agents.iter().map(|agent| agent["name"].as_str().unwrap()).collect();
    for index in 0..3 {
        assert!(names.iter().any(|name| name.starts_with(&format!("agent-{index}-"))), "{names:?}");
    }
    assert!(ended.err.contains("Slurm job "), "{}", ended.err);
    until("the job is over", || jobs().is_empty());

    // A Ctrl-C leaves no job behind.
    let server = self::server();
    let running = on_slurm(&slurm, &nats, &server, &["-u", "2", "-d", "10m", "--agents", "2"]).start();
    until_requests(&server, 50);
    running.signal("INT");
    let ended = end_of(running).expect_code(105);
    assert_eq!(Summary::of(&ended).count("http_reqs"), server.count() as u64);
    until("the job is over", || jobs().is_empty());
}

#[test]
fn agents_that_slurm_cannot_start_are_explained() {
    let test = "agents_that_slurm_cannot_start_are_explained";
    let Some(nats) = Nats::start(test) else { return };
    let Some(slurm) = Slurm::start(test) else { return };
    let server = server();
    let program = ["--launch-option", "partition=absent"];
    let ended = on_slurm(&slurm, &nats, &server, &[&LOAD[..], &["--agents", "2"], &program].concat()).run();
    assert!(ended.code == 1 || ended.code == 104, "{}", ended.err);
    assert!(ended.err.contains("partition"), "{}", ended.err);
    // More than the cluster has: the jobs wait, and the reason is in the sentence.
    let more = ["--agents", "20", "--join-timeout", "6s"];
    let ended = on_slurm(&slurm, &nats, &server, &[&LOAD[..], &["-u", "20"], &more].concat()).run().expect_code(1);
    assert!(ended.err.contains("of 20 agents came within 6s"), "{}", ended.err);
    let jobs = || slurm.command("squeue").arg("--noheader").output().unwrap().stdout;
    until("no job is left", || jobs().is_empty());
    assert_eq!(server.count(), 0);
}

/// A real sshd at a free port, with keys of its own; or a message.
fn sshd(test: &str) -> Option<(Daemon, TempDir)> {
    if !Path::new("/usr/sbin/sshd").is_file() || Command::new("ssh-keygen").arg("-?").output().is_err() {
        skip(test, "sshd is not installed (apt-get install openssh-server)");
        return None;
    }
    // sshd wants the folder of its package, and only root may make it.
    if !Path::new("/run/sshd").is_dir() && fs::create_dir("/run/sshd").is_err() {
        skip(test, "sshd needs /run/sshd");
        return None;
    }
    let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
    let (host, port) = address.split_once(':').unwrap();
    let path = folder.path().display();
    for key in ["host", "user"] {
        let mut command = Command::new("ssh-keygen");
        let command = command.args(["-q", "-t", "ed25519", "-N", "", "-f", &format!("{path}/{key}")]);
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    }
    let public = fs::read_to_string(folder.path().join("host.pub")).unwrap();
    let write = |file: &str, text: String| fs::write(folder.path().join(file), text).unwrap();
    write("known", format!("[{host}]:{port} {public}"));
    write(
        "sshd_config",
        format!(
            "Port {port}\nListenAddress {host}\nHostKey {path}/host\nAuthorizedKeysFile {path}/user.pub\nPidFile {path}/pid\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        ),
    );
    write(
        "ssh_config",
        format!(
            "IdentityFile {path}/user\nIdentitiesOnly yes\nUserKnownHostsFile {path}/known\n\
             GlobalKnownHostsFile /dev/null\n"
        ),
    );
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-D", "-e", "-f", &format!("{path}/sshd_config")]);
    let daemon = Daemon::spawn(&mut command, address.clone(), tempfile::tempdir().unwrap())?;
    daemon.until(|| is_listening(&address));
    Some((daemon, folder))
}

#[test]
fn agents_on_machines_with_ssh_carry_the_load() {
    let Some((daemon, folder)) = sshd("agents_on_machines_with_ssh_carry_the_load") else { return };
    let server = server();
    let hosts = format!("ssh:{0},{0}", daemon.address());
    let configuration = format!("config={}", folder.path().join("ssh_config").display());
    let program = format!("program={}", program::path().display());
    let ssh = ["--launch", &hosts, "--launch-option", &configuration, "--launch-option", &program];
    let ended = at_pipes(&server, &[&LOAD[..], &ssh].concat()).run().expect_code_or_busy(0);
    let summary = Summary::of(&ended);
    assert_eq!(summary.accounted(), PLANNED, "{}", ended.err);
    assert_eq!(summary.count("http_reqs"), server.count() as u64);
    assert_eq!(summary.0["agents"]["agents"].as_array().unwrap().len(), 2);

    let absent = ["--launch", &hosts, "--launch-option", &configuration, "--launch-option", "program=/absent/squall"];
    let ended = at_pipes(&server, &[&LOAD[..], &absent].concat()).run();
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.err.contains("has no program"), "{}", ended.err);
}
