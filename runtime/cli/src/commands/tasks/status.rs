//! `squall tasks status`: what has become of the items in a tracker, by a run.

use serde_json::{Value, json};
use squall_report::{Align, table};
use squall_trackers::{ItemState, TrackedItem, Tracker};
use squall_work_items::{Progress, State, progress};

use super::tracker::{Extras, Named, missing, named, with_tracker};
use super::{RunItems, block_on};
use crate::args::tasks::StatusArgs;
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// Says it of each item.
pub fn status(arguments: &StatusArgs) -> Result<u8, CliError> {
    let run = RunItems::of(&arguments.items)?;
    match named(&arguments.tracker, Extras::default())? {
        Some(named) => with_tracker!(named, tracker => block_on(of_tracker(&*tracker, &run, arguments))),
        None => Err(missing()),
    }
}

async fn of_tracker<T: Tracker>(tracker: &T, run: &RunItems, arguments: &StatusArgs) -> Result<u8, CliError> {
    let items = tracker.list().await.map_err(|error| CliError::tracker(error.to_string()))?;
    let lines: Vec<Line> = items.into_iter().map(|item| Line::of(item, run)).collect();
    print(&if arguments.json {
        format!("{:#}\n", Value::Array(lines.iter().map(Line::json).collect()))
    } else {
        text(&tracker.place(), &run.settings.run, &lines)
    })?;
    Ok(exit::PASSED)
}

/// An item, and what the run says of it.
struct Line {
    item: TrackedItem,
    progress: Option<Progress>,
}

impl Line {
    fn of(item: TrackedItem, run: &RunItems) -> Line {
        let record = item.record.as_ref();
        let progress = record.map(|record| progress(record, &run.document, run.settings.system.as_deref()));
        Line { item, progress }
    }

    fn sentence(&self) -> String {
        let unknown = "its record is no longer in its description, so nothing can be said";
        self.progress.as_ref().map_or_else(|| unknown.to_owned(), Progress::sentence)
    }

    /// What does not fit together, if anything.
    fn hint(&self) -> Option<&'static str> {
        match (self.item.state, &self.progress.as_ref()?.state) {
            (ItemState::Open, State::Gone) => Some("close it, or let `squall tasks push --resolve-fixed` do it"),
            (ItemState::Closed, State::StillThere) => Some("it is closed, and has come back: `squall tasks push`"),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        let progress = self.progress.as_ref();
        let state = progress.map(|progress| match &progress.state {
            State::StillThere => "still there",
            State::Gone => "gone",
            State::NotSeen(_) => "not seen",
        });
        json!({
            "id": self.item.id, "url": self.item.url, "title": self.item.title, "item_state": self.item.state_name,
            "fingerprint": self.item.record.as_ref().map(|record| record.fingerprint.as_str()),
            "state": state,
            "p95_before_ms": progress.and_then(|progress| progress.first_p95_ms),
            "p95_promised_ms": progress.and_then(|progress| progress.promised_p95_ms),
            "p95_now_ms": progress.and_then(|progress| progress.p95_ms),
            "improvement": progress.and_then(Progress::measured),
            "promised_improvement": progress.and_then(Progress::promised),
        })
    }
}

fn text(place: &str, run: &str, lines: &[Line]) -> String {
    if lines.is_empty() {
        return format!("{place}: no items of Squall's\n");
    }
    let header = ["id", "state", "title", "by run"].map(str::to_owned).to_vec();
    let row = |line: &Line| {
        vec![line.item.id.clone(), line.item.state_name.clone(), line.item.title.clone(), line.sentence()]
    };
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(lines.iter().map(row)).collect();
    let mut text = format!("{place}, by run {run}\n{}", table(0, &[Align::Left; 4], &rows));
    let hints = lines.iter().filter_map(|line| Some(format!("{}: {}\n", line.item.id, line.hint()?)));
    text.extend(hints);
    text
}
