//! The statements of an interval, from `pg_stat_statements`: the difference between two readings of its counters.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use squall_findings::database::{StatementUse, template};
use tokio_postgres::SimpleQueryRow;

use super::connection::{Connection, ReadError};
use super::value::{number, real};
use crate::record::{MOST_STATEMENTS, rank_statements};

/// Statements that are read at once: more than the server keeps, unless it was told to keep very many.
const MOST_READ: usize = 50_000;
/// Statements whose text is kept.
const MOST_TEXTS: usize = 5_000;
/// The longest text of a statement, in characters. Longer ones are cut.
pub(super) const LONGEST_TEXT: usize = 8_000;
/// What marks the reader's own statements.
const MARK: &str = "/* squall */";

/// The counters of `pg_stat_statements`, and their last reading.
pub(crate) struct Statements {
    /// The schema of the extension, quoted.
    schema: String,
    last: HashMap<StatementKey, Counters>,
    texts: HashMap<i64, KnownText>,
    /// Time since the beginning, for the choice of plans.
    totals: BTreeMap<i64, Duration>,
    evicted: Option<u64>,
}

/// A statement of a user: the server counts them apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct StatementKey {
    user: u64,
    query: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counters {
    calls: u64,
    milliseconds: f64,
    rows: u64,
    blocks_read: u64,
    temporary_blocks: u64,
}

/// A statement's text.
enum KnownText {
    Template(String),
    /// The reader's own.
    Own,
}

/// A statement of the load with the text that it can be explained by.
pub(crate) struct CostlyStatement {
    /// The text as the server has it, with `$1` for values.
    pub(crate) text: String,
}

impl Counters {
    fn of(row: &SimpleQueryRow) -> Counters {
        Counters {
            calls: number(row, 2),
            milliseconds: real(row, 3),
            rows: number(row, 4),
            blocks_read: number(row, 5),
            temporary_blocks: number(row, 6),
        }
    }

    /// What was added since. Counters that ran backwards were reset, or their statement was evicted and came back.
    fn since(self, last: Option<&Counters>) -> Counters {
        match last {
            Some(last) if last.calls <= self.calls => Counters {
                calls: self.calls - last.calls,
                milliseconds: (self.milliseconds - last.milliseconds).max(0.0),
                rows: self.rows.saturating_sub(last.rows),
                blocks_read: self.blocks_read.saturating_sub(last.blocks_read),
                temporary_blocks: self.temporary_blocks.saturating_sub(last.temporary_blocks),
            },
            _ => self,
        }
    }

    fn time(self) -> Duration {
        Duration::try_from_secs_f64(self.milliseconds / 1e3).unwrap_or_default()
    }
}

impl Statements {
    /// Looks for the extension; else a sentence with the remedy.
    pub(crate) async fn find(connection: &mut Connection, version: u32) -> Result<Statements, String> {
        let query = "SELECT /* squall */ quote_ident(n.nspname) FROM pg_extension e \
                     JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
        let rows = connection.rows(query).await.map_err(|error| format!("statements: {error}"))?;
        let Some(schema) = rows.first().and_then(|row| row.get(0)) else {
            return Err("statements: the database lacks pg_stat_statements: add it to shared_preload_libraries in \
                        postgresql.conf, restart the server, and run CREATE EXTENSION pg_stat_statements in this \
                        database"
                .to_owned());
        };
        let schema = schema.to_owned();
        let (last, texts, totals) = (HashMap::new(), HashMap::new(), BTreeMap::new());
        let mut statements = Statements { schema, last, texts, totals, evicted: None };
        statements.last = statements.read(connection).await.map_err(|error| {
            if error.is_privilege() {
                format!("statements: {error}: run GRANT pg_monitor for this login")
            } else {
                format!(
                    "statements: {error}: add pg_stat_statements to shared_preload_libraries, and restart the server"
                )
            }
        })?;
        // Counted since version 14.
        if version >= 140_000 {
            statements.evicted = statements.read_evicted(connection).await;
        }
        Ok(statements)
    }

    /// The statements that ran since the last call, those that took most time first.
    pub(crate) async fn read_interval(&mut self, connection: &mut Connection) -> Result<Vec<StatementUse>, ReadError> {
        let now = self.read(connection).await?;
        let is_complete = now.len() < MOST_READ;
        let mut used: HashMap<i64, Counters> = HashMap::new();
        for (key, counters) in &now {
            let last = self.last.get(key);
            if last.is_none() && !is_complete {
                continue;
            }
            let added = counters.since(last);
            if added.calls > 0 {
                add(used.entry(key.query).or_default(), added);
            }
        }
        self.last = now;
        for (query, counters) in &used {
            *self.totals.entry(*query).or_default() += counters.time();
        }
        self.forget_cheap();
        let mut used: Vec<(i64, Counters)> = used.into_iter().collect();
        used.sort_by(|(_, one), (_, other)| other.milliseconds.total_cmp(&one.milliseconds));
        // Some are the reader's own.
        used.truncate(MOST_STATEMENTS + 20);
        self.learn_texts(connection, used.iter().map(|(query, _)| *query)).await?;
        Ok(rank_statements(
            used.into_iter().filter_map(|(query, counters)| self.statement_use(query, counters)).collect(),
        ))
    }

