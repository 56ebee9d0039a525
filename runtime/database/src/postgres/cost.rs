//! The cost of an index scan that does not exist yet, by PostgreSQL's own arithmetic and constants.
//!
//! For a B-tree on a table of `N` rows in `T` pages, and probes that find `s` rows each, after `btcostestimate`,
//! `cost_index` and `cost_bitmap_heap_scan` (`src/backend/utils/adt/selfuncs.c`, `src/backend/optimizer/path/costsize.c`):
//!
//! - the descent: `(⌈log₂ N⌉ + 50 × (height + 1)) × cpu_operator_cost`;
//! - the index: `⌈s / N × its pages⌉ × random_page_cost + s × (cpu_index_tuple_cost + cpu_operator_cost)`;
//! - the table's pages by Mackert and Lohman, `F = min(2TNs' / (2T + Ns'), T)`: for an index scan `F × random_page_cost`
//!   if the rows lie in another order than the index, `random_page_cost + (⌈s / N × T⌉ - 1) × seq_page_cost` if in the
//!   same, and between them by the square of the correlation; for a bitmap scan `F` pages, each the cheaper the more
//!   of them there are;
//! - the rows: `s × cpu_tuple_cost`, and `cpu_operator_cost` for each condition that is left.
//!
//! The cheaper of index scan and bitmap scan counts. Pages that several probes read are read once. An index that has all
//! columns that a statement needs would be cheaper still; which those are, a plan does not say.

use serde::Deserialize;

/// The constants of the planner, by the names of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct CostConstants {
    pub(crate) seq_page_cost: f64,
    pub(crate) random_page_cost: f64,
    pub(crate) cpu_tuple_cost: f64,
    pub(crate) cpu_index_tuple_cost: f64,
    pub(crate) cpu_operator_cost: f64,
    /// In pages.
    pub(crate) effective_cache_size: f64,
    /// In bytes.
    pub(crate) block_size: f64,
}

impl Default for CostConstants {
    fn default() -> CostConstants {
        CostConstants {
            seq_page_cost: 1.0,
            random_page_cost: 4.0,
            cpu_tuple_cost: 0.01,
            cpu_index_tuple_cost: 0.005,
            cpu_operator_cost: 0.0025,
            effective_cache_size: 524_288.0,
            block_size: 8_192.0,
        }
    }
}

/// A scan by an index that is to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct IndexProbe {
    /// The table's rows.
    pub(crate) table_rows: f64,
    /// The table's pages.
    pub(crate) table_pages: f64,
    /// The rows that one probe finds.
    pub(crate) rows: f64,
    /// The number of probes.
    pub(crate) times: f64,
    /// The bytes of a key.
    pub(crate) key_width: f64,
    /// Between the order of the first column and that of the rows: from -1 to 1.
    pub(crate) correlation: f64,
    /// Conditions that the index does not answer.
    pub(crate) conditions_left: f64,
}

impl CostConstants {
    /// The cost of all probes together.
    pub(crate) fn index_scan(&self, probe: &IndexProbe) -> f64 {
        let rows = probe.rows.clamp(1.0, probe.table_rows.max(1.0));
        let share = rows / probe.table_rows.max(1.0);
        let per_row = self.cpu_tuple_cost + probe.conditions_left * self.cpu_operator_cost;
        let index = self.index_part(probe, rows, share);
        let plain = index + self.pages_in_order_of_index(probe, rows, share) + rows * per_row;
        // A bitmap also checks the condition of the index again, and keeps a list of rows.
        let per_row = per_row + 1.1 * self.cpu_operator_cost;
        let bitmap = index + self.pages_in_order_of_table(probe, rows) + rows * per_row;
        plain.min(bitmap) * probe.times.max(1.0)
    }

    fn index_part(&self, probe: &IndexProbe, rows: f64, share: f64) -> f64 {
        let pages = self.index_pages(probe, rows);
        let descent = probe.table_rows.max(2.0).log2().ceil() + 50.0 * (self.index_height(probe, pages) + 1.0);
        let leaves = (share * pages).ceil().max(1.0);
        let read = self.together(leaves, probe.times, pages);
        descent * self.cpu_operator_cost
            + read * self.random_page_cost
            + rows * (self.cpu_index_tuple_cost + self.cpu_operator_cost)
    }

