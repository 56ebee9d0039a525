//! `--out`: outputs that a run's measurements are passed on to while it goes on. The run is never worse for them: what goes
//! wrong is shown, and the result stays.

use std::sync::Arc;

use squall_load::{Event, Observer};
use squall_outputs::{Output, Settings, Statistic, StreamError, Streams};
use squall_plan::{Plan, PlanFile};

use crate::console::Notifier;
use crate::settings::StreamSettings;
use crate::system::time_of_day;

/// Opens all outputs before anything runs. Outputs that were asked for take the place of those of the plan file.
pub(crate) fn open_streams(
    settings: &StreamSettings,
    plan: &Plan,
    file: Option<&PlanFile>,
) -> Result<Streams, StreamError> {
    let usual = settings.statistics.is_empty();
    let of_run = Settings {
        tags: plan.tags.clone(),
        statistics: if usual { Statistic::usual() } else { settings.statistics.clone() },
        native_histograms: settings.native_histograms,
        headers: settings.headers.clone(),
        target: plan.target.as_ref().map(|target| target.as_str().to_owned()),
    };
    Streams::open(&wanted_outputs(settings, file), &of_run, time_of_day())
}

/// The outputs that were asked for, or else those of the plan file.
pub(crate) fn wanted_outputs(settings: &StreamSettings, file: Option<&PlanFile>) -> Vec<Output> {
    if !settings.outputs.is_empty() {
        return settings.outputs.clone();
    }
    // What is no output was refused when the plan was read.
    file.and_then(|file| file.outputs(str::parse).ok()).unwrap_or_default()
}

/// Passes measurements on.
pub(crate) struct Streaming {
    streams: Streams,
    notifier: Arc<dyn Notifier>,
}

impl Streaming {
    /// Says where figures can be fetched, even where it is to be quiet: with port 0, it could not be known.
    pub fn new(streams: Streams, notifier: Arc<dyn Notifier>) -> Streaming {
        for heading in streams.headings() {
            notifier.notify(heading);
        }
        Streaming { streams, notifier }
    }

    /// The run is over: what is left has a few seconds.
    pub fn end(self) {
        for missing in self.streams.close() {
            self.notifier.notify(&format!("warning: {missing}"));
        }
    }
}

impl Observer for Streaming {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::Recorded { interval, length, ended: Some(ended), totals } = event {
            self.streams.recorded(interval, *length, *ended, totals);
            for problem in self.streams.problems() {
                self.notifier.notify(&format!("warning: {problem}"));
            }
        }
    }
}
