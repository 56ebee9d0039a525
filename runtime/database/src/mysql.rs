//! MySQL, from version 8 on, and MariaDB: what is read of them, and when. The parts know one kind of statistics each.
//!
//! Statements and tables are counted by the performance schema, which MariaDB leaves off unless it is told otherwise.
//! Transactions and temporary tables are those of the whole server.

mod connection;
mod digest_text;
mod packet;
mod plan_tree;
mod plans;
mod sessions;
mod statements;
mod tables;
mod value;

use squall_findings::database::{DatabaseInterval, DatabaseReport, template};
use squall_findings::span::UnixNanos;

use self::connection::{Connection, ReadError};
use self::digest_text::{key, shown, with_values};
use self::plans::CostlyStatement;
use self::sessions::{LONGEST_TEXT, Session};
use self::statements::Statements;
use self::tables::TableSnapshot;
use self::value::{literal, number, text};
use crate::address::DatabaseAddress;
use crate::moment::DayClock;
use crate::reader::Statistics;
use crate::record::Record;
use crate::seen::SeenStatements;

/// A MySQL or MariaDB database with a connection to it.
pub(crate) struct MysqlReader {
    connection: Connection,
    clock: DayClock,
    record: Record,
    is_mariadb: bool,
    statements: Option<Statements>,
    tables: Option<TableSnapshot>,
    last: Option<(UnixNanos, Counters)>,
    /// Executions that samples of the sessions saw, by what they have in common with their digest.
    seen: SeenStatements,
}

/// Counters of the server, less those of the reader's own session.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    commits: u64,
    rollbacks: u64,
    deadlocks: u64,
    temporary_tables: u64,
}

impl MysqlReader {
    /// Connects, or returns the reason and a remedy.
    pub(crate) async fn open(address: DatabaseAddress) -> Result<MysqlReader, String> {
        let name = address.name();
        let mut connection = Connection::open(address).await?;
        let query = format!(
            "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
            literal(connection.database())
        );
        let rows = connection.rows(&query).await.map_err(|error| error.to_string())?;
        if rows.first().is_none_or(|row| text(row, 0) != "1") {
            return Err(format!(
                "it has no database {:?} that the login may read: correct the name, or run GRANT SELECT on it for this \
                 login",
                connection.database()
            ));
        }
        let is_mariadb = connection.version().contains("MariaDB");
        let system = if is_mariadb { "mariadb" } else { "mysql" };
        Ok(MysqlReader {
            connection,
            clock: DayClock::start(),
            record: Record::new(name, system),
            is_mariadb,
            statements: None,
            tables: None,
            last: None,
            seen: SeenStatements::default(),
        })
    }

    async fn read_counters(&mut self) -> Result<Counters, ReadError> {
        let mut sums = [0_u64; 4];
        let names = ["Handler_commit", "Handler_rollback", "Innodb_deadlocks", "Created_tmp_disk_tables"];
        for (kind, own) in [("GLOBAL", false), ("SESSION", true)] {
            let query = format!("SHOW {kind} STATUS WHERE Variable_name IN ('{}')", names.join("', '"));
            for row in self.connection.rows(&query).await? {
                let Some(place) = names.iter().position(|name| *name == text(&row, 0)) else { continue };
                let value = number::<u64>(&row, 1);
                // Deadlocks are not counted for a session: there the server repeats its own.
                match own {
                    false => sums[place] = value,
                    true if place != 2 => sums[place] = sums[place].saturating_sub(value),
                    true => {}
                }
            }
        }
        if !self.is_mariadb {
            let query = "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'";
            sums[2] = self.connection.rows(query).await?.first().map_or(0, |row| number(row, 0));
        }
        let [commits, rollbacks, deadlocks, temporary_tables] = sums;
        Ok(Counters { commits, rollbacks, deadlocks, temporary_tables })
    }

    async fn read_most_sessions(&mut self) {
        if let Ok(rows) = self.connection.rows("SELECT @@max_connections").await {
            self.record.report().most_sessions = rows.first().map(|row| number(row, 0));
        }
    }

    fn keep_statements(&mut self, sessions: &[Session]) {
        for text in sessions.iter().filter_map(|session| session.statement.as_ref()) {
            if text.chars().count() < LONGEST_TEXT {
                self.seen.add(key(text), text);
            }
        }
    }

    /// The statements that took most time: by their digests, else by the samples that saw them.
    async fn costly(&mut self) -> Result<Vec<CostlyStatement>, ReadError> {
        let Some(statements) = &mut self.statements else {
            let seen = self.seen.most_seen(plans::MOST_PLANS).into_iter();
            return Ok(seen.map(|text| CostlyStatement { statement: template(&text), text, rows: None }).collect());
        };
        let mut costly = Vec::new();
        for digest in statements.costly(&mut self.connection, plans::MOST_PLANS).await? {
            let sample = match self.seen.text(&key(&digest.text)) {
                Some(seen) => Some(seen.to_owned()),
                None if self.is_mariadb => None,
                None => read_sample(&mut self.connection, &digest.digest).await?,
            };
            let statement = sample.as_deref().map_or_else(|| shown(&digest.text), template);
            rename(self.record.report(), &shown(&digest.text), &statement);
            let rows = Some(digest.counters.rows as f64 / digest.counters.calls.max(1) as f64);
            match sample.or_else(|| with_values(&digest.text)) {
                Some(text) => costly.push(CostlyStatement { statement, text, rows }),
                None => self.record.not_seen(
                    "the plan of a statement: its text is longer than the server keeps: raise \
                     performance_schema_max_digest_length and max_digest_length",
                ),
            }
        }
        Ok(costly)
    }
}

