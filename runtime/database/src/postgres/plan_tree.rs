//! A plan as `EXPLAIN (FORMAT JSON, VERBOSE)` prints it: its text, and its scans of whole tables. Must not know the
//! database that it is of.

use serde::Deserialize;

use crate::condition::{ComparedColumns, compared_columns, shown_condition};
use crate::token::Dialect;

/// Lines of a plan's text.
const MOST_LINES: usize = 200;
/// Scans that are looked at, of one plan.
const MOST_SCANS: usize = 50;
/// The longest condition that is kept, in characters.
const LONGEST_CONDITION: usize = 500;

/// A plan.
#[derive(Debug, Deserialize)]
struct Explained {
    #[serde(rename = "Plan")]
    plan: PlanNode,
}

/// A node of a plan, and those below it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlanNode {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Parent Relationship")]
    relationship: String,
    #[serde(rename = "Join Type")]
    join: String,
    #[serde(rename = "Parallel Aware")]
    parallel: bool,
    #[serde(rename = "Workers Planned")]
    workers: f64,
    #[serde(rename = "Schema")]
    schema: String,
    #[serde(rename = "Relation Name")]
    table: String,
    #[serde(rename = "Alias")]
    alias: String,
    #[serde(rename = "Index Name")]
    index: String,
    #[serde(rename = "Startup Cost")]
    startup_cost: f64,
    #[serde(rename = "Total Cost")]
    cost: f64,
    #[serde(rename = "Plan Rows")]
    rows: f64,
    #[serde(rename = "Filter")]
    filter: String,
    #[serde(rename = "Index Cond")]
    index_condition: String,
    #[serde(rename = "Hash Cond")]
    hash_condition: String,
    #[serde(rename = "Merge Cond")]
    merge_condition: String,
    #[serde(rename = "Join Filter")]
    join_filter: String,
    #[serde(rename = "Sort Key")]
    sort_keys: Vec<String>,
    #[serde(rename = "Plans")]
    below: Vec<PlanNode>,
}

/// A plan that was read.
#[derive(Debug, PartialEq)]
pub(crate) struct PlanTree {
    /// One node a line, indented.
    pub(crate) text: String,
    pub(crate) cost: f64,
    pub(crate) scans: Vec<FoundScan>,
}

/// A scan of a whole table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundScan {
    pub(crate) schema: String,
    pub(crate) table: String,
    /// How often it is repeated.
    pub(crate) times: f64,
    /// Of one repetition.
    pub(crate) cost: f64,
    /// Its own filter, if it has one.
    pub(crate) filter: Option<RowChoice>,
    /// The join that it is a side of, if an index could take its place.
    pub(crate) join: Option<RowChoice>,
    /// The first rows in an order, if the statement asks for no more of them.
    pub(crate) first: Option<FirstRows>,
}

/// The rows at the beginning of an order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FirstRows {
    /// The columns of the order.
    pub(crate) columns: Vec<String>,
    /// The number of rows.
    pub(crate) rows: f64,
}

/// A choice of a table's rows, that an index could make.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowChoice {
    /// The condition, as printed.
    pub(crate) condition: String,
    pub(crate) columns: ComparedColumns,
    /// The rows that pass, in one repetition of the scan.
    pub(crate) passing: f64,
    /// The probes of the index in place of one repetition: 1, or the rows of the other side of a join.
    pub(crate) probes: f64,
    /// The cost that an index would take the place of, in one repetition.
    pub(crate) cost: f64,
}

/// What is above a node.
#[derive(Clone, Copy)]
struct Above<'a> {
    times: f64,
    /// By how much the rows of one worker are multiplied.
    workers: f64,
    /// The cost of bringing the rows of workers together.
    gathering: f64,
    join: Option<JoinSide<'a>>,
    /// The rows that are asked for, of those that this node brings.
    limit: Option<f64>,
    /// What brings its rows in order, and how many of them are asked for.
    sorted: Option<(&'a PlanNode, f64)>,
}

/// A side of a join that can be replaced by probes of an index.
#[derive(Clone, Copy)]
struct JoinSide<'a> {
    condition: &'a str,
    rows: f64,
    probes: f64,
    /// The cost of the join without its other side, for one repetition of the scan.
    cost: f64,
}

/// Reads a plan; else the reason.
pub(crate) fn read(json: &str) -> Result<PlanTree, String> {
    let plans: Vec<Explained> =
        serde_json::from_str(json).map_err(|error| format!("its plan cannot be read: {error}"))?;
    let root = plans.into_iter().next().ok_or("it has no plan")?.plan;
    let (mut lines, mut scans) = (Vec::new(), Vec::new());
    write_lines(&root, 0, &mut lines);
    find_scans(
        &root,
        Above { times: 1.0, workers: 1.0, gathering: 0.0, join: None, limit: None, sorted: None },
        &mut scans,
    );
    Ok(PlanTree { text: lines.join("\n"), cost: finite(root.cost), scans })
}

