//! One connection that can only read: its settings, its deadlines, and its renewal. Must not know what is read.
//!
//! The protocol is spoken here, by text and by one statement at a time: the clients that there are bring more crates
//! than the whole of it has lines, and authorities of certificates of their own.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::packet::{
    Bytes, LARGEST, LoginMethod, Refusal, Row, TLS, is_end, login, read_error, read_greeting, read_other_method,
    read_row, tls_request,
};
use crate::address::{DatabaseAddress, TlsUse};
use crate::reader::within;
use crate::tls::{connector, server_name};

const LONGEST_ANSWER: Duration = Duration::from_secs(4);
const LONGEST_CONNECTING: Duration = Duration::from_secs(5);
/// The time between two attempts to connect again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(5);
/// The most columns of a result.
const MOST_COLUMNS: u64 = 100;
/// The largest result, in bytes.
const LARGEST_RESULT: usize = 64 << 20;
/// Parts of a login: greeting, other methods, proofs.
const MOST_STEPS: usize = 10;

/// Bytes to and from a server, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The server refused the statement.
    Refused(Refusal),
    /// The connection is gone.
    Lost(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Refused(refusal) => formatter.write_str(&refusal.message),
            ReadError::Lost(reason) => write!(formatter, "the connection is lost ({reason})"),
        }
    }
}

impl ReadError {
    /// Whether the login lacks a privilege.
    pub(crate) fn is_privilege(&self) -> bool {
        matches!(self, ReadError::Refused(refusal) if [1044, 1142, 1143, 1227, 1345].contains(&refusal.code))
    }
}

/// A connection to MySQL or MariaDB.
pub(crate) struct Connection {
    address: DatabaseAddress,
    wire: Option<Wire>,
    attempted: Instant,
    version: String,
}

impl Connection {
    /// Connects, or returns the reason and a remedy.
    pub(crate) async fn open(address: DatabaseAddress) -> Result<Connection, String> {
        let (wire, version) = connect(&address).await?;
        Ok(Connection { address, wire: Some(wire), attempted: moment(), version })
    }

    /// The server's version, as it says it: `10.11.19-MariaDB`.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn database(&self) -> &str {
        &self.address.database
    }

    /// The rows of one statement, all values as text. The server refuses a text with several.
    pub(crate) async fn rows(&mut self, statement: &str) -> Result<Vec<Row>, ReadError> {
        let wire = self.renew().await?;
        match within(LONGEST_ANSWER, wire.query(statement)).await {
            Some(Ok(rows)) => Ok(rows),
            Some(Err(error @ ReadError::Refused(_))) => Err(error),
            // A broken or half-read answer cannot be told from the next one.
            lost => {
                self.wire = None;
                Err(match lost {
                    Some(Err(error)) => error,
                    _ => ReadError::Lost("it does not answer".to_owned()),
                })
            }
        }
    }

    /// The connection; made again if it was lost, unless that was tried just now.
    async fn renew(&mut self) -> Result<&mut Wire, ReadError> {
        let wire = match self.wire.take() {
            Some(wire) => wire,
            None if self.attempted.elapsed() < BETWEEN_ATTEMPTS => {
                return Err(ReadError::Lost("it is tried again every five seconds".to_owned()));
            }
            None => {
                self.attempted = moment();
                connect(&self.address).await.map_err(ReadError::Lost)?.0
            }
        };
        Ok(self.wire.insert(wire))
    }
}

#[expect(clippy::disallowed_methods, reason = "the pace of attempts to connect is no measurement")]
fn moment() -> Instant {
    Instant::now()
}

async fn connect(address: &DatabaseAddress) -> Result<(Wire, String), String> {
    let connected = within(LONGEST_CONNECTING, log_in(address)).await;
    let (mut wire, version) = connected.unwrap_or_else(|| Err("it does not answer within five seconds".to_owned()))?;
    for setting in settings(&version) {
        wire.query(setting).await.map_err(|error| format!("{setting}: {error}"))?;
    }
    Ok((wire, version))
}

/// A statement that waits for a lock gives up, and none takes long.
fn settings(version: &str) -> [&'static str; 3] {
    let longest = if version.contains("MariaDB") {
        "SET SESSION max_statement_time = 2"
    } else {
        "SET SESSION max_execution_time = 2000"
    };
    [
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = 1",
        longest,
    ]
}

