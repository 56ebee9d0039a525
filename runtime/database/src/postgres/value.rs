//! Values of rows, which arrive as text.

use std::str::FromStr;

use tokio_postgres::SimpleQueryRow;

/// A number; 0 for NULL, and for what is not one.
pub(crate) fn number<T: FromStr + Default>(row: &SimpleQueryRow, column: usize) -> T {
    row.get(column).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A finite number; 0 for any other.
pub(crate) fn real(row: &SimpleQueryRow, column: usize) -> f64 {
    let value: f64 = number(row, column);
    if value.is_finite() { value } else { 0.0 }
}

/// A text; empty for NULL.
pub(crate) fn text(row: &SimpleQueryRow, column: usize) -> &str {
    row.get(column).unwrap_or_default()
}
