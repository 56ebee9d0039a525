//! The four charts: requests per second, response time, errors, virtual users, each with its latest figure.

use ratatui_core::layout::{Constraint, Layout, Rect};
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::terminal::Frame;
use ratatui_core::text::Line;
use ratatui_widgets::sparkline::Sparkline;
use squall_metrics::Nanos;
use squall_report::{count, duration, per_second};

use crate::draw::Look;
use crate::model::{Model, Moment};
use crate::time_scale::Scale;

/// The width of the title, where a chart has only one line.
const TITLE: u16 = 24;

struct Chart {
    title: &'static str,
    figure: String,
    values: Vec<Option<u64>>,
    /// The format of the greatest value, if the figure does not contain it.
    most: Option<fn(u64) -> String>,
    colour: Color,
}

/// Draws them: two by two if there is room, else each on one line.
pub fn show(frame: &mut Frame<'_>, area: Rect, model: &Model, look: Look) {
    let charts = charts(model);
    if area.height < 8 || area.width < 60 {
        let rows = Layout::vertical([Constraint::Length(1); 4]).split(area);
        charts.iter().zip(rows.iter()).for_each(|(chart, row)| on_one_line(frame, *row, chart, look));
        return;
    }
    let [above, axes] = Layout::vertical([Constraint::Fill(1), Constraint::Length(1)]).areas(area);
    let rows = Layout::vertical([Constraint::Fill(1); 2]).spacing(1).split(above);
    let scale = Scale::of(model, halves(axes)[0].width);
    let cells = rows.iter().flat_map(|row| halves(*row));
    charts.iter().zip(cells).for_each(|(chart, cell)| below_its_title(frame, cell, chart, scale, look));
    // Both rows have the same seconds in the same columns.
    let axis = Line::raw(scale.axis(model.moments.len())).style(Style::new().add_modifier(Modifier::DIM));
    halves(axes).into_iter().for_each(|half| frame.render_widget(axis.clone(), half));
}

fn halves(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1); 2]).spacing(2).areas(area)
}

/// Their height in lines, of `room` available, on a screen of this width.
pub fn height(width: u16, room: u16) -> u16 {
    if room >= 14 && width >= 60 { (room * 3 / 5).clamp(10, 34) } else { 4 }
}

fn charts(model: &Model) -> [Chart; 4] {
    let latest = model.moments.back().copied().unwrap_or_default();
    let values = |value: fn(&Moment) -> Option<u64>| model.moments.iter().map(value).collect();
    let (vus, vus_max) = model.progress.as_ref().map_or((0, 0), |progress| (progress.vus, progress.vus_max));
    [
        Chart {
            title: "requests",
            figure: per_second(latest.request_rate),
            values: values(|moment| Some(moment.request_rate.round() as u64)),
            most: Some(|rate| per_second(rate as f64)),
            colour: Color::Cyan,
        },
        Chart {
            title: "p95",
            figure: latest.p95_micros.map_or_else(|| "-".to_owned(), |micros| duration(Nanos(micros * 1_000))),
            values: values(|moment| moment.p95_micros),
            most: Some(|micros| duration(Nanos(micros * 1_000))),
            colour: Color::Yellow,
        },
        Chart {
            title: "errors",
            figure: per_second(latest.errors as f64),
            values: values(|moment| Some(moment.errors)),
            most: Some(|errors| per_second(errors as f64)),
            colour: Color::Red,
        },
        Chart {
            title: "users",
            figure: format!("{}/{}", count(vus as f64), count(vus_max as f64)),
            values: values(|moment| Some(moment.vus)),
            most: None,
            colour: Color::Green,
        },
    ]
}

fn on_one_line(frame: &mut Frame<'_>, row: Rect, chart: &Chart, look: Look) {
    let [title, line] = Layout::horizontal([Constraint::Length(TITLE), Constraint::Fill(1)]).areas(row);
    frame.render_widget(Line::raw(format!("{:<9}{:>13}", chart.title, chart.figure)), title);
    let scale = Scale { columns: 1, seconds: usize::from(line.width), latest: 0 };
    draw(frame, line, chart, scale, look);
}

fn below_its_title(frame: &mut Frame<'_>, cell: Rect, chart: &Chart, scale: Scale, look: Look) {
    let [title, line] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(cell);
    let most = chart.values.iter().flatten().max().copied().unwrap_or(0);
    let most = chart.most.map(|text| format!(" (at most {})", text(most))).unwrap_or_default();
    frame.render_widget(Line::raw(format!("{} {}{most}", chart.title, chart.figure)), title);
    draw(frame, line, chart, scale, look);
}

/// The latest values.
fn draw(frame: &mut Frame<'_>, area: Rect, chart: &Chart, scale: Scale, look: Look) {
    let latest = &chart.values[chart.values.len().saturating_sub(scale.seconds)..];
    let columns: Vec<Option<u64>> = latest.iter().flat_map(|value| vec![*value; scale.columns]).collect();
    let shown = Sparkline::default().data(&columns).style(look.colour(chart.colour)).absent_value_symbol(" ");
    frame.render_widget(shown, area);
}