async fn log_in(address: &DatabaseAddress) -> Result<(Wire, String), String> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await.map_err(|error| error.to_string())?;
    let mut wire = Wire { stream: Box::new(stream), number: 0 };
    let greeting = read_greeting(&wire.receive().await?)?;
    let is_offered = greeting.can & TLS != 0;
    let encrypted = match address.tls {
        TlsUse::Never => false,
        TlsUse::IfOffered => is_offered,
        TlsUse::Always | TlsUse::Verified if is_offered => true,
        _ => return Err("the server does not support TLS: leave out sslmode, or switch it on at the server".to_owned()),
    };
    if encrypted {
        wire.send(&tls_request()).await?;
        let name = server_name(&address.host)?;
        let stream = connector(address.tls)?.connect(name, wire.stream).await.map_err(|error| error.to_string())?;
        wire = Wire { stream: Box::new(stream), number: wire.number };
    }
    let password = address.password.as_deref().unwrap_or_default();
    wire.send(&login(&address.user, &greeting.method, password, encrypted)?).await?;
    wire.prove(greeting.method, password, encrypted).await.map_err(|reason| with_remedy(reason, address))?;
    Ok((wire, greeting.version))
}

fn with_remedy(reason: String, address: &DatabaseAddress) -> String {
    if reason.contains("Access denied") {
        let variable = address.product.password_variable();
        return format!("{reason}: write the password into the URL or into {variable}");
    }
    reason
}

/// Packets to and from a server.
struct Wire {
    stream: Box<dyn Stream>,
    /// Of the next packet.
    number: u8,
}

impl Wire {
    async fn send(&mut self, packet: &[u8]) -> Result<(), String> {
        let length = u32::try_from(packet.len()).ok().filter(|length| *length < LARGEST - 1);
        let length = length.ok_or("a statement is too long")?.to_le_bytes();
        let head = [length[0], length[1], length[2], self.number];
        self.number = self.number.wrapping_add(1);
        let sent = self.stream.write_all(&[&head, packet].concat()).await;
        sent.map_err(|error| error.to_string())?;
        self.stream.flush().await.map_err(|error| error.to_string())
    }

    /// The next packet, which is not one of several with one content.
    async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await.map_err(|error| error.to_string())?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        if length >= LARGEST - 1 {
            return Err("its answer is too large".to_owned());
        }
        self.number = head[3].wrapping_add(1);
        let mut packet = Vec::new();
        let received = (&mut self.stream).take(u64::from(length)).read_to_end(&mut packet).await;
        received.map_err(|error| error.to_string())?;
        if packet.len() < length as usize {
            return Err("its answer ends early".to_owned());
        }
        Ok(packet)
    }

    /// Answers the server's questions about the password.
    async fn prove(&mut self, mut method: LoginMethod, password: &str, encrypted: bool) -> Result<(), String> {
        for _ in 0..MOST_STEPS {
            let packet = self.receive().await?;
            match *packet.as_slice() {
                [0x00, ..] => return Ok(()),
                [0xff, ..] => return Err(read_error(&packet).message),
                [0xfe, ..] => {
                    method = read_other_method(&packet);
                    self.send(&method.prove(password)?).await?;
                }
                // The server knows the proof from another login.
                [0x01, 0x03, ..] => {}
                // It does not, and asks for the password itself.
                [0x01, 0x04, ..] if encrypted && method.name == "caching_sha2_password" => {
                    self.send(&[password.as_bytes(), &[0]].concat()).await?;
                }
                [0x01, 0x04, ..] => {
                    return Err(
                        "the server asks for the password by an encrypted connection only: switch on its TLS, \
                                and leave sslmode=disable out"
                            .to_owned(),
                    );
                }
                _ => break,
            }
        }
        Err("it does not accept the login, and gives no reason".to_owned())
    }

    async fn query(&mut self, statement: &str) -> Result<Vec<Row>, ReadError> {
        self.number = 0;
        let lost = ReadError::Lost;
        self.send(&[&[3], statement.as_bytes()].concat()).await.map_err(lost)?;
        let first = self.receive().await.map_err(lost)?;
        match first.first() {
            Some(0x00) => return Ok(Vec::new()),
            Some(0xff) => return Err(ReadError::Refused(read_error(&first))),
            _ => {}
        }
        let columns = Bytes(&first).counted().filter(|columns| *columns <= MOST_COLUMNS);
        let columns = columns.ok_or_else(|| lost("its answer is not understood".to_owned()))?;
        for _ in 0..=columns {
            self.receive().await.map_err(lost)?;
        }
        let (mut rows, mut size) = (Vec::new(), 0);
        loop {
            let packet = self.receive().await.map_err(lost)?;
            if is_end(&packet) {
                return Ok(rows);
            }
            if packet.first() == Some(&0xff) {
                return Err(ReadError::Refused(read_error(&packet)));
            }
            size += packet.len();
            let row = read_row(&packet, columns as usize).filter(|_| size <= LARGEST_RESULT);
            rows.push(row.ok_or_else(|| lost("its answer is not understood, or too large".to_owned()))?);
        }
    }
}
