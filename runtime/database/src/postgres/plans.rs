//! The plans of the statements that took most time, and the scans in them that an index could take the place of.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use squall_findings::database::{StatementPlan, TableScan, template};

use super::connection::{Connection, ReadError};
use super::cost::{CostConstants, IndexProbe};
use super::plan_tree::{self, FoundScan, RowChoice};
use super::statements::{CostlyStatement, LONGEST_TEXT};
use super::value::{number, text};
use crate::explainable::explainable;
use crate::token::Dialect;

/// Statements that are explained.
pub(crate) const MOST_PLANS: usize = 20;
/// Parameters of a statement.
const MOST_PARAMETERS: usize = 2_000;

/// Plans, and why others are missing.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    pub(crate) plans: Vec<StatementPlan>,
    /// The number of statements by the reason that they have no plan.
    pub(crate) missing: BTreeMap<String, u64>,
}

/// Explains statements, those that can be.
pub(crate) async fn explain(connection: &mut Connection, statements: &[CostlyStatement]) -> Explained {
    let mut explained = Explained::default();
    let constants = constants(connection).await;
    let mut tables = Tables::default();
    for statement in statements {
        if statement.text.chars().count() >= LONGEST_TEXT {
            *explained
                .missing
                .entry(format!("a text of {LONGEST_TEXT} characters or more is not read"))
                .or_default() += 1;
            continue;
        }
        let Some(selection) = explainable(&statement.text, Dialect::Postgres) else { continue };
        match explain_one(connection, &selection).await {
            Ok(tree) => {
                let mut scans = Vec::new();
                for found in &tree.scans {
                    let facts = tables.facts(connection, found).await;
                    scans.extend(facts.and_then(|facts| judge_scan(found, facts, &constants, tree.cost)));
                }
                let statement = template(&statement.text);
                explained.plans.push(StatementPlan { statement, text: tree.text, cost: tree.cost, scans });
            }
            Err(reason) => *explained.missing.entry(reason).or_default() += 1,
        }
    }
    explained
}

/// The plan of a statement with placeholders, for any values of them: the statement is prepared, never executed.
async fn explain_one(connection: &mut Connection, text: &str) -> Result<plan_tree::PlanTree, String> {
    connection.execute_one(&format!("PREPARE squall AS {text}")).await.map_err(|error| with_remedy(&error))?;
    let json = explain_prepared(connection).await;
    let dropped = connection.execute_one("DEALLOCATE squall").await;
    let json = json.map_err(|error| with_remedy(&error))?;
    dropped.map_err(|error| error.to_string())?;
    plan_tree::read(&json)
}

async fn explain_prepared(connection: &mut Connection) -> Result<String, ReadError> {
    let count = "SELECT /* squall */ cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'squall'";
    let parameters: usize = connection.rows(count).await?.first().map_or(0, |row| number(row, 0));
    let values = vec!["NULL"; parameters.min(MOST_PARAMETERS)].join(", ");
    let list = if values.is_empty() { String::new() } else { format!("({values})") };
    let rows = connection.rows(&format!("EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE squall{list}")).await?;
    Ok(rows.first().map_or_else(String::new, |row| text(row, 0).to_owned()))
}

fn with_remedy(error: &ReadError) -> String {
    if error.is_privilege() {
        return format!("{error}: run GRANT SELECT on it for this login");
    }
    error.to_string()
}

async fn constants(connection: &mut Connection) -> CostConstants {
    let query = "SELECT /* squall */ json_object_agg(name, setting::float8) FROM pg_settings WHERE name IN \
                 ('seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost', \
                 'effective_cache_size', 'block_size')";
    let rows = connection.rows(query).await.unwrap_or_default();
    rows.first().and_then(|row| serde_json::from_str(text(row, 0)).ok()).unwrap_or_default()
}

/// A table, as the planner knows it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct TableFacts {
    rows: f64,
    pages: f64,
    columns: Vec<ColumnFacts>,
    /// The columns of each index, in order.
    indexes: Vec<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ColumnFacts {
    name: String,
    /// In bytes.
    width: f64,
    /// Different values; less than zero: their share of the rows.
    distinct: f64,
    correlation: f64,
}

/// The tables of all plans.
#[derive(Default)]
struct Tables(HashMap<(String, String), Option<TableFacts>>);

impl Tables {
    async fn facts(&mut self, connection: &mut Connection, scan: &FoundScan) -> Option<&TableFacts> {
        let key = (scan.schema.clone(), scan.table.clone());
        if !self.0.contains_key(&key) {
            let facts = read_facts(connection, scan).await;
            self.0.insert(key.clone(), facts);
        }
        self.0.get(&key)?.as_ref()
    }
}

async fn read_facts(connection: &mut Connection, scan: &FoundScan) -> Option<TableFacts> {
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let query = format!(
        "SELECT /* squall */ json_build_object('rows', greatest(c.reltuples, 0), 'pages', c.relpages, \
         'columns', (SELECT coalesce(json_agg(json_build_object('name', a.attname, \
             'width', coalesce(s.avg_width, nullif(a.attlen, -1), 16), 'distinct', coalesce(s.n_distinct, 0), \
             'correlation', coalesce(s.correlation, 0))), '[]') \
           FROM pg_attribute a LEFT JOIN pg_stats s \
             ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited \
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), \
         'indexes', (SELECT coalesce(json_agg(keys), '[]') FROM (SELECT json_agg(a.attname ORDER BY a.attnum) AS keys \
           FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indexrelid \
           WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL GROUP BY i.indexrelid) k)) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname = {}",
        literal(&scan.schema),
        literal(&scan.table)
    );
    let rows = connection.rows(&query).await.ok()?;
    serde_json::from_str(text(rows.first()?, 0)).ok()
}

