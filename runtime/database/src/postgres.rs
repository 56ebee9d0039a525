//! PostgreSQL, from version 13 on: what is read of it, and when. The parts know one kind of statistics each.

mod connection;
mod cost;
mod encryption;
mod plan_tree;
mod plans;
mod sessions;
mod statements;
mod tables;
mod value;

use squall_findings::database::{DatabaseInterval, DatabaseReport, template};
use squall_findings::span::UnixNanos;

use self::connection::{Connection, ReadError};
use self::statements::{CostlyStatement, Statements};
use self::tables::TableSnapshot;
use self::value::number;
use crate::address::DatabaseAddress;
use crate::moment::DayClock;
use crate::reader::Statistics;
use crate::record::Record;
use crate::seen::SeenStatements;

/// The first version whose statistics have the names that are read here.
const OLDEST: u32 = 130_000;

const CUT: &str = "the plans of statements whose text the server has cut: raise track_activity_query_size";

/// A PostgreSQL database with a connection to it.
pub(crate) struct PostgresReader {
    connection: Connection,
    clock: DayClock,
    record: Record,
    version: u32,
    statements: Option<Statements>,
    tables: Option<TableSnapshot>,
    last: Option<(UnixNanos, Transactions)>,
    /// Executions that samples of the sessions saw; only if the server keeps no texts itself.
    seen: SeenStatements,
}

/// The counters of `pg_stat_database`.
#[derive(Clone, Copy, Debug, Default)]
struct Transactions {
    commits: u64,
    rollbacks: u64,
    deadlocks: u64,
    temporary_files: u64,
    temporary_bytes: u64,
    /// Statements of the reader until then, each a commit.
    own: u64,
}

impl PostgresReader {
    /// Connects, or returns the reason and a remedy.
    pub(crate) async fn open(address: DatabaseAddress) -> Result<PostgresReader, String> {
        let name = address.name();
        let mut connection = Connection::open(address).await?;
        let query = "SELECT /* squall */ current_setting('server_version_num'), current_setting('server_version')";
        let rows = connection.rows(query).await.map_err(|error| error.to_string())?;
        let version = rows.first().map_or(0, |row| number(row, 0));
        if version < OLDEST {
            let version = rows.first().map_or("", |row| value::text(row, 1));
            return Err(format!("its version is {version}: statistics are read from version 13 on"));
        }
        Ok(PostgresReader {
            connection,
            clock: DayClock::start(),
            record: Record::new(name, "postgresql"),
            version,
            statements: None,
            tables: None,
            last: None,
            seen: SeenStatements::default(),
        })
    }

    async fn read_costly(&mut self, statements: &Statements) -> Vec<CostlyStatement> {
        let evicted = statements.count_evicted(&mut self.connection).await;
        if evicted > 0 {
            self.record.not_seen(&format!(
                "statements: pg_stat_statements forgot some, {evicted} times: raise pg_stat_statements.max"
            ));
        }
        let costly = statements.costly(&mut self.connection, plans::MOST_PLANS).await;
        costly.unwrap_or_else(|error| {
            self.record.not_seen(&format!("plans of statements: {error}"));
            Vec::new()
        })
    }

    async fn read_plans(&mut self, costly: &[CostlyStatement]) {
        let explained = plans::explain(&mut self.connection, costly).await;
        self.record.report().plans = explained.plans;
        for (reason, times) in explained.missing {
            let statements = if times == 1 { "one statement".to_owned() } else { format!("{times} statements") };
            self.record.not_seen(&format!("the plan of {statements}: {reason}"));
        }
    }

    /// Keeps what is executed, to be explained.
    async fn see_statements(&mut self) {
        match sessions::executed(&mut self.connection).await {
            Ok((texts, cut)) => {
                for text in texts {
                    self.seen.add(template(&text), &text);
                }
                if cut > 0 {
                    self.record.not_seen(CUT);
                }
            }
            Err(error) => self.record.miss("samples of statements", &error.to_string()),
        }
    }

    /// Without the privilege the texts and states of others are hidden.
    async fn check_privileges(&mut self) {
        let query = "SELECT /* squall */ pg_has_role('pg_read_all_stats', 'USAGE'), quote_ident(current_user)";
        match self.connection.rows(query).await {
            Ok(rows) => {
                if let Some(row) = rows.first().filter(|row| value::text(row, 0) == "f") {
                    self.record.not_seen(&format!(
                        "statements and sessions of other logins: run GRANT pg_monitor TO {}",
                        value::text(row, 1)
                    ));
                }
            }
            Err(error) => self.record.not_seen(&format!("privileges: {error}")),
        }
    }

