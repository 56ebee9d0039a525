//! The time axis of the charts: how many columns a second has, and which of them are labelled.

use crate::model::Model;

/// The most columns of a second: wider bars would say no more.
const WIDEST: usize = 4;
/// The distances of labels, in seconds.
const STEPS: [usize; 11] = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600];
/// Columns from one label to the next, at least: `|10:00:00 `.
const LABEL: usize = 10;

/// A chart's columns in time. Seconds run from the left; when they fill the chart, the latest are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Columns of a second.
    pub columns: usize,
    /// Seconds that fit the chart.
    pub seconds: usize,
    /// The latest second, from the beginning of the load.
    pub latest: usize,
}

impl Scale {
    /// For charts of that width. A run that is shorter than a chart is wide fills it when it ends.
    pub fn of(model: &Model, width: u16) -> Scale {
        let width = usize::from(width);
        let Some(progress) = &model.progress else {
            return Scale { columns: 1, seconds: width, latest: 0 };
        };
        let elapsed = progress.elapsed.as_secs_f64();
        let whole = progress.left.map(|left| (elapsed + left.as_secs_f64()).ceil() as usize);
        let columns = whole.map_or(1, |whole| (width / whole.max(1)).clamp(1, WIDEST));
        Scale { columns, seconds: width / columns, latest: elapsed.round() as usize }
    }

    /// The axis below a chart of so many moments, a second each, the last of which is the latest.
    pub fn axis(self, moments: usize) -> String {
        let shown = moments.min(self.seconds);
        // The second that the first column begins with.
        let first = self.latest.saturating_sub(shown);
        let step = STEPS.into_iter().find(|step| step * self.columns >= LABEL).unwrap_or(STEPS[STEPS.len() - 1]);
        let mut axis = String::new();
        for second in (first..first + self.seconds).filter(|second| second % step == 0) {
            let label = format!("╵{}", clock(second));
            let column = (second - first) * self.columns;
            if column + label.chars().count() <= self.seconds * self.columns {
                let gap = column.saturating_sub(axis.chars().count());
                axis.extend(std::iter::repeat_n(' ', gap));
                axis.push_str(&label);
            }
        }
        axis
    }
}

/// `1:05`, `1:00:00`.
fn clock(second: usize) -> String {
    let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_at_their_seconds() {
        let scale = Scale { columns: 1, seconds: 30, latest: 2 };
        assert_eq!(scale.axis(2), "╵0:00     ╵0:10     ╵0:20");
        // Twice as wide, so labels are half as far apart in time.
        let wide = Scale { columns: 2, seconds: 15, latest: 2 };
        assert_eq!(wide.axis(2), "╵0:00     ╵0:05     ╵0:10");
        // 30 of 75 seconds: the first one is 45.
        let late = Scale { columns: 1, seconds: 30, latest: 75 };
        assert_eq!(late.axis(75), "     ╵0:50     ╵1:00     ╵1:10");
        assert_eq!(Scale { latest: 3_605, ..late }.axis(500), "     ╵59:40    ╵59:50");
        assert_eq!(Scale { columns: 1, seconds: 0, latest: 0 }.axis(0), "");
    }
}
