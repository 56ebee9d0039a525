//! Draws the model into a frame. Must not know the frame's destination.

use ratatui_core::layout::{Constraint, Layout, Rect};
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::terminal::Frame;
use ratatui_core::text::{Line, Span};
use ratatui_widgets::block::Block;
use ratatui_widgets::borders::Borders;
use ratatui_widgets::clear::Clear;
use ratatui_widgets::gauge::LineGauge;
use ratatui_widgets::paragraph::{Paragraph, Wrap};
use squall_control::Controls;
use squall_insight::ThresholdOutcome;
use squall_load::Progress;
use squall_metrics::{GeneratorVerdict, Health, plain};
use squall_report::{ThresholdLine, elapsed_and_left};

use crate::model::{Model, Phase, Tab};
use crate::scenarios::scenario_progress_lines;
use crate::{charts, keys, tables};

/// From this width on, the overview has room for the requests beside the thresholds.
const WIDE: u16 = 140;

/// Whether colours are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text without colours.
    Plain,
    /// With colours.
    Coloured,
}

impl Look {
    /// In that colour, if colours are allowed.
    pub fn colour(self, colour: Color) -> Style {
        match self {
            Look::Plain => Style::new(),
            Look::Coloured => Style::new().fg(colour),
        }
    }
}

/// The requested state of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steered {
    /// Whether new iterations are paused.
    pub paused: bool,
    /// Whether new iterations are stopped.
    pub stopping: bool,
    /// Whether the load can be paused and changed.
    pub changeable: bool,
}

impl Steered {
    /// The requests at this moment.
    pub fn of(controls: &Controls) -> Steered {
        let steering = controls.steering();
        let stopping = steering.is_stopping();
        Steered { paused: steering.is_paused(), stopping, changeable: controls.can_change() && !stopping }
    }
}

/// Draws the whole screen.
pub fn draw(frame: &mut Frame<'_>, model: &mut Model, steered: &Steered, look: Look) {
    let answer = model.answer.clone().map(Paragraph::new).map(|text| text.wrap(Wrap { trim: true }));
    let lines =
        model.answer.as_deref().map_or(0, |text| lines_of(text, frame.area().width)).min(frame.area().height / 3);
    let areas = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(lines),
        Constraint::Length(1),
    ]);
    let [title, course, tabs, page, said, footer] = areas.areas(frame.area());
    frame.render_widget(title_line(model, steered, look), title);
    course_line(frame, course, model, look);
    frame.render_widget(tab_line(model.tab, tabs.width), tabs);
    show_page(frame, page, model, look);
    if let Some(answer) = answer {
        frame.render_widget(answer.style(look.colour(Color::Yellow)), said);
    }
    frame.render_widget(Line::raw(keys::footer(steered)).style(faint()), footer);
    if model.help {
        help(frame, page, steered);
    }
}

fn show_page(frame: &mut Frame<'_>, area: Rect, model: &mut Model, look: Look) {
    match model.tab {
        Tab::Overview => overview(frame, area, model, look),
        Tab::Requests => tables::requests(frame, area, model),
        Tab::Flows => tables::flows(frame, area, model),
        Tab::Transactions => tables::transactions(frame, area, model),
        Tab::Checks => tables::checks(frame, area, model),
        Tab::Errors => tables::errors(frame, area, model),
        Tab::Log => log(frame, area, model),
    }
}

/// `squall shop.wasm  running  50 VUs for 1m`.
fn title_line(model: &Model, steered: &Steered, look: Look) -> Line<'static> {
    let (state, colour) = match (model.phase, steered) {
        (Phase::Starting, _) => ("starting", Color::Yellow),
        (Phase::Setup, _) => ("setup", Color::Yellow),
        (Phase::Teardown, _) => ("teardown", Color::Yellow),
        (Phase::Load, Steered { stopping: true, .. }) => ("stopping", Color::Yellow),
        (Phase::Load, Steered { paused: true, .. }) => ("paused", Color::Yellow),
        (Phase::Load, _) => ("running", Color::Green),
    };
    Line::from(vec![
        Span::styled(state, look.colour(colour).add_modifier(Modifier::BOLD)),
        Span::raw(format!("  {}  ", model.name)),
        Span::styled(model.load.clone(), faint()),
    ])
}

/// The run's progress.
fn course_line(frame: &mut Frame<'_>, area: Rect, model: &Model, look: Look) {
    let Some(progress) = &model.progress else {
        return;
    };
    let label = format!(
        "{}  {} iterations",
        elapsed_and_left(progress.elapsed, progress.left),
        squall_report::count(progress.iterations as f64)
    );
    match progress.done {
        Some(done) => {
            let gauge =
                LineGauge::default().filled_symbol("━").unfilled_symbol("─").ratio(done.clamp(0.0, 1.0)).label(label);
            frame.render_widget(gauge.filled_style(look.colour(Color::Green)), area);
        }
        None => frame.render_widget(Line::raw(label), area),
    }
}