    async fn read_most_sessions(&mut self) {
        // Those that are kept for superusers are not for the target.
        let query = "SELECT /* squall */ current_setting('max_connections')::int \
                     - current_setting('superuser_reserved_connections')::int \
                     - coalesce(current_setting('reserved_connections', true)::int, 0), \
                     datconnlimit FROM pg_database WHERE datname = current_database()";
        if let Ok(rows) = self.connection.rows(query).await
            && let Some(row) = rows.first()
        {
            let (of_server, of_database): (i64, i64) = (number(row, 0), number(row, 1));
            let most = if of_database < 0 { of_server } else { of_server.min(of_database) };
            self.record.report().most_sessions = u64::try_from(most).ok();
        }
    }

    async fn read_transactions(&mut self) -> Result<Transactions, ReadError> {
        let query = "SELECT /* squall */ xact_commit, xact_rollback, deadlocks, temp_files, temp_bytes \
                     FROM pg_stat_database WHERE datname = current_database()";
        let rows = self.connection.rows(query).await?;
        let own = self.connection.sent();
        Ok(rows.first().map_or_else(Transactions::default, |row| Transactions {
            commits: number(row, 0),
            rollbacks: number(row, 1),
            deadlocks: number(row, 2),
            temporary_files: number(row, 3),
            temporary_bytes: number(row, 4),
            own,
        }))
    }
}

impl Statistics for PostgresReader {
    async fn begin(&mut self) {
        self.check_privileges().await;
        self.read_most_sessions().await;
        match tables::snapshot(&mut self.connection).await {
            Ok(snapshot) => self.tables = Some(snapshot),
            Err(error) => self.record.not_seen(&format!("tables: {error}")),
        }
        match Statements::find(&mut self.connection, self.version).await {
            Ok(statements) => self.statements = Some(statements),
            Err(sentence) => self.record.not_seen(&sentence),
        }
        match self.read_transactions().await {
            Ok(transactions) => self.last = Some((self.clock.now(), transactions)),
            Err(error) => self.record.miss("intervals", &error.to_string()),
        }
    }

    async fn sample_sessions(&mut self) {
        let sample = match sessions::sample(&mut self.connection, self.clock.now()).await {
            Ok(sample) => sample,
            Err(error) => return self.record.miss("samples of the sessions", &error.to_string()),
        };
        let has_waiting = sample.waiting_for_lock > 0;
        let has_active = sample.active > 0;
        self.record.push_sample(sample);
        if has_active && self.statements.is_none() {
            self.see_statements().await;
        }
        if has_waiting {
            match sessions::blocked(&mut self.connection, self.version).await {
                Ok(waits) => self.record.push_waits(waits),
                Err(error) => self.record.miss("waits for locks", &error.to_string()),
            }
        }
    }

    async fn read_interval(&mut self) {
        let now = match self.read_transactions().await {
            Ok(now) => now,
            Err(error) => return self.record.miss("intervals", &error.to_string()),
        };
        let statements = match &mut self.statements {
            None => Vec::new(),
            Some(statements) => match statements.read_interval(&mut self.connection).await {
                Ok(used) => used,
                Err(error) => return self.record.miss("intervals", &error.to_string()),
            },
        };
        let at = self.clock.now();
        if let Some((began, last)) = self.last.replace((at, now)) {
            let since = now.since(&last);
            self.record.push_interval(DatabaseInterval { began, ended: at, statements, ..since });
        }
    }

    async fn read_last(&mut self) {
        if let Some(before) = self.tables.take() {
            match tables::snapshot(&mut self.connection).await {
                Ok(now) => {
                    self.record.report().tables = tables::uses(&mut self.connection, &before, &now).await;
                }
                Err(error) => self.record.not_seen(&format!("tables: {error}")),
            }
        }
        let costly = match self.statements.take() {
            Some(statements) => self.read_costly(&statements).await,
            None => self.seen.most_seen(plans::MOST_PLANS).into_iter().map(|text| CostlyStatement { text }).collect(),
        };
        self.read_plans(&costly).await;
    }

    fn record(&mut self) -> &mut Record {
        &mut self.record
    }

    fn into_report(self) -> DatabaseReport {
        self.record.finish()
    }
}

impl Transactions {
    /// What was added. Counters that ran backwards were reset.
    fn since(&self, last: &Transactions) -> DatabaseInterval {
        let added = |now: u64, last: u64| now.checked_sub(last).unwrap_or(now);
        DatabaseInterval {
            commits: added(self.commits, last.commits).saturating_sub(self.own - last.own),
            rollbacks: added(self.rollbacks, last.rollbacks),
            deadlocks: added(self.deadlocks, last.deadlocks),
            temporary_files: added(self.temporary_files, last.temporary_files),
            temporary_bytes: added(self.temporary_bytes, last.temporary_bytes),
            ..DatabaseInterval::default()
        }
    }
}

/// Reads a plan, for the target of `fuzz/`: the cost and the scans' costs.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_plan(json: &str) -> Result<(), String> {
    let tree = plan_tree::read(json)?;
    assert!(tree.cost.is_finite() && tree.text.lines().count() <= 201 && tree.scans.len() <= 50);
    assert!(tree.scans.iter().all(|scan| scan.cost.is_finite() && scan.times >= 1.0));
    Ok(())
}
