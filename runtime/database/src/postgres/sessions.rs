//! The sessions at one moment, from `pg_stat_activity`, and the chains of those that wait for locks.

use std::collections::HashMap;
use std::time::Duration;

use squall_findings::database::{BlockedStatement, SessionSample, template};
use squall_findings::span::UnixNanos;

use super::connection::{Connection, ReadError};
use super::value::{number, real, text};
use crate::lock_chain::{LockSession, waits};

/// Waiting sessions whose blockers are asked for at once: the answer stops the server's lock manager for a moment.
const MOST_WAITING: usize = 50;

/// Statements that are looked at in one sample.
const MOST_EXECUTED: usize = 200;

/// Reads the sessions of clients of this database.
pub(crate) async fn sample(connection: &mut Connection, at: UnixNanos) -> Result<SessionSample, ReadError> {
    // Without the privilege, the kind of other logins' sessions is hidden.
    let query = "SELECT /* squall */ coalesce(state, ''), coalesce(wait_event_type, 'CPU'), count(*) \
                 FROM pg_stat_activity WHERE datname = current_database() \
                 AND coalesce(backend_type, 'client backend') = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1, 2";
    let mut sample = SessionSample { at, ..SessionSample::default() };
    for row in connection.rows(query).await? {
        let (state, wait, count) = (text(&row, 0), text(&row, 1), number::<u64>(&row, 2));
        sample.all += count;
        match state {
            "active" | "fastpath function call" => {
                sample.active += count;
                *sample.waits.entry(wait.to_owned()).or_default() += count;
                if wait == "Lock" {
                    sample.waiting_for_lock += count;
                }
            }
            "idle in transaction" | "idle in transaction (aborted)" => sample.idle_in_transaction += count,
            _ => {}
        }
    }
    Ok(sample)
}

/// The statements that are executed now, as they were sent, and the number of those that the server has cut.
pub(crate) async fn executed(connection: &mut Connection) -> Result<(Vec<String>, usize), ReadError> {
    let query = format!(
        "SELECT /* squall */ query, octet_length(query) + 1 >= (SELECT setting::int FROM pg_settings \
         WHERE name = 'track_activity_query_size') FROM pg_stat_activity \
         WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid() LIMIT {MOST_EXECUTED}"
    );
    let rows = connection.rows(&query).await?;
    let (cut, whole): (Vec<_>, Vec<_>) = rows.iter().partition(|row| text(row, 1) == "t");
    Ok((whole.into_iter().map(|row| text(row, 0).to_owned()).collect(), cut.len()))
}

/// The statements that wait for a lock now, a value for each session.
pub(crate) async fn blocked(connection: &mut Connection, version: u32) -> Result<Vec<BlockedStatement>, ReadError> {
    let waited_since = if version >= 140_000 { "coalesce(l.waitstart, a.query_start)" } else { "a.query_start" };
    // A session that waits for a row waits for the transaction that changed it; the table is that of the row's own
    // lock, which it has, or is in line for.
    let query = format!(
        "WITH waiting AS MATERIALIZED ( \
           SELECT pid, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity \
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid() \
           ORDER BY query_start LIMIT {MOST_WAITING}), \
         locks AS MATERIALIZED (SELECT * FROM pg_locks WHERE pid IN (SELECT pid FROM waiting)) \
         SELECT /* squall */ a.pid, left(a.query, 8000), a.state, array_to_string(w.blockers, ','), \
           extract(epoch FROM clock_timestamp() - {waited_since}), \
           (SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END \
            FROM locks o JOIN pg_class c ON c.oid = o.relation JOIN pg_namespace n ON n.oid = c.relnamespace \
            WHERE o.pid = a.pid AND c.relkind IN ('r', 'p') AND (NOT o.granted OR o.locktype = 'tuple') \
            ORDER BY o.granted LIMIT 1) \
         FROM pg_stat_activity a LEFT JOIN waiting w USING (pid) \
         LEFT JOIN (SELECT DISTINCT ON (pid) * FROM locks WHERE NOT granted) l USING (pid) \
         WHERE w.pid IS NOT NULL OR a.pid IN (SELECT unnest(blockers) FROM waiting)"
    );
    let mut sessions = HashMap::new();
    for row in connection.rows(&query).await? {
        let session = LockSession {
            waits_for: text(&row, 3).split(',').filter_map(|id| id.parse().ok()).collect(),
            statement: template(text(&row, 1)),
            is_idle: text(&row, 2).starts_with("idle"),
            waited: Duration::try_from_secs_f64(real(&row, 4)).unwrap_or_default(),
            table: row.get(5).map(str::to_owned),
        };
        sessions.insert(number::<i64>(&row, 0), session);
    }
    Ok(waits(&sessions))
}
