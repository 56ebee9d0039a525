//! A plan as `EXPLAIN FORMAT=JSON` prints it, of MySQL or of MariaDB: its text, and how each table is read. Must not know
//! the database that it is of.

use serde_json::{Map, Value};

use crate::condition::shown_condition;
use crate::token::Dialect;

/// Lines of a plan's text.
const MOST_LINES: usize = 200;
/// Tables that are looked at, of one plan.
const MOST_TABLES: usize = 100;
/// The longest condition that is kept, in characters.
const LONGEST_CONDITION: usize = 500;

/// A plan that was read.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PlanTree {
    /// One node a line, indented.
    pub(crate) text: String,
    pub(crate) tables: Vec<TableAccess>,
}

/// How a table is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableAccess {
    /// The table's name in the statement.
    pub(crate) alias: String,
    pub(crate) is_whole: bool,
    /// Rows that are read at once, by the estimate.
    pub(crate) rows: f64,
    /// The share of them that passes the conditions, by the estimate: 1 also if there is none.
    pub(crate) passing: f64,
    /// Its conditions, those of its join included.
    pub(crate) condition: String,
    /// Rows of the tables before it, for each of which it is read.
    pub(crate) before: f64,
    /// How often its part of the statement is repeated.
    pub(crate) times: f64,
    pub(crate) join: JoinBuffer,
}

/// How often a table is read for the rows before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinBuffer {
    /// For each of them.
    None,
    /// Once, and each row is compared with all of them.
    Compared,
    /// Once, and each row is looked up among them.
    Hashed,
}

/// Reads a plan; else the reason.
pub(crate) fn read(json: &str) -> Result<PlanTree, String> {
    let plan: Value = serde_json::from_str(json).map_err(|error| format!("its plan cannot be read: {error}"))?;
    let mut walk = Walk::default();
    walk.value(&plan, Place { depth: 0, times: 1.0, before: 1.0 });
    Ok(PlanTree { text: walk.lines.join("\n"), tables: walk.tables })
}

#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    times: f64,
    before: f64,
}

impl Place {
    fn below(self) -> Place {
        Place { depth: self.depth + 1, ..self }
    }
}

#[derive(Default)]
struct Walk {
    lines: Vec<String>,
    tables: Vec<TableAccess>,
}

impl Walk {
    /// Returns the rows that come out.
    fn value(&mut self, value: &Value, place: Place) -> f64 {
        match value {
            Value::Object(object) => self.object(object, place),
            Value::Array(parts) => parts.iter().fold(1.0, |rows: f64, part| rows.max(self.value(part, place))),
            _ => 1.0,
        }
    }

    fn object(&mut self, object: &Map<String, Value>, place: Place) -> f64 {
        let mut rows = 1.0;
        // Subqueries are repeated for the rows of what is beside them.
        let (beside, subqueries): (Vec<_>, Vec<_>) = object.iter().partition(|(key, _)| !key.contains("subqueries"));
        for (key, value) in beside {
            rows = match (key.as_str(), value) {
                ("table", Value::Object(table)) => self.table(table, JoinBuffer::None, "", place),
                ("block-nl-join", Value::Object(join)) => self.buffered(join, place),
                ("nested_loop", Value::Array(parts)) => parts.iter().fold(1.0, |before, part| {
                    let rows = self.value(part, Place { before: place.before * before, ..place.below() });
                    (before * rows).min(f64::MAX)
                }),
                (_, Value::Object(_) | Value::Array(_)) => {
                    if value.is_object() {
                        self.line(place.depth, key);
                    }
                    self.value(value, place.below())
                }
                _ => continue,
            }
            .max(rows);
        }
        for (key, value) in subqueries {
            self.line(place.depth, key);
            let times = if is_repeated(value) { (place.times * rows).min(f64::MAX) } else { place.times };
            self.value(value, Place { times, before: 1.0, ..place.below() });
        }
        rows
    }

    /// MariaDB's join by blocks of rows.
    fn buffered(&mut self, join: &Map<String, Value>, place: Place) -> f64 {
        let is_hashed = text(join, "join_type").contains('H');
        let buffer = if is_hashed { JoinBuffer::Hashed } else { JoinBuffer::Compared };
        match join.get("table").and_then(Value::as_object) {
            Some(table) => self.table(table, buffer, text(join, "attached_condition"), place),
            None => 1.0,
        }
    }

