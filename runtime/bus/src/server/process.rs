//! The process of a server of our own.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tempfile::TempDir;

use crate::error::BusError;
use crate::id::RunId;
use crate::key::random;
use crate::nats::{Login, NatsSettings};
use crate::server::configuration::{Passwords, agent_name, coordinator_name, run_configuration};
use crate::server::find::find;
use crate::wait::pause;

const CONFIGURATION: &str = "nats.conf";
const LOG: &str = "nats-server.log";
/// The longest time until a new server listens: it reads its store first.
const STARTING: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const RESTARTS: u32 = 30;
const BETWEEN_RESTARTS: Duration = Duration::from_millis(500);
const IN_USE: &str = "address already in use";

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The program, if it is not on `PATH`.
    pub program: Option<PathBuf>,
    /// The address to listen at. Port 0 is a free port.
    pub listen: SocketAddr,
    /// The folder in which a private one is made for the store; without it, the system's for temporary files.
    pub folder: Option<PathBuf>,
}

impl Default for ServerSettings {
    fn default() -> ServerSettings {
        ServerSettings { program: None, listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), folder: None }
    }
}

/// A server for one run, with a login for its coordinator and one for its agents. Its drop ends the server and removes
/// what it stored. A coordinator that is killed leaves it running, so another one can attach.
pub struct NatsServer {
    program: PathBuf,
    folder: TempDir,
    listen: SocketAddr,
    run: RunId,
    coordinator: String,
    agent: String,
    child: Child,
}

impl NatsServer {
    /// Starts a server, and waits until it listens.
    ///
    /// # Errors
    /// If there is no program `nats-server`, or it does not start.
    pub async fn start(settings: &ServerSettings, run: &RunId) -> Result<NatsServer, BusError> {
        let program = find(settings.program.as_deref())?;
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("squall-nats-");
        let folder = match &settings.folder {
            Some(folder) => builder.tempdir_in(folder),
            None => builder.tempdir(),
        };
        let folder = folder.map_err(|error| system("make a folder for the NATS server", &error))?;
        let (coordinator, agent) = (password()?, password()?);
        let child = spawn(&program, &folder, &configuration(&folder, settings.listen, run, &coordinator, &agent))?;
        let (run, listen) = (run.clone(), settings.listen);
        let mut server = NatsServer { program, folder, listen, run, coordinator, agent, child };
        let port = server.wait_for_port().await?;
        server.listen.set_port(port);
        Ok(server)
    }

    /// Ends the server at once if it runs, and starts it again, at the same address and with what it stored.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart(&mut self) -> Result<(), BusError> {
        let mut attempts = 1;
        loop {
            self.kill();
            let text = configuration(&self.folder, self.listen, &self.run, &self.coordinator, &self.agent);
            self.child = spawn(&self.program, &self.folder, &text)?;
            match self.wait_for_port().await {
                // A client that tried to reconnect may have reached itself, and has the port until it gives up.
                Err(error) if attempts < RESTARTS && error.to_string().contains(IN_USE) => {
                    attempts += 1;
                    pause(BETWEEN_RESTARTS).await;
                }
                result => return result.map(drop),
            }
        }
    }

    /// Ends the server at once, as a failure of its machine does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(self.ports_file());
    }

    /// The address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.listen
    }

    /// The coordinator's access, from this machine.
    ///
    /// # Errors
    /// Never, for an address.
    pub fn coordinator(&self) -> Result<NatsSettings, BusError> {
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let mut settings = NatsSettings::new(&format!("nats://{address}"))?;
        settings.login = Login::User { name: coordinator_name(&self.run), password: self.coordinator.clone() };
        Ok(settings)
    }

    /// The URL of the agents' access, with name and password: a secret. `host` is this machine, as agents reach it.
    pub fn agent_url(&self, host: &str) -> String {
        format!("nats://{}:{}@{host}:{}", agent_name(&self.run), self.agent, self.listen.port())
    }

    /// Waits until it has written down its port, which it does when it listens.
    async fn wait_for_port(&mut self) -> Result<u16, BusError> {
        let looks = STARTING.as_millis() / BETWEEN_LOOKS.as_millis();
        for _ in 0..looks {
            let written = std::fs::read_to_string(self.ports_file()).unwrap_or_default();
            if let Some(port) = port(&written) {
                return Ok(port);
            }
            match self.child.try_wait() {
                Ok(None) => pause(BETWEEN_LOOKS).await,
                Ok(Some(status)) => return Err(self.failed(&format!("it ended, {status}"))),
                Err(error) => return Err(self.failed(&error.to_string())),
            }
        }
        Err(self.failed(&format!("it does not listen after {} s", STARTING.as_secs())))
    }

    fn ports_file(&self) -> PathBuf {
        self.folder.path().join(format!("{}_{}.ports", self.program_name(), self.child.id()))
    }

    fn program_name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The problem, with the last line of the server's log.
    fn failed(&self, problem: &str) -> BusError {
        let log = std::fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default();
        let last = log.lines().rfind(|line| !line.trim().is_empty());
        let last = last.map(|line| format!("; its log ends with: {line}")).unwrap_or_default();
        BusError::ServerFailed { problem: format!("{problem}{last}") }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for NatsServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NatsServer({}, {})", self.run, self.listen)
    }
}

fn configuration(folder: &TempDir, listen: SocketAddr, run: &RunId, coordinator: &str, agent: &str) -> String {
    let folder = folder.path().display();
    // What the server calls a free port.
    let port = if listen.port() == 0 { "-1".to_owned() } else { listen.port().to_string() };
    let host = listen.ip();
    let authorization = run_configuration(run, &Passwords { coordinator, agent });
    format!(
        "host: \"{host}\"\nport: {port}\nports_file_dir: \"{folder}\"\nlog_file: \"{folder}/{LOG}\"\n\
         jetstream {{\n  store_dir: \"{folder}/store\"\n}}\n{authorization}"
    )
}

fn spawn(program: &PathBuf, folder: &TempDir, configuration: &str) -> Result<Child, BusError> {
    let path = folder.path().join(CONFIGURATION);
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    let written = opened.and_then(|mut file| file.write_all(configuration.as_bytes()));
    written.map_err(|error| system("write the configuration of the NATS server", &error))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| system("start nats-server", &error))
}

/// The port in `{"nats":["nats://127.0.0.1:41234"]}`.
fn port(written: &str) -> Option<u16> {
    let urls = written.trim_end().strip_suffix('}')?;
    let first = urls.split("nats://").nth(1)?.split('"').next()?;
    first.rsplit_once(':')?.1.parse().ok()
}

/// 32 random characters that need no quoting anywhere.
fn password() -> Result<String, BusError> {
    // A `-` first could be taken for an option, and NATS takes a text that begins like a bcrypt hash for one.
    Ok(format!("p{}", BASE64_URL_SAFE_NO_PAD.encode(random::<24>()?)))
}

fn system(action: &'static str, error: &io::Error) -> BusError {
    BusError::System { action, problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_a_whole_file_only() {
        assert_eq!(port("{\n\t\"nats\": [\n\t\t\"nats://127.0.0.1:41234\"\n\t]\n}"), Some(41234));
        assert_eq!(port("{\"nats\":[\"nats://[::1]:4222\"]}\n"), Some(4222));
        assert_eq!(port("{\"nats\":[\"nats://127.0.0.1:412"), None);
        assert_eq!(port(""), None);
    }
}