/// A scan, with the index that would serve it best. `None` if it reads the whole table on purpose.
fn judge_scan(found: &FoundScan, facts: &TableFacts, constants: &CostConstants, most_cost: f64) -> Option<TableScan> {
    let choices = found.filter.iter().chain(&found.join);
    let ordered = found.filter.iter().filter_map(|choice| judge_first_rows(found, choice, facts, constants));
    let judged = choices.map(|choice| judge_choice(found, choice, facts, constants)).chain(ordered);
    let filtered = found.filter.is_some();
    // The saving of an index decides between a scan's own filter and its join.
    let best = judged
        .filter(|scan| scan.cost_with_index < scan.cost || filtered)
        .max_by(|one, other| (one.cost - one.cost_with_index).total_cmp(&(other.cost - other.cost_with_index)))?;
    // By the same estimate, no part costs more than the whole: repetitions may find their rows in memory.
    let excess = (best.cost / most_cost.max(f64::MIN_POSITIVE)).max(1.0);
    Some(TableScan { cost: best.cost / excess, cost_with_index: best.cost_with_index / excess, ..best })
}

fn judge_choice(found: &FoundScan, choice: &RowChoice, facts: &TableFacts, constants: &CostConstants) -> TableScan {
    let known = |name: &&String| facts.columns.iter().any(|column| column.name == **name);
    let equal: Vec<&String> = choice.columns.equal.iter().filter(known).collect();
    // An index is of use for one range, after all equalities.
    let range = choice.columns.range.iter().find(|name| known(name) && !equal.contains(name));
    let columns: Vec<String> = equal.iter().copied().chain(range).cloned().collect();
    let cost = choice.cost * found.times;
    let others = choice.columns.others + choice.columns.range.len().saturating_sub(usize::from(range.is_some()));
    let has_index = facts.indexes.iter().any(|index| {
        index.len() >= columns.len() && index[..columns.len()].iter().all(|column| columns.contains(column))
    });
    let cost_with_index = if columns.is_empty() || has_index {
        // The planner knows such an index, and prefers the scan.
        cost
    } else {
        let by_all = choice.passing / choice.probes;
        let by_index = if others == 0 { by_all } else { by_all.max(rows_of_equalities(facts, &equal)) };
        let first = facts.columns.iter().find(|column| Some(&column.name) == columns.first());
        let widths = facts.columns.iter().filter(|column| columns.contains(&column.name)).map(|column| column.width);
        constants.index_scan(&IndexProbe {
            table_rows: facts.rows,
            table_pages: facts.pages,
            rows: by_index,
            times: choice.probes * found.times,
            key_width: widths.sum(),
            correlation: first.map_or(0.0, |column| column.correlation),
            conditions_left: others as f64,
        })
    };
    table_scan(found, choice, facts, columns, [cost, cost_with_index])
}

/// The same with an index that also has the order of the rows: then no more are read than are asked for.
fn judge_first_rows(
    found: &FoundScan,
    choice: &RowChoice,
    facts: &TableFacts,
    constants: &CostConstants,
) -> Option<TableScan> {
    let first = found.first.as_ref()?;
    let answers_all = choice.columns.range.is_empty() && choice.columns.others == 0 && !choice.columns.equal.is_empty();
    let order = first.columns.iter().filter(|column| !choice.columns.equal.contains(column));
    let columns: Vec<String> = choice.columns.equal.iter().chain(order).cloned().collect();
    let known = columns.iter().all(|name| facts.columns.iter().any(|column| column.name == *name));
    let has_index = facts.indexes.iter().any(|index| index.starts_with(&columns));
    if !answers_all || !known || has_index {
        return None;
    }
    let widths = facts.columns.iter().filter(|column| columns.contains(&column.name)).map(|column| column.width);
    let cost_with_index = constants.index_scan(&IndexProbe {
        table_rows: facts.rows,
        table_pages: facts.pages,
        rows: first.rows.min(choice.passing),
        times: found.times,
        key_width: widths.sum(),
        // Within an equality, the order of the index is that of the rows that are sorted.
        correlation: 0.0,
        conditions_left: 0.0,
    });
    Some(table_scan(found, choice, facts, columns, [choice.cost * found.times, cost_with_index]))
}

fn table_scan(
    found: &FoundScan,
    choice: &RowChoice,
    facts: &TableFacts,
    columns: Vec<String>,
    [cost, cost_with_index]: [f64; 2],
) -> TableScan {
    let is_default = found.schema == "public" || found.schema.is_empty();
    TableScan {
        table: if is_default { found.table.clone() } else { format!("{}.{}", found.schema, found.table) },
        table_rows: facts.rows,
        passing_rows: choice.passing.min(facts.rows),
        filter: choice.condition.clone(),
        columns,
        cost,
        cost_with_index,
    }
}

/// The rows that have certain values in some columns, if the columns do not depend on each other; 0 if not known.
fn rows_of_equalities(facts: &TableFacts, columns: &[&String]) -> f64 {
    let distinct = |name: &&String| {
        let column = facts.columns.iter().find(|column| column.name == **name)?;
        let distinct = if column.distinct < 0.0 { -column.distinct * facts.rows } else { column.distinct };
        (distinct >= 1.0).then_some(distinct)
    };
    let product: Option<f64> = columns.iter().map(distinct).product();
    product.map_or(0.0, |product| facts.rows / product)
}