    /// The pages of the index: entries have a header and a pointer, and equal keys share one key.
    fn index_pages(&self, probe: &IndexProbe, rows: f64) -> f64 {
        let key = 12.0 + (probe.key_width / 8.0).ceil() * 8.0;
        let entry = if rows < 2.0 { key } else { 6.0 + key / rows.min(50.0) };
        (probe.table_rows * entry / (self.block_size * 0.9)).ceil().max(1.0)
    }

    /// The levels above the leaves.
    fn index_height(&self, probe: &IndexProbe, pages: f64) -> f64 {
        let entries = (self.block_size * 0.7 / (12.0 + probe.key_width)).max(2.0);
        (pages.ln() / entries.ln()).ceil().max(0.0)
    }

    /// The pages of the table for an index scan.
    fn pages_in_order_of_index(&self, probe: &IndexProbe, rows: f64, share: f64) -> f64 {
        let scattered = self.together(rows, probe.times, probe.table_pages) * self.random_page_cost;
        let dense = (share * probe.table_pages).ceil().max(1.0);
        let ordered = if probe.times > 1.0 {
            self.together(dense, probe.times, probe.table_pages) * self.random_page_cost
        } else {
            self.random_page_cost + (dense - 1.0) * self.seq_page_cost
        };
        let order = probe.correlation.clamp(-1.0, 1.0).powi(2);
        scattered + order * (ordered - scattered)
    }

    /// The pages of the table for a bitmap scan, which reads each once, in their order.
    fn pages_in_order_of_table(&self, probe: &IndexProbe, rows: f64) -> f64 {
        let pages = self.together(rows, probe.times, probe.table_pages).max(1.0);
        let near = (pages / probe.table_pages.max(1.0)).min(1.0).sqrt();
        let per_page = self.random_page_cost - (self.random_page_cost - self.seq_page_cost) * near;
        pages * if pages >= 2.0 { per_page } else { self.random_page_cost }
    }

    /// The pages that one of several probes reads for this many rows, by Mackert and Lohman: what another has read is
    /// in memory, as far as that goes.
    fn together(&self, rows: f64, times: f64, pages: f64) -> f64 {
        let (pages, cache, times) = (pages.max(1.0), self.effective_cache_size.max(1.0), times.max(1.0));
        let fetched = rows * times;
        let by_chance = 2.0 * pages * fetched / (2.0 * pages + fetched);
        let read = if pages <= cache {
            by_chance.min(pages)
        } else {
            let limit = 2.0 * pages * cache / (2.0 * pages - cache);
            if fetched <= limit { by_chance } else { cache + (fetched - limit) * (pages - cache) / pages }
        };
        if times > 1.0 { read / times } else { read.ceil() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(rows: f64) -> IndexProbe {
        IndexProbe {
            table_rows: 100_000.0,
            table_pages: 1_000.0,
            rows,
            times: 1.0,
            key_width: 4.0,
            correlation: 0.0,
            conditions_left: 0.0,
        }
    }

    #[test]
    fn one_row_costs_two_pages_and_many_cost_at_most_the_table() {
        let constants = CostConstants::default();
        let one = constants.index_scan(&probe(1.0));
        assert!((8.0..9.0).contains(&one), "PostgreSQL says 8.31: {one}");
        let half = constants.index_scan(&probe(50_000.0));
        assert!(half > 1_000.0 && half < 4_000.0, "{half}");
        let mut last = 0.0;
        for rows in [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 1e9] {
            let cost = constants.index_scan(&probe(rows));
            assert!(cost >= last && cost.is_finite(), "{rows}: {cost}");
            last = cost;
        }
    }

    #[test]
    fn order_makes_it_cheaper_and_probes_share_pages() {
        let constants = CostConstants::default();
        let ordered = constants.index_scan(&IndexProbe { correlation: 1.0, ..probe(1_000.0) });
        assert!(ordered * 2.0 < constants.index_scan(&probe(1_000.0)));
        let many = constants.index_scan(&IndexProbe { times: 10_000.0, ..probe(1.0) });
        assert!(many < 10_000.0 * constants.index_scan(&probe(1.0)) / 4.0, "{many}");
    }

    #[test]
    fn a_table_without_rows_has_a_cost() {
        let empty = IndexProbe { table_rows: 0.0, table_pages: 0.0, ..probe(0.0) };
        let cost = CostConstants::default().index_scan(&empty);
        assert!(cost.is_finite() && cost > 0.0, "{cost}");
    }
}
