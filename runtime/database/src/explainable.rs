//! Statements as they can be explained by a login that may only read: without what needs the right to write, and with
//! the placeholders of `pg_stat_statements` where a placeholder may stand. Must not know the database.
//!
//! An `UPDATE` or a `DELETE` looks for its rows as a `SELECT` of the same rows does; that is what its plan is asked for.

use crate::token::{Dialect, Token, TokenKind, depth_change, tokens};

/// Types whose literals have the type first: `date '2030-01-01'`.
const TYPES: [&str; 6] = ["date", "time", "timestamp", "timestamptz", "timetz", "interval"];

/// A `SELECT` whose plan finds the same rows. `None` if the statement looks for none.
pub(crate) fn explainable(statement: &str, dialect: Dialect) -> Option<String> {
    let tokens = without_row_locks(&tokens(statement, dialect));
    let first = tokens.iter().find(|token| token.text != "(")?.text.to_ascii_lowercase();
    let selection = match first.as_str() {
        "select" | "with" => tokens.iter().map(|token| token.text).collect(),
        "update" => selection_of_update(&tokens)?,
        "delete" => selection_of_delete(&tokens)?,
        _ => return None,
    };
    Some(join(&selection))
}

/// Whether a token is this word, not a name in quotes.
fn is_word(token: &Token<'_>, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word)
}

/// The place of the first of some words outside of parentheses, from a place on; else the end.
fn find_word(tokens: &[Token<'_>], from: usize, words: &[&str]) -> usize {
    let mut depth = 0;
    let is_one = |(number, token): (usize, &Token<'_>)| {
        depth += depth_change(token);
        // `IS DISTINCT FROM` is an operator.
        let is_operator = number > 0 && is_word(&tokens[number - 1], "distinct");
        depth == 0 && number >= from && !is_operator && words.iter().any(|word| is_word(token, word))
    };
    tokens.iter().enumerate().position(is_one).unwrap_or(tokens.len())
}

/// Without `FOR UPDATE` and its like, which need the right to write, in subqueries as well.
fn without_row_locks<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let kinds = ["update", "share", "no", "key"];
    // `LIMIT` may come after the lock.
    let is_after = |token: &Token<'_>| {
        depth_change(token) < 0 || ["limit", "offset", "fetch"].iter().any(|word| is_word(token, word))
    };
    let mut is_lock = false;
    let mut kept = Vec::with_capacity(tokens.len());
    for (number, token) in tokens.iter().enumerate() {
        // MySQL's `USE INDEX FOR JOIN (...)` is not a lock.
        let begins = is_word(token, "for")
            && tokens.get(number + 1).is_some_and(|next| kinds.iter().any(|kind| is_word(next, kind)));
        is_lock = begins || (is_lock && !is_after(token));
        if !is_lock {
            kept.push(*token);
        }
    }
    kept
}

/// `UPDATE table SET ... [FROM others] [WHERE condition] [RETURNING ...]`
fn selection_of_update<'a>(tokens: &[Token<'a>]) -> Option<Vec<&'a str>> {
    let set = find_word(tokens, 0, &["set"]);
    let clauses = find_word(tokens, set, &["from", "where", "returning"]);
    selection(tokens, 1..set, clauses, "from")
}

/// `DELETE FROM table [USING others] [WHERE condition] [RETURNING ...]`
fn selection_of_delete<'a>(tokens: &[Token<'a>]) -> Option<Vec<&'a str>> {
    let clauses = find_word(tokens, 2, &["using", "where", "returning"]);
    selection(tokens, 2..clauses, clauses, "using")
}

/// `SELECT 1 FROM table [, others] [WHERE condition]`
fn selection<'a>(
    tokens: &[Token<'a>],
    table: std::ops::Range<usize>,
    clauses: usize,
    others: &str,
) -> Option<Vec<&'a str>> {
    let condition = find_word(tokens, clauses, &["where", "returning"]);
    let end = find_word(tokens, condition, &["returning"]);
    let mut selection = vec!["SELECT", "1", "FROM"];
    selection.extend(tokens.get(table).filter(|table| !table.is_empty())?.iter().map(|token| token.text));
    if tokens.get(clauses).is_some_and(|token| is_word(token, others)) {
        selection.push(",");
        selection.extend(tokens[clauses + 1..condition].iter().map(|token| token.text));
    }
    selection.extend(tokens[condition..end].iter().map(|token| token.text));
    Some(selection)
}

