//! A Slurm cluster of one node, with daemons, folders and ports of its own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use squall_launchers::Tools;
use tempfile::TempDir;

use crate::skip::skip;

/// A running cluster of 8 processors and 4000 MB. It ends with this value.
pub struct Cluster {
    pub folder: TempDir,
    daemons: Vec<Child>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("scancel", &["--me"]).status();
        for daemon in self.daemons.iter_mut().rev() {
            // With SIGTERM slurmd ends its steps.
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_installed(program: &str) -> bool {
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap());
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().split('.').next().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test waits for daemons")]
pub fn wait(condition: impl Fn() -> bool, what: &str) {
    for _ in 0..600 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} within 60 s");
}

impl Cluster {
    /// Starts it, or prints why not.
    pub fn start(test: &str) -> Option<Cluster> {
        if let Some(missing) =
            ["munged", "slurmctld", "slurmd", "sbatch"].into_iter().find(|program| !is_installed(program))
        {
            skip(test, &format!("{missing} is not installed (apt install slurm-wlm munge)"));
            return None;
        }
        if Command::new("id").arg("-u").output().unwrap().stdout != b"0\n" {
            skip(test, "slurmd runs as root only");
            return None;
        }
        let mut cluster = Cluster { folder: tempfile::tempdir().unwrap(), daemons: Vec::new() };
        cluster.configure();
        let file = |name: &str| cluster.path(name).display().to_string();
        let munged = [
            "--force".to_owned(),
            "--foreground".to_owned(),
            format!("--socket={}", file("munge.sock")),
            format!("--key-file={}", file("munge.key")),
            format!("--pid-file={}", file("munged.pid")),
            format!("--log-file={}", file("munged.log")),
            format!("--seed-file={}", file("munge.seed")),
        ];
        cluster.spawn("munged", &munged);
        wait(|| cluster.path("munge.sock").exists(), "no munged");
        for daemon in ["slurmctld", "slurmd"] {
            cluster.spawn(daemon, &["-D".to_owned()]);
        }
        wait(
            || cluster.output("sinfo", &["--noheader", "--format=%T", "--partition=main"]) == "idle\n",
            "no idle node",
        );
        Some(cluster)
    }

    fn configure(&self) {
        for folder in ["state", "spool"] {
            fs::create_dir(self.path(folder)).unwrap();
        }
        // munged looks at the folders above its files.
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(self.path("munge.key"), [7; 1024]).unwrap();
        fs::set_permissions(self.path("munge.key"), fs::Permissions::from_mode(0o400)).unwrap();
        let (folder, host) = (self.folder.path().display(), host_name());
        let lines = [
            "ClusterName=squall-test".to_owned(),
            format!("SlurmctldHost={host}(127.0.0.1)"),
            format!("SlurmctldPort={}", free_port()),
            format!("SlurmdPort={}", free_port()),
            "AuthType=auth/munge".to_owned(),
            format!("AuthInfo=socket={folder}/munge.sock"),
            "SlurmUser=root".to_owned(),
            format!("StateSaveLocation={folder}/state"),
            format!("SlurmdSpoolDir={folder}/spool"),
            format!("SlurmctldPidFile={folder}/slurmctld.pid"),
            format!("SlurmdPidFile={folder}/slurmd.pid"),
            "ProctrackType=proctrack/linuxproc".to_owned(),
            "TaskPlugin=task/none".to_owned(),
            "MpiDefault=none".to_owned(),
            "PlugStackConfig=/dev/null".to_owned(),
            "SelectType=select/cons_tres".to_owned(),
            "SelectTypeParameters=CR_CPU_Memory".to_owned(),
            // More processors than this machine may have.
            "SlurmdParameters=config_overrides".to_owned(),
            "ReturnToService=2".to_owned(),
            "KillWait=2".to_owned(),
            format!("NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=4000 State=UNKNOWN"),
            "PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP".to_owned(),
            "PartitionName=down Nodes=ALL MaxTime=60 State=DOWN".to_owned(),
        ];
        fs::write(self.path("slurm.conf"), lines.join("\n") + "\n").unwrap();
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn spawn(&mut self, program: &str, arguments: &[String]) {
        let log = File::create(self.path(&format!("{program}.out"))).unwrap();
        let mut command = self.command(program, &[]);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.daemons.push(command.spawn().unwrap());
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("SLURM_CONF", self.path("slurm.conf")).env("PATH", search_path());
        command
    }

    /// What a program of Slurm prints.
    pub fn output(&self, program: &str, arguments: &[&str]) -> String {
        String::from_utf8(self.command(program, arguments).output().unwrap().stdout).unwrap()
    }

    /// Slurm's programs for this cluster.
    pub fn tools(&self) -> Tools {
        Tools::on_path(search_path()).with_variable("SLURM_CONF", self.path("slurm.conf"))
    }

    /// The files below this folder that have a text in them, without the logs of the test's own agents.
    pub fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(self.folder.path(), text.as_bytes(), &mut found);
        found
    }
}

fn search_path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap())
}

fn search(folder: &Path, text: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            search(&path, text, found);
        } else if kind.is_file()
            && fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text))
        {
            found.push(path);
        }
    }
}
