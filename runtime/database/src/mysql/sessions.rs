//! The sessions at one moment, from the list of processes and InnoDB's transactions, with the statements that they
//! execute, and the chains of those that wait for locks.

use std::collections::HashMap;
use std::time::Duration;

use squall_findings::database::{BlockedStatement, SessionSample, template};
use squall_findings::span::UnixNanos;

use super::connection::{Connection, ReadError};
use super::packet::Row;
use super::value::{literal, number, text};
use crate::lock_chain::{LockSession, waits};

/// Sessions that are read at once.
const MOST_READ: usize = 5_000;
/// The longest text of a statement, in characters; one that may be longer cannot be explained.
pub(crate) const LONGEST_TEXT: usize = 8_000;
const NOT_KNOWN: &str = "a statement that has ended";

/// A session of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    id: i64,
    is_active: bool,
    /// What it executes.
    pub(crate) statement: Option<String>,
    has_transaction: bool,
    /// Since when it waits for a row.
    waits_for_row: Option<Duration>,
    waits_for_table: bool,
}

/// Reads the sessions of the database.
pub(crate) async fn read(connection: &mut Connection, is_mariadb: bool) -> Result<Vec<Session>, ReadError> {
    let list = if is_mariadb { "information_schema.PROCESSLIST" } else { "performance_schema.processlist" };
    let statement = format!(
        "SELECT p.ID, p.COMMAND, LEFT(p.INFO, {LONGEST_TEXT}), p.STATE, t.trx_state, \
         TIMESTAMPDIFF(MICROSECOND, t.trx_wait_started, NOW(6)) \
         FROM {list} p LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID \
         WHERE p.DB = {} AND p.ID <> CONNECTION_ID() AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump') LIMIT {MOST_READ}",
        literal(connection.database())
    );
    let session = |row: &Row| {
        let state = text(row, 3);
        Session {
            id: number(row, 0),
            is_active: !matches!(text(row, 1), "Sleep" | "Connect"),
            statement: row.get(2).cloned().flatten(),
            has_transaction: !text(row, 4).is_empty(),
            waits_for_row: (text(row, 4) == "LOCK WAIT").then(|| Duration::from_micros(number(row, 5))),
            waits_for_table: state.starts_with("Waiting for") && state.ends_with("lock"),
        }
    };
    Ok(connection.rows(&statement).await?.iter().map(session).collect())
}

/// The counts of sessions.
pub(crate) fn count(sessions: &[Session], at: UnixNanos) -> SessionSample {
    let mut sample = SessionSample { at, all: sessions.len() as u64, ..SessionSample::default() };
    for session in sessions {
        let is_waiting = session.waits_for_row.is_some() || session.waits_for_table;
        if session.is_active {
            sample.active += 1;
            sample.waiting_for_lock += u64::from(is_waiting);
            let wait = if is_waiting { "Lock" } else { "CPU" };
            *sample.waits.entry(wait.to_owned()).or_default() += 1;
        } else {
            sample.idle_in_transaction += u64::from(session.has_transaction);
        }
    }
    sample
}

/// The statements that wait for a row now, a value for each session.
pub(crate) async fn blocked(
    connection: &mut Connection,
    sessions: &[Session],
    is_mariadb: bool,
) -> Result<Vec<BlockedStatement>, ReadError> {
    if sessions.iter().all(|session| session.waits_for_row.is_none()) {
        return Ok(Vec::new());
    }
    let mut chain: HashMap<i64, LockSession> = HashMap::new();
    for session in sessions {
        let statement = session.statement.as_deref().map_or_else(|| NOT_KNOWN.to_owned(), template);
        let waited = session.waits_for_row.unwrap_or_default();
        let is_idle = !session.is_active;
        chain.insert(session.id, LockSession { statement, waited, is_idle, ..LockSession::default() });
    }
    for row in connection.rows(if is_mariadb { WAITS_OF_MARIADB } else { WAITS_OF_MYSQL }).await? {
        let (waiting, blocking) = (number(&row, 0), number::<i64>(&row, 1));
        if let Some(session) = chain.get_mut(&waiting) {
            session.waits_for.push(blocking);
            session.table = row.get(2).cloned().flatten().map(|table| table_name(&table));
        }
    }
    add_ended_statements(connection, &mut chain).await;
    Ok(waits(&chain))
}

const WAITS_OF_MARIADB: &str = "SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.lock_table \
    FROM information_schema.INNODB_LOCK_WAITS w \
    JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id \
    JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id \
    LEFT JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id \
    ORDER BY b.trx_started LIMIT 1000";

const WAITS_OF_MYSQL: &str = "SELECT r.trx_mysql_thread_id, b.trx_mysql_thread_id, l.OBJECT_NAME \
    FROM performance_schema.data_lock_waits w \
    JOIN information_schema.INNODB_TRX r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID \
    JOIN information_schema.INNODB_TRX b ON b.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID \
    LEFT JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID \
    ORDER BY b.trx_started LIMIT 1000";

/// The last statements of sessions that execute nothing, where the server keeps them.
async fn add_ended_statements(connection: &mut Connection, chain: &mut HashMap<i64, LockSession>) {
    let idle = chain.iter().filter(|(_, session)| session.is_idle).map(|(id, _)| id.to_string());
    let list = idle.collect::<Vec<_>>().join(", ");
    if list.is_empty() {
        return;
    }
    let statement = format!(
        "SELECT t.PROCESSLIST_ID, s.SQL_TEXT FROM performance_schema.events_statements_current s \
         JOIN performance_schema.threads t USING (THREAD_ID) WHERE t.PROCESSLIST_ID IN ({list})"
    );
    // Without the performance schema it stays unknown.
    for row in connection.rows(&statement).await.unwrap_or_default() {
        if let Some(session) = chain.get_mut(&number(&row, 0))
            && !text(&row, 1).is_empty()
        {
            session.statement = template(text(&row, 1));
        }
    }
}

/// MariaDB has the database before the name: `` `shop`.`products` ``.
fn table_name(printed: &str) -> String {
    printed.rsplit("`.`").next().unwrap_or_default().trim_matches('`').to_owned()
}