/// As text, with placeholders numbered anew, as some may be left out, and `date $1` as `$1::date`.
fn join(words: &[&str]) -> String {
    let mut text = String::new();
    let mut placeholders: Vec<&str> = Vec::new();
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        // In MySQL, a function's name ends at its parenthesis.
        if !text.is_empty() && word != "(" {
            text.push(' ');
        }
        let lower = word.to_ascii_lowercase();
        let (placeholder, kind) = match words.next_if(|next| TYPES.contains(&&*lower) && is_placeholder(next)) {
            Some(next) => (next, Some(lower)),
            None if is_placeholder(word) => (word, None),
            None => {
                text.push_str(word);
                continue;
            }
        };
        let known = placeholders.iter().position(|known| *known == placeholder);
        let number = known.unwrap_or_else(|| {
            placeholders.push(placeholder);
            placeholders.len() - 1
        });
        text += &format!("${}", number + 1);
        if let Some(kind) = kind {
            text += &format!("::{kind}");
        }
    }
    text
}

fn is_placeholder(word: &str) -> bool {
    word.strip_prefix('$').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(statement: &str, selection: &str) {
        assert_eq!(explainable(statement, Dialect::Postgres).as_deref(), Some(selection), "{statement}");
    }

    #[test]
    fn changes_become_selections_of_the_same_rows() {
        expect("UPDATE stock SET n = n - $1 WHERE id = $2", "SELECT 1 FROM stock WHERE id = $1");
        expect(
            "update only \"set\" AS s set a = (select b from c where d = $1), e = f IS DISTINCT FROM g FROM o \
             WHERE s.id = o.id AND o.x = $3 RETURNING s.id",
            "SELECT 1 FROM only \"set\" AS s , o WHERE s . id = o . id AND o . x = $1",
        );
        expect("UPDATE stock SET n = 0", "SELECT 1 FROM stock");
        expect("DELETE FROM a.b USING c WHERE b.x = c.x RETURNING *", "SELECT 1 FROM a . b , c WHERE b . x = c . x");
        expect("DELETE FROM b", "SELECT 1 FROM b");
    }

    #[test]
    fn row_locks_are_left_out() {
        expect("SELECT * FROM a WHERE b = $1 FOR NO KEY UPDATE OF a SKIP LOCKED", "SELECT * FROM a WHERE b = $1");
        expect("SELECT * FROM a FOR UPDATE LIMIT $1", "SELECT * FROM a LIMIT $1");
        expect("SELECT * FROM a, (SELECT b FROM c FOR SHARE) d", "SELECT * FROM a ,( SELECT b FROM c ) d");
        expect(
            "DELETE FROM cache c USING (SELECT key FROM cache WHERE ttl < $1 ORDER BY key FOR UPDATE) old \
             WHERE old.key = c.key",
            "SELECT 1 FROM cache c ,( SELECT key FROM cache WHERE ttl < $1 ORDER BY key ) old WHERE old . key = c . key",
        );
        expect("SELECT * FROM a USE INDEX FOR JOIN (b)", "SELECT * FROM a USE INDEX FOR JOIN( b )");
        expect("SELECT substring(a FOR $1) FROM b", "SELECT substring( a FOR $1 ) FROM b");
    }

    #[test]
    fn placeholders_of_typed_literals_are_cast() {
        expect("SELECT interval $1 + date $2, $1", "SELECT $1::interval + $2::date , $1");
        expect("SELECT date, $1 /* date $2 */", "SELECT date , $1");
    }

    #[test]
    fn what_looks_for_no_rows_has_no_plan() {
        for other in ["COMMIT", "INSERT INTO a VALUES ($1)", "", "(", "UPDATE", "DELETE", "DELETE FROM", "UPDATE SET"] {
            assert_eq!(explainable(other, Dialect::Postgres), None, "{other}");
        }
    }
}
