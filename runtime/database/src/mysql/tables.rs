//! The use of tables during the load, from the performance schema: the difference between two readings.
//!
//! Rows are counted, not scans: scans of a whole table are its rows that were read without an index, divided by all of
//! its rows, and each row that was found by an index is a scan of it.

use std::collections::HashMap;

use squall_findings::database::TableUse;

use super::connection::{Connection, ReadError};
use super::value::{literal, number, text};

/// Tables that are read.
const MOST_READ: usize = 20_000;
/// Tables that are kept in the report.
const MOST_KEPT: usize = 100;

/// The counters of all tables at one moment, by their name.
pub(crate) type TableSnapshot = HashMap<String, TableCounters>;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TableCounters {
    rows_without_index: u64,
    rows_by_index: u64,
    rows_written: u64,
}

/// Reads the counters of all tables.
pub(crate) async fn snapshot(connection: &mut Connection) -> Result<TableSnapshot, ReadError> {
    let statement = format!(
        "SELECT OBJECT_NAME, SUM(IF(INDEX_NAME IS NULL, COUNT_FETCH, 0)), SUM(IF(INDEX_NAME IS NULL, 0, COUNT_FETCH)), \
         SUM(COUNT_INSERT + COUNT_UPDATE + COUNT_DELETE) FROM performance_schema.table_io_waits_summary_by_index_usage \
         WHERE OBJECT_SCHEMA = {} GROUP BY OBJECT_NAME LIMIT {MOST_READ}",
        literal(connection.database())
    );
    let counters = |row: &super::packet::Row| TableCounters {
        rows_without_index: number(row, 1),
        rows_by_index: number(row, 2),
        rows_written: number(row, 3),
    };
    let rows = connection.rows(&statement).await?;
    Ok(rows.iter().map(|row| (text(row, 0).to_owned(), counters(row))).collect())
}

/// The tables that were used between two snapshots, with their sizes now, those first of which most rows were read.
pub(crate) async fn uses(
    connection: &mut Connection,
    before: &TableSnapshot,
    now: &TableSnapshot,
) -> Result<Vec<TableUse>, ReadError> {
    let statement = format!(
        "SELECT TABLE_NAME, TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES \
         WHERE TABLE_SCHEMA = {} AND TABLE_TYPE = 'BASE TABLE' LIMIT {MOST_READ}",
        literal(connection.database())
    );
    let mut used = Vec::new();
    for row in connection.rows(&statement).await? {
        let (table, rows) = (text(&row, 0), number::<u64>(&row, 1));
        let Some(now) = now.get(table) else { continue };
        let before = before.get(table).copied().unwrap_or_default();
        // Counters that ran backwards were reset.
        let added = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        let sequential_rows = added(now.rows_without_index, before.rows_without_index);
        let table = TableUse {
            table: table.to_owned(),
            rows,
            dead_rows: 0,
            bytes: number(&row, 2),
            sequential_scans: sequential_rows.div_ceil(rows.max(1)),
            sequential_rows,
            index_scans: added(now.rows_by_index, before.rows_by_index),
            rows_written: added(now.rows_written, before.rows_written),
        };
        if table.sequential_rows > 0 || table.index_scans > 0 || table.rows_written > 0 {
            used.push(table);
        }
    }
    let rows_read = |table: &TableUse| table.sequential_rows.saturating_add(table.index_scans);
    used.sort_by_key(|table| std::cmp::Reverse((rows_read(table), table.rows_written)));
    used.truncate(MOST_KEPT);
    Ok(used)
}
