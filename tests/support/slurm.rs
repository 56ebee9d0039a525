//! A Slurm cluster of one node, with daemons, folders and ports of its own.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::agents::until;
use super::daemon::free_address;
use super::skip;

/// A running cluster, until the test ends.
pub struct Slurm {
    folder: TempDir,
    daemons: Vec<Child>,
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let _ = self.command("scancel").arg("--me").status();
        for daemon in self.daemons.iter_mut().rev() {
            // With SIGTERM slurmd ends its steps.
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}

/// Where Debian has its daemons.
pub fn search_path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap())
}

impl Slurm {
    /// Starts it; `None`, and a message, if it is not installed.
    pub fn start(test: &str) -> Option<Slurm> {
        let is_installed = |program: &str| std::env::split_paths(&search_path()).any(|at| at.join(program).is_file());
        let programs = ["munged", "slurmctld", "slurmd", "sbatch"];
        if let Some(missing) = programs.into_iter().find(|program| !is_installed(program)) {
            skip(test, &format!("{missing} is not installed (apt-get install slurm-wlm munge)"));
            return None;
        }
        if Command::new("id").arg("-u").output().unwrap().stdout != b"0\n" {
            skip(test, "slurmd runs as root only");
            return None;
        }
        let mut slurm = Slurm { folder: tempfile::tempdir().unwrap(), daemons: Vec::new() };
        slurm.configure();
        let place = slurm.folder.path().display().to_string();
        let files = [("socket", "munge.sock"), ("key-file", "munge.key"), ("pid-file", "munged.pid")];
        let files = files.into_iter().chain([("log-file", "munged.log"), ("seed-file", "munge.seed")]);
        let options = files.map(|(option, file)| format!("--{option}={place}/{file}"));
        let options = options.chain(["--force".to_owned(), "--foreground".to_owned()]);
        slurm.spawn("munged", &options.collect::<Vec<_>>());
        until("munged", || slurm.path("munge.sock").exists());
        for daemon in ["slurmctld", "slurmd"] {
            slurm.spawn(daemon, &["-D".to_owned()]);
        }
        until("an idle node", || {
            let output = slurm.command("sinfo").args(["--noheader", "--format=%T"]).output().unwrap();
            output.stdout == b"idle\n"
        });
        Some(slurm)
    }

    fn configure(&self) {
        for folder in ["state", "spool"] {
            fs::create_dir(self.path(folder)).unwrap();
        }
        // munged looks at the folders above its files.
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(self.path("munge.key"), [7; 1024]).unwrap();
        fs::set_permissions(self.path("munge.key"), fs::Permissions::from_mode(0o400)).unwrap();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let host = host.trim().split('.').next().unwrap();
        let port = || free_address().split_once(':').unwrap().1.to_owned();
        let (folder, controller, node) = (self.folder.path().display(), port(), port());
        // More processors and memory than this machine may have.
        let configuration = format!(
            "ClusterName=squall-test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={controller}\nSlurmdPort={node}\n\
             AuthType=auth/munge\nAuthInfo=socket={folder}/munge.sock\nSlurmUser=root\nStateSaveLocation={folder}/state\n\
             SlurmdSpoolDir={folder}/spool\nSlurmctldPidFile={folder}/slurmctld.pid\nSlurmdPidFile={folder}/slurmd.pid\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMpiDefault=none\nPlugStackConfig=/dev/null\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU_Memory\nSlurmdParameters=config_overrides\n\
             ReturnToService=2\nKillWait=2\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=16 RealMemory=16000 State=UNKNOWN\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        );
        fs::write(self.path("slurm.conf"), configuration).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// The cluster's configuration, for `SLURM_CONF`.
    pub fn configuration(&self) -> String {
        self.path("slurm.conf").display().to_string()
    }

    fn spawn(&mut self, program: &str, arguments: &[String]) {
        let log = File::create(self.path(&format!("{program}.out"))).unwrap();
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.daemons.push(command.spawn().unwrap());
    }

    /// One of Slurm's programs, for this cluster.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.path("slurm.conf")).env("PATH", search_path());
        command
    }
}