    /// The statements that took most time since the beginning, with their texts.
    pub(crate) async fn costly(
        &self,
        connection: &mut Connection,
        most: usize,
    ) -> Result<Vec<CostlyStatement>, ReadError> {
        let mut ranked: Vec<(&i64, &Duration)> = self.totals.iter().collect();
        ranked.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
        let is_others = |query: &i64| !matches!(self.texts.get(query), Some(KnownText::Own));
        let ranked: Vec<i64> = ranked.into_iter().map(|(query, _)| *query).filter(is_others).take(most).collect();
        let mut texts = self.read_texts(connection, ranked.iter().copied()).await?;
        let costly = |query: &i64| texts.remove(query).map(|text| CostlyStatement { text });
        Ok(ranked.iter().filter_map(costly).filter(|statement| !statement.text.contains(MARK)).collect())
    }

    /// The number of statements that the server has forgotten since the beginning, for lack of room.
    pub(crate) async fn count_evicted(&self, connection: &mut Connection) -> u64 {
        let Some(before) = self.evicted else { return 0 };
        self.read_evicted(connection).await.map_or(0, |now| now.saturating_sub(before))
    }

    /// The texts are left on the server's disk.
    async fn read(&self, connection: &mut Connection) -> Result<HashMap<StatementKey, Counters>, ReadError> {
        let query = format!(
            "SELECT /* squall */ userid, queryid, sum(calls), sum(total_exec_time), sum(rows), sum(shared_blks_read), \
             sum(temp_blks_read + temp_blks_written) FROM {}.pg_stat_statements(false) \
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid IS NOT NULL \
             GROUP BY userid, queryid LIMIT {MOST_READ}",
            self.schema
        );
        let rows = connection.rows(&query).await?;
        let key = |row: &SimpleQueryRow| StatementKey { user: number(row, 0), query: number(row, 1) };
        Ok(rows.iter().map(|row| (key(row), Counters::of(row))).collect())
    }

    async fn read_evicted(&self, connection: &mut Connection) -> Option<u64> {
        let query = format!("SELECT /* squall */ dealloc FROM {}.pg_stat_statements_info", self.schema);
        connection.rows(&query).await.ok()?.first()?.get(0)?.parse().ok()
    }

    async fn read_texts(
        &self,
        connection: &mut Connection,
        queries: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, String>, ReadError> {
        // One value, whatever its length: the server has one statement for all.
        let list = queries.map(|query| query.to_string()).collect::<Vec<_>>().join(",");
        if list.is_empty() {
            return Ok(HashMap::new());
        }
        let query = format!(
            "SELECT /* squall */ queryid, left(min(query), {LONGEST_TEXT}) FROM {}.pg_stat_statements(true) \
             WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid = ANY ('{{{list}}}'::bigint[]) \
             GROUP BY queryid",
            self.schema
        );
        let rows = connection.rows(&query).await?;
        Ok(rows.iter().map(|row| (number(row, 0), row.get(1).unwrap_or_default().to_owned())).collect())
    }

    async fn learn_texts(
        &mut self,
        connection: &mut Connection,
        queries: impl Iterator<Item = i64>,
    ) -> Result<(), ReadError> {
        if self.texts.len() > MOST_TEXTS {
            self.texts.clear();
        }
        let unknown: Vec<i64> = queries.filter(|query| !self.texts.contains_key(query)).collect();
        for (query, text) in self.read_texts(connection, unknown.into_iter()).await? {
            let known = if text.contains(MARK) { KnownText::Own } else { KnownText::Template(template(&text)) };
            self.texts.insert(query, known);
        }
        Ok(())
    }

    /// Bounds what is known of statements that the server itself has forgotten.
    fn forget_cheap(&mut self) {
        if self.totals.len() > MOST_READ {
            let mut times: Vec<Duration> = self.totals.values().copied().collect();
            times.sort_unstable();
            let median = times[times.len() / 2];
            self.totals.retain(|_, time| *time > median);
        }
    }

    fn statement_use(&self, query: i64, counters: Counters) -> Option<StatementUse> {
        let Some(KnownText::Template(statement)) = self.texts.get(&query) else { return None };
        Some(StatementUse {
            statement: statement.clone(),
            calls: counters.calls,
            total: counters.time(),
            rows: counters.rows,
            blocks_read: counters.blocks_read,
            temporary_blocks: counters.temporary_blocks,
        })
    }
}

fn add(sum: &mut Counters, one: Counters) {
    sum.calls = sum.calls.saturating_add(one.calls);
    sum.milliseconds += one.milliseconds;
    sum.rows = sum.rows.saturating_add(one.rows);
    sum.blocks_read = sum.blocks_read.saturating_add(one.blocks_read);
    sum.temporary_blocks = sum.temporary_blocks.saturating_add(one.temporary_blocks);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_ran_backwards_count_from_their_reset() {
        let counters = |calls, milliseconds| Counters { calls, milliseconds, ..Counters::default() };
        assert_eq!(counters(7, 70.0).since(Some(&counters(5, 40.0))), counters(2, 30.0));
        assert_eq!(counters(7, 70.0).since(None), counters(7, 70.0));
        assert_eq!(counters(3, 30.0).since(Some(&counters(5, 40.0))), counters(3, 30.0));
    }
}