    fn table(&mut self, table: &Map<String, Value>, join: JoinBuffer, join_condition: &str, place: Place) -> f64 {
        let join = match text(table, "using_join_buffer") {
            "" => join,
            kind if kind.contains("hash") => JoinBuffer::Hashed,
            _ => JoinBuffer::Compared,
        };
        let rows = number(table, "rows").or_else(|| number(table, "rows_examined_per_scan")).unwrap_or(1.0);
        let passing = number(table, "filtered").map_or(1.0, |share| (share / 100.0).clamp(0.0, 1.0));
        let conditions = [text(table, "attached_condition"), join_condition];
        let conditions: Vec<&str> = conditions.into_iter().filter(|condition| !condition.is_empty()).collect();
        let condition = conditions.join(" and ");
        let (alias, access) = (text(table, "table_name"), text(table, "access_type"));
        let mut line = format!("{access} on {alias} (rows {rows:.0}, passing {:.0} %)", passing * 100.0);
        if !text(table, "key").is_empty() {
            line += &format!(" using {}", text(table, "key"));
        }
        if !condition.is_empty() {
            let condition = shown_condition(&condition, alias, Dialect::Mysql);
            line += &format!(" filter: {}", shortened(&condition));
        }
        self.line(place.depth, &line);
        if self.tables.len() < MOST_TABLES && !alias.is_empty() {
            let (alias, before, times) = (alias.to_owned(), place.before.max(1.0), place.times);
            let is_whole = access == "ALL";
            self.tables.push(TableAccess { alias, is_whole, rows, passing, condition, before, times, join });
        }
        if let Some(inner) = table.get("materialized_from_subquery").or_else(|| table.get("materialized")) {
            self.value(inner, Place { before: 1.0, ..place.below() });
        }
        (rows * passing).max(1.0)
    }

    fn line(&mut self, depth: usize, text: &str) {
        if self.lines.len() < MOST_LINES {
            self.lines.push(format!("{}{text}", "  ".repeat(depth.min(40))));
        }
    }
}

/// Whether a subquery depends on the rows outside of it.
fn is_repeated(subqueries: &Value) -> bool {
    let is_repeated = |part: &Value| {
        part.get("expression_cache").is_some() || part.get("dependent").and_then(Value::as_bool).unwrap_or_default()
    };
    subqueries.as_array().is_some_and(|parts| parts.iter().any(is_repeated))
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A number, which may be in quotes.
fn number(object: &Map<String, Value>, key: &str) -> Option<f64> {
    let value = object.get(key)?;
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    number.is_finite().then(|| number.max(0.0))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_CONDITION) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARIADB: &str = r#"{"query_block": {"select_id": 1, "nested_loop": [
        {"table": {"table_name": "o", "access_type": "ALL", "rows": 500, "filtered": 10, "attached_condition": "o.customer = 5"}},
        {"block-nl-join": {"table": {"table_name": "p", "access_type": "ALL", "rows": 99827, "filtered": 100,
          "attached_condition": "p.price > 5"}, "buffer_type": "flat", "join_type": "BNL",
          "attached_condition": "p.maker = o.customer"}}],
        "subqueries": [{"expression_cache": {"state": "uninitialized", "query_block": {"nested_loop": [
          {"table": {"table_name": "s", "access_type": "ref", "key": "by_maker", "rows": 3, "filtered": 100}}]}}}]}}"#;

    const MYSQL: &str = r#"{"query_block": {"select_id": 1, "cost_info": {"query_cost": "10094.90"}, "nested_loop": [
        {"table": {"table_name": "p", "access_type": "ALL", "rows_examined_per_scan": 1000, "filtered": "10.00",
         "cost_info": {"read_cost": "9"}, "attached_condition": "(`shop`.`p`.`category` = 5)"}},
        {"table": {"table_name": "o", "access_type": "ALL", "rows_examined_per_scan": 7, "filtered": "100.00",
         "using_join_buffer": "hash join", "attached_condition": "(`shop`.`o`.`x` = `shop`.`p`.`id`)"}}]}}"#;

    #[test]
    fn tables_of_mariadb_are_read_for_the_rows_before_them() {
        let tree = read(MARIADB).unwrap();
        let tables: Vec<_> = tree
            .tables
            .iter()
            .map(|table| (table.alias.as_str(), table.is_whole, table.before, table.times, table.join))
            .collect();
        assert_eq!(tables[0], ("o", true, 1.0, 1.0, JoinBuffer::None));
        assert_eq!(tables[1], ("p", true, 50.0, 1.0, JoinBuffer::Compared));
        assert_eq!(tables[2], ("s", false, 1.0, 50.0 * 99827.0, JoinBuffer::None));
        assert_eq!(tree.tables[1].condition, "p.price > 5 and p.maker = o.customer");
        let lines: Vec<&str> = tree.text.lines().map(str::trim).collect();
        assert_eq!(lines[1], "ALL on o (rows 500, passing 10 %) filter: customer = ?");
    }

    #[test]
    fn tables_of_mysql_have_their_numbers_in_quotes() {
        let tree = read(MYSQL).unwrap();
        assert_eq!((tree.tables[0].rows, tree.tables[0].passing), (1_000.0, 0.1));
        assert_eq!((tree.tables[1].before, tree.tables[1].join), (100.0, JoinBuffer::Hashed));
        assert!(read("{").is_err());
    }
}
