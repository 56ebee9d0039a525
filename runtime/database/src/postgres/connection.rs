//! One connection that can only read: its settings, its deadlines, and its renewal. Must not know what is read.

use std::error::Error as _;
use std::time::{Duration, Instant};

use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, SimpleQueryMessage, SimpleQueryRow};

use super::encryption::Encryption;
use crate::address::{DatabaseAddress, TlsUse};
use crate::reader::within;
use crate::tls::connector;

/// The settings of the session. A statement that waits for a lock gives up long before others notice, and what is
/// explained is explained for any values.
const SETTINGS: &str = "-c default_transaction_read_only=on -c statement_timeout=2000 -c lock_timeout=200 \
    -c idle_in_transaction_session_timeout=5000 -c plan_cache_mode=force_generic_plan";
/// The time for an answer: more than the server's own timeout, so that it is a dead connection that is given up.
const LONGEST_ANSWER: Duration = Duration::from_secs(4);
const LONGEST_CONNECTING: Duration = Duration::from_secs(5);
/// The time between two attempts to connect again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(5);

/// A connection to PostgreSQL.
pub(crate) struct Connection {
    address: DatabaseAddress,
    client: Client,
    /// Statements that were sent.
    sent: u64,
    attempted: Instant,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The server refused the statement.
    Refused { code: SqlState, message: String },
    /// The connection is gone.
    Lost(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Refused { message, .. } => formatter.write_str(message),
            ReadError::Lost(reason) => write!(formatter, "the connection is lost ({reason})"),
        }
    }
}

impl ReadError {
    fn of(error: &tokio_postgres::Error) -> ReadError {
        match error.as_db_error() {
            Some(refusal) if !error.is_closed() => {
                ReadError::Refused { code: refusal.code().clone(), message: refusal.message().to_owned() }
            }
            _ => ReadError::Lost(reason(error)),
        }
    }

    /// Whether the login lacks a privilege.
    pub(crate) fn is_privilege(&self) -> bool {
        matches!(self, ReadError::Refused { code, .. } if *code == SqlState::INSUFFICIENT_PRIVILEGE)
    }
}

impl Connection {
    /// Connects, or returns the reason and a remedy.
    pub(crate) async fn open(address: DatabaseAddress) -> Result<Connection, String> {
        let client = connect(&address).await?;
        Ok(Connection { address, client, sent: 0, attempted: moment() })
    }

    /// The rows of one query, all values as text.
    pub(crate) async fn rows(&mut self, query: &str) -> Result<Vec<SimpleQueryRow>, ReadError> {
        self.renew().await?;
        self.sent += 1;
        let answer = within(LONGEST_ANSWER, self.client.simple_query(query)).await;
        let messages = match answer {
            Some(answer) => answer.map_err(|error| ReadError::of(&error))?,
            None => return Err(self.give_up().await),
        };
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }

    /// Executes one statement. A text with several is refused by the server, so that others' texts cannot add one.
    pub(crate) async fn execute_one(&mut self, statement: &str) -> Result<(), ReadError> {
        self.renew().await?;
        self.sent += 1;
        match within(LONGEST_ANSWER, self.client.execute(statement, &[])).await {
            Some(answer) => answer.map(drop).map_err(|error| ReadError::of(&error)),
            None => Err(self.give_up().await),
        }
    }

    /// The number of statements sent so far, each a transaction of its own.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Connects again if the connection was lost, unless that was tried just now.
    async fn renew(&mut self) -> Result<(), ReadError> {
        if !self.client.is_closed() {
            return Ok(());
        }
        if self.attempted.elapsed() < BETWEEN_ATTEMPTS {
            return Err(ReadError::Lost("it is tried again every five seconds".to_owned()));
        }
        self.attempted = moment();
        self.client = connect(&self.address).await.map_err(ReadError::Lost)?;
        Ok(())
    }

    /// Leaves a connection that does not answer; its statement ends by the server's own timeout.
    async fn give_up(&mut self) -> ReadError {
        let silent = "it does not answer".to_owned();
        match connect(&self.address).await {
            Ok(client) => {
                self.client = client;
                ReadError::Lost(silent)
            }
            Err(reason) => ReadError::Lost(format!("{silent}; {reason}")),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the pace of attempts to connect is no measurement")]
fn moment() -> Instant {
    Instant::now()
}

async fn connect(address: &DatabaseAddress) -> Result<Client, String> {
    let encryption = Encryption(connector(address.tls)?);
    let config = config(address);
    let (client, connection) = match within(LONGEST_CONNECTING, config.connect(encryption)).await {
        None => return Err("it does not answer within five seconds".to_owned()),
        Some(connected) => connected.map_err(|error| with_remedy(&error, address))?,
    };
    // Ends when the client is dropped; its errors are those of the queries.
    tokio::spawn(connection);
    Ok(client)
}

fn config(address: &DatabaseAddress) -> Config {
    let mut config = Config::new();
    let mut options = SETTINGS.to_owned();
    if let Some(schemas) = &address.search_path {
        options += &format!(" -c search_path={}", schemas.replace('\\', "\\\\").replace(' ', "\\ "));
    }
    config
        .host(&address.host)
        .port(address.port)
        .user(&address.user)
        .dbname(&address.database)
        .application_name("squall")
        .options(options)
        .ssl_mode(match address.tls {
            TlsUse::Never => SslMode::Disable,
            TlsUse::IfOffered => SslMode::Prefer,
            TlsUse::Always | TlsUse::Verified => SslMode::Require,
        });
    if let Some(password) = &address.password {
        config.password(password);
    }
    config
}

/// A login's failure, as a sentence. The library's errors do not contain the password.
fn with_remedy(error: &tokio_postgres::Error, address: &DatabaseAddress) -> String {
    let reason = reason(error);
    let variable = address.product.password_variable();
    let code = error.code();
    if code == Some(&SqlState::INVALID_PASSWORD) || reason.contains("password missing") {
        format!("{reason}: write the password into the URL or into {variable}")
    } else if code == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) {
        format!("{reason}: allow the login in the server's pg_hba.conf")
    } else if reason.contains("server does not support TLS") {
        format!("{reason}: leave out sslmode, or switch it on at the server")
    } else {
        reason
    }
}

/// The error with its causes.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        return refusal.message().to_owned();
    }
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        reason = format!("{reason}: {next}");
        cause = next.source();
    }
    reason
}
