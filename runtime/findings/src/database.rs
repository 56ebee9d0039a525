//! The statistics of a database during a load: the difference between snapshots, and samples of its sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::span::UnixNanos;

/// What was read of one database during the load. Each list is bounded by its reader, the most important first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseReport {
    /// Its address, without name and password: `postgresql://127.0.0.1:5432/shop`.
    pub name: String,
    /// The product, as OpenTelemetry names it: `postgresql`, `mariadb`, `mysql`.
    pub system: String,
    /// Statistics in intervals of some seconds, in order of time.
    pub intervals: Vec<DatabaseInterval>,
    /// Samples of the sessions, about one a second, in order of time.
    pub sessions: Vec<SessionSample>,
    /// Waits for locks that samples of the sessions saw, the longest first.
    pub blocked: Vec<BlockedStatement>,
    /// Tables that were read or written during the load, those of whose rows most were read first.
    pub tables: Vec<TableUse>,
    /// Plans of the statements that took most time, by the database's own estimate.
    pub plans: Vec<StatementPlan>,
    /// The greatest number of sessions that the database allows.
    pub most_sessions: Option<u64>,
    /// What could not be looked at, and why: sentences for the user.
    pub not_seen: Vec<String>,
}

/// An interval's statistics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseInterval {
    /// The beginning.
    pub began: UnixNanos,
    /// The end.
    pub ended: UnixNanos,
    /// The statements that ran, those that took most time first.
    pub statements: Vec<StatementUse>,
    /// Transactions that were committed.
    pub commits: u64,
    /// Transactions that were rolled back.
    pub rollbacks: u64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Temporary files, for sorts and joins without enough memory.
    pub temporary_files: u64,
    /// The bytes written to them.
    pub temporary_bytes: u64,
}

/// The executions of one statement in an interval.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatementUse {
    /// The statement as a template ([`template`]).
    pub statement: String,
    /// How often it ran.
    pub calls: u64,
    /// Time in the database, all executions together.
    pub total: Duration,
    /// Rows returned or changed.
    pub rows: u64,
    /// Blocks that were read from outside the database's memory.
    pub blocks_read: u64,
    /// Blocks of temporary files, read and written.
    pub temporary_blocks: u64,
}

/// The sessions of the tested database at one moment, without the reader's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionSample {
    /// The moment.
    pub at: UnixNanos,
    /// All sessions of clients.
    pub all: u64,
    /// Those that execute a statement.
    pub active: u64,
    /// Those that have an open transaction and execute nothing.
    pub idle_in_transaction: u64,
    /// Those that wait for a lock.
    pub waiting_for_lock: u64,
    /// Active sessions by the kind of their wait (`Lock`, `LWLock`, `IO`, `Client`, or `CPU` for none).
    pub waits: BTreeMap<String, u64>,
}

/// A statement that waited for a lock, in one sample or several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockedStatement {
    /// The waiting statement as a template.
    pub statement: String,
    /// The statement of the session at the head of the chain that it waits for, as a template.
    pub blocker: String,
    /// Whether that session executes nothing, its transaction still open.
    pub blocker_is_idle: bool,
    /// The table, if known.
    pub table: Option<String>,
    /// The number of sessions seen waiting, over all samples.
    pub seen: u64,
    /// The longest wait seen.
    pub longest: Duration,
    /// The greatest number of sessions that waited at once.
    pub most_at_once: u64,
}

/// The use of a table during the load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableUse {
    /// Its name, with its schema unless that is the default one.
    pub table: String,
    /// Its live rows.
    pub rows: u64,
    /// Dead rows that wait for a vacuum.
    pub dead_rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Scans of the whole table.
    pub sequential_scans: u64,
    /// Rows that those scans read.
    pub sequential_rows: u64,
    /// Scans by an index.
    pub index_scans: u64,
    /// Rows inserted, updated and deleted.
    pub rows_written: u64,
}

/// A statement's plan, by the database's own estimate (`EXPLAIN` without `ANALYZE`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatementPlan {
    /// The statement as a template.
    pub statement: String,
    /// The plan as text, one node a line, indented.
    pub text: String,
    /// The estimated cost of the whole.
    pub cost: f64,
    /// Scans of whole tables in it.
    pub scans: Vec<TableScan>,
}

/// A scan of a whole table in a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableScan {
    /// The table.
    pub table: String,
    /// Its rows, by the database's estimate.
    pub table_rows: f64,
    /// The rows that pass the filter, by the same estimate.
    pub passing_rows: f64,
    /// The filter, as the database prints it: `(category = $1)`.
    pub filter: String,
    /// The columns that the filter compares, those by equality first: what an index would be on.
    pub columns: Vec<String>,
    /// The estimated cost of the scan, all its repetitions in the plan together.
    pub cost: f64,
    /// The estimated cost of an index scan in its place.
    pub cost_with_index: f64,
}

