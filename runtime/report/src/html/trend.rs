//! The history of a load: a chart for each figure, where its level changed, and week over week.

use maud::{Markup, html};

use super::tables::sortable;
use super::{Ids, cell};
use crate::trend::{Change, ChangeKind, Trend, TrendFigure};

pub(super) fn trend(trend: &Trend, ids: Ids<'_>) -> Markup {
    html! {
        section.long id=(ids.of("trend")) {
            h2 { "Trend" }
            p.faint { (trend.heading()) "." span.hint { " By keyboard: Tab to a chart, ← → for the runs." } }
            // Drawn by `assets/trend.js`.
            div.charts id=(ids.of("trend-charts")) {}
        }
        (changes(trend, ids))
        (weeks(trend, ids))
    }
}

/// All changes of all figures.
fn changes(trend: &Trend, ids: Ids<'_>) -> Markup {
    let each = |figure: &'_ TrendFigure| -> Vec<Markup> {
        figure.changes.iter().map(|change| row(trend, figure, change)).collect()
    };
    let rows: Vec<Markup> = trend.figures.iter().flat_map(each).collect();
    let columns = ["figure", "what", "change", "before", "from then on", "since", "run", "p", "environment"];
    html! {
        section.long id=(ids.of("section-changes")) {
            h2 { "Where the level changed" }
            @if rows.is_empty() {
                p.faint { "Nowhere that these runs could show (p below 0.001, and at least 5 %)." }
            } @else { (sortable(ids, "changes", &columns, &rows)) }
        }
    }
}

fn row(trend: &Trend, figure: &TrendFigure, change: &Change) -> Markup {
    let run = &trend.runs[change.run];
    let text = |value| figure.unit.text(value);
    let environment = if run.environment.is_empty() { "as before".to_owned() } else { run.environment.join("; ") };
    html! {
        td { (figure.name) }
        td class=(class(change.kind)) { span.state { (change.kind.name()) } }
        (cell(Some(change.change), &change.text()))
        (cell(Some(change.before), &text(change.before))) (cell(Some(change.after), &text(change.after)))
        td { (run.began) } td { (run.id) } (cell(Some(change.p), &format!("{:.4}", change.p))) td { (environment) }
    }
}

fn class(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Regression => "critical",
        ChangeKind::Improved => "good",
        ChangeKind::EarlyWarning => "warning",
    }
}

fn weeks(trend: &Trend, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = trend.weeks.iter().map(|week| html! {
        td { (week.figure) }
        (cell(Some(week.before), &week.unit.text(week.before))) (cell(Some(week.now), &week.unit.text(week.now)))
        (cell(Some(week.now / week.before), &week.change()))
    }).collect();
    html! {
        @if !rows.is_empty() {
            section.long id=(ids.of("section-weeks")) {
                h2 { "Week over week (medians)" }
                (sortable(ids, "weeks", &["figure", "last week", "this week", "change"], &rows))
            }
        }
    }
}