fn finite(number: f64) -> f64 {
    if number.is_finite() { number.max(0.0) } else { 0.0 }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_CONDITION) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn write_lines(node: &PlanNode, depth: usize, lines: &mut Vec<String>) {
    if lines.len() >= MOST_LINES {
        return;
    }
    let mut line = "  ".repeat(depth);
    if matches!(node.relationship.as_str(), "SubPlan" | "InitPlan") {
        line += &format!("{}: ", node.relationship);
    }
    if node.parallel {
        line += "Parallel ";
    }
    line += &node.kind;
    if !matches!(node.join.as_str(), "" | "Inner") {
        line += &format!(" {}", node.join);
    }
    if !node.index.is_empty() {
        line += &format!(" using {}", node.index);
    }
    if !node.table.is_empty() {
        line += &format!(" on {}", node.table);
    }
    line += &format!(" (cost {:.2}..{:.2}, rows {:.0})", node.startup_cost, node.cost, node.rows);
    for (name, condition) in [
        ("index", &node.index_condition),
        ("hash", &node.hash_condition),
        ("merge", &node.merge_condition),
        ("join filter", &node.join_filter),
        ("filter", &node.filter),
    ] {
        if !condition.is_empty() {
            line += &format!(" {name}: {}", shortened(&shown_condition(condition, &node.alias, Dialect::Postgres)));
        }
    }
    lines.push(line);
    for below in &node.below {
        write_lines(below, depth + 1, lines);
    }
}

fn find_scans(node: &PlanNode, above: Above<'_>, scans: &mut Vec<FoundScan>) {
    if scans.len() >= MOST_SCANS {
        return;
    }
    if node.kind == "Seq Scan" && !node.table.is_empty() {
        scans.extend(found_scan(node, &above));
    }
    for (number, below) in node.below.iter().enumerate() {
        find_scans(below, above_child(node, number, &above), scans);
    }
}

fn found_scan(node: &PlanNode, above: &Above<'_>) -> Option<FoundScan> {
    let (of_all_workers, gathering) = if node.parallel { (above.workers, above.gathering) } else { (1.0, 0.0) };
    let cost = finite(node.cost) + gathering;
    let filter = (!node.filter.is_empty()).then(|| RowChoice {
        condition: shortened(&shown_condition(&node.filter, &node.alias, Dialect::Postgres)),
        columns: compared_columns(&node.filter, &node.alias, Dialect::Postgres),
        passing: finite(node.rows) * of_all_workers,
        probes: 1.0,
        cost,
    });
    let join = above.join.as_ref().map(|side| RowChoice {
        condition: shortened(&shown_condition(side.condition, "", Dialect::Postgres)),
        columns: compared_columns(side.condition, &node.alias, Dialect::Postgres),
        passing: side.rows * of_all_workers,
        probes: side.probes,
        cost: side.cost + gathering,
    });
    let join = join.filter(|join| !join.columns.equal.is_empty());
    let (schema, table) = (node.schema.clone(), node.table.clone());
    let first = above.sorted.and_then(|(sort, rows)| first_rows(sort, rows, &node.alias));
    (filter.is_some() || join.is_some()).then_some(FoundScan {
        schema,
        table,
        times: above.times,
        cost,
        filter,
        join,
        first,
    })
}

/// The first rows in the order of columns of this table, all of them in one direction: those that an index could bring.
fn first_rows(sort: &PlanNode, rows: f64, alias: &str) -> Option<FirstRows> {
    let keys = || sort.sort_keys.iter();
    let is_descending = |key: &&String| key.ends_with(" DESC");
    if keys().any(|key| is_descending(&key)) && !keys().all(|key| is_descending(&key)) {
        return None;
    }
    let column = |key: &String| {
        let shown = shown_condition(key.trim_end_matches(" DESC"), alias, Dialect::Postgres);
        let is_column = shown.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        is_column.then_some(shown)
    };
    Some(FirstRows { columns: keys().map(column).collect::<Option<_>>()?, rows })
}

/// What is above the child of a node.
fn above_child<'a>(node: &'a PlanNode, number: usize, above: &Above<'a>) -> Above<'a> {
    let child = &node.below[number];
    let rows_of = |number: usize| node.below.get(number).map_or(1.0, |other| finite(other.rows).max(1.0));
    let mut below = Above { join: None, limit: None, sorted: None, ..*above };
    match (node.kind.as_str(), child.relationship.as_str()) {
        // It runs for each row; how many are looked at for that, the plan does not say.
        (_, "SubPlan") => below.times = above.times * finite(node.rows).max(1.0),
        (_, "InitPlan") => {}
        ("Limit", _) => below.limit = Some(finite(node.rows)),
        ("Sort", _) => below.sorted = above.limit.map(|rows| (node, rows)),
        ("Gather" | "Gather Merge", _) => {
            (below.limit, below.sorted) = (above.limit, above.sorted);
            let workers = finite(node.workers);
            below.workers = workers + (1.0 - 0.3 * workers).max(0.0);
            below.gathering = (finite(node.cost) - finite(child.cost)).max(0.0);
        }
        ("Nested Loop", "Inner") => {
            if child.kind != "Materialize" {
                below.times = above.times * rows_of(0);
            }
            below.join = repeated_side(node, rows_of(0));
        }
        ("Hash Join", _) => below.join = joined_side(node, number, rows_of(1 - number.min(1))),
        // These pass on the rows of what is below them.
        ("Hash" | "Materialize", _) => below.join = above.join,
        _ => {}
    }
    below
}

