//! The use of tables during the load, from `pg_stat_user_tables`: the difference between two readings.

use std::collections::HashMap;

use squall_findings::database::TableUse;

use super::connection::{Connection, ReadError};
use super::value::{number, text};

/// Tables that are read.
const MOST_READ: usize = 20_000;
/// Tables that are kept in the report.
const MOST_KEPT: usize = 100;

/// The counters of all tables at one moment, by their number.
pub(crate) type TableSnapshot = HashMap<u64, TableCounters>;

/// A table's counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableCounters {
    table: String,
    rows: u64,
    dead_rows: u64,
    bytes: u64,
    sequential_scans: u64,
    sequential_rows: u64,
    index_scans: u64,
    index_rows: u64,
    rows_written: u64,
}

/// Reads the counters of all tables. Takes no lock on any.
pub(crate) async fn snapshot(connection: &mut Connection) -> Result<TableSnapshot, ReadError> {
    let query = format!(
        "SELECT /* squall */ s.relid, CASE WHEN s.schemaname = 'public' THEN s.relname \
           ELSE s.schemaname || '.' || s.relname END, \
         CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup ELSE greatest(c.reltuples, 0)::bigint END, s.n_dead_tup, \
         c.relpages * current_setting('block_size')::bigint, s.seq_scan, s.seq_tup_read, coalesce(s.idx_scan, 0), \
         coalesce(s.idx_tup_fetch, 0), s.n_tup_ins + s.n_tup_upd + s.n_tup_del \
         FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid LIMIT {MOST_READ}"
    );
    let rows = connection.rows(&query).await?;
    let counters = rows.iter().map(|row| {
        let counters = TableCounters {
            table: text(row, 1).to_owned(),
            rows: number(row, 2),
            dead_rows: number(row, 3),
            bytes: number(row, 4),
            sequential_scans: number(row, 5),
            sequential_rows: number(row, 6),
            index_scans: number(row, 7),
            index_rows: number(row, 8),
            rows_written: number(row, 9),
        };
        (number(row, 0), counters)
    });
    Ok(counters.collect())
}

/// The tables that were used between two snapshots, with their sizes now.
pub(crate) async fn uses(connection: &mut Connection, before: &TableSnapshot, now: &TableSnapshot) -> Vec<TableUse> {
    let mut used = used(before, now);
    for (id, bytes) in sizes(connection, used.iter().map(|(id, _, _)| *id)).await {
        if let Some((_, _, table)) = used.iter_mut().find(|(table, _, _)| *table == id) {
            table.bytes = bytes;
        }
    }
    used.into_iter().map(|(_, _, table)| table).collect()
}

/// With indexes. While a table is locked for a change of its structure its size is not to be had: then it stays the
/// estimate of the snapshot, for all.
async fn sizes(connection: &mut Connection, tables: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let list = tables.map(|table| table.to_string()).collect::<Vec<_>>().join(",");
    if list.is_empty() {
        return Vec::new();
    }
    let query = format!(
        "SELECT /* squall */ oid, pg_total_relation_size(oid) FROM pg_class WHERE oid = ANY ('{{{list}}}'::oid[])"
    );
    let rows = connection.rows(&query).await.unwrap_or_default();
    rows.iter().map(|row| (number(row, 0), number(row, 1))).collect()
}

/// The tables with their number and the rows that were read of them, those with most first.
fn used(before: &TableSnapshot, now: &TableSnapshot) -> Vec<(u64, u64, TableUse)> {
    let is_complete = before.len() < MOST_READ;
    let none = TableCounters::default();
    let mut used = Vec::new();
    for (id, now) in now {
        let before = match before.get(id) {
            Some(before) => before,
            // Made during the load.
            None if is_complete => &none,
            None => continue,
        };
        // Counters that ran backwards were reset.
        let added = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        let table = TableUse {
            table: now.table.clone(),
            rows: now.rows,
            dead_rows: now.dead_rows,
            bytes: now.bytes,
            sequential_scans: added(now.sequential_scans, before.sequential_scans),
            sequential_rows: added(now.sequential_rows, before.sequential_rows),
            index_scans: added(now.index_scans, before.index_scans),
            rows_written: added(now.rows_written, before.rows_written),
        };
        let rows_read = table.sequential_rows.saturating_add(added(now.index_rows, before.index_rows));
        if table.sequential_scans > 0 || table.index_scans > 0 || table.rows_written > 0 {
            used.push((*id, rows_read, table));
        }
    }
    used.sort_by_key(|(id, rows_read, table)| (std::cmp::Reverse((*rows_read, table.rows_written)), *id));
    used.truncate(MOST_KEPT);
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(sequential_rows: u64, rows_written: u64) -> TableCounters {
        let (scans, table) = (sequential_rows / 10, "t".to_owned());
        TableCounters { table, sequential_scans: scans, sequential_rows, rows_written, ..TableCounters::default() }
    }

    #[test]
    fn only_tables_that_were_used_are_listed_the_most_read_first() {
        let before = HashMap::from([(1, counters(100, 5)), (2, counters(100, 5)), (3, counters(500, 9))]);
        let now =
            HashMap::from([(1, counters(100, 5)), (2, counters(140, 6)), (3, counters(50, 9)), (4, counters(900, 0))]);
        let used = used(&before, &now);
        let rows: Vec<(u64, u64)> = used.iter().map(|(id, _, table)| (*id, table.sequential_rows)).collect();
        assert_eq!(rows, [(4, 900), (3, 50), (2, 40)], "a new one, one that was reset, one that was there");
    }
}
