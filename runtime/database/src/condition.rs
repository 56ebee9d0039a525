//! The columns that a condition of a plan compares: `((p.category = $1) AND (p.price > $2))`. Must not know plans.
//!
//! PostgreSQL prints conditions with a pair of parentheses around each expression, MySQL and MariaDB with few, or none.
//! What is not understood is no column: rather no advice than a wrong one.

use crate::token::{Dialect, Token, TokenKind, depth_change, tokens};

/// Conditions that are looked at, of one filter.
const MOST_CONDITIONS: usize = 100;

/// What a condition compares of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ComparedColumns {
    /// Columns that are equal to something.
    pub(crate) equal: Vec<String>,
    /// Columns that are less or more than something.
    pub(crate) range: Vec<String>,
    /// Conditions that an index on these columns does not answer.
    pub(crate) others: usize,
}

/// The columns of the table with this alias that a condition compares with something else. All columns in it have
/// their table's alias.
pub(crate) fn compared_columns(condition: &str, alias: &str, dialect: Dialect) -> ComparedColumns {
    let tokens = tokens(condition, dialect);
    let mut found = ComparedColumns::default();
    let mut open = vec![without_parentheses(&tokens)];
    for _ in 0..MOST_CONDITIONS {
        let Some(condition) = open.pop() else { return found };
        let parts = split_at_word(condition, "AND");
        if parts.len() > 1 {
            open.extend(parts.into_iter().rev().map(without_parentheses));
        } else {
            add_comparison(condition, alias, &mut found);
        }
    }
    found.others += open.len();
    found
}

/// The condition as it may be shown: without the alias, as it reads where there is one table only, and without values,
/// which may be of persons.
pub(crate) fn shown_condition(condition: &str, alias: &str, dialect: Dialect) -> String {
    let tokens = tokens(condition, dialect);
    let mut shown = String::with_capacity(condition.len());
    let mut end = 0;
    for (number, token) in tokens.iter().enumerate() {
        let is_prefix = is_column_of(&tokens[number..], alias);
        let is_dot = number > 0 && token.text == "." && is_column_of(&tokens[number - 1..], alias);
        shown.push_str(&condition[end..token.start]);
        end = token.start + token.text.len();
        let is_literal = token.kind == TokenKind::Value && !token.text.starts_with('$');
        match (is_prefix || is_dot, is_literal) {
            (true, _) => {}
            (false, true) => shown.push('?'),
            (false, false) => shown.push_str(token.text),
        }
    }
    shown.push_str(&condition[end..]);
    shown
}

/// Without the parentheses around the whole.
fn without_parentheses<'a, 't>(mut tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    while let [first, inner @ .., last] = tokens {
        let mut depth = 1;
        let closes_early = inner.iter().any(|token| {
            depth += depth_change(token);
            depth == 0
        });
        if first.text != "(" || last.text != ")" || closes_early {
            break;
        }
        tokens = inner;
    }
    tokens
}

/// The parts between a word outside of parentheses; the `AND` of a `BETWEEN` is a part of it.
fn split_at_word<'a, 't>(tokens: &'t [Token<'a>], word: &str) -> Vec<&'t [Token<'a>]> {
    let (mut depth, mut is_between) = (0, false);
    tokens
        .split(|token| {
            depth += depth_change(token);
            if depth != 0 || token.kind != TokenKind::Word {
                return false;
            }
            if token.text.eq_ignore_ascii_case("between") {
                is_between = true;
                return false;
            }
            token.text.eq_ignore_ascii_case(word) && !std::mem::take(&mut is_between)
        })
        .collect()
}

