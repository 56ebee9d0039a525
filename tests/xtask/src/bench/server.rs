//! The server of all clients: nginx, with two constant responses.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Bench;
use super::process::{SERVER_CORE, pinned};
use super::tools::Tools;

/// A running nginx, stopped when dropped.
pub struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub fn start(bench: &Bench<'_>, tools: &Tools) -> Result<Server> {
        let port = free_port()?;
        let template = fs::read_to_string(bench.repository.path("tests/xtask/nginx.conf"))?;
        let document = fs::read_to_string(bench.repository.path("runtime/shop/src/document.json"))?;
        let configuration = bench.folder.join("nginx.conf");
        let text = template.replace("{port}", &port.to_string()).replace("{document}", document.trim());
        fs::write(&configuration, text)?;

        let mut nginx = pinned(SERVER_CORE, &tools.nginx);
        nginx.arg("-p").arg(&bench.folder).arg("-c").arg(&configuration).args(["-e", "stderr"]);
        let process = nginx.stdin(Stdio::null()).spawn().context("cannot start nginx")?;
        let mut server = Server { process, port };
        server.wait_until_open()?;
        Ok(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait_until_open(&mut self) -> Result<()> {
        for _ in 0..100 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("nginx ended at once ({status})");
            }
            pause(Duration::from_millis(50));
        }
        bail!("nginx does not answer on port {}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The worker ends with its master. If the signal cannot be sent the process is gone already.
        // SAFETY: sends a signal to a child that has not been waited for.
        unsafe { libc::kill(self.process.id().cast_signed(), libc::SIGTERM) };
        let _ = self.process.wait();
    }
}

/// A port that was free a moment ago: there is no stronger guarantee.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[expect(clippy::disallowed_methods, reason = "no virtual users wait for this thread")]
pub fn pause(duration: Duration) {
    thread::sleep(duration);
}
