//! Values of rows, which arrive as text, and values in statements.

use std::str::FromStr;

use super::packet::Row;

/// A number; 0 for NULL, and for what is not one.
pub(crate) fn number<T: FromStr + Default>(row: &Row, column: usize) -> T {
    text(row, column).parse().unwrap_or_default()
}

/// A text; empty for NULL.
pub(crate) fn text(row: &Row, column: usize) -> &str {
    row.get(column).and_then(Option::as_deref).unwrap_or_default()
}

/// A text as a literal of a statement.
pub(crate) fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for letter in text.chars() {
        if matches!(letter, '\'' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal.push('\'');
    literal
}
