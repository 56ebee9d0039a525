//! The plans of the statements that took most time, and the scans in them that an index could take the place of.
//!
//! Costs are in the unit of MySQL's cost model, with its constants for tables in memory, for both products: MariaDB
//! prints none. Reading a whole table costs `0.25 × pages + 0.1 × rows`, of 16 KiB pages; a probe of an index
//! `0.75 + 0.35 × rows`: three pages of the index, then a page and the row itself for each row. Where the server has no
//! statistics, an equality is taken to pass a tenth of the rows and a range a third, as MySQL does.

use std::collections::{BTreeMap, HashMap};

use squall_findings::database::{StatementPlan, TableScan};

use super::connection::{Connection, ReadError};
use super::plan_tree::{self, JoinBuffer, TableAccess};
use super::value::{literal, number, text};
use crate::condition::{ComparedColumns, compared_columns, shown_condition};
use crate::explainable::explainable;
use crate::token::{Dialect, TokenKind, tokens};

/// Statements that are explained.
pub(crate) const MOST_PLANS: usize = 20;
const PAGE_COST: f64 = 0.25;
const ROW_COST: f64 = 0.1;
const PAGE_BYTES: f64 = 16_384.0;
const INDEX_LEVELS: f64 = 3.0;

/// A statement that is to be explained.
pub(crate) struct CostlyStatement {
    /// As a template.
    pub(crate) statement: String,
    /// An execution of it, with values.
    pub(crate) text: String,
    /// The rows that one execution returned or changed, if that was counted.
    pub(crate) rows: Option<f64>,
}

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
    let database = connection.database().replace('`', "``");
    if let Err(error) = connection.rows(&format!("USE `{database}`")).await {
        explained.missing.insert(with_remedy(&error), statements.len() as u64);
        return explained;
    }
    // MySQL 8.3 and later know another form of plans; earlier ones, and MariaDB, do not know the setting.
    let _ = connection.rows("SET SESSION explain_json_format_version = 1").await;
    let mut tables = HashMap::new();
    for statement in statements {
        let Some(selection) = explainable(&statement.text, Dialect::Mysql) else { continue };
        match explain_one(connection, &selection).await {
            Ok(tree) => explained.plans.push(judge_plan(connection, statement, tree, &mut tables).await),
            Err(reason) => *explained.missing.entry(reason).or_default() += 1,
        }
    }
    explained
}

async fn explain_one(connection: &mut Connection, selection: &str) -> Result<plan_tree::PlanTree, String> {
    let rows =
        connection.rows(&format!("EXPLAIN FORMAT=JSON {selection}")).await.map_err(|error| with_remedy(&error))?;
    plan_tree::read(rows.first().map_or("", |row| text(row, 0)))
}

fn with_remedy(error: &ReadError) -> String {
    if error.is_privilege() {
        return format!("{error}: run GRANT SELECT on it for this login");
    }
    error.to_string()
}

/// A table, as far as costs need it.
#[derive(Clone, Debug, Default)]
struct TableFacts {
    rows: f64,
    pages: f64,
    /// The columns of each index, in order.
    indexes: Vec<Vec<String>>,
}

async fn judge_plan(
    connection: &mut Connection,
    statement: &CostlyStatement,
    tree: plan_tree::PlanTree,
    known: &mut HashMap<String, Option<TableFacts>>,
) -> StatementPlan {
    let (mut cost, mut scans) = (0.0, Vec::new());
    // The rows of one execution are those that pass if there is one table only, and nothing is summed up.
    let counted = statement.rows.filter(|_| tree.tables.len() == 1 && !is_summed_up(&statement.text));
    for access in &tree.tables {
        let table = table_of(&statement.text, &access.alias);
        if !known.contains_key(&table) {
            let facts = read_facts(connection, &table).await;
            known.insert(table.clone(), facts);
        }
        let Some(Some(facts)) = known.get(&table) else { continue };
        let of_access = cost_of(access, facts);
        cost += of_access;
        scans.extend(judge_scan(access, &table, facts, of_access, counted));
    }
    StatementPlan { statement: statement.statement.clone(), text: tree.text, cost, scans }
}

/// Whether a statement returns fewer rows than pass its conditions.
fn is_summed_up(statement: &str) -> bool {
    let words = ["group", "limit", "distinct", "count", "sum", "min", "max", "avg", "having", "union"];
    let all = tokens(statement, Dialect::Mysql);
    all.iter().any(|token| token.kind == TokenKind::Word && words.contains(&&*token.text.to_ascii_lowercase()))
}

/// The table that a statement calls by a name: `products p`, `shop.products AS p`, or `p` itself.
fn table_of(statement: &str, alias: &str) -> String {
    let all = tokens(statement, Dialect::Mysql);
    let words = ["from", "join", "update", "straight_join"];
    for (number, token) in all.iter().enumerate().filter(|(_, token)| token.name() == alias) {
        let is_as = number > 1 && all[number - 1].text.eq_ignore_ascii_case("as");
        let Some(before) = number.checked_sub(if is_as { 2 } else { 1 }) else { continue };
        let begins = before.checked_sub(1).is_some_and(|first| {
            let text = all[first].text.to_ascii_lowercase();
            text == "," || text == "." || words.contains(&text.as_str())
        });
        let is_word = all[before].kind == TokenKind::Word && !words.contains(&&*all[before].text.to_ascii_lowercase());
        if is_word && begins && token.kind == TokenKind::Word {
            return all[before].name();
        }
    }
    alias.to_owned()
}