/// `alias.` and a name.
fn is_column_of(tokens: &[Token<'_>], alias: &str) -> bool {
    matches!(tokens, [table, dot, column, ..]
        if table.kind == TokenKind::Word && dot.text == "." && column.kind == TokenKind::Word && table.name() == alias)
}

fn mentions(tokens: &[Token<'_>], alias: &str) -> bool {
    (0..tokens.len()).any(|start| is_column_of(&tokens[start..], alias))
}

fn add_comparison(condition: &[Token<'_>], alias: &str, found: &mut ComparedColumns) {
    let Some((column, is_equality)) = comparison(condition, alias) else {
        found.others += 1;
        return;
    };
    let columns = if is_equality { &mut found.equal } else { &mut found.range };
    if !columns.contains(&column) {
        columns.push(column);
    }
}

/// The column that is compared with something outside of its table, and whether by equality.
fn comparison(condition: &[Token<'_>], alias: &str) -> Option<(String, bool)> {
    if split_at_word(condition, "OR").len() > 1 {
        return None;
    }
    let mut depth = 0;
    let operator = condition.iter().position(|token| {
        depth += depth_change(token);
        let is_word = |word: &str| token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word);
        depth == 0 && (token.kind == TokenKind::Operator || is_word("in") || is_word("between"))
    })?;
    let (left, right) = (&condition[..operator], &condition[operator + 1..]);
    let is_equality = match condition[operator].text.to_ascii_lowercase().as_str() {
        "=" | "<=>" | "in" => true,
        "<" | ">" | "<=" | ">=" | "between" => false,
        _ => return None,
    };
    let column = [(left, right), (right, left)].into_iter().find_map(|(one, other)| {
        let column = plain_column(one, alias)?;
        (!mentions(other, alias)).then_some(column)
    })?;
    Some((column, is_equality))
}

/// A column as an index has it: `p.name`, or `(p.name)::text`, which is the same bytes; MySQL's with its database.
fn plain_column(tokens: &[Token<'_>], alias: &str) -> Option<String> {
    let tokens = match tokens {
        [inner @ .., cast, kind] if cast.text == "::" && ["text", "bpchar"].contains(&kind.text) => inner,
        _ => tokens,
    };
    let tokens = match without_parentheses(tokens) {
        [database, dot, column @ ..] if column.len() == 3 && database.kind == TokenKind::Word && dot.text == "." => {
            column
        }
        tokens => tokens,
    };
    (tokens.len() == 3 && is_column_of(tokens, alias)).then(|| tokens[2].name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(condition: &str) -> (Vec<String>, Vec<String>, usize) {
        let found = compared_columns(condition, "p", Dialect::Postgres);
        (found.equal, found.range, found.others)
    }

    fn expect(condition: &str, equal: &[&str], range: &[&str], others: usize) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(columns(condition), (owned(equal), owned(range), others), "{condition}");
    }

    #[test]
    fn columns_of_equalities_and_ranges_are_found() {
        expect("(p.category = $1)", &["category"], &[], 0);
        expect("((p.category = $1) AND (p.price > '5'::numeric) AND (p.price <= $2))", &["category"], &["price"], 0);
        expect("($1 = p.category)", &["category"], &[], 0);
        expect("((p.name)::text = $1)", &["name"], &[], 0);
        expect("(p.id = ANY ($1))", &["id"], &[], 0);
        expect("(p.owner = o.id)", &["owner"], &[], 0);
        expect("(p.\"Kind of \"\"it\" = 'a AND (b'::text)", &["Kind of \"it"], &[], 0);
        expect("(p.at >= (now() - $1))", &[], &["at"], 0);
        expect("(p.a = (InitPlan 1).col1)", &["a"], &[], 0);
    }

    #[test]
    fn conditions_of_mysql_are_understood() {
        let printed = "p.category = 5 and p.`name` = 'it\\'s' and p.price between 1 and 3 and p.maker in (1,2)";
        let found = compared_columns(printed, "p", Dialect::Mysql);
        assert_eq!(
            (found.equal, found.range, found.others),
            (vec!["category".to_owned(), "name".to_owned(), "maker".to_owned()], vec!["price".to_owned()], 0)
        );
        let printed = "((`shop`.`p`.`a` = 5) and (`shop`.`p`.`b` like 'x%') and (`shop`.`p`.`c` > <cache>(1)))";
        let found = compared_columns(printed, "p", Dialect::Mysql);
        assert_eq!((found.equal, found.range, found.others), (vec!["a".to_owned()], vec!["c".to_owned()], 1));
        assert_eq!(
            shown_condition(printed, "p", Dialect::Mysql),
            "((`shop`.`a` = ?) and (`shop`.`b` like ?) and (`shop`.`c` > <cache>(?)))"
        );
    }

    #[test]
    fn what_an_index_does_not_answer_is_counted() {
        expect("(p.name ~~ $1)", &[], &[], 1);
        expect("((p.a = $1) OR (p.b = $2))", &[], &[], 1);
        expect("((p.a = $1) AND ((p.b = $2) OR (p.c = $3)))", &["a"], &[], 1);
        expect("(lower(p.name) = $1)", &[], &[], 1);
        expect("((p.id)::numeric = $1)", &[], &[], 1);
        expect("(p.a = p.b)", &[], &[], 1);
        expect("(p.a <> $1)", &[], &[], 1);
        expect("(o.a = $1)", &[], &[], 1);
        expect("(NOT p.active)", &[], &[], 1);
        expect("(p.gone IS NULL)", &[], &[], 1);
        expect("", &[], &[], 1);
        expect("((((", &[], &[], 1);
    }

    #[test]
    fn another_table_with_the_same_beginning_is_another() {
        assert_eq!(compared_columns("(pp.a = $1)", "p", Dialect::Postgres).equal, Vec::<String>::new());
        assert_eq!(compared_columns("(\"Order\".a = $1)", "Order", Dialect::Postgres).equal, ["a"]);
    }

    #[test]
    fn alias_and_values_are_left_out() {
        assert_eq!(shown_condition("((p.a = $1) AND (p.b > 'p.c'))", "p", Dialect::Postgres), "((a = $1) AND (b > ?))");
        assert_eq!(shown_condition("(p.a = o.p)", "p", Dialect::Postgres), "(a = o.p)");
        assert_eq!(shown_condition("(\"Order\".a = $1)", "Order", Dialect::Postgres), "(a = $1)");
    }
}