/// The inner side of a nested loop that compares each pair of rows.
fn repeated_side(node: &PlanNode, driving: f64) -> Option<JoinSide<'_>> {
    // The scan is repeated for each row of the outer side, unless what it read is kept in memory.
    let is_kept = node.below.get(1).is_some_and(|inner| inner.kind == "Materialize");
    let repetitions = if is_kept { 1.0 } else { driving };
    (!node.join_filter.is_empty()).then_some(JoinSide {
        condition: &node.join_filter,
        rows: finite(node.rows) / repetitions,
        probes: driving / repetitions,
        cost: cost_without(node, 0) / repetitions,
    })
}

/// A side of a hash join that the rows of the other side could look up, one by one.
fn joined_side(node: &PlanNode, number: usize, driving: f64) -> Option<JoinSide<'_>> {
    let may_be_looked_up = match node.join.as_str() {
        "Inner" => true,
        "Left" | "Semi" | "Anti" => number == 1,
        "Right" => number == 0,
        _ => false,
    };
    (may_be_looked_up && !node.hash_condition.is_empty()).then_some(JoinSide {
        condition: &node.hash_condition,
        rows: finite(node.rows),
        probes: driving,
        cost: cost_without(node, 1 - number.min(1)),
    })
}

/// The cost of a join without that of one of its sides.
fn cost_without(join: &PlanNode, side: usize) -> f64 {
    (finite(join.cost) - join.below.get(side).map_or(0.0, |side| finite(side.cost))).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node of a plan in JSON.
    fn node(kind: &str, cost: f64, rows: f64, rest: &str) -> String {
        format!("{{\"Node Type\": \"{kind}\", \"Total Cost\": {cost}, \"Plan Rows\": {rows}{rest}}}")
    }

    fn scan(table: &str, relationship: &str, cost: f64, rows: f64, rest: &str) -> String {
        let rest = format!(
            ", \"Relation Name\": \"{table}\", \"Alias\": \"{table}\", \"Parent Relationship\": \"{relationship}\"{rest}"
        );
        node("Seq Scan", cost, rows, &rest)
    }

    fn tree(root: &str) -> PlanTree {
        read(&format!("[{{\"Plan\": {root}}}]")).unwrap()
    }

    #[test]
    fn a_scan_within_a_nested_loop_is_repeated() {
        let (outer, inner) =
            (scan("a", "Outer", 10.0, 20.0, ""), scan("b", "Inner", 100.0, 3.0, ", \"Filter\": \"(b.x = a.y)\""));
        let tree = tree(&node("Nested Loop", 2_010.0, 60.0, &format!(", \"Plans\": [{outer}, {inner}]")));
        assert_eq!(tree.text.lines().nth(2), Some("  Seq Scan on b (cost 0.00..100.00, rows 3) filter: (x = a.y)"));
        let [scan] = &*tree.scans else { panic!("{tree:#?}") };
        assert_eq!((scan.table.as_str(), scan.times, scan.cost), ("b", 20.0, 100.0));
        assert_eq!(scan.filter.as_ref().map(|filter| filter.passing), Some(3.0));
    }

    #[test]
    fn rows_that_a_nested_loop_compares_could_be_looked_up() {
        let inner = scan("b", "Outer", 100.0, 5_000.0, "");
        let kept = format!(", \"Parent Relationship\": \"Inner\", \"Plans\": [{inner}]");
        let kept = node("Materialize", 125.0, 5_000.0, &kept);
        let outer = scan("a", "Outer", 10.0, 20.0, "");
        let rest = format!(", \"Join Filter\": \"(a.y = b.x)\", \"Plans\": [{outer}, {kept}]");
        let tree = tree(&node("Nested Loop", 1_510.0, 60.0, &rest));
        let [scan] = &*tree.scans else { panic!("{tree:#?}") };
        let join = scan.join.as_ref().unwrap();
        assert_eq!((scan.table.as_str(), scan.times), ("b", 1.0), "it is read once");
        assert_eq!((join.columns.equal.as_slice(), join.probes, join.cost), (&["x".to_owned()][..], 20.0, 1_500.0));
    }

    #[test]
    fn rows_of_workers_are_added_up() {
        let below = scan("a", "Outer", 100.0, 10.0, ", \"Parallel Aware\": true, \"Filter\": \"(a.x = $1)\"");
        let tree = tree(&node("Gather", 1_150.0, 24.0, &format!(", \"Workers Planned\": 2, \"Plans\": [{below}]")));
        let filter = tree.scans[0].filter.as_ref().unwrap();
        assert_eq!((filter.passing, filter.cost), (24.0, 1_150.0), "with the cost of bringing them together");
    }

    #[test]
    fn a_table_that_is_read_on_purpose_is_no_find() {
        assert_eq!(tree(&scan("a", "", 10.0, 20.0, "")).scans, []);
        assert!(read("[]").is_err() && read("{").is_err());
    }
}