async fn read_facts(connection: &mut Connection, table: &str) -> Option<TableFacts> {
    let place = format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", literal(connection.database()), literal(table));
    let size = format!("SELECT TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES WHERE {place}");
    let rows = connection.rows(&size).await.ok()?;
    let size = rows.first()?;
    let mut facts =
        TableFacts { rows: number(size, 0), pages: number::<f64>(size, 1) / PAGE_BYTES, indexes: Vec::new() };
    let indexes = format!(
        "SELECT SEQ_IN_INDEX, COLUMN_NAME FROM information_schema.STATISTICS WHERE {place} \
         ORDER BY INDEX_NAME, SEQ_IN_INDEX LIMIT 1000"
    );
    for row in connection.rows(&indexes).await.ok()? {
        if text(&row, 0) == "1" || facts.indexes.is_empty() {
            facts.indexes.push(Vec::new());
        }
        if let Some(index) = facts.indexes.last_mut() {
            index.push(text(&row, 1).to_owned());
        }
    }
    Some(facts)
}

/// How often a table is read.
fn repetitions(access: &TableAccess) -> f64 {
    if access.join == JoinBuffer::None { access.before } else { 1.0 }
}

fn probe_cost(rows: f64) -> f64 {
    INDEX_LEVELS * PAGE_COST + rows * (PAGE_COST + ROW_COST)
}

/// The cost of all readings of a table.
fn cost_of(access: &TableAccess, facts: &TableFacts) -> f64 {
    let once = if access.is_whole {
        facts.pages * PAGE_COST + access.rows.max(facts.rows) * ROW_COST
    } else {
        probe_cost(access.rows)
    };
    let joined = match access.join {
        JoinBuffer::None => 0.0,
        JoinBuffer::Compared => access.before * access.rows * ROW_COST,
        JoinBuffer::Hashed => access.before * ROW_COST,
    };
    bounded((once * repetitions(access) + joined) * access.times)
}

fn bounded(cost: f64) -> f64 {
    if cost.is_finite() { cost } else { f64::MAX }
}

/// A scan with the index that would serve it best. `None` if it reads the whole table on purpose.
fn judge_scan(
    access: &TableAccess,
    table: &str,
    facts: &TableFacts,
    cost: f64,
    counted: Option<f64>,
) -> Option<TableScan> {
    if !access.is_whole || access.condition.is_empty() {
        return None;
    }
    let compared = compared_columns(&access.condition, &access.alias, Dialect::Mysql);
    let range = compared.range.iter().find(|column| !compared.equal.contains(column));
    let columns: Vec<String> = compared.equal.iter().chain(range).cloned().collect();
    let rows = access.rows.max(facts.rows).max(1.0);
    let passing = counted.unwrap_or_else(|| rows * estimated_share(access, &compared)).clamp(1.0, rows);
    let has_index = facts.indexes.iter().any(|index| {
        index.len() >= columns.len() && index[..columns.len()].iter().all(|column| columns.contains(column))
    });
    let cost_with_index = if columns.is_empty() || has_index {
        // The planner knows such an index, and prefers the scan.
        cost
    } else {
        bounded(probe_cost(passing) * access.before * access.times)
    };
    Some(TableScan {
        table: table.to_owned(),
        table_rows: rows,
        passing_rows: passing,
        filter: shown_condition(&access.condition, &access.alias, Dialect::Mysql),
        columns,
        cost,
        cost_with_index,
    })
}

fn estimated_share(access: &TableAccess, compared: &ComparedColumns) -> f64 {
    if access.passing < 1.0 {
        return access.passing;
    }
    let power = |share: f64, columns: &[String]| share.powi(i32::try_from(columns.len()).unwrap_or(i32::MAX));
    power(0.1, &compared.equal) * power(0.33, &compared.range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_name_in_the_statement() {
        for (statement, table) in [
            ("SELECT p.a FROM products p WHERE p.b = 1", "products"),
            ("SELECT p.a FROM x, `products` AS p", "products"),
            ("SELECT p.a FROM shop.products p", "products"),
            ("SELECT x.a FROM x JOIN products p ON p.a = x.a", "products"),
            ("SELECT a FROM p WHERE b = 'products p'", "p"),
            ("UPDATE products p SET a = 1", "products"),
        ] {
            assert_eq!(table_of(statement, "p"), table, "{statement}");
        }
    }

    #[test]
    fn a_scan_for_few_rows_is_cheaper_with_an_index_unless_there_is_one() {
        let access = TableAccess {
            alias: "p".to_owned(),
            is_whole: true,
            rows: 100_000.0,
            passing: 1.0,
            condition: "p.category = 5 and p.price > 7".to_owned(),
            before: 1.0,
            times: 1.0,
            join: JoinBuffer::None,
        };
        let facts = TableFacts { rows: 100_000.0, pages: 400.0, indexes: vec![vec!["id".to_owned()]] };
        let cost = cost_of(&access, &facts);
        assert_eq!(cost, 10_100.0);
        let scan = judge_scan(&access, "products", &facts, cost, Some(100.0)).unwrap();
        assert_eq!(scan.columns, ["category", "price"]);
        assert_eq!((scan.passing_rows, scan.cost_with_index), (100.0, 35.75));
        let estimated = judge_scan(&access, "products", &facts, cost, None).unwrap();
        assert_eq!(estimated.passing_rows, 3_300.0);
        let indexed = TableFacts { indexes: vec![vec!["price".to_owned(), "category".to_owned()]], ..facts };
        assert_eq!(judge_scan(&access, "products", &indexed, cost, None).unwrap().cost_with_index, cost);
    }
}
