//! A real sshd at a free port, with keys of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use squall_launchers::{CommandLauncher, LaunchOptions, Ssh, SshHost, Tools};
use tempfile::TempDir;

use crate::skip::skip;
use crate::ssh::{AGENT, launch, speak, write_script};

struct Sshd {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits for a daemon")]
fn wait_for(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("sshd does not listen");
}

fn make_key(path: &Path) {
    let mut command = Command::new("ssh-keygen");
    assert!(command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap().success());
}

/// Starts it, or prints why not.
fn start(test: &str) -> Option<Sshd> {
    let program = Path::new("/usr/sbin/sshd");
    if !program.is_file() || Command::new("ssh-keygen").arg("-?").output().is_err() {
        skip(test, "sshd is not installed (apt install openssh-server)");
        return None;
    }
    // sshd wants the folder of its package, and only root may make it.
    if !Path::new("/run/sshd").is_dir() && fs::create_dir("/run/sshd").is_err() {
        skip(test, "sshd needs /run/sshd");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| folder.path().join(name);
    make_key(&file("host"));
    make_key(&file("user"));
    fs::copy(file("user.pub"), file("authorized")).unwrap();
    let host_key = fs::read_to_string(file("host.pub")).unwrap();
    fs::write(file("known"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
    let path = folder.path().display();
    let server = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {path}/host\nAuthorizedKeysFile {path}/authorized\nPidFile {path}/pid\n\
        StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
    );
    fs::write(file("sshd_config"), server).unwrap();
    let client = format!(
        "IdentityFile {path}/user\nIdentitiesOnly yes\nUserKnownHostsFile {path}/known\nGlobalKnownHostsFile /dev/null\n"
    );
    fs::write(file("ssh_config"), client).unwrap();
    let mut command = Command::new(program);
    command.args(["-D", "-e", "-f"]).arg(file("sshd_config")).stdin(Stdio::null()).stdout(Stdio::null());
    let process = command.stderr(fs::File::create(file("log")).unwrap()).spawn().unwrap();
    wait_for(port);
    Some(Sshd { folder, port, process })
}

impl Sshd {
    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn launcher(&self, host: &str, program: &Path) -> Ssh {
        let options =
            [format!("config={}", self.path("ssh_config").display()), format!("program={}", program.display())];
        let hosts = SshHost::parse_list(host).unwrap();
        let ssh = Ssh::new(hosts, Tools::from_environment()).unwrap();
        ssh.with_options(LaunchOptions::parse(options).unwrap()).unwrap()
    }

    /// The sentence about an agent that does not start.
    fn failure(&self, ssh: &Ssh) -> String {
        let mut agent = ssh.commands(&launch(None, &[])).unwrap().remove(0);
        let output = speak(&mut agent, "");
        ssh.explain_exit(&agent, output.status, &String::from_utf8_lossy(&output.stderr)).unwrap()
    }
}

#[test]
fn a_real_sshd_starts_the_agent() {
    let Some(sshd) = start("a_real_sshd_starts_the_agent") else { return };
    let program = sshd.path("my squall's");
    write_script(&program, AGENT);
    let here = format!("127.0.0.1:{}", sshd.port);
    let ssh = sshd.launcher(&here, &program);
    let mut agents = ssh.commands(&launch(None, &["a b; $(id) 'c' \\"])).unwrap();
    let input = "x".repeat(200_000);
    let output = speak(&mut agents[0], &input);
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = "r1 127-0-0-1-0 <agent><--stdio><a b; $(id) 'c' \\>";
    assert_eq!(printed.strip_prefix(expected), Some(input.as_str()), "{}", String::from_utf8_lossy(&output.stderr));

    let absent = sshd.launcher(&here, Path::new("/nonexistent/squall"));
    assert!(sshd.failure(&absent).contains("has no program"), "{}", sshd.failure(&absent));
    fs::write(sshd.path("text"), "not a program").unwrap();
    let text = sshd.launcher(&here, &sshd.path("text"));
    assert!(sshd.failure(&text).contains("make it executable"), "{}", sshd.failure(&text));

    fs::write(sshd.path("authorized"), "").unwrap();
    let failure = sshd.failure(&ssh);
    assert!(failure.contains("Permission denied (publickey") && failure.contains("ssh-copy-id"), "{failure}");
    fs::write(sshd.path("known"), "").unwrap();
    let failure = sshd.failure(&ssh);
    assert!(
        failure.contains("Host key verification failed") && failure.contains("compare the fingerprint"),
        "{failure}"
    );
    let closed = sshd.launcher("127.0.0.1:9", &program);
    assert!(sshd.failure(&closed).contains("start sshd there"), "{}", sshd.failure(&closed));
}