/// A statement without its values: literals, numbers and placeholders as `?`, lists of them as `(?)`, one space between
/// words, no comments, no semicolon at the end. Two executions of a statement with other values have the same template.
pub fn template(statement: &str) -> String {
    let mut template = String::new();
    let mut rest = statement;
    while let Some(character) = rest.chars().next() {
        let token = next_token(rest, character);
        rest = &rest[token.length..];
        match token.kind {
            TokenKind::Space => space(&mut template),
            TokenKind::Value => template.push('?'),
            TokenKind::Text => template.push_str(token.text),
        }
    }
    join_lists(template.trim_end_matches([' ', ';']))
}

enum TokenKind {
    Space,
    Value,
    Text,
}

struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
    length: usize,
}

fn next_token(rest: &str, first: char) -> Token<'_> {
    let of = |kind, length: usize| Token { kind, text: &rest[..length], length };
    let while_ = |from: usize, accept: &dyn Fn(char) -> bool| {
        rest[from..].find(|character| !accept(character)).map_or(rest.len(), |at| from + at)
    };
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    match first {
        _ if first.is_whitespace() => of(TokenKind::Space, while_(0, &char::is_whitespace)),
        '-' if rest.starts_with("--") => of(TokenKind::Space, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => of(TokenKind::Space, rest.find("*/").map_or(rest.len(), |at| at + 2)),
        '\'' => of(TokenKind::Value, end_of_string(rest)),
        // PostgreSQL's `$1`, SQLite's `?`, Python's `%s` and `%(name)s`, and `:name`, but not the cast `::text`.
        '?' => of(TokenKind::Value, while_(1, &|character| character.is_ascii_digit())),
        '$' if rest[1..].starts_with(|digit: char| digit.is_ascii_digit()) => {
            of(TokenKind::Value, while_(1, &|character| character.is_ascii_digit()))
        }
        '%' if rest.starts_with("%s") => of(TokenKind::Value, 2),
        '%' if rest.starts_with("%(") => match end_of_parameter(rest) {
            Some(end) => of(TokenKind::Value, end),
            None => of(TokenKind::Text, 1),
        },
        ':' if rest.starts_with("::") => of(TokenKind::Text, 2),
        ':' if rest[1..].starts_with(|letter: char| letter.is_alphabetic()) => {
            of(TokenKind::Value, while_(1, &is_word))
        }
        _ if first.is_ascii_digit() => {
            of(TokenKind::Value, while_(1, &|character| is_word(character) || character == '.'))
        }
        _ if is_word(first) => of(TokenKind::Text, while_(0, &is_word)),
        _ => of(TokenKind::Text, first.len_utf8()),
    }
}

/// The length of the parameter `%(name)s` that begins here, if it is one. Names have a bound: without it, a statement of
/// many `%(` would take a time that grows with the square of its length.
fn end_of_parameter(rest: &str) -> Option<usize> {
    const LONGEST: usize = 100;
    let end = rest.bytes().take(LONGEST).position(|byte| byte == b')')?;
    rest[end..].starts_with(")s").then_some(end + 2)
}

/// The length of the string literal that begins here; a doubled quote is a part of it.
fn end_of_string(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn space(template: &mut String) {
    if !template.is_empty() && !template.ends_with(' ') {
        template.push(' ');
    }
}

/// `(?, ?, ?)` as `(?)`, and `(?), (?)` as `(?)`: as many values as there are belong to one template.
fn join_lists(template: &str) -> String {
    let mut joined = template.replace("? ,", "?,").replace("( ?", "(?").replace("? )", "?)");
    for (list, one) in [("?, ?", "?"), ("?,?", "?"), ("(?), (?)", "(?)"), ("(?),(?)", "(?)")] {
        while joined.contains(list) {
            joined = joined.replace(list, one);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_left_out() {
        let same = "SELECT name FROM products WHERE id = ? AND kind IN (?)";
        for statement in [
            "SELECT name FROM products WHERE id = 7 AND kind IN (1, 2,3)",
            "SELECT  name\nFROM products WHERE id = $1 AND kind IN ($2);\n",
            "SELECT name FROM products WHERE id = %(id)s AND kind IN (%s, %s) -- by name",
            "SELECT name FROM products /* shop */ WHERE id = :id AND kind IN ('a', 'it''s')",
        ] {
            assert_eq!(template(statement), same, "{statement}");
        }
    }

    #[test]
    fn names_with_digits_and_casts_stay() {
        assert_eq!(template("SELECT t1.x2::text FROM t1"), "SELECT t1.x2::text FROM t1");
        assert_eq!(template("INSERT INTO t VALUES (1,'a'),(2,'b')"), "INSERT INTO t VALUES (?)");
        assert_eq!(template("SELECT 'never ends"), "SELECT ?");
        assert_eq!(template("SELECT 7 %(a) FROM t"), "SELECT ? %(a) FROM t");
        assert_eq!(template("SELECT 7 %(never ends"), "SELECT ? %(never ends");
        assert_eq!(template(""), "");
    }
}
