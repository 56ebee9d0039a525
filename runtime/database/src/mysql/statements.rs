//! The statements of an interval, from the digests of the performance schema: the difference between two readings.

use std::collections::HashMap;
use std::time::Duration;

use squall_findings::database::StatementUse;

use super::connection::{Connection, ReadError};
use super::digest_text::shown;
use super::packet::Row;
use super::value::{literal, number, text};
use crate::record::{MOST_STATEMENTS, rank_statements};

/// Digests that are read at once: more than the server keeps, unless it was told to keep very many.
const MOST_READ: usize = 50_000;
/// Digests whose text is kept.
const MOST_TEXTS: usize = 5_000;

/// The counters of all digests of a database, and their last reading.
pub(crate) struct Statements {
    last: HashMap<String, Counters>,
    texts: HashMap<String, String>,
    /// Since the beginning.
    totals: HashMap<String, Counters>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counters {
    pub(crate) calls: u64,
    picoseconds: u64,
    pub(crate) rows: u64,
    temporary_tables: u64,
}

/// A digest of the load.
pub(crate) struct CostlyDigest {
    pub(crate) digest: String,
    /// Its text, as the server has it.
    pub(crate) text: String,
    pub(crate) counters: Counters,
}

impl Counters {
    fn of(row: &Row) -> Counters {
        Counters {
            calls: number(row, 1),
            picoseconds: number(row, 2),
            rows: number(row, 3),
            temporary_tables: number(row, 4),
        }
    }

    /// What was added since. Counters that ran backwards were reset.
    fn since(self, last: Option<&Counters>) -> Counters {
        match last {
            Some(last) if last.calls <= self.calls => Counters {
                calls: self.calls - last.calls,
                picoseconds: self.picoseconds.saturating_sub(last.picoseconds),
                rows: self.rows.saturating_sub(last.rows),
                temporary_tables: self.temporary_tables.saturating_sub(last.temporary_tables),
            },
            _ => self,
        }
    }

    fn add(&mut self, one: Counters) {
        self.calls = self.calls.saturating_add(one.calls);
        self.picoseconds = self.picoseconds.saturating_add(one.picoseconds);
        self.rows = self.rows.saturating_add(one.rows);
        self.temporary_tables = self.temporary_tables.saturating_add(one.temporary_tables);
    }
}

impl Statements {
    /// Reads for the first time; else a sentence with the remedy.
    pub(crate) async fn find(connection: &mut Connection) -> Result<Statements, String> {
        let rows = connection.rows("SELECT @@performance_schema").await.map_err(|error| error.to_string())?;
        if rows.first().is_none_or(|row| text(row, 0) != "1") {
            return Err(
                "statements and tables: the server counts them with performance_schema=ON in its configuration \
                        only: add it, and restart the server"
                    .to_owned(),
            );
        }
        let mut statements = Statements { last: HashMap::new(), texts: HashMap::new(), totals: HashMap::new() };
        statements.last = statements.read(connection).await.map_err(|error| {
            if error.is_privilege() {
                format!("statements: {error}: run GRANT SELECT ON performance_schema.* for this login")
            } else {
                format!("statements: {error}")
            }
        })?;
        Ok(statements)
    }

    /// The statements that ran since the last call, those that took most time first.
    pub(crate) async fn read_interval(&mut self, connection: &mut Connection) -> Result<Vec<StatementUse>, ReadError> {
        let now = self.read(connection).await?;
        let is_complete = now.len() < MOST_READ;
        let mut used = Vec::new();
        for (digest, counters) in &now {
            let last = self.last.get(digest);
            let added = counters.since(last);
            if added.calls > 0 && (last.is_some() || is_complete) {
                used.push((digest.clone(), added));
            }
        }
        self.last = now;
        if self.totals.len() > MOST_READ {
            self.totals.clear();
        }
        for (digest, counters) in &used {
            self.totals.entry(digest.clone()).or_default().add(*counters);
        }
        used.sort_by_key(|(_, counters)| std::cmp::Reverse(counters.picoseconds));
        used.truncate(MOST_STATEMENTS);
        self.learn_texts(connection, used.iter().map(|(digest, _)| digest.clone()).collect()).await?;
        let uses = used.iter().filter_map(|(digest, counters)| self.statement_use(digest, *counters));
        Ok(rank_statements(uses.collect()))
    }

    /// The statements that took most time since the beginning.
    pub(crate) async fn costly(
        &mut self,
        connection: &mut Connection,
        most: usize,
    ) -> Result<Vec<CostlyDigest>, ReadError> {
        let mut ranked: Vec<(String, Counters)> = self.totals.iter().map(|(key, sum)| (key.clone(), *sum)).collect();
        ranked.sort_by_key(|(_, counters)| std::cmp::Reverse(counters.picoseconds));
        ranked.truncate(most);
        self.learn_texts(connection, ranked.iter().map(|(digest, _)| digest.clone()).collect()).await?;
        let costly = |(digest, counters): (String, Counters)| {
            let text = self.texts.get(&digest)?.clone();
            Some(CostlyDigest { digest, text, counters })
        };
        Ok(ranked.into_iter().filter_map(costly).collect())
    }

    async fn read(&self, connection: &mut Connection) -> Result<HashMap<String, Counters>, ReadError> {
        let statement = format!(
            "SELECT DIGEST, COUNT_STAR, SUM_TIMER_WAIT, SUM_ROWS_SENT + SUM_ROWS_AFFECTED, SUM_CREATED_TMP_DISK_TABLES \
             FROM performance_schema.events_statements_summary_by_digest \
             WHERE SCHEMA_NAME = {} AND DIGEST IS NOT NULL LIMIT {MOST_READ}",
            literal(connection.database())
        );
        let rows = connection.rows(&statement).await?;
        Ok(rows.iter().map(|row| (text(row, 0).to_owned(), Counters::of(row))).collect())
    }

    async fn learn_texts(&mut self, connection: &mut Connection, digests: Vec<String>) -> Result<(), ReadError> {
        if self.texts.len() > MOST_TEXTS {
            self.texts.clear();
        }
        let unknown = digests.iter().filter(|digest| !self.texts.contains_key(*digest));
        let list = unknown.map(|digest| literal(digest)).collect::<Vec<_>>().join(", ");
        if list.is_empty() {
            return Ok(());
        }
        let statement = format!(
            "SELECT DIGEST, DIGEST_TEXT FROM performance_schema.events_statements_summary_by_digest \
             WHERE SCHEMA_NAME = {} AND DIGEST IN ({list})",
            literal(connection.database())
        );
        for row in connection.rows(&statement).await? {
            self.texts.insert(text(&row, 0).to_owned(), text(&row, 1).to_owned());
        }
        Ok(())
    }

    fn statement_use(&self, digest: &str, counters: Counters) -> Option<StatementUse> {
        Some(StatementUse {
            statement: shown(self.texts.get(digest)?),
            calls: counters.calls,
            total: Duration::from_nanos(counters.picoseconds / 1_000),
            rows: counters.rows,
            blocks_read: 0,
            temporary_blocks: counters.temporary_tables,
        })
    }
}