/// All pages; without room for them, the current one.
fn tab_line(shown: Tab, width: u16) -> Line<'static> {
    let title = |tab: Tab| format!("{} {}", tab.index() + 1, tab.title());
    let spans = Tab::ALL.map(|tab| {
        let style = if tab == shown { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Span::styled(format!(" {} ", title(tab)), style)
    });
    let all = Line::from(spans.to_vec());
    if all.width() <= usize::from(width) {
        return all;
    }
    let only = format!(" {} of {} ", title(shown), Tab::ALL.len());
    Line::from(Span::styled(only, Style::new().add_modifier(Modifier::REVERSED)))
}

fn overview(frame: &mut Frame<'_>, area: Rect, model: &mut Model, look: Look) {
    let lines = judged_lines(model, look);
    let height = charts::height(area.width, area.height);
    let [above, below] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    charts::show(frame, above, model, look);
    let [left, right] = match area.width >= WIDE {
        true => Layout::horizontal([Constraint::Fill(1); 2]).spacing(2).areas(below),
        false => [below, Rect::default()],
    };
    let room = usize::from(left.height);
    model.scroll = model.scroll.min(lines.len().saturating_sub(room));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(model.scroll).collect();
    frame.render_widget(Paragraph::new(shown), left);
    if !right.is_empty() {
        tables::show_requests(frame, right, &model.breakdown.requests, &mut 0);
    }
}

/// The generator, counts of what went wrong, the scenarios, the thresholds.
fn judged_lines(model: &Model, look: Look) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(progress) = &model.progress {
        lines.extend(generator_lines(&progress.generator, look));
        lines.extend(counts(progress));
        lines.extend(scenario_progress_lines(progress).into_iter().map(Line::from));
    }
    lines.extend(model.thresholds.iter().map(|threshold| threshold_line(threshold, look)));
    lines
}

fn generator_lines(verdict: &GeneratorVerdict, look: Look) -> Vec<Line<'static>> {
    let colour = match verdict.health {
        Health::Ok => Color::Green,
        Health::Suspect => Color::Yellow,
        Health::Bottleneck => Color::Red,
    };
    let health = Span::styled(verdict.health.name(), look.colour(colour));
    let first = Line::from(vec![Span::raw("generator "), health]);
    let why = verdict.findings.iter().map(|finding| Line::from(format!("  {}", finding.reason)));
    std::iter::once(first).chain(why).collect()
}

/// The failures so far, if any.
fn counts(progress: &Progress) -> Option<Line<'static>> {
    let counts = [
        (progress.failed_requests, "failed requests"),
        (progress.failed_iterations, "failed iterations"),
        (progress.dropped_iterations, "dropped iterations"),
    ];
    let texts = counts.iter().filter(|(count, _)| *count > 0);
    let texts: Vec<String> =
        texts.map(|(count, what)| format!("{what}: {}", squall_report::count(*count as f64))).collect();
    (!texts.is_empty()).then(|| Line::from(texts.join(", ")))
}

/// `✓ http_req_duration p(95) < 500ms: 12.3ms`.
fn threshold_line(threshold: &ThresholdLine, look: Look) -> Line<'static> {
    let (mark, colour) = match threshold.outcome {
        ThresholdOutcome::Passed => ("✓", Color::Green),
        ThresholdOutcome::Failed => ("✗", Color::Red),
        ThresholdOutcome::NotJudged => ("?", Color::Yellow),
    };
    let text = format!(" {} {}: {}", threshold.metric, threshold.target(), threshold.measured());
    Line::from(vec![Span::styled(mark, look.colour(colour)), Span::raw(text)])
}

/// The messages, the latest at the bottom; scrolled by lines from there.
fn log(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    let lines: Vec<String> = model.lines.iter().flat_map(|text| text.lines()).map(without_colours).collect();
    if lines.is_empty() {
        return frame.render_widget(Paragraph::new("No messages since the screen was opened."), area);
    }
    let room = usize::from(area.height);
    model.scroll = model.scroll.min(lines.len().saturating_sub(room));
    let from = lines.len().saturating_sub(room);
    let shown = lines.into_iter().skip(from.saturating_sub(model.scroll)).take(room).map(Line::from);
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

/// Messages are coloured for a terminal that prints line by line.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut letters = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        letters.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain(&letters).into_owned()
}

fn help(frame: &mut Frame<'_>, area: Rect, steered: &Steered) {
    let lines = keys::help(steered).map(|(key, meaning)| Line::from(format!("{key:>9}  {meaning}")));
    let text = Paragraph::new(lines.collect::<Vec<_>>()).wrap(Wrap { trim: false });
    frame.render_widget(Clear, area);
    frame.render_widget(text.block(Block::new().borders(Borders::TOP).title(" keys ")), area);
}

/// A text's approximate height in lines, wrapped between words at that width.
fn lines_of(text: &str, width: u16) -> u16 {
    let width = usize::from(width.max(1));
    let mut lines = 1;
    let mut used = 0;
    for word in text.split_whitespace().map(|word| word.chars().count()) {
        if used > 0 && used + 1 + word > width {
            (lines, used) = (lines + 1, word);
        } else {
            used += word + usize::from(used > 0);
        }
    }
    lines
}

fn faint() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}
