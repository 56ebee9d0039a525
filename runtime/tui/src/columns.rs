//! Tables that fit the screen: without room for all columns, the more important ones remain.

use ratatui_core::layout::{Constraint, Rect};
use ratatui_core::style::{Modifier, Style};
use ratatui_core::terminal::Frame;
use ratatui_core::text::Line;
use ratatui_widgets::table::{Cell, Row, Table};

/// Space between two columns.
const GAP: usize = 2;
/// The least width of the first column, which names the rows. Below it, other columns are left out.
const LEAST_OF_FIRST: usize = 14;

/// A column.
pub struct Column {
    title: &'static str,
    /// The columns with the greatest values are left out first.
    rank: u8,
    cells: Vec<String>,
}

impl Column {
    /// The column's cells, from the top.
    pub fn new(title: &'static str, rank: u8, cells: impl Iterator<Item = String>) -> Column {
        Column { title, rank, cells: cells.collect() }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| Line::raw(cell).width());
        cells.max().unwrap_or(0).max(self.title.len())
    }
}

/// Draws them from row `scroll` on, which is reduced to the last useful one. The first column is aligned left, numbers
/// are aligned right.
pub fn show(frame: &mut Frame<'_>, area: Rect, columns: Vec<Column>, scroll: &mut usize) {
    let rows = columns.first().map_or(0, |first| first.cells.len());
    let room = usize::from(area.height.saturating_sub(1));
    *scroll = (*scroll).min(rows.saturating_sub(room));
    let columns = fitting(columns, usize::from(area.width));
    let numbers: usize = columns.iter().skip(1).map(|column| column.width() + GAP).sum();
    let widths = columns.iter().enumerate().map(|(index, column)| match index {
        0 => Constraint::Length(as_cells(column.width().min(usize::from(area.width).saturating_sub(numbers)))),
        _ => Constraint::Length(as_cells(column.width())),
    });
    let cell = |index: usize, text: String| {
        let line = Line::from(text);
        Cell::from(if index == 0 { line } else { line.right_aligned() })
    };
    let header = columns.iter().enumerate().map(|(index, column)| cell(index, column.title.to_owned()));
    let row = |row: usize| {
        let cells = columns.iter().map(|column| column.cells.get(row).cloned().unwrap_or_default());
        Row::new(cells.enumerate().map(|(index, text)| cell(index, text)).collect::<Vec<_>>())
    };
    let shown = (*scroll..rows).take(room).map(row);
    let table = Table::new(shown, widths.collect::<Vec<_>>())
        .column_spacing(as_cells(GAP))
        .header(Row::new(header.collect::<Vec<_>>()).style(Style::new().add_modifier(Modifier::BOLD)));
    frame.render_widget(table, area);
}

/// Leaves out the least important columns until the others fit.
fn fitting(mut columns: Vec<Column>, width: usize) -> Vec<Column> {
    let needed = |columns: &[Column]| -> usize {
        let widths = columns.iter().enumerate().map(|(index, column)| match index {
            0 => column.width().min(LEAST_OF_FIRST),
            _ => column.width() + GAP,
        });
        widths.sum()
    };
    while columns.len() > 1 && needed(&columns) > width {
        let last = columns.iter().enumerate().skip(1).max_by_key(|(_, column)| column.rank);
        let Some((index, _)) = last else { break };
        columns.remove(index);
    }
    columns
}

fn as_cells(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}