/// An execution of a digest, as MySQL keeps one.
async fn read_sample(connection: &mut Connection, digest: &str) -> Result<Option<String>, ReadError> {
    let query = format!(
        "SELECT QUERY_SAMPLE_TEXT FROM performance_schema.events_statements_summary_by_digest \
         WHERE SCHEMA_NAME = {} AND DIGEST = {}",
        literal(connection.database()),
        literal(digest)
    );
    let sample = connection.rows(&query).await?.first().map(|row| text(row, 0).to_owned());
    Ok(sample.filter(|text| !text.is_empty() && !text.ends_with("...")))
}

/// Gives a statement the text of an execution that was seen, which is closer to what the target sends.
fn rename(report: &mut DatabaseReport, digest: &str, statement: &str) {
    let uses = report.intervals.iter_mut().flat_map(|interval| &mut interval.statements);
    for one in uses.filter(|one| one.statement == digest) {
        one.statement = statement.to_owned();
    }
}

impl Statistics for MysqlReader {
    async fn begin(&mut self) {
        self.read_most_sessions().await;
        match Statements::find(&mut self.connection).await {
            Ok(statements) => self.statements = Some(statements),
            Err(sentence) => self.record.not_seen(&sentence),
        }
        if self.statements.is_some() {
            match tables::snapshot(&mut self.connection).await {
                Ok(snapshot) => self.tables = Some(snapshot),
                Err(error) => self.record.not_seen(&format!("tables: {error}")),
            }
        }
        match self.read_counters().await {
            Ok(counters) => self.last = Some((self.clock.now(), counters)),
            Err(error) => self.record.miss("intervals", &error.to_string()),
        }
    }

    async fn sample_sessions(&mut self) {
        let sessions = match sessions::read(&mut self.connection, self.is_mariadb).await {
            Ok(sessions) => sessions,
            Err(error) if error.is_privilege() => {
                let sentence = format!("sessions and locks: {error}: run GRANT PROCESS ON *.* for this login");
                return self.record.not_seen(&sentence);
            }
            Err(error) => return self.record.miss("samples of the sessions", &error.to_string()),
        };
        self.keep_statements(&sessions);
        self.record.push_sample(sessions::count(&sessions, self.clock.now()));
        match sessions::blocked(&mut self.connection, &sessions, self.is_mariadb).await {
            Ok(waits) => self.record.push_waits(waits),
            Err(error) => self.record.miss("waits for locks", &error.to_string()),
        }
    }

    async fn read_interval(&mut self) {
        let now = match self.read_counters().await {
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
            // Counters that ran backwards were reset.
            let added = |now: u64, last: u64| now.checked_sub(last).unwrap_or(now);
            self.record.push_interval(DatabaseInterval {
                began,
                ended: at,
                statements,
                commits: added(now.commits, last.commits),
                rollbacks: added(now.rollbacks, last.rollbacks),
                deadlocks: added(now.deadlocks, last.deadlocks),
                temporary_files: added(now.temporary_tables, last.temporary_tables),
                temporary_bytes: 0,
            });
        }
    }

    async fn read_last(&mut self) {
        if let Some(before) = self.tables.take() {
            let used = match tables::snapshot(&mut self.connection).await {
                Ok(now) => tables::uses(&mut self.connection, &before, &now).await,
                Err(error) => Err(error),
            };
            match used {
                Ok(used) => self.record.report().tables = used,
                Err(error) => self.record.not_seen(&format!("tables: {error}")),
            }
        }
        let costly = match self.costly().await {
            Ok(costly) => costly,
            Err(error) => return self.record.not_seen(&format!("plans of statements: {error}")),
        };
        let explained = plans::explain(&mut self.connection, &costly).await;
        self.record.report().plans = explained.plans;
        for (reason, times) in explained.missing {
            let statements = if times == 1 { "one statement".to_owned() } else { format!("{times} statements") };
            self.record.not_seen(&format!("the plan of {statements}: {reason}"));
        }
    }

    fn record(&mut self) -> &mut Record {
        &mut self.record
    }

    fn into_report(self) -> DatabaseReport {
        self.record.finish()
    }
}

/// Reads a plan, for the target of `fuzz/`, with its bounds.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_plan(json: &str) -> Result<(), String> {
    let tree = plan_tree::read(json)?;
    assert!(tree.text.lines().count() <= 200 && tree.tables.len() <= 100);
    for table in &tree.tables {
        crate::condition::compared_columns(&table.condition, &table.alias, crate::token::Dialect::Mysql);
        assert!(table.times.is_finite() && table.before.is_finite() && table.rows.is_finite());
    }
    Ok(())
}

/// Reads a packet in each way, for the target of `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) fn understands_packet(packet: &[u8]) -> bool {
    let greeting = packet::read_greeting(packet);
    if let Ok(greeting) = &greeting {
        // Its proof is short, whatever the salt.
        assert!(
            packet::login("ada", &greeting.method, "secret", true).is_ok_and(|login| login.len() < 300)
                || greeting.method.name != "mysql_native_password"
        );
    }
    drop(packet::read_other_method(packet).prove("secret"));
    assert!(!packet::read_error(packet).message.contains(char::is_control));
    let is_row = (1..5).any(|columns| packet::read_row(packet, columns).is_some());
    greeting.is_ok() || is_row || packet.first() == Some(&0xff)
}

/// Reads the text of a digest in each way, for the target of `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) fn understand_digest(digest: &str) {
    drop((key(digest), shown(digest), with_values(digest)));
}
