//! Real servers, from Debian's packages, on a free port of loopback, without data.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::skip;
use tempfile::TempDir;

/// A server that ends with its test.
pub struct Daemon {
    child: Child,
    address: String,
    _folder: TempDir,
}

pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Whether a server listens there. A free port may be given to the very connection that looks for a server on it: that
/// connects to itself, and would then keep the server from its port.
pub fn is_listening(address: &str) -> bool {
    let connected = TcpStream::connect(address);
    connected.is_ok_and(|stream| stream.local_addr().is_ok_and(|local| local.to_string() != address))
}

impl Daemon {
    /// Starts the server of a package, which is ready when it answers at this path. `None`, and a message, if it is not
    /// installed.
    pub fn start(
        (program, package): (&str, &str),
        arguments: &[String],
        (address, folder): (String, TempDir),
        ready_at: &str,
    ) -> Option<Daemon> {
        let mut command = Command::new(program);
        command.args(arguments);
        let started = Daemon::spawn(&mut command, address, folder);
        if started.is_none() {
            skip("servers", &format!("{program} is not installed (apt-get install {package})"));
        }
        started.inspect(|daemon| daemon.until(|| daemon.is_well(ready_at)))
    }

    /// Starts any other server. `None` without such a program; else it may take a moment until it answers.
    pub fn spawn(command: &mut Command, address: String, folder: TempDir) -> Option<Daemon> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        Some(Daemon { child, address, _folder: folder })
    }

    /// Waits until it is ready.
    pub fn until(&self, ready: impl Fn() -> bool) {
        let began = Instant::now();
        while !ready() {
            assert!(began.elapsed() < Duration::from_secs(60), "the server at {} is not ready", self.address);
            between_questions();
        }
    }

    /// Some answer a request of version 1.0 with 1.1.
    fn is_well(&self, path: &str) -> bool {
        let answer = self.get(path);
        answer.starts_with("HTTP/1.0 20") || answer.starts_with("HTTP/1.1 20")
    }

    /// Ends it at once, whatever it is doing.
    pub fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The whole response; empty without one.
    pub fn get(&self, path: &str) -> String {
        self.ask("GET", path)
    }

    pub fn ask(&self, method: &str, path: &str) -> String {
        let Ok(mut connection) = TcpStream::connect(&self.address) else {
            return String::new();
        };
        let mut text = String::new();
        write!(connection, "{method} {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).unwrap();
        connection.read_to_string(&mut text).map(|_| text).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits a moment before a server is asked again: each question takes one of the system's ports for a minute.
pub fn between_questions() {
    std::thread::sleep(Duration::from_millis(50));
}

/// Encodes a text for a query.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
